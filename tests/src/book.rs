//! The Rust in the README and the book compiles, and what is not `no_run` runs.

#[doc = include_str!("../../README.md")]
struct Readme;

#[doc = include_str!("../../docs/around-the-core.md")]
struct AroundTheCore;

#[doc = include_str!("../../docs/coming-from-python.md")]
struct ComingFromPython;

#[doc = include_str!("../../docs/company-networks.md")]
struct CompanyNetworks;

#[doc = include_str!("../../docs/embedding.md")]
struct Embedding;

#[doc = include_str!("../../docs/errors.md")]
struct Errors;

#[doc = include_str!("../../docs/in-a-program.md")]
struct InAProgram;

#[doc = include_str!("../../docs/machines.md")]
struct Machines;

#[doc = include_str!("../../docs/self-hosted.md")]
struct SelfHosted;

#[doc = include_str!("../../docs/testing.md")]
struct Testing;

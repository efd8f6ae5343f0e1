//! The callback listener among strangers: raw bytes, floods, stalled connections, and then the real browser.
#![expect(clippy::unwrap_used, reason = "tests")]

//! One file per command.

pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod dw;
pub(crate) mod env;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod status;
pub(crate) mod token;

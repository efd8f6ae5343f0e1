//! `carto-auth completions`: what a shell needs to complete our command line.
//!
//! The scripts are made by `cargo xtask manual`, which reads the command tree: what makes them is as large as they are,
//! and would be in the program beside the tree.

use crate::arguments::Shell;
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(shell: Shell) -> Result<(), Failure> {
    let script = match shell {
        Shell::Bash => include_str!("../../completions/carto-auth.bash"),
        Shell::Zsh => include_str!("../../completions/_carto-auth"),
        Shell::Fish => include_str!("../../completions/carto-auth.fish"),
        Shell::Powershell => include_str!("../../completions/_carto-auth.ps1"),
    };
    output::answer(script.trim_end())
}

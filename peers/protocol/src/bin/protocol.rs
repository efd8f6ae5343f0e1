//! `protocol OPERATION TIMES` does something so many times over.

use std::env;

use protocol::{Result, operation};

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let (Some(name), Some(times), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: protocol OPERATION TIMES".into());
    };
    let operation = operation(&name)?;
    (0..times.parse::<u64>()?).try_for_each(|_| operation())
}

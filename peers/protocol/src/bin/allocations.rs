//! `allocations OPERATION` prints how often it allocates. A program of its own: counting costs time.

use std::env;

use protocol::{Result, operation};

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let (Some(name), None) = (arguments.next(), arguments.next()) else {
        return Err("usage: allocations OPERATION".into());
    };
    let operation = operation(&name)?;
    operation()?; // what is set up once
    let mut done = Ok(());
    let counted = allocation_counter::measure(|| done = operation());
    done?;
    println!("{}", counted.count_total);
    Ok(())
}

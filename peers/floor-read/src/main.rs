//! What any Rust program costs that prints a token from a file.

use std::error::Error;
use std::io::Write as _;
use std::{env, fs, io};

#[derive(serde::Deserialize)]
struct TokenFile {
    access_token: String,
    #[expect(dead_code, reason = "a program that means it would look at it")]
    expiration: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args_os().nth(1).ok_or("usage: floor-read FILE")?;
    let file: TokenFile = serde_json::from_slice(&fs::read(path)?)?;
    writeln!(io::stdout(), "{}", file.access_token)?;
    Ok(())
}

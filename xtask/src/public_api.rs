//! The public items of each library, one a line, so that the diff of a commit shows what it changes for programs.

use std::fs;
use std::io;
use std::path::Path;

use public_api::Builder;
use tempfile::TempDir;

use crate::checks::check;
use crate::package::PUBLISHED;
use crate::{cargo, root, say, target_folder};

/// Its library is there for this xtask, and promises nothing.
const WITHOUT: &str = "carto-auth-cli";
/// What the compiler says of types and no program depends on.
const NOISE: [&str; 4] = [
    "core::marker::Freeze",
    "core::marker::StructuralPartialEq",
    "core::marker::UnsafeUnpin",
    "panic::unwind_safe::",
];

pub(crate) fn write() -> io::Result<()> {
    for (path, list) in lists()? {
        fs::write(root().join(&path), &list)?;
        say(&format!("{path}: {} lines", list.lines().count()))?;
    }
    Ok(())
}

pub(crate) fn fresh() -> io::Result<()> {
    for (path, list) in lists()? {
        let kept = fs::read_to_string(root().join(&path)).unwrap_or_default();
        if kept != list {
            return Err(io::Error::other(format!(
                "{path} is stale: run `cargo xtask public-api`, and read the diff"
            )));
        }
    }
    Ok(())
}

fn lists() -> io::Result<Vec<(String, String)>> {
    document()?;
    let libraries = PUBLISHED.into_iter().filter(|name| *name != WITHOUT);
    let lists = libraries.map(|name| {
        let json = target_folder()
            .join("doc")
            .join(format!("{}.json", name.replace('-', "_")));
        Ok((format!("crates/{name}/public-api.txt"), list(&json)?))
    });
    lists.collect()
}

fn list(json: &Path) -> io::Result<String> {
    let api = Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .build()
        .map_err(|error| io::Error::other(format!("{}: {error}", json.display())))?;
    let lines = api.items().map(ToString::to_string);
    let lines = lines.filter(|line| !NOISE.iter().any(|noise| line.contains(noise)));
    Ok(lines.fold(String::new(), |text, line| text + &line + "\n"))
}

/// Has rustdoc write JSON. It does so in a nightly only, or where it takes itself for one; cargo and rustc must not, or
/// everything would be built again.
fn document() -> io::Result<()> {
    let folder = TempDir::new()?;
    let rustdoc = folder.path().join("rustdoc");
    let name = std::env::var("RUSTDOC").unwrap_or_else(|_| "rustdoc".to_owned());
    fs::write(
        &rustdoc,
        format!("#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec '{name}' \"$@\"\n"),
    )?;
    executable(&rustdoc)?;
    // The same crates with the same features as `lint` documents: it has built what they stand on.
    let mut doc = cargo(&["doc", "--workspace", "--lib", "--no-deps", "--locked", "--quiet"]);
    doc.env("RUSTDOC", &rustdoc).env(
        "RUSTDOCFLAGS",
        "-Z unstable-options --output-format json -A rustdoc::private-intra-doc-links",
    );
    check(
        "public items",
        doc,
        "the crate public-api must know the format of the pinned Rust",
    )
}

#[cfg(unix)]
fn executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn executable(_path: &Path) -> io::Result<()> {
    Err(io::Error::other(
        "a shell's script stands in for rustdoc, and there is no such thing here",
    ))
}

//! The book, built, and its links followed as a reader's browser would.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use crate::{root, say, target_folder};

const INSTALL: &str = "run `cargo install --locked mdbook@0.5.4 --no-default-features`";

/// Builds the book into `target/book`; a warning is a failure, and so is a link that leads nowhere.
pub(crate) fn build() -> io::Result<()> {
    let book = target_folder().join("book");
    let output = Command::new("mdbook")
        .args(["build", "--dest-dir"])
        .arg(&book)
        .current_dir(root())
        .output()
        .map_err(|error| io::Error::other(format!("mdbook: {error}; {INSTALL}")))?;
    let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    let is_complaint = |line: &&str| ["WARN", "ERROR"].iter().any(|level| line.contains(level));
    let complaints: Vec<&str> = said.lines().filter(is_complaint).collect();
    if !output.status.success() || !complaints.is_empty() {
        return Err(io::Error::other(format!("mdbook build:\n{said}")));
    }
    let mut pages = BTreeMap::new();
    read(&book, Path::new(""), &mut pages)?;
    let (followed, dead) = follow(&pages);
    match dead.is_empty() {
        true => say(&format!("{followed} links of {} lead somewhere", book.display())),
        false => Err(io::Error::other(format!("dead links:\n{}", dead.join("\n")))),
    }
}

/// The files of the book by their paths in it, the text of those that are pages.
fn read(book: &Path, folder: &Path, pages: &mut BTreeMap<PathBuf, String>) -> io::Result<()> {
    for entry in fs::read_dir(book.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            read(book, &path, pages)?;
        } else {
            let is_page = path.extension().is_some_and(|extension| extension == "html");
            let text = if is_page {
                fs::read_to_string(entry.path())?
            } else {
                String::new()
            };
            pages.insert(path, text);
        }
    }
    Ok(())
}

/// How many links within the book there are, and those that lead nowhere.
fn follow(pages: &BTreeMap<PathBuf, String>) -> (usize, Vec<String>) {
    let anchors: BTreeMap<&Path, BTreeSet<&str>> = pages
        .iter()
        .map(|(path, text)| (path.as_path(), values(text, " id=\"").collect()))
        .collect();
    let (mut followed, mut dead) = (0, Vec::new());
    // The page for what is not found is shown at every depth, and links from the root of a server.
    let is_placed = |(_, text): &(_, &String)| !text.contains("<base ");
    for (path, text) in pages.iter().filter(is_placed) {
        for link in values(text, " href=\"").chain(values(text, " src=\"")) {
            // Anything with a scheme is elsewhere.
            if link.contains(':') {
                continue;
            }
            followed += 1;
            let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
            let there = arrive(pages, resolved(path, target).unwrap_or_default());
            let found = anchors.get(there.as_path());
            if !found.is_some_and(|anchors| anchor.is_empty() || anchors.contains(anchor)) {
                dead.push(format!("{}: {link}", path.display()));
            }
        }
    }
    (followed, dead)
}

/// Where a reader ends who opens a page: a redirect leads on, and takes the anchor along.
fn arrive(pages: &BTreeMap<PathBuf, String>, path: PathBuf) -> PathBuf {
    let text = pages.get(&path).map_or("", String::as_str);
    match values(text, "http-equiv=\"refresh\" content=\"0; URL=").next() {
        Some(next) => resolved(&path, next).unwrap_or_default(),
        None => path,
    }
}

/// What stands between a mark and the next quotation mark.
fn values<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(mark).skip(1).filter_map(|rest| rest.split('"').next())
}

/// A link of a page as a path in the book; `None` when it leaves the book.
fn resolved(from: &Path, target: &str) -> Option<PathBuf> {
    if target.is_empty() {
        return Some(from.to_owned());
    }
    let mut path = from.parent().unwrap_or(Path::new("")).to_owned();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => path.pop().then_some(())?,
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_dead_without_its_page_or_its_anchor_and_alive_through_a_redirect() {
        let page = |links: &[&str]| {
            let links: Vec<String> = links.iter().map(|link| format!("<a href=\"{link}\">")).collect();
            links.concat()
        };
        let pages = BTreeMap::from([
            (
                "a.html".into(),
                page(&[
                    "b/c.html#there",
                    "old.html#there",
                    "https://a.example/#x",
                    "#gone",
                    "d.html",
                ]),
            ),
            (
                "b/c.html".into(),
                format!("<h1 id=\"there\">{}", page(&["../a.html", "../../a.html"])),
            ),
            (
                "old.html".into(),
                "<meta http-equiv=\"refresh\" content=\"0; URL=b/c.html\">".to_owned(),
            ),
        ]);
        let (followed, dead) = follow(&pages);
        assert_eq!(followed, 6);
        assert_eq!(
            dead,
            ["a.html: #gone", "a.html: d.html", "b/c.html: ../../a.html"]
        );
    }
}

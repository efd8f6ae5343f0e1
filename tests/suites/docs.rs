//! What can be checked of the documentation: links, chapters, and that what it lists is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::{files, root};

/// Lines that are no code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    })
}

/// The targets of links, outside of code.
fn links(text: &str) -> Vec<String> {
    let lines: Vec<&str> = prose(text).collect();
    let of_paragraph = |paragraph: &str| {
        // What lies between backquotes is code.
        let words: String = paragraph.split('`').step_by(2).collect();
        let targets = words
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        targets.map(str::to_owned).collect::<Vec<_>>()
    };
    let text = lines.join("\n");
    let targets = text.split("\n\n").flat_map(of_paragraph);
    targets.filter(|target| !target.contains("://")).collect()
}

/// The anchors of the headings, as GitHub and mdBook make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut times = BTreeMap::new();
    let headings = prose(text).filter(|line| line.starts_with('#'));
    let anchor = |line: &str| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        let slug: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let seen: &mut usize = times.entry(slug.clone()).or_default();
        *seen += 1;
        match *seen {
            1 => slug,
            more => format!("{slug}-{}", more - 1),
        }
    };
    headings.map(anchor).collect()
}

/// A path without `..`, from the root of the repository.
fn resolved(from: &Path, target: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in from.parent().unwrap().join(target).components() {
        match part {
            Component::ParentDir => assert!(path.pop(), "{}: {target} leaves the repository", from.display()),
            part => path.push(part),
        }
    }
    path
}

fn page(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pages of the book, as paths from the root.
fn pages() -> BTreeMap<PathBuf, String> {
    let all = files("md").into_iter();
    all.filter(|(path, _)| path.starts_with("docs")).collect()
}

/// The file that a page of the book includes whole, if it does.
fn included(path: &Path, text: &str) -> Option<PathBuf> {
    let target = text.trim().strip_prefix("{{#include ")?.strip_suffix("}}")?;
    Some(resolved(path, target))
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading() {
    let mut followed = 0;
    for (path, text) in files("md") {
        for link in links(&text) {
            let (target, anchor) = link.split_once('#').unwrap_or((&link, ""));
            // A chapter that is to come.
            if link.is_empty() && path.ends_with("SUMMARY.md") {
                continue;
            }
            let there = match target {
                "" => path.clone(),
                target => resolved(&path, target),
            };
            assert!(root().join(&there).exists(), "{}: {link}", path.display());
            assert!(
                anchor.is_empty() || anchors(&page(&there)).contains(anchor),
                "{}: {link}: no such heading",
                path.display()
            );
            followed += 1;
        }
    }
    assert!(followed > 50, "{followed}");
}

#[test]
fn the_book_links_to_its_own_pages_alone() {
    let settings = page("book.toml");
    for (path, text) in pages() {
        for link in links(&text) {
            let target = link.split('#').next().unwrap();
            assert!(
                target.is_empty() || resolved(&path, target).starts_with("docs"),
                "{}: {link} is no page of the book",
                path.display()
            );
        }
        // What is included links from where it lies.
        let Some(included) = included(&path, &text) else {
            continue;
        };
        for link in links(&page(&included)) {
            let target = link.split('#').next().unwrap();
            let redirect = format!(
                "\"/{}\"",
                resolved(&included, target).with_extension("html").display()
            );
            assert!(
                target.is_empty() || settings.contains(&redirect),
                "book.toml: redirect {redirect}, to which {} links",
                included.display()
            );
        }
    }
}

#[test]
fn every_page_is_a_chapter_of_the_book() {
    let summary = Path::new("docs/SUMMARY.md");
    let chapters: BTreeSet<PathBuf> = links(&page(summary))
        .iter()
        .filter(|link| !link.is_empty())
        .map(|link| resolved(summary, link))
        .collect();
    let pages: BTreeSet<PathBuf> = pages().into_keys().filter(|path| path != summary).collect();
    assert_eq!(chapters, pages);
}

#[test]
fn the_rust_of_every_page_is_compiled() {
    let compiled = page("tests/src/book.rs");
    for (path, text) in pages()
        .into_iter()
        .chain([("README.md".into(), page("README.md"))])
    {
        let has_rust = text.lines().any(|line| line.trim_start().starts_with("```rust"));
        let name = format!("\"../../{}\"", path.display());
        assert_eq!(
            has_rust,
            compiled.contains(&name),
            "tests/src/book.rs: {}",
            path.display()
        );
    }
}

#[test]
fn the_code_map_has_every_file_of_the_crates() {
    let map = page("ARCHITECTURE.md");
    let section = |name: &str| {
        let rest = map
            .split(&format!("### `crates/{name}`\n"))
            .nth(1)
            .unwrap_or_default();
        rest.split("\n##").next().unwrap_or_default()
    };
    for (path, _) in files("rs") {
        let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
        // What lies deeper is described with its folder.
        let ["crates", crate_name, "src", file] = parts.iter().map(|part| &**part).collect::<Vec<_>>()[..]
        else {
            continue;
        };
        // The two front ends have files of the same names.
        let is_there = [
            section(crate_name),
            section(&crate_name.replace("reqwest", "ureq")),
        ]
        .iter()
        .any(|section| section.contains(&format!("`{file}`")));
        let needs_none = file.ends_with("_tests.rs") || ["lib.rs", "main.rs"].contains(&file);
        assert!(
            is_there || needs_none,
            "ARCHITECTURE.md does not have {}",
            path.display()
        );
    }
}

#[test]
fn the_readme_is_short() {
    let lines = page("README.md").lines().count();
    assert!(lines <= 150, "{lines} lines");
}

#[test]
fn the_figures_of_the_readme_are_those_that_are_checked() {
    let (readme, budgets) = (page("README.md"), page("xtask/src/budgets.rs"));
    let number = |text: &str, mark: &str| {
        let rest = text.split(mark).nth(1).unwrap_or_else(|| panic!("no {mark}"));
        let digits = rest
            .chars()
            .take_while(|c| c.is_ascii_digit() || "_,".contains(*c));
        digits.filter(char::is_ascii_digit).collect::<String>()
    };
    let said = |row: &str, mark: &str| number(readme.lines().find(|line| line.contains(row)).unwrap(), mark);
    let most = "takes at most ";
    assert_eq!(
        said("`carto-auth token` from the cache", most),
        number(&budgets, "const FROM_THE_CACHE: u64 = ")
    );
    for front_end in ["ureq", "reqwest"] {
        let budget = budgets
            .lines()
            .find(|line| line.contains(&format!("(\"{front_end}\", \"access_token\", ")));
        assert!(budget.unwrap().ends_with(", 0),"), "it allocates");
        let instructions = number(budget.unwrap(), "\"access_token\", ");
        assert_eq!(said("`access_token()`", most), instructions, "{front_end}");
    }
    let rows = number(&page("docs/coming-from-python.md"), "There are ");
    assert_eq!(said("names, arguments", "Python package's "), rows);
}

/// What the lines of a file name between two marks.
fn listed(file: &str, (start, end): (&str, &str), take: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let text = page(file);
    let rest = text.split(start).nth(1).unwrap();
    let body = rest.split(end).next().unwrap();
    let words: Vec<String> = body.lines().filter_map(take).collect();
    assert!(words.len() > 3, "{file}: {words:?}");
    words
}

#[test]
fn the_page_of_errors_has_every_kind_error_remedy_and_code() {
    let text = page("docs/errors.md");
    let variant = |line: &str| {
        let name = line.strip_prefix("    ")?.split([',', '(', ' ']).next()?;
        name.starts_with(|c: char| c.is_ascii_uppercase())
            .then(|| name.to_owned())
    };
    let code = |line: &str| Some(line.split_once("=> \"")?.1.split('"').next()?.to_owned());
    let errors = "crates/carto-auth-core/src/error.rs";
    let failure = "crates/carto-auth-cli/src/failure.rs";
    let names = [
        listed(errors, ("pub enum ErrorKind {", "\n}"), variant),
        listed(errors, ("pub enum Error {", "\n}"), variant),
        listed(errors, ("pub enum Remedy {", "\n}"), variant),
        listed(failure, ("fn code_of(", "\n}"), code),
    ];
    for name in names.concat() {
        let is_there = [format!("`{name}`"), format!("`{name} ")]
            .iter()
            .any(|word| text.contains(word));
        assert!(is_there, "docs/errors.md does not have {name}");
    }
}

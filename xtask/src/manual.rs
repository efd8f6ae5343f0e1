//! What is made from the command tree: the reference, the completions of shells, the man pages.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::iter;
use std::path::Path;

use clap::{Arg, Command};
use clap_complete::aot::{Bash, Fish, Generator, PowerShell, Zsh};
use clap_mangen::Man;

use crate::{root, say, target_folder};

const REFERENCE: &str = "docs/command-line.md";
pub(crate) const COMPLETIONS: &str = "crates/carto-auth-cli/completions";

pub(crate) fn write() -> io::Result<()> {
    for (path, text) in kept() {
        fs::write(root().join(path), text)?;
    }
    let man = target_folder().join("man");
    man_pages(&man)?;
    say(&format!(
        "Written: {REFERENCE}, {COMPLETIONS}, and man pages in {}",
        man.display()
    ))
}

/// The files of the repository, by their path in it.
fn kept() -> Vec<(String, String)> {
    let mut kept = vec![(REFERENCE.to_owned(), reference())];
    let generators: [&dyn Generator; 4] = [&Bash, &Zsh, &Fish, &PowerShell];
    for generator in generators {
        let name = generator.file_name("carto-auth");
        let mut script = completions(generator);
        if name.ends_with(".fish") {
            script.push_str(&left_out_of_fish());
        }
        kept.push((format!("{COMPLETIONS}/{name}"), script));
    }
    kept
}

/// What the generator for fish leaves out: the values of arguments without a name, those of options before the command, and
/// the programs after `env --`.
fn left_out_of_fish() -> String {
    let values = |argument: &Arg| {
        let values = argument.get_possible_values();
        let names: Vec<_> = values.iter().map(|value| value.get_name().to_owned()).collect();
        names.join(" ")
    };
    let (tree, mut script) = (tree(), String::new());
    let takes = |argument: &&Arg| argument.get_action().takes_values() && !values(argument).is_empty();
    for option in tree.get_arguments().filter(takes) {
        let name = option.get_long().unwrap_or_default();
        let _ = writeln!(
            script,
            "complete -c carto-auth -l {name} -r -f -a \"{}\"",
            values(option)
        );
    }
    for command in tree.get_subcommands() {
        for positional in command.get_positionals().filter(takes) {
            let _ = writeln!(
                script,
                "complete -c carto-auth -n \"__fish_carto_auth_using_subcommand {}\" -f -a \"{}\"",
                command.get_name(),
                values(positional)
            );
        }
    }
    script
        + "complete -c carto-auth -n \"__fish_carto_auth_using_subcommand env; and test (commandline -opc)[-1] = --\" -x -a \"(__fish_complete_command)\"\n"
}

/// The command tree, with what only the short help hides.
fn tree() -> Command {
    carto_auth_cli::command()
        .mut_subcommand("completions", |command| command.hide(false))
        .disable_help_subcommand(true)
}

/// A script of completions. It is in the program as it is, so without indentation, which is an eighth of it.
fn completions(generator: &dyn Generator) -> String {
    let mut command = tree().bin_name("carto-auth");
    command.build();
    let mut script = Vec::new();
    generator.generate(&command, &mut script);
    // The arms for bash are named otherwise than what leads to them where the program has a hyphen (clap issue 6421).
    let script = String::from_utf8_lossy(&script).replace("carto__subcmd__auth", "carto__auth");
    let lines = script.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.fold(String::new(), |text, line| text + line + "\n")
}

pub(crate) fn man_pages(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut command = tree();
    command.build();
    let source = format!("carto-auth {}", command.get_version().unwrap_or_default());
    for command in iter::once(&command).chain(command.get_subcommands()) {
        let man = Man::new(command.clone()).source(&source);
        let mut page = Vec::new();
        man.render(&mut page)?;
        // Flush left and without hyphens, or the words of an example are spread over the line.
        let page = String::from_utf8_lossy(&page).replacen("\n.SH NAME", "\n.ad l\n.nh\n.SH NAME", 1);
        fs::write(folder.join(man.get_filename()), page)?;
    }
    Ok(())
}

fn reference() -> String {
    let mut command = tree();
    command.build();
    let mut text = "# The command line\n\n\
        Made from the command tree by `cargo xtask manual`, which also makes the man pages and the completions of shells.\n\n"
        .to_owned();
    section(&mut text, &mut command, Arg::is_hide_set);
    for name in names(&command) {
        let Some(subcommand) = command.find_subcommand_mut(&name) else {
            continue;
        };
        let _ = write!(text, "\n## `carto-auth {name}`\n\n");
        section(&mut text, subcommand, |option| {
            option.is_hide_set() || option.is_global_set() || option.get_id() == "help"
        });
    }
    text
}

fn names(command: &Command) -> Vec<String> {
    command
        .get_subcommands()
        .filter(|subcommand| !subcommand.is_hide_set())
        .map(|subcommand| subcommand.get_name().to_owned())
        .collect()
}

fn section(text: &mut String, command: &mut Command, is_left_out: impl Fn(&Arg) -> bool) {
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let aliases: Vec<&str> = command.get_visible_aliases().collect();
    let aliases = match aliases[..] {
        [] => String::new(),
        _ => format!(" Also `{}`.", aliases.join("`, `")),
    };
    let _ = write!(text, "{about}.{aliases}\n\n```text\n{usage}\n```\n");
    let rows: Vec<String> = command
        .get_subcommands()
        .filter(|subcommand| !subcommand.is_hide_set())
        .map(|subcommand| {
            let name = subcommand.get_name();
            let about = subcommand.get_about().map(ToString::to_string);
            format!(
                "| [`{name}`](#carto-auth-{name}) | {} |\n",
                about.unwrap_or_default()
            )
        })
        .collect();
    table(text, "command", &rows);
    let rows: Vec<String> = command
        .get_arguments()
        .filter(|option| !is_left_out(option))
        .map(row)
        .collect();
    let every = match command.has_subcommands() {
        true => "option of every command",
        false => "argument",
    };
    table(text, every, &rows);
    let more = command.get_after_long_help().or(command.get_after_help());
    if let Some(more) = more {
        let _ = write!(text, "\n```text\n{more}\n```\n");
    }
}

fn table(text: &mut String, what: &str, rows: &[String]) {
    if !rows.is_empty() {
        let _ = write!(text, "\n| {what} | |\n|---|---|\n{}", rows.concat());
    }
}

fn row(option: &Arg) -> String {
    let names = [
        option.get_short().map(|short| format!("-{short}")),
        option.get_long().map(|long| format!("--{long}")),
    ];
    let mut name = names.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if option.get_action().takes_values() {
        let value = option.get_value_names().unwrap_or_default().join(" ");
        name = [name, value].join(" ").trim_start().to_owned();
    }
    let mut help = option.get_help().map(ToString::to_string).unwrap_or_default();
    let values = match option.get_action().takes_values() {
        true => option.get_possible_values(),
        false => Vec::new(),
    };
    if !values.is_empty() {
        let values: Vec<&str> = values
            .iter()
            .map(clap::builder::PossibleValue::get_name)
            .collect();
        let _ = write!(help, "; `{}`", values.join("`, `"));
    }
    if let [default] = option.get_default_values()
        && option.get_action().takes_values()
    {
        let _ = write!(help, "; `{}` unless given", default.display());
    }
    format!("| `{name}` | {} |\n", help.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_from_the_command_tree_is_fresh() {
        for (path, text) in kept() {
            let kept = fs::read_to_string(root().join(&path)).unwrap_or_default();
            assert!(kept == text, "{path} is stale: run `cargo xtask manual`");
        }
    }

    #[test]
    fn every_command_has_a_man_page() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        man_pages(folder.path())?;
        let overview = fs::read_to_string(folder.path().join("carto-auth.1"))?;
        assert!(overview.contains("CARTO_CREDENTIALS_FILE"), "{overview}");
        let names = names(&tree());
        assert!(names.contains(&"completions".to_owned()), "{names:?}");
        for name in &names {
            let page = fs::read_to_string(folder.path().join(format!("carto-auth-{name}.1")))?;
            assert!(page.contains(&format!("\n.TH carto-auth-{name} 1 ")), "{page}");
            assert!(page.contains("\n.ad l\n"), "{page}");
        }
        assert_eq!(fs::read_dir(folder.path())?.count(), names.len() + 1);
        Ok(())
    }
}

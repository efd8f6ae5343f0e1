//! Assignments, quoted so that what reads them takes the value as it is.

use crate::arguments::Format;

/// One line that sets a variable. `None` when the value holds a control character, or a format has no way to write it
/// that its readers agree on.
pub(crate) fn assignment(format: Format, name: &str, value: &str) -> Option<String> {
    if value.contains(char::is_control) {
        return None;
    }
    Some(match format {
        Format::Sh => format!("export {name}={}", sh(value)),
        Format::Fish => format!("set -gx {name} {}", fish(value)),
        Format::Powershell => format!("$Env:{name} = {}", powershell(value)),
        Format::Dotenv => format!("{name}={}", dotenv(value)?),
    })
}

/// Nothing is special between single quotes but their end,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02>.
fn sh(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Between single quotes `\'` and `\\` are the only escapes, <https://fishshell.com/docs/current/language.html#quotes>.
fn fish(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

/// Between single quotes a doubled quote is one. "PowerShell treats smart quotation marks, also called typographic or
/// curly quotes, as normal quotation marks for strings" (`about_Quoting_Rules`,
/// <https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules>).
fn powershell(value: &str) -> String {
    let mut quoted = String::from("'");
    for c in value.chars() {
        quoted.push(c);
        if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
            quoted.push(c);
        }
    }
    quoted.push('\'');
    quoted
}

/// There is no standard. A value of harmless characters, as every JWT is one, is written as it is: all readers take
/// that, also `docker run --env-file`, which knows no quotes. Otherwise it is quoted for sh, Docker Compose,
/// python-dotenv, and Node's dotenv and `--env-file`. These disagree about every escape, and python-dotenv replaces
/// `${NAME}` between single quotes, too.
fn dotenv(value: &str) -> Option<String> {
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || "-._/+=:@%,".contains(c);
    if value.chars().all(is_harmless) {
        Some(value.to_owned())
    } else if !value.contains(['\'', '\\']) && !value.contains("${") {
        Some(format!("'{value}'"))
    } else if !value.contains(['"', '\\', '$', '`']) {
        Some(format!("\"{value}\""))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use carto_auth_tests::run;
    use clap::ValueEnum as _;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn line(format: Format, value: &str) -> Option<String> {
        assignment(format, "V", value)
    }

    #[test]
    fn every_format_has_its_own_rule() {
        let value = r"it's \$5 ‘now’";
        let of = |format| line(format, value);
        assert_eq!(of(Format::Sh).unwrap(), r"export V='it'\''s \$5 ‘now’'");
        assert_eq!(of(Format::Fish).unwrap(), r"set -gx V 'it\'s \\$5 ‘now’'");
        assert_eq!(of(Format::Powershell).unwrap(), r"$Env:V = 'it''s \$5 ‘‘now’’'");
        assert_eq!(of(Format::Dotenv), None);
    }

    #[test]
    fn dotenv_quotes_what_needs_it_and_refuses_what_its_readers_take_differently() {
        for (value, written) in [
            (
                "eyJhbGciOiJSUzI1NiJ9.e30.c2ln-_",
                Some("V=eyJhbGciOiJSUzI1NiJ9.e30.c2ln-_"),
            ),
            ("https://a.carto.com:8443/b", Some("V=https://a.carto.com:8443/b")),
            ("a b#c \"$d\" `e`", Some("V='a b#c \"$d\" `e`'")),
            ("it's", Some("V=\"it's\"")),
            ("a${b}", None),
            ("it's \"b\"", None),
            ("it's $5", None),
            (r"a\b", None),
        ] {
            assert_eq!(line(Format::Dotenv, value).as_deref(), written, "{value}");
        }
    }

    #[test]
    fn a_control_character_is_refused_everywhere() {
        for format in Format::value_variants() {
            for value in ["a\nb", "a\0b", "a\rb", "a\u{1b}b", "a\u{7f}b", "a\u{85}b"] {
                assert_eq!(line(*format, value), None, "{format:?} {value:?}");
            }
        }
    }

    /// Any text of one line, thick with what is special to somebody.
    fn values() -> impl Strategy<Value = Vec<String>> {
        let special: Vec<char> = r#"'"\`$!{}()[]*?~#;&|<>=%^ -a0é‘’‚‛“—🗺"#.chars().collect();
        let any = any::<char>().prop_filter("control", |c| !c.is_control());
        let character = prop_oneof![3 => prop::sample::select(special), 1 => any];
        vec(vec(character, 0..20).prop_map(String::from_iter), 1..50)
    }

    /// What a real shell, which reads these assignments, has in the variable after each.
    #[cfg(unix)]
    fn read_by(shell: &[&str], assignments: &[String]) -> Vec<String> {
        let mut script = String::new();
        for assignment in assignments {
            script.push_str(&format!("{assignment}\nprintf '%s\\n' \"$V\"\n"));
        }
        let mut command = std::process::Command::new(shell[0]);
        let outcome = run(command.args(&shell[1..]).env("LC_ALL", "C.UTF-8"), &script).unwrap();
        assert_eq!(
            (outcome.code, outcome.stderr.as_str()),
            (Some(0), ""),
            "{shell:?}"
        );
        outcome.stdout.split_terminator('\n').map(str::to_owned).collect()
    }

    /// What PowerShell's tokenizer makes of a literal: of a doubled quote the second remains.
    fn read_as_powershell_does(assignment: &str) -> Option<String> {
        let is_quote = |c: char| "'\u{2018}\u{2019}\u{201a}\u{201b}".contains(c);
        let literal = assignment.strip_prefix("$Env:V = ")?.strip_prefix(is_quote)?;
        let (mut value, mut rest) = (String::new(), literal.chars());
        while let Some(c) = rest.next() {
            match (is_quote(c), rest.clone().next()) {
                (false, _) => value.push(c),
                (true, Some(second)) if is_quote(second) => value.extend(rest.next()),
                (true, None) => return Some(value),
                (true, Some(_)) => return None,
            }
        }
        None
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        #[cfg(unix)]
        fn real_shells_take_every_value_as_it_is(values in values()) {
            let written = |format| values.iter().map(|value| line(format, value).unwrap()).collect::<Vec<_>>();
            for shell in [&["sh"][..], &["bash", "--norc"], &["zsh", "-f"]] {
                prop_assert_eq!(&read_by(shell, &written(Format::Sh)), &values, "{:?}", shell);
            }
            prop_assert_eq!(&read_by(&["fish", "--no-config"], &written(Format::Fish)), &values);
            let agreed = values.iter().filter_map(|value| Some((value.clone(), line(Format::Dotenv, value)?)));
            let (agreed, written): (Vec<_>, Vec<_>) = agreed.unzip();
            prop_assert_eq!(&read_by(&["sh"], &written), &agreed);
        }

        #[test]
        fn powershell_takes_every_value_as_it_is(values in values()) {
            for value in values {
                let written = line(Format::Powershell, &value).unwrap();
                prop_assert_eq!(read_as_powershell_does(&written), Some(value));
            }
        }
    }
}

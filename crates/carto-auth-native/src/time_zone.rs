//! The local UTC offset, which Python's `expiration` is skewed by.

use std::cell::OnceCell;
use std::env;
use std::fs;
use std::path::Path;

use carto_auth_core::Timestamp;
use jiff::tz::TimeZone;

/// Tells the seconds east of UTC at a time, in the zone of this machine (or of the variable `TZ`). The zone is looked up
/// only when it is asked for, since most token files do without.
pub(crate) fn local_offsets() -> impl Fn(Timestamp) -> i64 {
    let zone = OnceCell::new();
    move |at| {
        let Ok(at) = jiff::Timestamp::from_second(at.as_unix_seconds()) else {
            return 0;
        };
        let zone = zone.get_or_init(|| as_c_has_it().unwrap_or_else(TimeZone::system));
        i64::from(zone.to_offset(at).seconds())
    }
}

/// The zone as the C library, and so Python, has it, where that can be told without jiff: it lists all zones that there are
/// before it reads one, which takes longer than to ask CARTO for a token.
fn as_c_has_it() -> Option<TimeZone> {
    if env::var_os("TZDIR").is_some() {
        return None;
    }
    match env::var("TZ") {
        Err(env::VarError::NotPresent) => in_file(Path::new("/etc/localtime")),
        Ok(text) => of_variable(&text),
        Err(_) => None,
    }
}

const ZONES: &str = "/usr/share/zoneinfo";

/// What the variable `TZ` means: the name of a file, to the letter, or a rule.
fn of_variable(text: &str) -> Option<TimeZone> {
    let text = text.strip_prefix(':').unwrap_or(text);
    if text.is_empty() {
        return Some(TimeZone::UTC);
    }
    let named = is_name(text);
    let by_name = || in_file(&Path::new(ZONES).join(text)).filter(|_| named);
    // What is neither is UTC to it; jiff would take the name in small letters for the zone.
    let unknown = || (named && Path::new(ZONES).is_dir()).then_some(TimeZone::UTC);
    by_name().or_else(|| by_rule(text)).or_else(unknown)
}

fn in_file(path: &Path) -> Option<TimeZone> {
    TimeZone::tzif("", &fs::read(path).ok()?).ok()
}

/// A rule such as `CET-1CEST,M3.5.0,M10.5.0/3`. One without dates has those of the United States. (With a file `posixrules`
/// glibc changes the clocks of such a one some hours late on those days: its arithmetic, which is not repeated here.)
fn by_rule(text: &str) -> Option<TimeZone> {
    let with_dates = || TimeZone::posix(&format!("{text},M3.2.0,M11.1.0")).ok();
    TimeZone::posix(text).ok().or_else(with_dates)
}

/// True for what is usually the name of a zone, such as `America/New_York`, and no path or rule.
fn is_name(text: &str) -> bool {
    let is_part = |part: &str| {
        let has_only = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte);
        !part.is_empty() && part.bytes().all(has_only)
    };
    text.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zones_of_the_world_are_known_on_every_system() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let summer = jiff::Timestamp::from_second(1_790_000_000).unwrap();
        assert_eq!(zone.to_offset(summer).seconds(), -14_400);
    }

    #[test]
    fn a_path_or_rule_is_no_name() {
        for name in [
            "UTC",
            "America/New_York",
            "America/Argentina/Ushuaia",
            "Etc/GMT+5",
            "EST5EDT",
        ] {
            assert!(is_name(name), "{name}");
        }
        for other in [
            "",
            ":UTC",
            "/etc/localtime",
            "../x",
            "a//b",
            "America/",
            "CET-1CEST,M3.5.0,M10.5.0/3",
            "<+03>-3",
        ] {
            assert!(!is_name(other), "{other}");
        }
    }

    /// In July and December 2026, and on 20 March, when the United States have summer time and Europe has none.
    const TIMES: [i64; 3] = [1_783_000_000, 1_797_000_000, 1_774_000_000];

    #[cfg(target_os = "linux")]
    #[test]
    fn the_variable_means_what_it_means_to_the_c_library() {
        for text in [
            "Europe/Madrid",
            ":Europe/Madrid",
            "europe/madrid",
            "CET-1CEST",
            ":CET-1CEST",
            "CET-1:30CEST",
            "CET-1CEST,M3.5.0,M10.5.0/3",
            "<-03>3<-02>",
            "AEST-10AEDT",
            "CET-1",
            "XYZ",
            "",
        ] {
            let program = format!("import time; print([time.localtime(t).tm_gmtoff for t in {TIMES:?}])");
            let mut python = std::process::Command::new("python3");
            let output = python.args(["-c", &program]).env("TZ", text).output().unwrap();
            let zone = of_variable(text).unwrap_or_else(|| panic!("{text:?} is read by the library"));
            let ours = TIMES.map(|at| {
                zone.to_offset(jiff::Timestamp::from_second(at).unwrap())
                    .seconds()
            });
            let theirs = String::from_utf8(output.stdout).unwrap();
            assert_eq!(format!("{ours:?}"), theirs.trim_end(), "{text:?}");
        }
    }
}

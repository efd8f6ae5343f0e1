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
        let zone = zone.get_or_init(|| in_its_file().unwrap_or_else(TimeZone::system));
        i64::from(zone.to_offset(at).seconds())
    }
}

/// The zone from the one file that it is in, where that is as usual: jiff lists all zones that there are before it reads
/// one, which takes longer than to ask CARTO for a token.
fn in_its_file() -> Option<TimeZone> {
    if env::var_os("TZDIR").is_some() {
        return None;
    }
    let path = match env::var("TZ") {
        Err(env::VarError::NotPresent) => Path::new("/etc/localtime").to_owned(),
        Ok(name) if is_name(&name) => Path::new("/usr/share/zoneinfo").join(name),
        _ => return None,
    };
    TimeZone::tzif("", &fs::read(path).ok()?).ok()
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
}

//! Which hosts are asked without the environment's proxy.

use std::env;

use ureq::Proxy;

/// The proxy, unless it is the environment's and `NO_PROXY` names the host.
pub(crate) fn unless_exempt(proxy: Option<Proxy>, host: &str) -> Option<Proxy> {
    let listed = ["NO_PROXY", "no_proxy"]
        .into_iter()
        .find_map(|name| env::var(name).ok());
    proxy.filter(|proxy| !proxy.is_from_env() || !listed.is_some_and(|list| names(&list, host)))
}

/// Names as curl, Python's `requests` and reqwest read them: one stands for what is below it, too, and blanks are nothing. (ureq
/// itself takes `example.com` for that host alone.) Ranges of addresses, which reqwest knows, are not.
fn names(list: &str, host: &str) -> bool {
    list.split(',').any(|entry| {
        let entry = entry.trim();
        let name = entry.trim_start_matches("*.").trim_start_matches('.');
        let is_below = |name: &str| {
            let place = host.len().checked_sub(name.len() + 1);
            place.is_some_and(|place| {
                host.as_bytes()[place] == b'.' && host[place + 1..].eq_ignore_ascii_case(name)
            })
        };
        entry == "*" || !name.is_empty() && (host.eq_ignore_ascii_case(name) || is_below(name))
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_name_stands_for_itself_and_what_is_below_it() {
        for list in [
            "auth.acme.com",
            "acme.com",
            ".acme.com",
            "*.acme.com",
            "COM",
            "a.test, acme.com ,b",
            "*",
        ] {
            assert!(names(list, "auth.acme.com"), "{list}");
        }
        for list in [
            "",
            ",",
            ".",
            "cme.com",
            "x.auth.acme.com",
            "acme",
            "auth",
            "acme.com.evil",
        ] {
            assert!(!names(list, "auth.acme.com"), "{list}");
        }
        assert!(names("10.0.0.1", "10.0.0.1"));
    }
}

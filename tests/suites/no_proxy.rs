//! Who is asked without the environment's proxy: one table for every transport that has TLS, each line in a process of its
//! own, whose environment holds the list.

use std::collections::BTreeSet;
use std::env;

use carto_auth_tests::{Asked, Scripted, at_once, http, passes_alone, scenario};

use super::hostile::outcome;

/// A list, the hosts that are asked directly, and those that the proxy is told.
type Line = (&'static str, &'static [&'static str], &'static [&'static str]);

/// `LONG` is a label that no name has, so that no server of names is asked; to addresses from 224.0.0.0 and `ff00::` on
/// nobody connects, and the system says so at once.
const TABLE: [Line; 33] = [
    ("", &[], &["LONG.acme.example", "224.0.0.1", "[ff02::1]"]),
    // Names.
    (
        "LONG.acme.example",
        &["LONG.acme.example", "auth.LONG.acme.example"],
        &["LONG.acme.test", "yLONG.acme.example", "LONG.acme.example.evil"],
    ),
    (
        "acme.example",
        &["LONG.acme.example"],
        &["LONGacme.example", "LONG.acme.example.evil"],
    ),
    (".acme.example", &["LONG.acme.example"], &["LONGacme.example"]),
    (".LONG.acme.example", &["LONG.acme.example"], &["LONG.example"]),
    ("*.acme.example", &["LONG.acme.example"], &["LONGacme.example"]),
    ("example", &["LONG.acme.example"], &["LONG.acme.test"]),
    ("ACME.Example", &["LONG.acme.example"], &[]),
    ("acme", &[], &["LONG.acme.example"]),
    ("LONG.*", &[], &["LONG.acme.example"]),
    ("LONG.", &[], &["LONG.acme.example"]),
    ("*acme.example", &[], &["LONG.acme.example", "LONGacme.example"]),
    ("https://LONG.acme.example", &[], &["LONG.acme.example"]),
    (".,*.,,", &[], &["LONG.acme.example", "224.0.0.1"]),
    // Everything.
    ("*", &["LONG.acme.example", "224.0.0.1", "[ff02::1]"], &[]),
    ("a.test, *", &["LONG.acme.example", "224.0.0.1"], &[]),
    // Blanks and ports.
    ("a.test, acme.example ,b", &["LONG.acme.example"], &[]),
    ("\tacme.example\t", &["LONG.acme.example"], &[]),
    ("a.test acme.example", &[], &["LONG.acme.example"]),
    ("LONG.acme.example:443", &[], &["LONG.acme.example"]),
    ("224.0.0.1:443", &[], &["224.0.0.1"]),
    ("[ff02::1]:443", &[], &["[ff02::1]"]),
    // Addresses.
    ("224.0.0.1", &["224.0.0.1"], &["224.0.0.2", "[ff02::1]"]),
    ("0.0.1", &[], &["224.0.0.1"]),
    (".1", &[], &["224.0.0.1"]),
    ("ff02::1", &["[ff02::1]"], &["[ff02::2]", "224.0.0.1"]),
    ("[ff02::1]", &["[ff02::1]"], &["[ff02::2]"]),
    ("FF02:0:0:0::1", &["[ff02::1]"], &["[ff02::2]"]),
    // Ranges.
    (
        "10.0.0.0/8,127.0.0.0/8,224.0.0.0/4",
        &["224.0.0.1", "239.255.255.255"],
        &["9.255.255.255", "11.0.0.1", "128.0.0.1", "LONG.acme.example"],
    ),
    ("224.0.0.0/33", &[], &["224.0.0.0"]),
    ("224.0.0.0/240.0.0.0", &[], &["224.0.0.0"]),
    ("ff00::/8", &["[ff02::1]"], &["[fd00::1]", "224.0.0.1"]),
    ("::/0", &["[ff02::1]"], &["224.0.0.1"]),
];

/// Asks every host, and is told by the environment which.
fn be_alone(hosts: &str) {
    let hosts: Vec<&str> = hosts.split(' ').collect();
    at_once(hosts.len(), &hosts, |host| {
        outcome(Asked::Machine, &format!("https://{host}"), None).unwrap_err();
    });
}

#[test]
fn the_list_of_hosts_without_a_proxy_is_read_alike() {
    let _scenario = scenario!();
    if let Ok(hosts) = env::var("CARTO_AUTH_HOSTS") {
        return be_alone(&hosts);
    }
    let upper = TABLE.map(|(list, direct, proxied)| (vec![("NO_PROXY", list)], direct, proxied));
    let lower = (
        vec![("no_proxy", "acme.example")],
        &["LONG.acme.example"][..],
        &["LONG.acme.test"][..],
    );
    let both = (
        vec![("NO_PROXY", "acme.test"), ("no_proxy", "acme.example")],
        &["LONG.acme.test"][..],
        &["LONG.acme.example"][..],
    );
    let none = (vec![], &[][..], &["LONG.acme.example"][..]);
    let lines: Vec<_> = upper.into_iter().chain([lower, both, none]).collect();
    // Most of the time they wait for their next attempt.
    at_once(12, &lines, |(variables, direct, proxied)| {
        assert_eq!(
            told(variables, direct, proxied),
            BTreeSet::from_iter(proxied.iter().map(ToString::to_string)),
            "{variables:?}"
        );
    });
}

/// The hosts that the proxy is told when all of these are asked.
fn told(variables: &[(&str, &str)], direct: &[&str], proxied: &[&str]) -> BTreeSet<String> {
    let long = "x".repeat(70);
    let proxy = Scripted::http(vec![http(407, &[], "")]).unwrap();
    let url = format!("http://127.0.0.1:{}", proxy.port());
    let hosts = [direct, proxied].concat().join(" ").replace("LONG", &long);
    let lists: Vec<_> = variables
        .iter()
        .map(|(name, list)| (*name, list.replace("LONG", &long)))
        .collect();
    let mut given = vec![("HTTPS_PROXY", &*url), ("CARTO_AUTH_HOSTS", &*hosts)];
    given.extend(lists.iter().map(|(name, list)| (*name, &**list)));
    let test = "no_proxy::the_list_of_hosts_without_a_proxy_is_read_alike";
    assert!(passes_alone(test, &given).unwrap(), "{variables:?}");

    let heads = proxy.requests();
    assert_eq!(proxy.connections(), heads.len(), "{variables:?}");
    let host = |head: &String| {
        let (host, _) = head.strip_prefix("CONNECT ")?.split_once(":443 ")?;
        Some(host.replace(&long, "LONG"))
    };
    heads.iter().map(|head| host(head).unwrap()).collect()
}

//! Bodies of a success that are none.

use super::{Asked, Table};

pub(super) fn add(table: &mut Table) {
    any(table);
    match table.asked {
        Asked::Machine | Asked::Code => tokens(table),
        Asked::Accounts => tenants(table),
        Asked::Config => configurations(table),
        Asked::Warehouse => warehouses(table),
    }
}

/// What is wrong with any body; YAML takes more than JSON does.
fn any(table: &mut Table) {
    let good = table.good.clone();
    let is_yaml = table.asked == Asked::Config;
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    table.body("UTF-16", [b"\xff\xfe".as_slice(), &utf16].concat());
    table.body("bytes that are no UTF-8", [good.as_bytes(), b"\xc3\x28"].concat());
    table.body("a zero byte before it", format!("\0{good}"));
    table.body("an escape before it", format!("\x1b[31m{good}"));
    table.body("half of it", &good[..good.len() / 2]);
    table.body("a page", "<html><title>canary</title></html>");
    table.body("nothing", "");
    table.body("blanks", " \r\n\t ");
    table.body("null", "null");
    table.body("a number", "1e999");
    table.body("a string", "\"canary\"");
    table.body("an array", "[\"canary\"]");
    table.body("an empty object", "{}");
    table.body("100,000 arrays in each other", "[".repeat(100_000));
    table.body("50,000 objects in each other", "{\"a\":".repeat(50_000));
    table.body("an unknown field", r#"{"x":"canary"}"#);
    if !is_yaml {
        table.body("a byte order mark before it", format!("\u{feff}{good}"));
        table.body("another one after it", format!("{good}{good}"));
        table.body("a zero byte after it", format!("{good}\0"));
        table.body("a comma too many", good.replace('}', ",}"));
        table.body("single quotes", good.replace('"', "'"));
        table.body("a lone surrogate", good.replacen(":\"", ":\"\\ud800", 1));
        let deep = format!("{}{}", "[".repeat(120), "]".repeat(120));
        table
            .body(
                "120 arrays in a field beside it",
                good.replace('}', &format!(",\"a\":{deep}}}")),
            )
            .is_taken();
        let deeper = "[".repeat(1000);
        table.body(
            "1,000 arrays in a field beside it",
            good.replace('}', &format!(",\"a\":{deeper}}}")),
        );
        for (name, error) in [
            ("an error", r#""no""#),
            ("an empty error", r#""""#),
            ("an error that is false", "false"),
            ("an error that is an object", "{}"),
        ] {
            let body = good.replace('}', &format!(",\"error\":{error}}}"));
            table.body(&format!("{name} beside it"), body);
        }
        let body = good.replace('}', ",\"error\":null}");
        table.body("an error that is null beside it", body).is_taken();
    }
}

/// Every JSON type that the field does not have, and the field missing.
fn wrong_types(table: &mut Table, field: &str, may_be_missing: bool) {
    let whole: serde_json::Value = serde_json::from_str(&table.good).unwrap_or_default();
    for wrong in [
        "null",
        "true",
        "17",
        "-0.5",
        "\"canary\"",
        "[]",
        "{}",
        "[\"canary\"]",
    ] {
        let is_text = wrong.starts_with('"');
        if is_text && field != "expires_in" {
            continue;
        }
        if !is_text && field == "expires_in" && !["null", "true", "[]", "{}"].contains(&wrong) {
            continue;
        }
        let mut body = whole.clone();
        body[field] = serde_json::from_str(wrong).unwrap_or_default();
        let row = table.body(&format!("{field} as {wrong}"), body.to_string());
        row.is_taken = may_be_missing && wrong == "null";
    }
    let mut body = whole;
    if let Some(fields) = body.as_object_mut() {
        fields.remove(field);
    }
    table.body(&format!("no {field}"), body.to_string()).is_taken = may_be_missing;
}

/// The field twice: JSON leaves open which of them counts, and both are the server's.
fn twice(table: &mut Table, field: &str, value: &str) {
    let body = table.good.replace('}', &format!(",\"{field}\":{value}}}"));
    table.body(&format!("{field} twice"), body).is_taken();
}

/// Texts that are no token: they would end a header, or a line.
const NO_TOKENS: [(&str, &str); 11] = [
    ("empty", ""),
    ("a blank", " "),
    ("with a blank", "canary token"),
    ("with a line feed", "canary\\n"),
    ("with a header in it", "canary\\r\\nx: y"),
    ("with a zero byte", "canary\\u0000"),
    ("with an escape", "\\u001b[31mcanary"),
    ("with a letter beyond ASCII", "canary\u{e9}"),
    ("with a direction", "canary\\u202e"),
    ("with a delete", "canary\\u007f"),
    ("with a zero width", "canary\\u200b"),
];

fn tokens(table: &mut Table) {
    wrong_types(table, "access_token", false);
    wrong_types(table, "token_type", false);
    wrong_types(table, "expires_in", true);
    wrong_types(table, "refresh_token", true);
    wrong_types(table, "scope", true);
    twice(table, "access_token", r#""canary-2""#);
    twice(table, "token_type", r#""bearer""#);
    twice(table, "expires_in", "60");
    let good = table.good.clone();
    for (what, text) in NO_TOKENS {
        let body = good.replace("canary-token", text);
        table.body(&format!("a token {what}"), body);
    }
    for kind in [
        "mac",
        "DPoP",
        "",
        "Bearer ",
        "B\u{435}arer",
        "Bearer\\u0000",
        "N_A",
    ] {
        let body = good.replace("\"Bearer\"", &format!("\"{kind}\""));
        table.body(&format!("a token of type {kind:?}"), body);
    }
    let life = |life: &str| good.replace("86400", life);
    for huge in [
        "1e308",
        "99999999999999999999999999",
        "2592001",
        "9223372036854775808",
        "1e-400",
    ] {
        // Nothing at all is a life that has ended.
        table.body(&format!("a life of {huge}"), life(huge)).is_taken = huge != "1e-400";
    }
    for gone in [
        "0",
        "-1",
        "-1e308",
        "-0",
        "-99999999999999999999",
        "1e309",
        "NaN",
        "Infinity",
        "0x10",
        "01",
        "+1",
    ] {
        table.body(&format!("a life of {gone}"), life(gone));
    }
    let long = good.replace("canary-token", &"x".repeat(60_000));
    table.body("a token of 60,000 bytes", long).is_taken();
    let long = good.replace("canary-token", &"x".repeat(70_000));
    table.body("a token of 70,000 bytes", long);
    let long = good.replace("canary-token", &"x".repeat(1 << 20));
    table.body("a token of a megabyte", long);
    // {"exp":1} and {"exp":"canary"}, of which the second is the token's own matter.
    table.body(
        "a token that ended in 1970",
        good.replace("canary-token", "e30.eyJleHAiOjF9.c2ln"),
    );
    let strange = good.replace("canary-token", "e30.eyJleHAiOiJjYW5hcnkifQ.c2ln");
    table.body("a token with a strange end", strange).is_taken();
}

fn tenants(table: &mut Table) {
    wrong_types(table, "tenant_domain", false);
    for (what, domain) in [
        ("empty", ""),
        ("a blank", " "),
        ("a word", "canary"),
        ("an address", "https://acme.app.carto.com"),
        ("a path", "acme.app.carto.com/canary"),
        ("a port", "acme.app.carto.com:443"),
        ("a person", "canary@acme.app.carto.com"),
        ("a query", "acme.app.carto.com?canary"),
        ("a fragment", "acme.app.carto.com#canary"),
        ("a backslash", "acme.app.carto.com\\\\canary"),
        ("a line feed", "acme.app.carto.com\\n"),
        ("a zero byte", "acme.app.carto.com\\u0000"),
        ("an escape", "\\u001b]0;canary\\u0007"),
        ("a number", "2130706433"),
        ("another machine", "169.254.169.254"),
        ("a hexadecimal machine", "0x7f.0x0.0x0.0x1.canary:0"),
        ("an IPv6 machine", "[fe80::1]"),
        ("two dots", "acme..carto.com"),
        ("a dot at the end", "acme.app.carto.com."),
        ("a hyphen at the start", "-acme.carto.com"),
        ("beyond ASCII", "\u{430}cme.carto.com"),
        ("a percent sign", "acme%2ecarto.com"),
        ("long", &"a.".repeat(200)),
    ] {
        table.body(
            &format!("a tenant that is {what}"),
            format!(r#"{{"tenant_domain":"{domain}"}}"#),
        );
    }
}

fn warehouses(table: &mut Table) {
    wrong_types(table, "projectId", false);
    wrong_types(table, "token", false);
    twice(table, "projectId", r#""carto-dw-ac-2""#);
    twice(table, "token", r#""canary-2""#);
    let good = table.good.clone();
    for (what, text) in NO_TOKENS {
        table.body(&format!("a token {what}"), good.replace("canary-token", text));
    }
    for id in [
        "",
        " ",
        "short",
        "Carto-DW-1",
        "1carto-dw",
        "carto-dw-",
        "carto dw 1",
        "carto-dw/1",
        "../carto-dw",
        "carto_dw_1",
        "carto-dw\\n1",
        "carto-dw\\u0000",
        "\\u001b[31mcarto",
        "c\u{430}rto-dw-1",
        "carto-dw?x=1",
        ":carto-dw",
        "a:carto-dw",
        "x.example:short",
    ] {
        table.body(&format!("a project {id:?}"), good.replace("carto-dw-ac-1", id));
    }
    table.body("a long project", good.replace("carto-dw-ac-1", &"c".repeat(31)));
}

fn configurations(table: &mut Table) {
    let base = |text: &str| format!("apis:\n  baseUrl: {text}\n");
    for (what, address) in [
        ("empty", "''"),
        ("null", "null"),
        ("a word", "canary"),
        ("plain http", "http://api.carto.com"),
        ("another domain", "https://api.canary.example"),
        (
            "a domain that begins with ours",
            "https://carto.com.canary.example",
        ),
        ("a domain that ends like ours", "https://canarycarto.com"),
        ("a machine", "https://169.254.169.254"),
        ("a person", "https://canary@api.carto.com"),
        ("a password", "https://a:canary@api.carto.com"),
        ("a query", "https://api.carto.com/?canary"),
        ("a fragment", "'https://api.carto.com/#canary'"),
        ("a file", "file:///etc/passwd"),
        ("a script", "javascript:alert(1)"),
        ("no scheme", "//api.carto.com"),
        ("an escape", "\"\\e]0;canary\\a\""),
        ("a list", "[https://api.carto.com]"),
        ("a mapping", "{canary: https://api.carto.com}"),
        ("beyond ASCII", "https://api.c\u{430}rto.com"),
    ] {
        table.body(&format!("a base that is {what}"), base(address));
    }
    for (name, text) in [
        (
            "an alias",
            "a: &a https://api.carto.com\napis: {baseUrl: *a}\n".to_owned(),
        ),
        ("an unknown alias", "apis: {baseUrl: *a}\n".to_owned()),
        (
            "a merge",
            "a: &a {baseUrl: https://api.carto.com}\napis: {<<: *a}\n".to_owned(),
        ),
        (
            "a second document",
            "a: b\n---\napis: {baseUrl: https://api.carto.com}\n".to_owned(),
        ),
        ("no apis", "baseUrl: https://api.carto.com\n".to_owned()),
        ("tabs", "apis:\n\tbaseUrl: https://api.carto.com\n".to_owned()),
        (
            "40 lists in each other before it",
            format!(
                "a: {}{}\n{}",
                "[".repeat(40),
                "]".repeat(40),
                base("https://api.carto.com")
            ),
        ),
        (
            "20,000 lines before it",
            format!("{}{}", "a: b\n".repeat(20_000), base("https://api.carto.com")),
        ),
        (
            "a quarter of a megabyte",
            format!("{}# {}", base("https://api.carto.com"), "x".repeat(256 << 10)),
        ),
    ] {
        table.body(name, text);
    }
    let laughs: String = (1..100)
        .map(|n| format!("a{n}: &a{n} [*a{}, *a{}, *a{}]\n", n - 1, n - 1, n - 1))
        .collect();
    let bomb = format!("a0: &a0 [lol]\n{laughs}{}", base("https://api.carto.com"));
    table.body("a billion laughs before it", bomb).is_taken();
    let first = base("https://api.carto.com");
    table.body("it twice", format!("{first}{first}")).is_taken();
    table
        .body("a byte order mark before it", format!("\u{feff}{first}"))
        .is_taken();
    table
        .body("another document after it", format!("{first}---\n[\n"))
        .is_taken();
}

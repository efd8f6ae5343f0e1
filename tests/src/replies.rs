//! Replies of a login service that no client expects, for every transport alike.

/// What is no HTTP, or not all of it.
pub const NO_HTTP: [&[u8]; 6] = [
    b"",
    b"SSH-2.0-x\r\n",
    b"HTTP/9.9 200\r\n\r\n",
    b"\0\0\0\0",
    b"HTTP/1.1 200 OK\r\nno-end: ",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n",
];

/// Bodies of a success that grant no token that could be used.
pub const STRANGE_BODIES: [&str; 9] = [
    "<html>canary</html>",
    "{\"access_token\":\"canary",
    "[\"canary\"]",
    r#"["canary","Bearer",86400,null,null]"#,
    "{\"id_token\":\"canary\"}",
    r#"{"access_token":"canary","token_type":"mac"}"#,
    r#"{"access_token":"canary","token_type":"Bearer","expires_in":"60"}"#,
    r#"{"access_token":"canary","token_type":"Bearer","expires_in":-1}"#,
    r#"{"access_token":"can ary","token_type":"Bearer"}"#,
];

/// A refusal that would do something to a terminal.
pub const HOSTILE_REFUSAL: &str = r#"{"error":"bad\u001b]0;x\u0007","error_description":"a\nb\u202e"}"#;

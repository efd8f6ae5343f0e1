//! Names and values of a query or a form.

use url::form_urlencoded::byte_serialize;

/// Appends a pair as `application/x-www-form-urlencoded` has it, to a form or to an address that ends in `?`,
/// <https://www.rfc-editor.org/rfc/rfc6749#appendix-B>. The name is one of the protocol, and needs no encoding. Most of what we send needs no encoding, and is only copied.
pub(crate) fn append_pair(text: &mut String, name: &'static str, value: &str) {
    if !text.is_empty() && !text.ends_with('?') {
        text.push('&');
    }
    text.push_str(name);
    text.push('=');
    let is_literal = |byte: u8| byte.is_ascii_alphanumeric() | matches!(byte, b'*' | b'-' | b'.' | b'_');
    // No early exit, so that it vectorises.
    match value.bytes().fold(true, |so_far, byte| so_far & is_literal(byte)) {
        true => text.push_str(value),
        false => text.extend(byte_serialize(value.as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use url::form_urlencoded::Serializer;

    use super::*;

    #[test]
    fn every_byte_is_encoded_as_the_standard_says() {
        for byte in 0..=char::from(u8::MAX) as u32 {
            let value = format!("a{}z", char::from_u32(byte).unwrap());
            let mut text = "https://auth.carto.com/authorize?".to_owned();
            let mut standard = Serializer::for_suffix(text.clone(), text.len());
            for name in ["code", "state"] {
                append_pair(&mut text, name, &value);
                standard.append_pair(name, &value);
            }
            assert_eq!(text, standard.finish());
        }
    }
}

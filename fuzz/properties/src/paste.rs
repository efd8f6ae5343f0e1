use carto_auth_core::Callback;

use crate::callback::{code_of, is_unharmed};
use crate::script::expand;
use crate::secrets::{VERIFIER, is_one_safe_line, is_safe_to_show, login, state};

/// What a person pastes: a code or the address of a page with one, in whatever a terminal, a chat or a shell puts around it.
/// Anything else leaves the login as it was, and so does a code that turns out to be wrong.
pub fn paste(data: &[u8]) {
    let text = String::from_utf8_lossy(&expand(data)).into_owned();
    let verdict = of(&text);
    // The limit is on what is pasted, wrapping included.
    if text.len() < 8000 {
        for wrapped in [
            format!("  {text}\r\n"),
            format!("\u{1b}[200~{text}\u{1b}[201~\n"),
            format!("\"{text}\""),
            format!("<{text}>"),
            format!("“{text}”"),
        ] {
            assert_eq!(of(&wrapped), verdict, "{wrapped:?}");
        }
    }
    assert!(
        text.len() <= 8192 || verdict == Verdict::Ignored,
        "a paste of {} bytes",
        text.len()
    );
}

#[derive(PartialEq, Eq, Debug)]
enum Verdict {
    Ignored,
    Denied,
    Accepted { code: String, is_bare: bool },
}

fn of(text: &str) -> Verdict {
    match login(None).pasted(text) {
        Callback::Ignored(again, why) => {
            is_one_safe_line(&why.to_string());
            is_unharmed(again);
            Verdict::Ignored
        }
        Callback::Denied(error) => {
            is_safe_to_show(&error, &[VERIFIER, &state()]);
            assert!(text.contains("error"), "nobody refused");
            Verdict::Denied
        }
        Callback::Accepted(mut authorized) => {
            let spare = authorized.take_spare();
            let is_bare = spare.is_some();
            assert!(is_bare || text.contains("state="), "an address without a state");
            let code = code_of(authorized);
            assert!(!code.is_empty());
            if let Some(spare) = spare {
                assert!(
                    code.bytes().all(|byte| byte.is_ascii_graphic()) && text.contains(&code),
                    "{code:?}"
                );
                // The same word is not sent a second time; the login goes on.
                let Callback::Ignored(again, _) = spare.pasted(&code) else {
                    panic!("{code:?} would be sent twice")
                };
                is_unharmed(again);
            }
            Verdict::Accepted { code, is_bare }
        }
    }
}

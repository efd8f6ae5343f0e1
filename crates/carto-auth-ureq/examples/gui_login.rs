//! A desktop program logs in with a window of its own: it shows the link, opens the browser, and is told how it went.
//!
//! Run it with `cargo run -p carto-auth-ureq --example gui_login`.
#![expect(clippy::print_stdout, reason = "an example")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use carto_auth_sandbox::{Person, Sandbox};
use carto_auth_ureq::{Cancelled, CartoAuth, Endpoints, Ignored, LoginInteraction, LoginPrompt};

/// What the login tells the window.
enum Event {
    Show(String),
    Refused(String),
    Close,
}

/// The login's end of the window: its text field is where a code is pasted if the browser cannot come back.
struct Window {
    events: Mutex<Sender<Event>>,
    text_field: Mutex<Receiver<String>>,
}

impl Window {
    fn tell(&self, event: Event) {
        // A window that was closed wants to know nothing.
        let _ = self
            .events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .send(event);
    }
}

impl LoginInteraction for Window {
    fn show(&self, prompt: &LoginPrompt<'_>) {
        self.tell(Event::Show(prompt.url.to_owned()));
    }

    fn can_paste(&self) -> bool {
        true
    }

    fn read_pasted(&self, _: &Cancelled) -> Option<String> {
        self.text_field
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv()
            .ok()
    }

    fn refused(&self, why: Ignored) {
        self.tell(Event::Refused(why.to_string()));
    }

    fn ended(&self) {
        self.tell(Event::Close);
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let carto = Sandbox::start()?;
    let redirect_uri = carto.register_free_redirect_uri()?;
    let endpoints = Endpoints::carto()
        .with_auth_url(&carto.auth_url())?
        .with_accounts_url(&carto.accounts_url())?
        .with_app_url(&carto.app_url())?
        .with_redirect_uri(&redirect_uri)?;
    let ((events, shown), (typed, text_field)) = (channel(), channel());
    let window = Window {
        events: Mutex::new(events),
        text_field: Mutex::new(text_field),
    };
    // The login runs beside the window's own loop.
    let login = thread::spawn(move || {
        let builder = CartoAuth::oauth().endpoints(endpoints).without_cache();
        builder.with_callback().interaction(window).connect()
    });
    for event in shown {
        match event {
            Event::Show(url) => {
                println!("the window shows a link, and a text field");
                typed.send("hello".to_owned())?;
                // The person follows the link.
                let mut browser = carto.user_agent();
                let callback = browser.log_in_at(&url, Person::Accepts)?;
                browser.visit(&callback)?;
            }
            Event::Refused(why) => println!("the window says: {why}"),
            Event::Close => break,
        }
    }
    let auth = login.join().map_err(|_| "the login panicked")??;
    let email = auth.access_token()?.claims().and_then(|claims| claims.email);
    println!("logged in: {}", email.unwrap_or_default());
    Ok(())
}

//! A person's login under way: the browser and the prompt, whichever brings the answer first.

use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use carto_auth_core::{
    Authorized, Callback, Endpoints, Error, Ignored, Login, LoginRequest, Page, Redirect, Secret,
};

use crate::browser;
use crate::callback_connection::Verdict;
use crate::callback_listener::{CallbackListener, Serving};
use crate::interaction::{Cancelled, LoginInteraction, LoginPrompt, Obstacle, Way};
use crate::login_options::LoginOptions;
use crate::randomness::entropy;
use crate::system_error::SystemReason;

/// A login that waits for its answer, as native apps do (<https://www.rfc-editor.org/rfc/rfc8252#section-7.3>). Dropping it
/// frees the port at once.
pub struct BrowserLogin {
    answers: Receiver<Answer>,
    /// Weak, so that a listener that stops is noticed.
    sender: Weak<Sender<Answer>>,
    serving: Option<Serving>,
    login: SharedLogin,
    interaction: Arc<dyn LoginInteraction>,
    cancelled: Cancelled,
    tried_a_word: bool,
    pastes: bool,
    deadline: Instant,
    timeout: Duration,
}

#[derive(Debug)]
enum Answer {
    Called(Result<Authorized, Error>),
    /// A paste; the next is read when the sender is dropped.
    Pasted(String, Sender<()>),
    EndOfPaste,
    /// Nobody wants the login any more.
    Stopped,
}

/// Ends the wait of a login on another thread when it is dropped: how an async caller cancels by being dropped.
#[must_use = "dropping it ends the wait"]
#[derive(Debug)]
pub struct Stopper(Option<Weak<Sender<Answer>>>);

impl Stopper {
    /// Lets the login go on.
    pub fn defuse(mut self) {
        self.0 = None;
    }
}

impl Drop for Stopper {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take().and_then(|sender| sender.upgrade()) {
            // A login that has ended needs no end.
            let _ = sender.send(Answer::Stopped);
        }
    }
}

/// The longest that a login waits.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// The login, until it has its answer.
type SharedLogin = Arc<Mutex<Option<Login>>>;

impl BrowserLogin {
    /// Binds the listener, shows the address, and opens the browser. A port that is taken makes it a login by
    /// pasting.
    ///
    /// # Errors
    /// [`Error::NobodyToAsk`] when the browser cannot come back here and nobody can paste.
    pub fn start(
        request: LoginRequest,
        endpoints: &Endpoints,
        options: &LoginOptions,
    ) -> Result<Self, Error> {
        let (timeout, interaction) = (options.time_limit().min(LONGEST_WAIT), options.meets());
        let way = options.chosen_way();
        let (listener, obstacle) = match way {
            Way::Browser | Way::Callback => {
                match CallbackListener::bind(endpoints.redirect_uri(), endpoints.success_page()) {
                    Ok(listener) => (Some(listener), None),
                    Err(error) => (None, Some(port_taken(endpoints, &error))),
                }
            }
            Way::Paste(reason) => (None, Some(Obstacle::Place(reason))),
        };
        let pastes = interaction.can_paste();
        if let (None, Some(obstacle), false) = (&listener, &obstacle, pastes) {
            return Err(Error::NobodyToAsk(format!(
                "{obstacle}, and nobody can paste the code"
            )));
        }
        let redirect = if listener.is_some() {
            Redirect::Loopback
        } else {
            Redirect::CodePage
        };
        let login = request.redirect(redirect).start(entropy()?);
        let url = login.authorize_url().to_owned();
        let login = Arc::new(Mutex::new(Some(login)));
        let (sender, answers) = mpsc::channel();
        let sender = Arc::new(sender);
        let weak = Arc::downgrade(&sender);
        let cancelled = Cancelled::default();
        let serving = match listener {
            Some(listener) => {
                let judge = judge(Arc::clone(&login), Arc::clone(&sender));
                let served = listener.serve(judge);
                Some(served.map_err(|error| Error::Client(format!("no listener can be started: {error}")))?)
            }
            None => None,
        };
        interaction.show(&LoginPrompt {
            url: &url,
            redirect,
            timeout,
            obstacle,
        });
        if serving.is_some() && way == Way::Browser {
            browser::open(&url);
        }
        if pastes {
            read_pastes(Arc::clone(&interaction), cancelled.clone(), sender)?;
        }
        Ok(Self {
            answers,
            sender: weak,
            serving,
            login,
            interaction,
            cancelled,
            tried_a_word: false,
            pastes,
            deadline: Instant::now() + timeout,
            timeout,
        })
    }

    /// What ends a [`wait`](Self::wait) on another thread.
    pub fn stopper(&self) -> Stopper {
        Stopper(Some(Weak::clone(&self.sender)))
    }

    /// Waits for the answer. The browser that brought it waits, too, until [`finish`](Self::finish).
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::LoginTimedOut`], or [`Error::NobodyToAsk`] when the prompt has ended and no
    /// browser can come back.
    pub fn wait(&mut self) -> Result<Authorized, Error> {
        self.tried_a_word = false;
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            match self.answers.recv_timeout(left) {
                Ok(Answer::Called(answer)) => return answer,
                Ok(Answer::Pasted(text, _next)) => {
                    if let Some(answer) = self.pasted(&text) {
                        return answer;
                    }
                }
                Ok(Answer::EndOfPaste) if self.serving.is_none() => {
                    return Err(Error::NobodyToAsk(
                        "the input ended before a code was pasted".to_owned(),
                    ));
                }
                Ok(Answer::EndOfPaste) => {}
                Ok(Answer::Stopped) => return Err(Error::NobodyToAsk("the login was cancelled".to_owned())),
                Err(RecvTimeoutError::Timeout) => return Err(Error::LoginTimedOut(self.timeout)),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::Client("the callback listener has stopped".to_owned()));
                }
            }
        }
    }

    fn pasted(&mut self, text: &str) -> Option<Result<Authorized, Error>> {
        let mut login = lock(&self.login);
        let callback = login.take()?.pasted(text);
        match callback {
            Callback::Accepted(mut authorized) => {
                // The browser may still come back while the word that was typed is tried.
                *login = authorized.take_spare();
                self.tried_a_word = login.is_some();
                Some(Ok(authorized))
            }
            Callback::Denied(error) => Some(Err(error)),
            Callback::Ignored(same, why) => {
                *login = Some(same);
                drop(login);
                self.interaction.refused(why);
                None
            }
        }
    }

    /// After a code that came to nothing: true when it was a word that was typed, and the login still waits for its
    /// answer, or has it already.
    #[must_use]
    pub fn goes_on(&self, error: &Error) -> bool {
        if self.tried_a_word {
            log::info!("what was pasted did not log in: {error}");
            self.interaction.refused(Ignored::Refused);
        }
        self.tried_a_word
    }

    /// Tells the browser how the login ended, and frees the port.
    pub fn finish(mut self, outcome: Result<(), &Error>) {
        if let Some(serving) = self.serving.take() {
            serving.finish(match outcome {
                Ok(()) => Page::Success,
                Err(Error::Denied(_)) => Page::Denied,
                Err(_) => Page::Failed,
            });
        }
    }
}

impl Drop for BrowserLogin {
    fn drop(&mut self) {
        self.cancelled.set();
        if self.pastes {
            self.interaction.ended();
        }
    }
}

/// Decides what a callback means. The target that was accepted may come again (a reload, a second click): it waits
/// for the same end, and is not exchanged again.
fn judge(login: SharedLogin, sender: Arc<Sender<Answer>>) -> impl FnMut(&str) -> Verdict + Send + 'static {
    let mut accepted: Option<Secret> = None;
    move |target| {
        let this = Secret::new(target);
        if accepted.as_ref() == Some(&this) {
            return Verdict::Wait;
        }
        let mut login = lock(&login);
        let Some(waiting) = login.take() else {
            return Verdict::Answer(Page::ForeignLogin);
        };
        let answer = match waiting.callback(target) {
            Callback::Ignored(same, why) => {
                *login = Some(same);
                drop(login);
                match why {
                    Ignored::ForeignIssuer | Ignored::NoCode => {
                        log::warn!("a callback of this login was ignored: {why}");
                    }
                    _ => log::info!("a callback was ignored: {why}"),
                }
                return Verdict::Answer(Page::ForeignLogin);
            }
            Callback::Accepted(authorized) => Ok(authorized),
            Callback::Denied(error) => Err(error),
        };
        accepted = Some(this);
        // Whoever does not wait any more stops the listener.
        let _ = sender.send(Answer::Called(answer));
        Verdict::Wait
    }
}

fn read_pastes(
    interaction: Arc<dyn LoginInteraction>,
    cancelled: Cancelled,
    sender: Arc<Sender<Answer>>,
) -> Result<(), Error> {
    let reader = move || {
        while let Some(text) = interaction.read_pasted(&cancelled) {
            let (next, heard) = mpsc::channel();
            if sender.send(Answer::Pasted(text, next)).is_err() {
                return;
            }
            // One at a time: it ends when the other end is dropped.
            let _ = heard.recv();
            if cancelled.is_set() {
                return;
            }
        }
        let _ = sender.send(Answer::EndOfPaste);
    };
    thread::Builder::new()
        .name("carto-auth-paste".to_owned())
        .spawn(reader)
        .map(drop)
        .map_err(|error| Error::Client(format!("no thread can be started: {error}")))
}

fn port_taken(endpoints: &Endpoints, error: &io::Error) -> Obstacle {
    let port = endpoints
        .redirect_uri()
        .port_or_known_default()
        .unwrap_or_default();
    match error.kind() {
        ErrorKind::AddrInUse => Obstacle::PortTaken(port),
        _ => Obstacle::PortUnusable(port, SystemReason::of(error)),
    }
}

fn lock(login: &SharedLogin) -> MutexGuard<'_, Option<Login>> {
    // What the lock guards is replaced as a whole.
    login.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for BrowserLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserLogin(..)")
    }
}

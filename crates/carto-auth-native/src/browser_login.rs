//! A person's login under way: the browser and the prompt, whichever brings the answer first.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use carto_auth_core::{Authorized, Callback, Endpoints, Error, Ignored, Login, LoginRequest, Page, Redirect};

use crate::browser;
use crate::callback_connection::Verdict;
use crate::callback_listener::{CallbackListener, Serving};
use crate::login_options::LoginOptions;
use crate::randomness::entropy;

/// How a login meets the person: a terminal, a window, a notebook. Everything is called without a lock held.
///
/// ```
/// use carto_auth_core::Ignored;
/// use carto_auth_native::{LoginInteraction, LoginPrompt};
///
/// struct Window;
///
/// impl LoginInteraction for Window {
///     fn show(&self, prompt: &LoginPrompt<'_>) {
///         println!("a dialog with a link to {}", prompt.url);
///     }
///     fn can_paste(&self) -> bool {
///         false
///     }
///     fn read_pasted(&self) -> Option<String> {
///         None
///     }
///     fn refused(&self, _: Ignored) {}
/// }
/// ```
pub trait LoginInteraction: Send + Sync {
    /// Shows the address that the person must open. After this a browser is opened, if
    /// that is the [`Way`].
    fn show(&self, prompt: &LoginPrompt<'_>);

    /// Whether the person can paste a code or an address.
    fn can_paste(&self) -> bool;

    /// Waits for what the person pastes; `None` when nothing more will come. It is called on a thread of its own,
    /// which is left behind when the browser is faster.
    fn read_pasted(&self) -> Option<String>;

    /// Says that what was pasted is not the answer, and why. The next is waited for.
    fn refused(&self, why: Ignored);
}

/// What a person is shown.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct LoginPrompt<'a> {
    /// The address to open.
    pub url: &'a str,
    /// Where the browser will go with the code: back here, or to a page that shows it.
    pub redirect: Redirect,
    /// How long the login waits.
    pub timeout: Duration,
    /// Why the browser cannot come back here, if it cannot.
    pub obstacle: Option<&'a str>,
}

/// How the person's answer comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Through a browser on this machine, which is opened; a paste is taken, too.
    Browser,
    /// Through a browser on this machine, which [`LoginInteraction::show`] opens; a paste is taken, too.
    Callback,
    /// By pasting alone, for this reason.
    Paste(&'static str),
}

/// A login that waits for its answer. Dropping it frees the port at once.
pub struct BrowserLogin {
    answers: Receiver<Answer>,
    serving: Option<Serving>,
    login: SharedLogin,
    interaction: Arc<dyn LoginInteraction>,
    deadline: Instant,
    timeout: Duration,
}

enum Answer {
    Called(Result<Authorized, Error>),
    Pasted(String),
    EndOfPaste,
}

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
        let (timeout, interaction) = (options.time_limit(), options.meets());
        let way = options.chosen_way();
        let (listener, obstacle) = match way {
            Way::Browser | Way::Callback => {
                match CallbackListener::bind(endpoints.redirect_uri(), endpoints.success_page()) {
                    Ok(listener) => (Some(listener), None),
                    Err(error) => (None, Some(port_taken(endpoints, &error))),
                }
            }
            Way::Paste(reason) => (None, Some(reason.to_owned())),
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
        let serving = match listener {
            Some(listener) => {
                let judge = judge(Arc::clone(&login), sender.clone());
                let served = listener.serve(judge);
                Some(served.map_err(|error| Error::Client(format!("no listener can be started: {error}")))?)
            }
            None => None,
        };
        interaction.show(&LoginPrompt {
            url: &url,
            redirect,
            timeout,
            obstacle: obstacle.as_deref(),
        });
        if serving.is_some() && way == Way::Browser {
            browser::open(&url);
        }
        if pastes {
            read_pastes(Arc::clone(&interaction), sender)?;
        }
        Ok(Self {
            answers,
            serving,
            login,
            interaction,
            deadline: Instant::now() + timeout,
            timeout,
        })
    }

    /// Waits for the answer. The browser that brought it waits, too, until [`finish`](Self::finish).
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::LoginTimedOut`], or [`Error::NobodyToAsk`] when the prompt has ended and no
    /// browser can come back.
    pub fn wait(&mut self) -> Result<Authorized, Error> {
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            match self.answers.recv_timeout(left) {
                Ok(Answer::Called(answer)) => return answer,
                Ok(Answer::Pasted(text)) => {
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
                Err(RecvTimeoutError::Timeout) => return Err(Error::LoginTimedOut(self.timeout)),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::Client("the callback listener has stopped".to_owned()));
                }
            }
        }
    }

    fn pasted(&self, text: &str) -> Option<Result<Authorized, Error>> {
        let mut login = lock(&self.login);
        let callback = login.take()?.pasted(text);
        match callback {
            Callback::Accepted(authorized) => Some(Ok(authorized)),
            Callback::Denied(error) => Some(Err(error)),
            Callback::Ignored(same, why) => {
                *login = Some(same);
                drop(login);
                self.interaction.refused(why);
                None
            }
        }
    }

    /// Tells the browser how the login ended, and frees the port.
    pub fn finish(self, outcome: Result<(), &Error>) {
        if let Some(serving) = self.serving {
            serving.finish(match outcome {
                Ok(()) => Page::Success,
                Err(Error::Denied(_)) => Page::Denied,
                Err(_) => Page::Failed,
            });
        }
    }
}

/// Decides what a callback means. The target that was accepted may come again (a reload, a second click): it waits
/// for the same end, and is not exchanged again.
fn judge(login: SharedLogin, sender: Sender<Answer>) -> impl FnMut(&str) -> Verdict + Send + 'static {
    let mut accepted: Option<carto_auth_core::Secret> = None;
    move |target| {
        let this = carto_auth_core::Secret::new(target);
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
                log::info!("a callback was ignored: {why}");
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

fn read_pastes(interaction: Arc<dyn LoginInteraction>, sender: Sender<Answer>) -> Result<(), Error> {
    let reader = move || {
        while let Some(text) = interaction.read_pasted() {
            if sender.send(Answer::Pasted(text)).is_err() {
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

fn port_taken(endpoints: &Endpoints, error: &std::io::Error) -> String {
    let port = endpoints
        .redirect_uri()
        .port_or_known_default()
        .unwrap_or_default();
    match error.kind() {
        std::io::ErrorKind::AddrInUse => format!("port {port} of this machine is taken"),
        _ => format!("port {port} of this machine cannot be listened at ({error})"),
    }
}

fn lock(login: &SharedLogin) -> std::sync::MutexGuard<'_, Option<Login>> {
    // What the lock guards is replaced as a whole.
    login.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for BrowserLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BrowserLogin(..)")
    }
}

impl std::fmt::Debug for LoginPrompt<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginPrompt")
            .field("redirect", &self.redirect)
            .field("timeout", &self.timeout)
            .field("obstacle", &self.obstacle)
            .finish_non_exhaustive()
    }
}

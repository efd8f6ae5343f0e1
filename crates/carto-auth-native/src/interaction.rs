//! How a login meets the person.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use carto_auth_core::{Ignored, Redirect};

use crate::system_error::SystemReason;

/// How a login meets the person: a terminal, a window, a notebook. Everything is called without a lock held.
///
/// ```
/// use carto_auth_core::Ignored;
/// use carto_auth_native::{Cancelled, LoginInteraction, LoginPrompt};
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
///     fn read_pasted(&self, _: &Cancelled) -> Option<String> {
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

    /// Waits for what the person pastes; `None` when nothing more will come. It is called on a thread of its own.
    /// Return soon after `cancelled` is set: the login has ended, and a reader that stays takes the program's input.
    fn read_pasted(&self, cancelled: &Cancelled) -> Option<String>;

    /// Says that what was pasted is not the answer, and why. The next is waited for.
    fn refused(&self, why: Ignored);

    /// The login has ended, well or not; what was typed meanwhile is of no use. Called where pastes were read.
    fn ended(&self) {}
}

/// Tells the reader of a paste that its login has ended.
#[derive(Clone, Default, Debug)]
pub struct Cancelled(Arc<AtomicBool>);

impl Cancelled {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// True once the login has ended.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why no browser on this machine brings the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Obstacle {
    /// Another program listens at the port of the redirect URI.
    PortTaken(u16),
    /// The port cannot be listened at.
    PortUnusable(u16, SystemReason),
    /// The place, or whoever calls, is against it.
    Place(&'static str),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PortTaken(port) => write!(f, "port {port} of this machine is taken"),
            Self::PortUnusable(port, why) => {
                write!(f, "port {port} of this machine cannot be listened at ({why})")
            }
            Self::Place(reason) => f.write_str(reason),
        }
    }
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
    pub obstacle: Option<Obstacle>,
}

/// How the person's answer comes.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Through a browser on this machine, which is opened; a paste is taken, too.
    Browser,
    /// Through a browser on this machine, which [`LoginInteraction::show`] opens; a paste is taken, too.
    Callback,
    /// By pasting alone, for this reason.
    Paste(&'static str),
}

impl fmt::Debug for LoginPrompt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginPrompt")
            .field("redirect", &self.redirect)
            .field("timeout", &self.timeout)
            .field("obstacle", &self.obstacle)
            .finish_non_exhaustive()
    }
}

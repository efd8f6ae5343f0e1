//! The person's browser: whether opening one makes sense here, and doing it.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::thread;

#[cfg(all(unix, not(target_os = "macos")))]
use crate::browser_process::Opening;

/// The variable that forbids to open a browser.
pub const NO_BROWSER_VARIABLE: &str = "CARTO_AUTH_NO_BROWSER";

/// Why opening a browser here would not bring the person's login back, or `None` when it should.
#[must_use]
pub fn browser_obstacle() -> Option<&'static str> {
    // As with `CI`, some say no by a value.
    let is_no = |value: &OsStr| ["", "0", "false"].iter().any(|no| value == *no);
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !is_no(&value));
    obstacle(
        is_set,
        env::var("BROWSER").ok().as_deref(),
        |path| Path::new(path).exists(),
        cfg!(all(unix, not(target_os = "macos"))),
    )
}

/// The program that a login would open its address with.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BrowserProgram {
    /// This one, by its path.
    Found(PathBuf),
    /// Whatever the system has for addresses.
    System,
    /// There is none; a login shows the address all the same.
    Missing,
}

/// Looks for the program that a login would open its address with, and starts nothing.
#[must_use]
pub fn browser_program() -> BrowserProgram {
    #[cfg(all(unix, not(target_os = "macos")))]
    return crate::browser_process::first().map_or(BrowserProgram::Missing, BrowserProgram::Found);
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    BrowserProgram::System
}

/// Variables by which an environment tells that its screen, or its loopback, is not the person's.
const ELSEWHERE: [(&str, &str); 14] = [
    (NO_BROWSER_VARIABLE, "CARTO_AUTH_NO_BROWSER is set"),
    ("SSH_CONNECTION", "this is an SSH session"),
    ("SSH_CLIENT", "this is an SSH session"),
    ("SSH_TTY", "this is an SSH session"),
    ("CODESPACES", "this is a GitHub codespace"),
    ("GITPOD_WORKSPACE_ID", "this is a Gitpod workspace"),
    ("CLOUD_SHELL", "this is a cloud shell"),
    ("GOOGLE_CLOUD_SHELL", "this is a cloud shell"),
    ("ACC_CLOUD", "this is a cloud shell"),
    ("COLAB_RELEASE_TAG", "this is a Colab notebook"),
    ("COLAB_GPU", "this is a Colab notebook"),
    ("DATABRICKS_RUNTIME_VERSION", "this is a Databricks cluster"),
    ("KUBERNETES_SERVICE_HOST", "this is a container"),
    ("REMOTE_CONTAINERS", "this is a container"),
];

const CONTAINER_MARKS: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

/// Browsers that would take the terminal over.
const TEXT_BROWSERS: [&str; 12] = [
    "lynx",
    "links",
    "links2",
    "elinks",
    "w3m",
    "www-browser",
    "eww",
    "netrik",
    "retawq",
    "curl",
    "wget",
    "browsh",
];

fn obstacle(
    is_set: impl Fn(&str) -> bool,
    browser: Option<&str>,
    exists: impl Fn(&str) -> bool,
    needs_display: bool,
) -> Option<&'static str> {
    if let Some((_, reason)) = ELSEWHERE.iter().find(|(name, _)| is_set(name)) {
        return Some(reason);
    }
    if CONTAINER_MARKS.iter().any(|path| exists(path)) {
        return Some("this is a container");
    }
    let browser = browser.filter(|text| !text.is_empty());
    if browser.is_some_and(is_text_browser) {
        return Some("BROWSER names a text browser");
    }
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"]
        .iter()
        .any(|name| is_set(name));
    let is_blind = needs_display && !has_display && browser.is_none();
    is_blind.then_some("there is no display")
}

/// True when `BROWSER`, which may list several, names a browser for terminals.
fn is_text_browser(browsers: &str) -> bool {
    browsers.split(':').any(|command| {
        // Any word of it: it may be started through `env` or the like.
        command.split_ascii_whitespace().any(|word| {
            let name = word.rsplit('/').next().unwrap_or_default();
            TEXT_BROWSERS.contains(&name)
        })
    })
}

/// Opens the address in the person's browser, in the background. That this ends well says nothing about whether a
/// browser came up; the address has been shown before.
pub(crate) fn open(url: &str) {
    if env::var("BROWSER").is_ok_and(|browsers| is_text_browser(&browsers)) {
        log::warn!("BROWSER names a text browser, which is not started; open the address yourself");
        return;
    }
    let opening = Opening::start(url);
    let opened = thread::Builder::new()
        .name("carto-auth-browser".to_owned())
        .spawn(move || {
            // The error's text may hold the address, and with it the state.
            if let Err(kind) = opening.finish() {
                let by = if env::var_os("BROWSER").is_some() {
                    ", BROWSER is set"
                } else {
                    ""
                };
                log::warn!("no browser could be opened ({kind}{by}); open the address yourself");
            }
        });
    if let Err(error) = opened {
        log::warn!("no browser could be opened: {error}");
    }
}

/// Asks the system, whose browser is not a child of ours on macOS.
#[cfg(not(all(unix, not(target_os = "macos"))))]
struct Opening(String);

#[cfg(not(all(unix, not(target_os = "macos"))))]
impl Opening {
    fn start(url: &str) -> Self {
        Self(url.to_owned())
    }

    fn finish(self) -> Result<(), String> {
        let mut options = webbrowser::BrowserOptions::new();
        options.with_suppress_output(true);
        let opened = webbrowser::open_browser_with_options(webbrowser::Browser::Default, &self.0, &options);
        opened.map_err(|error| format!("{:?}", error.kind()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(
        set: &[&str],
        browser: Option<&str>,
        files: &[&str],
        needs_display: bool,
    ) -> Option<&'static str> {
        obstacle(
            |name| set.contains(&name),
            browser,
            |path| files.contains(&path),
            needs_display,
        )
    }

    #[test]
    fn a_desktop_opens_a_browser() {
        assert_eq!(with(&["DISPLAY"], None, &[], true), None);
        assert_eq!(with(&["WAYLAND_DISPLAY"], Some(""), &[], true), None);
        assert_eq!(with(&["WSL_DISTRO_NAME"], None, &[], true), None);
        assert_eq!(
            with(&[], None, &[], false),
            None,
            "macOS and Windows need no variable"
        );
        assert_eq!(with(&[], Some("/usr/bin/firefox %s"), &[], true), None);
    }

    #[test]
    fn every_place_whose_screen_is_elsewhere_is_named() {
        for (name, reason) in ELSEWHERE {
            assert_eq!(with(&[name, "DISPLAY"], None, &[], true), Some(reason), "{name}");
        }
        for path in CONTAINER_MARKS {
            assert_eq!(
                with(&["DISPLAY"], None, &[path], true),
                Some("this is a container")
            );
        }
        assert_eq!(with(&[], None, &[], true), Some("there is no display"));
    }

    #[test]
    fn a_browser_for_terminals_is_not_opened() {
        for browser in [
            "w3m",
            "/usr/bin/lynx %s",
            "firefox:links2",
            "www-browser",
            "env w3m",
            "curl",
        ] {
            let reason = with(&["DISPLAY"], Some(browser), &[], true);
            assert_eq!(reason, Some("BROWSER names a text browser"), "{browser}");
        }
        assert_eq!(
            with(&["DISPLAY"], Some("firefox --new-window %s"), &[], true),
            None
        );
    }
}

//! A program at a terminal, as a person meets it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::processes::Outcome;

/// A program whose standard input and standard error are a terminal; its standard output is a pipe.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    keyboard: File,
    screen: Arc<Screen>,
    reader: JoinHandle<()>,
    // The terminal lives as long as somebody has it open.
    device: File,
}

#[derive(Default, Debug)]
struct Screen {
    text: Mutex<String>,
    changed: Condvar,
}

/// How long a program may take to show something.
const PATIENCE: Duration = Duration::from_secs(30);

impl Terminal {
    /// Starts a program.
    ///
    /// # Errors
    /// When there is no terminal to be had, or the program cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        // Or programs of other tests that start now would inherit it.
        #[cfg(target_os = "linux")]
        let flags = flags | OpenptFlags::CLOEXEC;
        let controller = openpt(flags)?;
        grantpt(&controller)?;
        unlockpt(&controller)?;
        let path = PathBuf::from(ptsname(&controller, Vec::new())?.to_string_lossy().into_owned());
        let device = OpenOptions::new().read(true).write(true).open(path)?;
        let child = command
            .stdin(Stdio::from(device.try_clone()?))
            .stderr(Stdio::from(device.try_clone()?))
            .stdout(Stdio::piped())
            .spawn()?;
        // The command would hold the terminal open.
        command.stdin(Stdio::null()).stderr(Stdio::null());
        let keyboard = File::from(controller);
        let mut output = keyboard.try_clone()?;
        let screen = Arc::new(Screen::default());
        let shown = Arc::clone(&screen);
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4096];
            // A terminal whose programs have all gone answers with an error.
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                let mut text = shown.text.lock().unwrap_or_else(PoisonError::into_inner);
                text.push_str(&String::from_utf8_lossy(&bytes[..count]).replace('\r', ""));
                drop(text);
                shown.changed.notify_all();
            }
        });
        Ok(Self {
            child,
            keyboard,
            screen,
            reader,
            device,
        })
    }

    /// Waits until the screen shows a text, and gives all that it shows.
    ///
    /// # Panics
    /// When the text does not come.
    #[must_use]
    pub fn wait_for(&self, expected: &str) -> String {
        let text = self.screen.text.lock().unwrap_or_else(PoisonError::into_inner);
        let (text, _) = self
            .screen
            .changed
            .wait_timeout_while(text, PATIENCE, |text| !text.contains(expected))
            .unwrap_or_else(PoisonError::into_inner);
        assert!(text.contains(expected), "waited for {expected:?}, found {text:?}");
        text.clone()
    }

    /// Types a line.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn type_line(&mut self, text: &str) -> io::Result<()> {
        self.keyboard.write_all(format!("{text}\n").as_bytes())
    }

    /// Ends the input, as Ctrl-D does.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn end_input(&mut self) -> io::Result<()> {
        self.keyboard.write_all(b"\x04")
    }

    /// Interrupts the program, as Ctrl-C does.
    ///
    /// # Errors
    /// When the program is gone.
    pub fn interrupt(&self) -> io::Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), Signal::INT)?)
    }

    /// True when the terminal echoes and edits lines, as a shell leaves it.
    #[must_use]
    pub fn is_as_before(&self) -> bool {
        tcgetattr(&self.device).is_ok_and(|modes| {
            modes
                .local_modes
                .contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
        })
    }

    /// Waits for the end; the screen is the outcome's standard error.
    ///
    /// # Errors
    /// When the program cannot be waited for.
    pub fn finish(self) -> io::Result<Outcome> {
        let output = self.child.wait_with_output()?;
        drop(self.device);
        let _ = self.reader.join();
        let text = self.screen.text.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Outcome {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: text.clone(),
        })
    }
}

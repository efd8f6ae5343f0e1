//! The programs that are measured, and the server that they talk to.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, BufRead as _, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use crate::{budgets, cargo, checks, root, target_folder};

/// A library, and the program of `peers/` that asks it.
pub(super) struct Peer {
    program: &'static str,
    pub(super) name: &'static str,
    pub(super) is_ours: bool,
}

const fn ours(program: &'static str, name: &'static str) -> Peer {
    Peer {
        program,
        name,
        is_ours: true,
    }
}

const fn theirs(program: &'static str, name: &'static str) -> Peer {
    Peer {
        program,
        name,
        is_ours: false,
    }
}

impl Peer {
    /// Its name where tokens are kept, which oauth2 leaves to others.
    pub(super) fn with_its_keeper(&self) -> String {
        match self.program.starts_with("oauth2") {
            true => format!("{}, a mutex around what it got", self.name),
            false => self.name.to_owned(),
        }
    }

    /// True for the one that has a cache on disk.
    pub(super) fn keeps_tokens(&self) -> bool {
        self.program == PYTHON
    }
}

/// Ours first.
pub(super) const PEERS: [Peer; 8] = [
    ours("carto-auth-ureq", "**carto-auth-ureq**"),
    ours("carto-auth-reqwest", "**carto-auth-reqwest**"),
    theirs("oauth2-ureq", "oauth2 + ureq"),
    theirs("oauth2-reqwest", "oauth2 + reqwest"),
    theirs("yup-oauth2", "yup-oauth2"),
    theirs("azure-identity", "azure_identity"),
    theirs("google-cloud-auth", "google-cloud-auth"),
    theirs(PYTHON, "Python carto-auth"),
];
const PYTHON: &str = "python";
/// The client that the server's token names, as `peers/peer` has it.
pub(super) const CLIENT: (&str, &str) = ("client-of-the-benchmarks", "secret-of-the-benchmarks");
const KEY: &str = "service-account.json";

/// What else is built there.
const OTHERS: [&str; 5] = ["floor-empty", "floor-read", "floor-clap", "protocol", "server"];

/// Everything that is measured, built.
pub(super) struct Programs {
    pub(super) command_line: PathBuf,
    pub(super) benchmarks: BTreeMap<String, PathBuf>,
    folder: PathBuf,
    /// The interpreter that has the Python package.
    python: PathBuf,
    scratch: TempDir,
}

/// Builds them.
pub(super) fn build() -> io::Result<Programs> {
    let python = target_folder().join("python-carto-auth-0.2.0/bin/python");
    if !python.exists() {
        return Err(io::Error::other(
            "the Python package is not there: `cargo test -p carto-auth-tests --test python` installs it",
        ));
    }
    let command_line = budgets::command_line()?;
    let benchmarks = budgets::benchmarks()?;
    let target = target_folder().join("peers");
    let built = PEERS.iter().map(|peer| peer.program).chain(OTHERS);
    for name in built.filter(|name| *name != PYTHON) {
        checks::check(
            &format!("{name}, as released"),
            release(name, &target),
            "see the failure above",
        )?;
    }
    let folder = target.join("release");
    for name in ["empty", "read", "peak"] {
        let source = root().join(format!("peers/floors/{name}.c"));
        let mut compile = Command::new("cc");
        compile.args(["-O2", "-static", "-s", "-o"]);
        compile.arg(folder.join(format!("c-{name}"))).arg(source);
        checks::check(&format!("the floor {name}.c"), compile, "a C compiler is needed")?;
    }
    let scratch = TempDir::new()?;
    let mut key = Command::new(folder.join("server"));
    key.arg("keys").arg(scratch.path().join(KEY));
    checks::check("a service account with a key", key, "see the failure above")?;
    let programs = Programs {
        command_line,
        benchmarks,
        folder,
        python,
        scratch,
    };
    // It writes down the CA, which programs are told to trust over http, too.
    programs.server(Scheme::Https, 0)?.counts()?;
    Ok(programs)
}

/// One by one: built together, each would get the features of all.
pub(super) fn release(name: &str, target: &Path) -> Command {
    let manifest = root().join("peers").join(name).join("Cargo.toml");
    let mut command = cargo(&["build", "--release", "--locked", "--quiet", "--manifest-path"]);
    command.arg(manifest).arg("--target-dir").arg(target);
    command
}

impl Programs {
    /// A peer, to be told what to do.
    pub(super) fn peer(&self, peer: &Peer) -> Command {
        if peer.program != PYTHON {
            return self.program(peer.program);
        }
        let mut command = self.alone(&self.python);
        command.arg(root().join("peers/python/peer.py"));
        command
    }

    /// Another program of `peers/`.
    pub(super) fn program(&self, name: &str) -> Command {
        self.alone(&self.path(name))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A program without the variables of whoever measures.
    pub(super) fn alone(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.scratch.path())
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("PEER_KEY", self.key())
            // Else its start is another one each time.
            .env("PYTHONHASHSEED", "0");
        command
    }

    fn key(&self) -> PathBuf {
        self.scratch.path().join(KEY)
    }

    /// What signs the certificates of servers.
    pub(super) fn ca(&self) -> PathBuf {
        self.scratch.path().join("ca.pem")
    }

    /// An empty folder below the scratch folder.
    pub(super) fn folder(&self, name: &str) -> io::Result<PathBuf> {
        let folder = self.scratch.path().join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir(&folder)?;
        Ok(folder)
    }

    /// A CARTO on loopback that answers after so many milliseconds.
    pub(super) fn server(&self, scheme: Scheme, delay: u32) -> io::Result<Server> {
        let mut command = self.program("server");
        if scheme == Scheme::Https {
            command.arg("--tls").arg(self.ca());
        }
        command.args(["--delay-ms", &delay.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or(ErrorKind::BrokenPipe)?;
        let mut says = BufReader::new(stdout);
        let mut url = String::new();
        says.read_line(&mut url)?;
        Ok(Server {
            child,
            says,
            url: url.trim().to_owned(),
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

/// A CARTO on loopback. It ends with this value.
pub(super) struct Server {
    child: Child,
    says: BufReader<ChildStdout>,
    pub(super) url: String,
}

/// What a server has seen.
pub(super) struct Counts {
    pub(super) requests: u64,
    pub(super) connections: u64,
}

impl Server {
    /// Ends it, and asks what it has seen.
    pub(super) fn counts(mut self) -> io::Result<Counts> {
        drop(self.child.stdin.take());
        let mut said = String::new();
        self.says.read_line(&mut said)?;
        let mut numbers = said.split_whitespace().map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(requests)), Some(Ok(connections))) => Ok(Counts {
                requests,
                connections,
            }),
            _ => Err(io::Error::other("the server does not say what it has seen")),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

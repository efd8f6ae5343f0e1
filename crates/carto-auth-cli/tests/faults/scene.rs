//! What a process is doing while the system fails it.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions, TryLockError};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use carto_auth_sandbox::Person;
use carto_auth_tests::{Outcome, end_token};
use serde_json::Value;

use crate::world::World;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scene {
    /// There is no token yet: one is obtained and written.
    Fresh,
    /// The token has ended, in files that the Python package left readable: another one is obtained and written.
    Ended,
    /// The token is good, in both files: it is read.
    Good,
    /// The login of a person has ended, and a refresh token gets the next one.
    Person,
    /// The token is good, and is forgotten.
    Logout,
}

/// A scene, set.
pub(crate) struct Stage {
    pub(crate) scene: Scene,
    pub(crate) world: World,
    /// The token files before the fault.
    pub(crate) before: BTreeMap<String, Vec<u8>>,
    /// The token in them.
    pub(crate) token: Option<String>,
}

impl Scene {
    pub(crate) fn set(self) -> Stage {
        let world = World::new();
        let token = match self {
            Self::Fresh => None,
            Self::Person => Some(log_in(&world)),
            _ => Some(world.token()),
        };
        if matches!(self, Self::Ended | Self::Person) {
            for path in world.token_files() {
                end(&path);
            }
            fs::set_permissions(world.path(".carto-auth"), Permissions::from_mode(0o755)).unwrap();
        }
        let before = files(&world);
        Stage {
            scene: self,
            world,
            before,
            token,
        }
    }
}

/// Logs a person in whom CARTO gives a refresh token.
pub(crate) fn log_in(world: &World) -> String {
    let first = world.run(&["login"]);
    let url = first
        .stderr
        .lines()
        .find(|line| line.contains("/authorize?"))
        .unwrap();
    let url = format!("{url}&scope=openid%20offline_access");
    let address = world.carto.log_in_at(&url, Person::Accepts).unwrap();
    let second = world.run(&["login", "--code", &address]);
    assert_eq!(second.code, Some(0), "{second:?}");
    world.run(&["token"]).stdout.trim_end().to_owned()
}

/// Makes a token file one whose token has ended, with Python's mode.
fn end(path: &Path) {
    end_token(path).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
}

/// The token files by name.
pub(crate) fn files(world: &World) -> BTreeMap<String, Vec<u8>> {
    let paths = world.token_files().into_iter();
    let file = |path: PathBuf| (name_of(&path), fs::read(&path).unwrap());
    paths.map(file).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// The token in a token file, which must be whole.
pub(crate) fn token_in(bytes: &[u8]) -> String {
    let record: Value = serde_json::from_slice(bytes).unwrap();
    for key in ["expiration", "expires_at", "obtained_at", "version"] {
        assert!(record[key].is_i64(), "{key}: {record}");
    }
    assert!(record["api_base_url"].is_string(), "{record}");
    record["access_token"].as_str().unwrap().to_owned()
}

/// The identity's own file has its key in its name.
pub(crate) fn is_own(name: &str) -> bool {
    name.matches('.').count() == 2
}

impl Stage {
    pub(crate) fn command(&self) -> Command {
        let arguments: &[&str] = match self.scene {
            Scene::Logout => &["logout", "--credentials", "ci.json"],
            Scene::Person => &["token"],
            _ => &["token", "--credentials", "ci.json"],
        };
        self.world.command(arguments)
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.world.path(".carto-auth")
    }

    /// The command without any fault.
    pub(crate) fn again(&self, arguments: &[&str]) -> Outcome {
        match self.scene {
            Scene::Person => self.world.run(arguments),
            _ => self.world.machine(arguments),
        }
    }

    /// Everything in the token folder.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder());
        let entries = entries.into_iter().flatten();
        entries.map(|entry| name_of(&entry.unwrap().path())).collect()
    }

    pub(crate) fn temporary_files(&self) -> Vec<String> {
        let names = self.names().into_iter();
        names
            .filter(|name| Path::new(name).extension().is_some_and(|end| end == "tmp"))
            .collect()
    }

    /// The token in the identity's own file, if there is one.
    pub(crate) fn kept(&self) -> Option<String> {
        let files = files(&self.world);
        let (_, bytes) = files.iter().find(|(name, _)| is_own(name))?;
        Some(token_in(bytes))
    }

    pub(crate) fn is_lock_free(&self) -> bool {
        let names = self.names().into_iter();
        let mut locks = names.filter(|name| Path::new(name).extension().is_some_and(|end| end == "lock"));
        locks.all(|name| {
            let lock = File::open(self.folder().join(name)).unwrap();
            !matches!(lock.try_lock(), Err(TryLockError::WouldBlock))
        })
    }

    pub(crate) fn mode(&self, name: &str) -> u32 {
        let metadata = fs::symlink_metadata(self.folder().join(name)).unwrap();
        metadata.permissions().mode() & 0o777
    }
}

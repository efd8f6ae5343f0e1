//! Where token files live.

use std::env;
use std::path::{Path, PathBuf};

/// The variable that names the folder of the token files, if it is not `~/.carto-auth`.
pub const HOME_VARIABLE: &str = "CARTO_AUTH_HOME";

/// The folder of the token files: `CARTO_AUTH_HOME`, or `~/.carto-auth` beside the Python package's. `None` when
/// this user has no home folder.
#[must_use]
pub fn carto_home() -> Option<PathBuf> {
    match env::var_os(HOME_VARIABLE).filter(|value| !value.is_empty()) {
        Some(folder) => Some(expand_tilde(Path::new(&folder))),
        None => Some(dirs::home_dir()?.join(".carto-auth")),
    }
}

/// Replaces a leading `~/` by the home folder, for paths that no shell has seen.
#[must_use]
pub fn expand_tilde(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), dirs::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_leading_tilde_of_ones_own_is_expanded() {
        let home = dirs::home_dir().unwrap();
        assert_eq!(expand_tilde(Path::new("~/a/b.json")), home.join("a/b.json"));
        for other in ["~ana/b.json", "a/~/b.json", "/x/b.json"] {
            assert_eq!(expand_tilde(Path::new(other)), Path::new(other));
        }
    }
}

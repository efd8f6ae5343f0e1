//! What each transport was seen to do in each scenario, kept for `cargo xtask test` to compare.

use std::cell::RefCell;
use std::fmt::Display;
use std::fs;
use std::path::PathBuf;
use std::thread;

thread_local! {
    static SEEN: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A scenario that runs over one transport; made by [`scenario!`](crate::scenario). What is noted on its thread is kept
/// when it has passed.
#[must_use = "it lasts as long as the scenario"]
pub struct Scenario(PathBuf);

impl Scenario {
    /// `path` is that of an item in the test, `CRATE::MODULE::TEST::ITEM`; the crate's name ends with the transport's.
    #[doc(hidden)]
    pub fn begin(path: &str, folder: &str) -> Self {
        SEEN.take();
        let over = path.split("::").next().and_then(|name| name.rsplit('_').next());
        let name = path.rsplit("::").nth(1);
        let folder = PathBuf::from(folder).join("conformance");
        Self(
            folder
                .join(name.unwrap_or_default())
                .join(over.unwrap_or_default()),
        )
    }
}

impl Drop for Scenario {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let seen = SEEN.take();
        // What a scenario noted in a process of its own stays.
        if seen.is_empty() && self.0.exists() {
            return;
        }
        if let Some(folder) = self.0.parent() {
            let kept = fs::create_dir_all(folder).and_then(|()| fs::write(&self.0, seen));
            assert!(kept.is_ok(), "{kept:?}");
        }
    }
}

/// Notes an outcome, which must be the same over every transport.
pub fn note(outcome: impl Display) {
    SEEN.with_borrow_mut(|seen| seen.push_str(&format!("{outcome}\n")));
}

/// Begins the scenario of the test that calls it.
#[macro_export]
macro_rules! scenario {
    () => {{
        fn here() {}
        $crate::Scenario::begin(std::any::type_name_of_val(&here), env!("CARGO_TARGET_TMPDIR"))
    }};
}

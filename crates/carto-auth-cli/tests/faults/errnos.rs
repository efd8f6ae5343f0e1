//! How each call may fail: what the manual pages of Linux list, and what network file systems add.

/// The ways of a call, as `strace` prints it. A call that is not listed must be: it is one of the write path.
pub(crate) fn errnos(name: &str, call: &str) -> &'static [&'static str] {
    match name {
        "mkdir" | "mkdirat" => &[
            "EACCES", "ENOSPC", "EROFS", "EDQUOT", "EIO", "EPERM", "ENOENT", "ENOTDIR", "ELOOP", "EMLINK",
            "EINTR", "ENOMEM",
        ],
        "open" | "openat" if call.contains("O_CREAT") => &[
            "ENOSPC", "EACCES", "EROFS", "EDQUOT", "EMFILE", "ENFILE", "EPERM", "EIO", "ENOENT", "EEXIST",
            "EINTR", "ENOMEM", "ESTALE",
        ],
        "open" | "openat" => &[
            "EACCES", "EMFILE", "EIO", "ENFILE", "ENOENT", "EPERM", "ELOOP", "EINTR", "ENOMEM", "ESTALE",
        ],
        "stat" | "fstat" | "lstat" | "statx" | "newfstatat" => {
            &["EIO", "EACCES", "ENOENT", "ENOMEM", "ESTALE", "EINTR"]
        }
        "read" => &["EIO", "EINTR", "EISDIR", "ESTALE", "ENOMEM"],
        "write" => &["ENOSPC", "EIO", "EDQUOT", "EINTR", "EFBIG", "EPERM", "ESTALE"],
        "fsync" | "fdatasync" => &["EIO", "ENOSPC", "EDQUOT", "EROFS", "EINVAL", "EINTR"],
        "rename" | "renameat" | "renameat2" => &[
            "EXDEV", "ENOSPC", "EACCES", "EPERM", "EROFS", "EDQUOT", "EIO", "EBUSY", "EINTR", "ENOENT",
            "EISDIR",
        ],
        "unlink" | "unlinkat" => &["EACCES", "EPERM", "EROFS", "EBUSY", "EIO", "EINTR", "ENOENT"],
        "flock" => &[
            "ENOLCK",
            "EOPNOTSUPP",
            "EINTR",
            "EAGAIN",
            "ENOSYS",
            "EIO",
            "EINVAL",
        ],
        "getdents" | "getdents64" => &["EIO", "ENOENT", "ESTALE", "EINTR"],
        "close" => &["EIO", "EINTR", "ENOSPC", "EDQUOT"],
        "chmod" | "fchmod" | "fchmodat" => &["EPERM", "EROFS", "EIO", "EINTR", "EOPNOTSUPP"],
        "ftruncate" => &["EIO", "EFBIG", "EPERM", "EINTR", "EINVAL"],
        "lseek" => &["EINVAL", "EOVERFLOW"],
        // What the C library asks of a folder before it lists it.
        "fcntl" => &["EPERM", "EBADF"],
        _ => panic!("give {name} its ways to fail, in tests/faults/errnos.rs: {call}"),
    }
}

/// True for calls that are made again when a signal interrupts them, so that nobody notices.
pub(crate) fn is_made_again(name: &str, call: &str) -> bool {
    match name {
        // The C library's opendir gives up.
        "open" | "openat" => !call.contains("O_DIRECTORY"),
        "read" | "write" | "fsync" | "ftruncate" | "flock" | "chmod" | "fchmod" => true,
        _ => false,
    }
}

#[test]
fn a_call_fails_in_each_way_once() {
    for name in [
        "mkdir", "openat", "statx", "read", "write", "fsync", "rename", "unlink", "flock", "close",
    ] {
        let mut ways = errnos(name, "").to_vec();
        ways.sort_unstable();
        ways.dedup();
        assert_eq!(ways.len(), errnos(name, "").len(), "{name}");
    }
}

//! Files that only their owner may read, written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use carto_auth_core::TOKEN_FILE_LIMIT;
use rand::TryRng as _;
use rand::rngs::SysRng;
#[cfg(unix)]
use rustix::fs::OFlags;
use tempfile::NamedTempFile;

/// What was found at a path.
#[derive(Debug)]
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// A file that may be trusted.
    Bytes(Vec<u8>),
    /// Something that must not be used, and why.
    Unusable(String),
}

/// What becomes of others' permission to read a file that is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Modes {
    /// It is withdrawn, but for the target of a symbolic link: whoever laid the link may mean another file, whose mode is
    /// none of ours.
    Tighten,
    /// It stays.
    Leave,
}

/// Reads a file that may hold a token. Never blocks on a pipe or device, never reads more than the limit, and
/// trusts only what belongs to this user and nobody else can write.
pub(crate) fn read(path: &Path, modes: Modes) -> Found {
    let opened = match open_to_read(path) {
        Ok(opened) => opened,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Found::Nothing;
        }
        Err(error) => return Found::Unusable(error.kind().to_string()),
    };
    match check_and_read(&opened, modes) {
        Ok(bytes) => Found::Bytes(bytes),
        // The system's own words end with a number that means nothing to anybody.
        Err(error) if error.raw_os_error().is_some() => Found::Unusable(error.kind().to_string()),
        Err(error) => Found::Unusable(error.to_string()),
    }
}

struct Opened {
    file: File,
    #[cfg_attr(not(unix), expect(dead_code, reason = "modes are Unix's"))]
    by_link: bool,
}

fn check_and_read(opened: &Opened, modes: Modes) -> io::Result<Vec<u8>> {
    let file = &opened.file;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    if metadata.len() > TOKEN_FILE_LIMIT {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    check_owner(opened, &metadata, modes)?;
    // With the size known, reading it takes one call and not one for each doubling of the buffer.
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default() + 1);
    file.take(TOKEN_FILE_LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(unix)]
fn open_to_read(path: &Path) -> io::Result<Opened> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    let open = |flags: OFlags| {
        let mut options = OpenOptions::new();
        let flags = (flags | OFlags::NONBLOCK).bits().cast_signed();
        options.read(true).custom_flags(flags).open(path)
    };
    match open(OFlags::NOFOLLOW) {
        Ok(file) => Ok(Opened { file, by_link: false }),
        Err(_) if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) => Ok(Opened {
            file: open(OFlags::empty())?,
            by_link: true,
        }),
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
fn open_to_read(path: &Path) -> io::Result<Opened> {
    let file = OpenOptions::new().read(true).open(path)?;
    Ok(Opened { file, by_link: false })
}

#[cfg(unix)]
fn check_owner(opened: &Opened, metadata: &fs::Metadata, modes: Modes) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user"));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(io::Error::other(
            "others may write to it (chmod go-w makes it usable)",
        ));
    }
    if metadata.mode() & 0o077 != 0 && !opened.by_link && modes == Modes::Tighten {
        // The Python package writes 0644. A file system without modes keeps its own.
        let _ = opened.file.set_permissions(fs::Permissions::from_mode(0o600));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_opened: &Opened, _metadata: &fs::Metadata, _modes: Modes) -> io::Result<()> {
    Ok(())
}

/// A file that is written, and not yet in its place. Dropped, it is removed.
pub(crate) struct Prepared<'a> {
    file: NamedTempFile,
    path: &'a Path,
}

/// Writes a file of mode 0600 beside `path` and brings it to the disk. `prefix` begins its name. A device or pipe at `path`
/// is an error.
pub(crate) fn prepare<'a>(path: &'a Path, prefix: &str, bytes: &[u8]) -> io::Result<Prepared<'a>> {
    let file = write_beside(path, prefix, bytes)?;
    Ok(Prepared { file, path })
}

/// More than a token file takes, as a rule, in bytes; one that is there already is taken for the measure.
const ROOM: u64 = 8 << 10;
/// How much longer than the last one a token may be, in bytes.
const GROWTH: u64 = 4 << 10;

/// A place on the disk for what is not known yet. Dropped, it is free again.
pub(crate) struct Room(NamedTempFile);

/// Takes a place for a file at `path`, as [`prepare`] does.
pub(crate) fn make_room(path: &Path, prefix: &str) -> io::Result<Room> {
    let last = fs::symlink_metadata(path).map_or(0, |found| found.len());
    let size = usize::try_from(ROOM.max(last.min(TOKEN_FILE_LIMIT) + GROWTH)).unwrap_or(usize::MAX);
    // No zeros: a disk that compresses would keep nothing for them.
    let mut bytes = vec![0; size];
    let _ = SysRng.try_fill_bytes(&mut bytes);
    write_beside(path, prefix, &bytes).map(Room)
}

impl Room {
    /// As [`prepare`], in the place that is there.
    pub(crate) fn prepare<'a>(mut self, path: &'a Path, bytes: &[u8]) -> io::Result<Prepared<'a>> {
        check_limit(bytes)?;
        self.0.as_file_mut().rewind()?;
        self.0.as_file_mut().write_all(bytes)?;
        self.0.as_file().set_len(bytes.len() as u64)?;
        self.0.as_file().sync_all()?;
        Ok(Prepared { file: self.0, path })
    }
}

fn write_beside(path: &Path, prefix: &str, bytes: &[u8]) -> io::Result<NamedTempFile> {
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file() && !found.is_symlink()) {
        return Err(io::Error::new(
            ErrorKind::IsADirectory,
            "there is something that is no regular file",
        ));
    }
    let mut file = tempfile::Builder::new()
        .prefix(prefix)
        .suffix(".tmp")
        .tempfile_in(folder_of(path))
        // Its own words name the temporary file, which means nothing to anybody.
        .map_err(|error| io::Error::from(error.kind()))?;
    check_limit(bytes)?;
    file.as_file_mut().write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// A write beyond the limit of this process (`ulimit -f`) would end it by a signal.
#[cfg(unix)]
fn check_limit(bytes: &[u8]) -> io::Result<()> {
    use rustix::process::{Resource, getrlimit};
    match getrlimit(Resource::Fsize).current {
        Some(limit) if (bytes.len() as u64) > limit => Err(ErrorKind::FileTooLarge.into()),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn check_limit(_bytes: &[u8]) -> io::Result<()> {
    Ok(())
}

impl Prepared<'_> {
    /// Renames it to its place: a reader sees the old bytes or the new ones. A symbolic link there is replaced.
    pub(crate) fn put(self) -> io::Result<()> {
        self.file.persist(self.path).map_err(|error| error.error)?;
        sync_folder(folder_of(self.path));
        Ok(())
    }

    /// The same, but leaves what is there.
    pub(crate) fn put_where_nothing_is(self) -> io::Result<()> {
        match self.file.persist_noclobber(self.path) {
            Err(error) if error.error.kind() != ErrorKind::AlreadyExists => Err(error.error),
            _ => Ok(()),
        }
    }
}

/// Writes a file of mode 0600, whole or not at all.
#[cfg(all(test, unix))]
fn write(path: &Path, prefix: &str, bytes: &[u8]) -> io::Result<()> {
    prepare(path, prefix, bytes)?.put()
}

/// Makes a rename last through a crash of the machine. The file is in place already, so a file system that cannot
/// do this is no failure.
#[cfg(unix)]
fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) {}

/// The folder that holds `path`; `.` for a bare name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn is_dead_link(path: &Path) -> bool {
    path.is_symlink() && !path.exists()
}

/// Makes a folder, and those above it, that only their owner may enter.
pub(crate) fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    // Some file systems refuse to make what is there with other words than that.
    builder
        .create(folder)
        .or_else(|error| match fs::metadata(folder) {
            Ok(found) if found.is_dir() => Ok(()),
            Ok(_) => Err(io::Error::new(
                ErrorKind::NotADirectory,
                "a file is in the place of the folder",
            )),
            Err(_) if folder.ancestors().any(is_dead_link) => Err(io::Error::new(
                ErrorKind::NotADirectory,
                "a link that leads nowhere is in its way",
            )),
            Err(_) => Err(error),
        })
}

/// What is in a folder; nothing if it cannot be read. The standard library panics when closing a folder fails.
#[cfg(unix)]
pub(crate) fn entries_of(folder: &Path) -> Vec<PathBuf> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::open(folder, flags, rustix::fs::Mode::empty());
    let entries = opened.and_then(rustix::fs::Dir::new);
    let path = |entry: rustix::fs::DirEntry| folder.join(OsStr::from_bytes(entry.file_name().to_bytes()));
    entries
        .into_iter()
        .flatten()
        .map_while(Result::ok)
        .map(path)
        .collect()
}

#[cfg(not(unix))]
pub(crate) fn entries_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map_while(Result::ok).map(|entry| entry.path()).collect()
}

/// Withdraws others' permissions from a folder of ours that the Python package made 0755. One that a link stands for is
/// left as it is.
#[cfg(unix)]
pub(crate) fn tighten_folder(folder: &Path) {
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
    let is_loose = |metadata: &fs::Metadata| {
        let is_ours = metadata.uid() == rustix::process::geteuid().as_raw();
        metadata.is_dir() && is_ours && metadata.mode() & 0o077 != 0
    };
    if !fs::symlink_metadata(folder).is_ok_and(|metadata| is_loose(&metadata)) {
        return;
    }
    let mut options = OpenOptions::new();
    let flags = OFlags::NOFOLLOW | OFlags::DIRECTORY;
    options.read(true).custom_flags(flags.bits().cast_signed());
    if let Ok(folder) = options.open(folder)
        && folder.metadata().is_ok_and(|metadata| is_loose(&metadata))
    {
        let _ = folder.set_permissions(fs::Permissions::from_mode(0o700));
    }
}

#[cfg(not(unix))]
pub(crate) fn tighten_folder(_folder: &Path) {}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn read(path: &Path) -> Found {
        super::read(path, Modes::Tighten)
    }

    fn unusable(path: &Path) -> String {
        match read(path) {
            Found::Unusable(why) => why,
            other => panic!("expected an unusable file, got {other:?}"),
        }
    }

    #[test]
    fn a_written_file_has_mode_0600_and_nothing_stays_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.json");
        write(&path, ".t.", b"one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write(&path, ".t.", b"two").unwrap();
        assert_eq!((mode(&path), fs::read(&path).unwrap()), (0o600, b"two".to_vec()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_symbolic_link_is_replaced_and_never_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("t.json"));
        fs::write(&target, "precious").unwrap();
        symlink(&target, &link).unwrap();
        write(&link, ".t.", b"token").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"precious");
        assert!(fs::symlink_metadata(&link).unwrap().is_file());
    }

    #[test]
    fn a_file_that_others_can_read_is_tightened_and_one_that_they_can_write_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.json");
        fs::write(&path, "x").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read(&path), Found::Bytes(bytes) if bytes == b"x"));
        assert_eq!(mode(&path), 0o600);
        for open in [0o620, 0o602, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
            assert_eq!(
                unusable(&path),
                "others may write to it (chmod go-w makes it usable)"
            );
        }
    }

    #[test]
    fn a_link_is_read_through_as_strictly_and_the_mode_of_its_target_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("t.json"));
        symlink(&target, &link).unwrap();
        assert!(matches!(read(&link), Found::Nothing));
        fs::write(&target, "x").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read(&link), Found::Bytes(bytes) if bytes == b"x"));
        assert_eq!(mode(&target), 0o644);
        fs::set_permissions(&target, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(
            unusable(&link),
            "others may write to it (chmod go-w makes it usable)"
        );
        fs::remove_file(&target).unwrap();
        symlink(&link, &target).unwrap();
        assert!(matches!(read(&link), Found::Unusable(_)), "a circle ends");
    }

    #[test]
    fn a_folder_that_a_link_stands_for_keeps_its_mode() {
        let parent = tempfile::tempdir().unwrap();
        let (target, link) = (parent.path().join("target"), parent.path().join("link"));
        create_folder(&target).unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).unwrap();
        symlink(&target, &link).unwrap();
        tighten_folder(&link);
        assert_eq!(mode(&target), 0o755);
    }

    #[test]
    fn a_directory_a_pipe_a_device_and_a_huge_file_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(unusable(folder.path()), "it is no regular file");
        assert_eq!(unusable(Path::new("/dev/zero")), "it is no regular file");
        let pipe = folder.path().join("pipe");
        // rustix makes none on macOS.
        let mkfifo = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(mkfifo.success());
        assert_eq!(unusable(&pipe), "it is no regular file");
        assert!(write(&pipe, ".t.", b"token").is_err());
        assert!(
            !fs::symlink_metadata(&pipe).unwrap().is_file(),
            "it is left alone"
        );
        let huge = folder.path().join("huge");
        File::create(&huge)
            .unwrap()
            .set_len(TOKEN_FILE_LIMIT + 1)
            .unwrap();
        assert_eq!(unusable(&huge), "it is larger than 1 MiB");
        assert!(matches!(read(&folder.path().join("absent")), Found::Nothing));
        assert!(matches!(read(&huge.join("below-a-file")), Found::Nothing));
    }

    #[test]
    fn a_folder_is_made_0700_and_pythons_0755_is_tightened() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        create_folder(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        tighten_folder(&folder);
        assert_eq!(mode(&folder), 0o700);
    }
}

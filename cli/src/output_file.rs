//! A file that a command makes: it appears under its name when it is complete and on
//! the medium, or the file that was there before stays as it is.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Display, Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::Error;

/// Writes a new file, and syncs it and its directory to the medium. A file that exists is
/// not changed, and none is left that is incomplete.
///
/// # Errors
/// There is such a file, or it cannot be written.
pub fn create_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    let written = written.and_then(|()| File::open(directory(path))?.sync_all());
    if written.is_err() {
        // What is not complete is of no use, and would be in the way next time.
        let _ = fs::remove_file(path);
    }
    written
}

/// The directory of a file.
fn directory(path: &Path) -> &Path {
    let parent = path.parent();
    let parent = parent.filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// A new file under a temporary name, in the directory where it will lie.
#[derive(Debug)]
pub struct OutputFile {
    temporary: NamedTempFile,
    directory: File,
    /// What is replaced: the file that `named` leads to.
    target: PathBuf,
    /// The name that the user gave.
    named: PathBuf,
}

impl OutputFile {
    /// Begins a file that will lie at `path`. A symbolic link there is followed: the file
    /// that it leads to is replaced.
    ///
    /// # Errors
    /// The directory is missing or cannot be written to, the link leads nowhere, or
    /// something other than a file is there.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let failed = |error: &io::Error| cannot_write(path, error);
        let (target, mode) = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => (path.to_owned(), 0o644),
            Err(error) => return Err(failed(&error)),
            Ok(_) => existing(path)?,
        };
        let parent = directory(&target);
        let directory = File::open(parent).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::failed(format!(
                "cannot write {}: there is no directory {}",
                path.display(),
                parent.display()
            )),
            _ => failed(&error),
        })?;
        // With tempfile's own way to open it, errors name the temporary file.
        let open = |path: &Path| {
            let mut options = File::options();
            options.read(true).write(true);
            options.create_new(true).mode(mode).open(path)
        };
        let temporary = tempfile::Builder::new()
            .prefix(".gapboot-")
            .make_in(parent, open)
            .map_err(|error| failed(&error))?;
        Ok(Self {
            temporary,
            directory,
            target,
            named: path.to_owned(),
        })
    }

    /// The file, to be written to.
    pub fn file(&self) -> &File {
        self.temporary.as_file()
    }

    /// The name that it will have.
    pub fn name(&self) -> Display<'_> {
        self.named.display()
    }

    /// An error of writing the file, under the name that it will have.
    pub fn failed(&self, error: &io::Error) -> Error {
        cannot_write(&self.named, error)
    }

    /// Gives the file its name, and returns when file and name are on the medium.
    ///
    /// # Errors
    /// The file cannot be flushed or renamed; then the old file is there as before.
    pub fn commit(self) -> Result<(), Error> {
        let failed = |error: &io::Error| cannot_write(&self.named, error);
        // A name that reached the medium before its bytes would name an empty file after
        // a power cut.
        let written = self.temporary.as_file().sync_all();
        written.map_err(|error| failed(&error))?;
        let renamed = self.temporary.persist(&self.target);
        renamed.map_err(|error| failed(&error.error))?;
        match self.directory.sync_all() {
            // Some network file systems do not flush directories.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            flushed => flushed.map_err(|error| failed(&error)),
        }
    }
}

/// The file that is there, with its permissions.
fn existing(path: &Path) -> Result<(PathBuf, u32), Error> {
    let target = fs::canonicalize(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::failed(format!(
            "cannot write {}: it is a symbolic link to something that is not a file; name a file",
            path.display()
        )),
        _ => cannot_write(path, &error),
    })?;
    let metadata = fs::metadata(&target).map_err(|error| cannot_write(path, &error))?;
    if !metadata.is_file() {
        let what = match metadata.is_dir() {
            true => "a directory",
            false => "a device or a pipe",
        };
        return Err(Error::failed(format!(
            "cannot write {}: it is {what}; name a file",
            path.display()
        )));
    }
    Ok((target, metadata.permissions().mode() & 0o777))
}

fn cannot_write(path: &Path, error: &io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => "; name a place where you may write",
        io::ErrorKind::ReadOnlyFilesystem => "; name a place on another file system",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; make room, or name a place on another file system"
        }
        io::ErrorKind::FileTooLarge => {
            "; name a place on another file system, or raise the limit (`ulimit -f`)"
        }
        _ => "",
    };
    Error::failed(format!("cannot write {}: {error}{hint}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::io::Write;
    use std::os::unix::fs::symlink;

    /// A directory with a file `old`.
    fn place() -> tempfile::TempDir {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("old"), "old").unwrap();
        place
    }

    fn write(path: &Path, text: &str) -> Result<(), Error> {
        let output = OutputFile::create(path)?;
        output.file().write_all(text.as_bytes()).unwrap();
        output.commit()
    }

    fn names(place: &Path) -> Vec<String> {
        let entries = fs::read_dir(place).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_when_it_is_complete() {
        let place = place();
        let old = place.path().join("old");
        fs::set_permissions(&old, Permissions::from_mode(0o600)).unwrap();
        let output = OutputFile::create(&old).unwrap();
        output.file().write_all(b"half").unwrap();
        assert_eq!(fs::read(&old).unwrap(), b"old");
        drop(output);
        assert_eq!(names(place.path()), ["old"]);
        assert_eq!(fs::read(&old).unwrap(), b"old");
        write(&old, "new").unwrap();
        assert_eq!(fs::read(&old).unwrap(), b"new");
        let mode = fs::metadata(&old).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "the permissions that it had");
        assert_eq!(names(place.path()), ["old"]);
    }

    #[test]
    fn links_are_followed() {
        let place = place();
        let link = place.path().join("link");
        symlink("old", &link).unwrap();
        write(&link, "new").unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("old"));
        assert_eq!(fs::read(place.path().join("old")).unwrap(), b"new");
        let nowhere = place.path().join("nowhere");
        symlink("gone", &nowhere).unwrap();
        let error = write(&nowhere, "new").unwrap_err().to_string();
        assert!(error.contains("nowhere: it is a symbolic link"), "{error}");
        assert_eq!(names(place.path()), ["link", "nowhere", "old"]);
    }

    #[test]
    fn what_is_not_a_file_stays() {
        let place = place();
        for (path, word) in [
            (place.path(), "it is a directory"),
            (Path::new("/dev/null"), "it is a device or a pipe"),
            (Path::new("/dev/full"), "it is a device or a pipe"),
        ] {
            let error = OutputFile::create(path).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        let missing = place.path().join("missing/x");
        let error = OutputFile::create(&missing).unwrap_err().to_string();
        let directory = place.path().join("missing");
        assert_eq!(
            error,
            format!(
                "cannot write {}: there is no directory {}",
                missing.display(),
                directory.display()
            )
        );
        // Below something that is not a directory.
        let below = place.path().join("old/x");
        let error = OutputFile::create(&below).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!(
                "cannot write {}: Not a directory",
                below.display()
            )),
            "{error}"
        );
    }

    /// The errors of Linux, under the name that the user gave.
    #[test]
    fn errors_do_not_name_the_temporary_file() {
        let error = OutputFile::create(Path::new("/proc/gapboot")).unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with("cannot write /proc/gapboot: "), "{error}");
        assert!(!error.contains(".gapboot-"), "{error}");
    }
}

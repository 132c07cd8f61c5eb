//! What a command may end with.

use std::fmt::{self, Display};
use std::io;
use std::path::Path;

use boot::{Kind, report};
use kexec::error::Reason;
use rustix::io::Errno;

/// Why a command did not do what it was asked for, as one line: what is wrong,
/// where, and what to do. Several things that are wrong have a line each.
#[derive(Clone, Debug)]
pub enum Error {
    /// The arguments make no sense: exit status 2.
    Usage(String),
    /// It was refused or went wrong: exit status 1.
    Failed(String),
    /// Nobody reads standard output any more, as after `| head`: exit status 141, which
    /// shells show for programs that end by SIGPIPE. Nothing is said.
    Unread,
}

impl Error {
    /// Wrong usage; the hint to the help is added when it is printed.
    pub fn usage(problem: impl Display) -> Self {
        Self::Usage(problem.to_string())
    }

    /// Something that was refused or went wrong.
    pub fn failed(problem: impl Display) -> Self {
        Self::Failed(problem.to_string())
    }

    /// An error of the loader's own code, in the loader's words.
    pub fn of_loader(error: boot::Error) -> Self {
        Self::Failed(loader_text(error))
    }

    /// Something could not be done with a file; says what may help.
    pub fn file(what: &str, path: &Path, error: &io::Error) -> Self {
        let hint = hint(error);
        Self::failed(format!("cannot {what} {}: {error}{hint}", path.display()))
    }

    /// The same error, led by the disk that it is about.
    #[must_use]
    pub fn on(self, disk: &Path) -> Self {
        let led = |line: &str| format!("{}: {line}", disk.display());
        match self {
            Self::Failed(problem) => {
                let lines: Vec<_> = problem.lines().map(led).collect();
                Self::Failed(lines.join("\n"))
            }
            other => other,
        }
    }

    /// The exit status that tells it to the caller.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Failed(_) => 1,
            Self::Unread => 141,
        }
    }
}

impl std::error::Error for Error {}

impl Display for Error {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Usage(problem) | Self::Failed(problem) => to.write_str(problem),
            Self::Unread => to.write_str("nobody reads standard output"),
        }
    }
}

impl From<kexec::Error> for Error {
    fn from(error: kexec::Error) -> Self {
        let text = match error.reason {
            Reason::Loader(reason) => loader_text(reason),
            reason => reason.to_string(),
        };
        match error.about.as_str() {
            "" => Self::Failed(text),
            about => Self::Failed(format!("{about}: {text}")),
        }
    }
}

/// Errors of standard output; those of disks are given a place by [`crate::disk`].
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Unread;
        }
        Self::failed(format!("cannot write to standard output: {error}"))
    }
}

/// The advice for an error of the operating system. It begins with a semicolon, because it
/// follows the error's own text. It is empty for errors without advice.
pub fn hint(error: &io::Error) -> &'static str {
    match (Errno::from_io_error(error), error.kind()) {
        // Not a question of who asks: the system denies it to everybody here.
        (Some(Errno::PERM), _) => {
            "; root may not do it either: in a container, run gapboot outside it or give the \
             container the device; outside, a file may be immutable (`lsattr`)"
        }
        (_, io::ErrorKind::PermissionDenied) if rustix::process::geteuid().is_root() => {
            "; root may not do it either: the device is write-protected, or a container may not \
             use it"
        }
        (_, io::ErrorKind::PermissionDenied) => "; run gapboot as root or change its permissions",
        (_, io::ErrorKind::ReadOnlyFilesystem) => "; mount it for writing (`mount -o remount,rw`)",
        (_, io::ErrorKind::ResourceBusy) => "; something else uses it",
        (_, io::ErrorKind::StorageFull) => "; make room there",
        _ => "",
    }
}

/// The loader's text of an error.
pub fn loader_text(error: boot::Error) -> String {
    // Here it is not the BIOS that says so.
    if error.is(Kind::DiskRead) {
        return format!(
            "cannot read sector {}. Check the disk and its cable.",
            error.at()
        );
    }
    let mut text = Vec::new();
    report::describe(error, &mut |piece| text.extend_from_slice(piece));
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Several things that are wrong are a line each, and each line says where.
    #[test]
    fn lines() {
        let error = Error::failed("one\ntwo").on(Path::new("d.img"));
        assert_eq!(error.to_string(), "d.img: one\nd.img: two");
    }
}

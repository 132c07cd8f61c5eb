//! Why something is not loaded or not started.

use std::fmt::{self, Display};
use std::io;

use boot::report;

/// Why a kernel is not loaded or not started.
#[derive(Debug)]
pub struct Error {
    /// What messages call the thing that it is about; empty if that is Linux itself.
    pub about: String,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong.
#[derive(Debug)]
pub enum Reason {
    /// What Linux answered to a call that loads.
    Refused(io::Error),
    /// What the loader's own code says of an entry.
    Loader(boot::Error),
    /// Anything else, as a sentence that says what to do.
    Text(String),
}

impl Error {
    /// About nothing in particular.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self {
            about: String::new(),
            reason: Reason::Text(text.into()),
        }
    }

    /// The same error, about this thing.
    #[must_use]
    pub(crate) fn about(self, about: &str) -> Self {
        Self {
            about: about.to_owned(),
            ..self
        }
    }
}

impl From<boot::Error> for Error {
    fn from(error: boot::Error) -> Self {
        Self {
            about: String::new(),
            reason: Reason::Loader(error),
        }
    }
}

impl std::error::Error for Error {}

impl Display for Error {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        if !self.about.is_empty() {
            write!(to, "{}: ", self.about)?;
        }
        self.reason.fmt(to)
    }
}

impl Display for Reason {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Refused(error) => refused(error, to),
            Self::Loader(error) => {
                let mut text = Vec::new();
                report::describe(*error, &mut |piece| text.extend_from_slice(piece));
                to.write_str(&String::from_utf8_lossy(&text))
            }
            Self::Text(text) => to.write_str(text),
        }
    }
}

/// Why a kernel is not taken.
pub(crate) const UNKNOWN: &str =
    "Linux cannot load this kernel: use a 64-bit bzImage or a unified kernel image";

/// Why Linux did not take it, and what may help.
fn refused(error: &io::Error, to: &mut fmt::Formatter) -> fmt::Result {
    let reason = match error.raw_os_error() {
        Some(libc::ENOSYS) => {
            "this Linux has no kexec: use one with CONFIG_KEXEC_FILE or CONFIG_KEXEC"
        }
        Some(libc::EPERM) => {
            "Linux does not permit it: run gapboot as root; the sysctl \
             kernel.kexec_load_disabled and lockdown forbid it even then"
        }
        Some(libc::ENOEXEC) => UNKNOWN,
        Some(libc::EADDRNOTAVAIL | libc::ENOMEM) => {
            "there is not enough free memory for it: stop programs, or use a smaller initrd"
        }
        Some(libc::EINVAL) => {
            "Linux did not load it: the command line may be too long, or kernel and initrd \
             larger than half of this machine's memory; make them smaller"
        }
        _ => return write!(to, "Linux did not load it: {error}"),
    };
    to.write_str(reason)
}

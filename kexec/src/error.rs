//! Why something is not loaded or not started.

use std::fmt::{self, Display};
use std::io;

use boot::report;

use crate::call::Call;

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
    Refused(Call, io::Error),
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
            Self::Refused(call, error) => refused(*call, error, to),
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
pub(crate) const UNKNOWN: &str = "it is no kernel that can be started: use a bzImage, a unified \
                                  kernel image or a Multiboot kernel";

/// Why Linux did not take it, and what may help.
fn refused(call: Call, error: &io::Error, to: &mut fmt::Formatter) -> fmt::Result {
    let reason = match (error.raw_os_error(), call) {
        (Some(libc::ENOSYS), _) => {
            "this Linux has no kexec_load: use one with CONFIG_KEXEC, or for 64-bit kernels one with \
             CONFIG_KEXEC_FILE"
        }
        (Some(libc::EPERM), Call::File) => {
            "Linux does not permit it: run gapboot as root; the sysctl \
             kernel.kexec_load_disabled and lockdown forbid it even then"
        }
        (Some(libc::EPERM), Call::Segments) => {
            "Linux does not permit kexec_load, which alone loads 32-bit and Multiboot kernels: run \
             gapboot as root; the sysctl kernel.kexec_load_disabled and lockdown (Secure Boot) \
             forbid it even then"
        }
        (Some(libc::ENOEXEC), _) => UNKNOWN,
        (Some(libc::EADDRNOTAVAIL | libc::ENOMEM), _) => {
            "there is not enough free memory for it: stop programs, or use smaller files"
        }
        (Some(libc::EINVAL), _) => {
            "Linux did not load it: the command line may be too long, or what is loaded larger than \
             half of this machine's memory; make it smaller"
        }
        _ => return write!(to, "Linux did not load it: {error}"),
    };
    to.write_str(reason)
}

//! The system calls that load.

/// The system call that loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `kexec_file_load`: Linux reads the kernel's file itself, and may check its
    /// signature.
    File,
    /// `kexec_load`: Linux is given what is to lie in memory.
    Segments,
}

impl Call {
    /// Its name in Linux.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "kexec_file_load",
            Self::Segments => "kexec_load",
        }
    }
}

//! What can go wrong, and what a person can do about it.
//!
//! An error says what and where in numbers; the names (which entry, which
//! file) are added where it is reported. Each kind has one text with what to
//! do in its last sentence.

/// Why something failed, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub kind: Kind,
    /// Where: an LBA, a cluster, an address, a limit, as the text of `kind` says.
    pub at: u64,
}

/// Everything that can be wrong. The variants come in the three classes of
/// [`Class`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A read failed, with the firmware's status.
    DiskRead(u8),
    /// A write failed, with the firmware's status.
    DiskWrite(u8),
}

impl Error {
    /// An error of `kind` at `at`.
    pub const fn new(kind: Kind, at: u64) -> Self {
        Self { kind, at }
    }
}

impl Kind {
    /// One line or two for a person. `#` stands for [`Error::at`] in decimal,
    /// `$` for the firmware's status in hexadecimal.
    pub const fn text(self) -> &'static str {
        match self {
            Kind::DiskRead(_) => "cannot read LBA #: BIOS error $. Check the disk and its cable.",
            Kind::DiskWrite(_) => "cannot write LBA #: BIOS error $.",
        }
    }
}

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
    /// A file that is no Linux kernel for the x86 boot protocol.
    KernelUnknown,
    /// A kernel of a boot protocol before 2.02.
    KernelOld,
    /// A zImage.
    KernelZimage,
    /// A boot header with an impossible value in the field at this offset.
    KernelHeader,
    /// A kernel that is shorter than this size, which its header states.
    KernelTruncated,
    /// The kernel needs memory up to this many MiB.
    KernelMemory,
    /// Kernel and initrd need memory up to this many MiB.
    InitrdMemory,
    /// The initrd would not end below the kernel's limit, in MiB.
    InitrdLimit,
    /// The initrds are more than 4 GiB.
    InitrdLarge,
    /// A command line that is longer than this limit.
    CommandLineLong,
    /// A directory where a file should be.
    IsDirectory,
    /// A file that has ended, at this byte, before the size it should have.
    FileShort,
    /// The machine refuses to have something written at this address.
    MemoryRefused,
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
            Kind::KernelUnknown => "not a Linux kernel. Check the entry's linux line.",
            Kind::KernelOld => "boot protocol before 2.02. Use a kernel of Linux 2.4 or later.",
            Kind::KernelZimage => "a zImage. Use a bzImage.",
            Kind::KernelHeader => "bad value at byte # of the kernel. Install it again.",
            Kind::KernelTruncated => "the kernel should have # bytes. Install it again.",
            Kind::KernelMemory => "the kernel needs all memory up to # MiB. Add memory.",
            Kind::InitrdMemory => "the initrd needs memory up to # MiB. Add memory.",
            Kind::InitrdLimit => "the kernel wants its initrd below # MiB. Use a smaller one.",
            Kind::InitrdLarge => "initrds of 4 GiB and more. Use smaller ones.",
            Kind::CommandLineLong => "the command line is longer than # bytes. Shorten it.",
            Kind::IsDirectory => "a directory. Check the path.",
            Kind::FileShort => "the file ends at byte #. Run fsck.vfat.",
            Kind::MemoryRefused => "memory at # refused. Please report this.",
        }
    }
}

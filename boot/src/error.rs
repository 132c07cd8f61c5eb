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
    /// A kernel that lacks this many bytes, as its header states.
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
    /// Something points beyond the end of the disk.
    BeyondDisk,
    /// No GUID partition table at this LBA.
    GptMissing,
    /// The GUID partition table whose header is at this LBA contradicts itself
    /// or one of its checksums.
    GptDamaged,
    /// The GUID partition table whose header is at this LBA has a revision or
    /// sizes that nothing makes.
    GptUnsupported,
    /// No FAT file system begins at this LBA.
    FatMissing,
    /// The file system has sectors of this many bytes, not 512.
    FatSectorSize,
    /// The boot sector at this LBA describes a file system that cannot be.
    FatDamaged,
    /// A chain of clusters points to this number, which is no cluster.
    ClusterInvalid,
    /// A chain of clusters leads over this one, which is marked free.
    ClusterFree,
    /// A chain of clusters leads over this one, which is marked bad.
    ClusterBad,
    /// A chain of clusters ends with this one, before its file does.
    ChainShort,
    /// A chain of clusters comes back to this one.
    ChainCycle,
    /// The directory that begins at this cluster goes on for more than 65,536
    /// slots.
    DirectoryTooLong,
    /// No such file or directory.
    NotFound,
    /// A Type 1 entry without `linux`, `uki` or `efi`.
    EntryWithoutKernel,
    /// A Type 1 entry with two different ones of them.
    EntryAmbiguous,
    /// A Type 1 entry for another processor.
    EntryArchitecture,
    /// A Type 1 entry with `uki-url`.
    EntryFromNetwork,
    /// A Type 1 entry whose main file has an unusable path.
    EntryPath,
    /// An entry whose texts do not fit into the menu's memory.
    EntryTooLong,
    /// An entry file of this many bytes.
    EntryTooLarge,
    /// An entry of a kind that this version does not boot.
    EntryUnsupported,
    /// More initrds than this in one entry.
    InitrdsTooMany,
    /// Nothing to boot.
    NoEntries,
    /// No EFI system partition.
    NoEsp,
    /// A line of a text file, beginning at this byte, is longer than its reader
    /// takes.
    LineTooLong,
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
            Kind::KernelTruncated => "the kernel's file lacks # bytes. Install it again.",
            Kind::KernelMemory => "the kernel needs all memory up to # MiB. Add memory.",
            Kind::InitrdMemory => "the initrd needs memory up to # MiB. Add memory.",
            Kind::InitrdLimit => "the kernel wants its initrd below # MiB. Use a smaller one.",
            Kind::InitrdLarge => "initrds of 4 GiB and more. Use smaller ones.",
            Kind::CommandLineLong => "the command line is longer than # bytes. Shorten it.",
            Kind::IsDirectory => "a directory. Check the path.",
            Kind::FileShort => "the file ends at byte #. Run fsck.vfat.",
            Kind::MemoryRefused => "memory at # refused. Please report this.",
            Kind::BeyondDisk => "LBA # is beyond the end of the disk. Check its partitions.",
            Kind::GptMissing => "no GPT at LBA #. Partition the disk with one.",
            Kind::GptDamaged => "the GPT at LBA # is damaged. Repair it with gdisk.",
            Kind::GptUnsupported => "the GPT at LBA # is of an unknown form. Check it with gdisk.",
            Kind::FatMissing => "no FAT file system at LBA #. Format it with mkfs.vfat.",
            Kind::FatSectorSize => "FAT with sectors of # bytes. Format it with mkfs.vfat -S 512.",
            Kind::FatDamaged => "the FAT file system at LBA # is damaged. Run fsck.vfat.",
            Kind::ClusterInvalid => "there is no cluster #. Run fsck.vfat.",
            Kind::ClusterFree => "cluster # is marked free. Run fsck.vfat.",
            Kind::ClusterBad => "cluster # is marked bad. Run fsck.vfat.",
            Kind::ChainShort => "file cut short at cluster #. Run fsck.vfat.",
            Kind::ChainCycle => "clusters in a circle at #. Run fsck.vfat.",
            Kind::DirectoryTooLong => "endless directory at cluster #. Run fsck.vfat.",
            Kind::EntryWithoutKernel => "no linux, uki or efi line. Add one.",
            Kind::EntryAmbiguous => "more than one of linux, uki, efi and uki-url. Keep one.",
            Kind::EntryArchitecture => "not for this processor. Choose another entry.",
            Kind::EntryFromNetwork => "uki-url needs a network boot. Choose another entry.",
            Kind::EntryPath => "unusable path: '.', '..', a '/' at its end, or too long. Correct it.",
            Kind::EntryTooLong => "file name, version, sort-key and machine-id are too long. Shorten them.",
            Kind::EntryTooLarge => "entry of # bytes. Keep it below 65536.",
            Kind::EntryUnsupported => "only entries with a linux line boot. Add one.",
            Kind::InitrdsTooMany => "more than # initrds. Join some.",
            Kind::NoEntries => "no entry to boot in /loader/entries. Add one.",
            Kind::NoEsp => "no EFI system partition on the disk. Set the type of one.",
            Kind::NotFound => "not found. Check the path.",
            Kind::LineTooLong => "line at byte # is too long. Shorten it.",
        }
    }
}

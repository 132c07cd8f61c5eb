//! The errors of the loader, each with the advice for a person.
//!
//! An error holds numbers for its kind and its place; the code that reports it adds the
//! names of the entry and the file. Each kind has one text, and the last sentence of
//! the text says what to do.

use core::num::NonZeroU64;

/// Why something failed, and where.
///
/// One number, because every function of the loader may fail: as a structure,
/// errors that are passed on took a tenth of the loader's code. From the top:
/// status (8 bits), kind (8 bits), place (48 bits).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error(NonZeroU64);

const AT_BITS: u32 = 48;
const KIND_BITS: u32 = 8;

#[allow(
    clippy::as_conversions,
    reason = "between widths that are known to fit"
)]
impl Error {
    /// An error of `kind` at `at`: an LBA, a cluster, an address or a limit, as
    /// the text of `kind` says. Numbers of 2^48 and more lose their upper part.
    pub const fn new(kind: Kind, at: u64) -> Self {
        Self::with_status(kind, at, 0)
    }

    /// An error with the firmware's status.
    pub const fn with_status(kind: Kind, at: u64, status: u8) -> Self {
        let what = (kind as u64 | (status as u64) << KIND_BITS) << AT_BITS;
        match NonZeroU64::new(what | (at & ((1 << AT_BITS) - 1))) {
            Some(number) => Self(number),
            None => unreachable(),
        }
    }

    /// True if it is of this kind.
    pub const fn is(self, kind: Kind) -> bool {
        self.kind_number() == kind as u8
    }

    /// The place or the number that the text speaks of.
    pub const fn at(self) -> u64 {
        self.0.get() & ((1 << AT_BITS) - 1)
    }

    /// The firmware's status.
    pub const fn status(self) -> u8 {
        (self.0.get() >> (AT_BITS + KIND_BITS)) as u8
    }

    /// One line for a person. `#` stands for [`Error::at`] in decimal, `$` for
    /// [`Error::status`] in hexadecimal.
    pub fn text(self) -> impl Iterator<Item = u8> {
        let mut before = self.kind_number();
        TEXTS.bytes().filter(move |&byte| {
            if byte == b'\n' {
                before = before.wrapping_sub(1);
            }
            before == 0 && byte != b'\n'
        })
    }

    /// The number of its kind, which stands for the text where the overlay is missing.
    /// The texts are counted from 1.
    pub const fn number(self) -> u8 {
        self.kind_number()
    }

    const fn kind_number(self) -> u8 {
        (self.0.get() >> AT_BITS) as u8
    }
}

/// No kind has the number 0.
const fn unreachable() -> Error {
    Error(NonZeroU64::MIN)
}

/// Defines the kinds with their texts side by side. The texts are one string:
/// a table of addresses would take more room than the code that finds a text.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident: $text:literal,)*) => {
        /// Everything that can be wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Kind {
            /// No error has this kind, so that the number of an error is never 0.
            None = 0,
            $($(#[$doc])* $name,)*
        }

        const TEXTS: &str = concat!("", $("\n", $text,)*);

        impl Error {
            /// The kind of the error.
            pub fn kind(self) -> Kind {
                let all = [Kind::None, $(Kind::$name,)*];
                all.get(usize::from(self.kind_number())).copied().unwrap_or(Kind::None)
            }
        }
    };
}

kinds! {
    /// A read failed, with the firmware's status.
    DiskRead: "cannot read LBA #: BIOS error $. Check disk and cable.",
    /// A write failed, with the firmware's status.
    DiskWrite: "cannot write LBA #: BIOS error $. Check disk and cable.",
    /// A file that is not a Linux kernel for the x86 boot protocol.
    KernelUnknown: "this is not a Linux kernel. Check the linux line.",
    /// A kernel of a boot protocol before 2.02.
    KernelOld: "the boot protocol is older than 2.02. Use Linux 2.4 or later.",
    /// A zImage.
    KernelZimage: "this is a zImage. Use a bzImage.",
    /// A boot header with an impossible value in the field at this offset.
    KernelHeader: "the kernel header is bad at byte #. Reinstall the kernel.",
    /// A kernel whose file is this many bytes shorter than its header says.
    KernelTruncated: "# bytes are missing. Reinstall the kernel.",
    /// The kernel needs memory up to this many MiB.
    KernelMemory: "the kernel needs memory up to # MiB. Add memory.",
    /// Kernel and initrd need memory up to this many MiB.
    InitrdMemory: "the initrd needs memory up to # MiB. Add memory.",
    /// The initrd would not end below the kernel's limit, in MiB.
    InitrdLimit: "the kernel wants its initrd below # MiB. Use a smaller one.",
    /// The initrds have 4 GiB or more together.
    InitrdLarge: "the initrds exceed 4 GiB. Use smaller ones.",
    /// A command line that is longer than this limit.
    CommandLineLong: "the command line exceeds # bytes. Shorten it.",
    /// A directory where a file should be.
    IsDirectory: "this is a directory. Check the path.",
    /// A file that ends at this byte, before the size that it should have.
    FileShort: "the file ends at byte #. Run fsck.vfat.",
    /// The machine refuses a write at this address.
    MemoryRefused: "memory at # refuses a write. Please report this.",
    /// Something points beyond the end of the disk.
    BeyondDisk: "LBA # is beyond the disk. Check its partitions.",
    /// No GUID partition table at this LBA, and no MBR partition of type EAh or EFh. The
    /// advice is the type by which UEFI boots too.
    GptMissing: "there is no GPT at LBA # and no MBR partition of type EA or EF. Set type EF.",
    /// The GUID partition table whose header is at this LBA contradicts itself
    /// or one of its checksums.
    GptDamaged: "the GPT at LBA # is damaged. Repair it with gdisk.",
    /// The GUID partition table whose header is at this LBA has a revision or sizes
    /// that no tool makes.
    GptUnsupported: "the GPT at LBA # is of an unknown kind. Check it with gdisk.",
    /// No FAT file system begins at this LBA.
    FatMissing: "there is no FAT file system at LBA #. Move the entries to one.",
    /// The boot sector at this LBA describes an impossible file system.
    FatDamaged: "the FAT at LBA # is damaged. Run fsck.vfat.",
    /// A chain of clusters leads to this number, which is not a cluster's, or is that of
    /// a cluster that goes beyond the end of the partition.
    ClusterInvalid: "there is no cluster # in the partition. Check its size, and run fsck.vfat.",
    /// A chain of clusters leads to this cluster, which is marked free.
    ClusterFree: "cluster # is free. Run fsck.vfat.",
    /// A chain of clusters leads to this cluster, which is marked bad.
    ClusterBad: "cluster # is bad. Run fsck.vfat.",
    /// A chain of clusters ends with this one, before its file does.
    ChainShort: "the file ends at cluster #. Run fsck.vfat.",
    /// A chain of clusters comes back to this one.
    ChainCycle: "the clusters run in a circle at #. Run fsck.vfat.",
    /// The directory that begins at this cluster goes on for more than 65,536
    /// slots.
    DirectoryTooLong: "the directory at cluster # is endless. Run fsck.vfat.",
    /// No such file or directory.
    NotFound: "the file was not found. Check the path.",
    /// A Type 1 entry without `linux`, `uki` or `efi`.
    EntryWithoutKernel: "there is no linux, uki or efi line. Add one.",
    /// A Type 1 entry with two different lines of these and `uki-url`.
    EntryAmbiguous: "there is more than one of linux, uki, efi, uki-url. Keep one.",
    /// A Type 1 entry for another processor.
    EntryArchitecture: "this is for another processor. Use another entry.",
    /// A Type 1 entry with `uki-url`.
    EntryFromNetwork: "uki-url needs a network. Use another entry.",
    /// A Type 1 entry whose main file has too long a path.
    EntryPath: "the path is too long. Shorten it.",
    /// An entry whose texts do not fit into the menu's memory.
    EntryTooLong: "the file name, version, sort-key or machine-id is too long. Shorten it.",
    /// An entry file of this many bytes.
    EntryTooLarge: "the entry has # bytes. Keep it below 65536.",
    /// An entry for an EFI program that is neither a kernel nor a UKI.
    EntryUnsupported: "this is an EFI program. Use a linux or uki line.",
    /// The overlay at this LBA is missing or belongs to another stage2.
    OverlayDamaged: "there is no overlay at LBA #. Run gapboot install.",
    /// Nothing to boot.
    NoEntries: "there is no entry in /loader/entries or /EFI/Linux. Add one.",
    /// No EFI system partition.
    NoEsp: "there is no EFI system partition. Set the type of one.",
    /// A file that is not a unified kernel image: not a PE file, or one without a
    /// kernel or a name in its os-release.
    UkiUnknown: "this is not a unified kernel image. Build it anew.",
    /// A PE file whose headers, at this byte, are cut short or have more than
    /// 256 sections.
    UkiDamaged: "the PE header is bad at byte #. Copy the file again.",
    /// A PE file with a section that ends after the end of the file, which is at this
    /// byte.
    UkiTruncated: "a section goes beyond the end, byte #. Copy the file again.",
    /// A UKI that does not have the profile of this number.
    UkiProfile: "there is no profile #. Check the profile line.",
    /// A directory beside a UKI has more files of one kind than this.
    CompanionsMany: "more than # files belong to one UKI. Move some away.",
    /// Not counted: the partition is a member of an md mirror, with its
    /// superblock at this LBA, and a write would not reach the other members.
    MirrorMember: "an md mirror (LBA #) prevents counting. Use entries without counters.",
    /// Not counted: another file has the name that the entry would get, or could get for
    /// a moment.
    NameExists: "the entry is there twice, so this is not counted. Rename one of the two files.",
    /// Not counted: the directory does not hold the entry's name as it should.
    NameSlots: "the name is damaged, so this is not counted. Run fsck.vfat.",
    /// Not counted, or not completely: when read again, this LBA was not as before, or
    /// not as it was written.
    DiskUnstable: "LBA # changed by itself, so this is not counted. Check the disk.",
    /// The initrds are longer or shorter than when they were checked.
    InitrdChanged: "the initrd changed after it was checked. Run fsck.vfat, check the disk.",
}

impl core::fmt::Debug for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        write!(
            f,
            "{:?} at {}, status {}",
            self.kind(),
            self.at(),
            self.status()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn numbers_hold_everything() {
        let error = Error::with_status(Kind::DiskRead, 0xffff_1234_5678, 0x0c);
        assert_eq!(error.kind(), Kind::DiskRead);
        assert_eq!(error.at(), 0xffff_1234_5678);
        assert_eq!(error.status(), 0x0c);
        assert!(error.is(Kind::DiskRead) && !error.is(Kind::DiskWrite));
        assert_eq!(Error::new(Kind::NotFound, 0).at(), 0);
    }

    #[test]
    fn every_text_is_explained() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/messages.md");
        let page = std::fs::read_to_string(page).unwrap();
        // Without the overlay the loader prints the numbers of the rows.
        let mut rest = page.as_str();
        for text in TEXTS.lines().skip(1) {
            let row = std::format!("| `{text}` | ");
            let Some((_, after)) = rest.split_once(&row) else {
                panic!("docs/messages.md does not explain at its place: {text}");
            };
            rest = after;
        }
    }
}

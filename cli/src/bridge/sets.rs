//! The modules that `--set` names. Modules that these need are found by their
//! dependencies, and those that a kernel has built in are skipped.

use clap::ValueEnum;

/// How many modules a bridge holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Set {
    /// What the usual machine and QEMU need.
    Small,
    /// What most machines need, servers and guests of hypervisors too.
    Standard,
    /// Every module.
    All,
}

/// Modules that serve one purpose.
pub struct Group {
    /// The purpose, as a note names it.
    pub purpose: &'static str,
    /// Names of modules.
    pub modules: &'static [&'static str],
}

const fn group(purpose: &'static str, modules: &'static [&'static str]) -> Group {
    Group { purpose, modules }
}

const SMALL: &[Group] = &[
    group(
        "USB",
        &[
            "xhci-pci",
            "ehci-pci",
            "ohci-pci",
            "uhci-hcd",
            "usb-storage",
            "uas",
        ],
    ),
    group(
        "keyboards",
        &["usbhid", "hid-generic", "i8042", "atkbd", "evdev"],
    ),
    group("SATA and IDE", &["ahci", "ata_piix", "ata_generic"]),
    group("NVMe", &["nvme"]),
    group(
        "virtio",
        &["virtio_pci", "virtio_mmio", "virtio_blk", "virtio_scsi"],
    ),
    group("disks and CDs", &["sd_mod", "sr_mod", "loop"]),
    // The code pages are those that kernels take where no option names one.
    group(
        "FAT",
        &[
            "vfat",
            "nls_cp437",
            "nls_ascii",
            "nls_iso8859-1",
            "nls_utf8",
        ],
    ),
    group("ext4", &["ext4"]),
    group("ISO 9660", &["isofs"]),
    // The loader before the bridge leaves its disk there.
    group("EFI variables", &["efivarfs"]),
];

const MORE_OF_STANDARD: &[Group] = &[
    group("XFS", &["xfs"]),
    group("btrfs", &["btrfs"]),
    group("F2FS", &["f2fs"]),
    group("UDF", &["udf"]),
    group("squashfs", &["squashfs"]),
    group("exFAT", &["exfat"]),
    group("device mapper", &["dm-mod", "dm-mirror", "dm-snapshot"]),
    group(
        "md",
        &["md-mod", "linear", "raid0", "raid1", "raid10", "raid456"],
    ),
    group("NVMe after Intel VMD", &["vmd"]),
    group(
        "other SATA and IDE",
        &[
            "sata_mv",
            "sata_nv",
            "sata_promise",
            "sata_sil",
            "sata_sil24",
            "sata_sis",
            "sata_svw",
            "sata_uli",
            "sata_via",
            "sata_vsc",
            "pata_ali",
            "pata_amd",
            "pata_atiixp",
            "pata_jmicron",
            "pata_marvell",
            "pata_serverworks",
            "pata_sis",
            "pata_via",
        ],
    ),
    group(
        "SAS, SCSI and RAID controllers",
        &[
            "3w-9xxx",
            "3w-sas",
            "3w-xxxx",
            "aacraid",
            "aic79xx",
            "aic7xxx",
            "aic94xx",
            "am53c974",
            "arcmsr",
            "hpsa",
            "hptiop",
            "ipr",
            "ips",
            "isci",
            "megaraid_mbox",
            "megaraid_sas",
            "mpi3mr",
            "mpt3sas",
            "mptsas",
            "mptspi",
            "mvsas",
            "mvumi",
            "pm80xx",
            "qla1280",
            "smartpqi",
            "stex",
            "sym53c8xx",
        ],
    ),
    group(
        "MMC and SD cards",
        &[
            "mmc_block",
            "sdhci-pci",
            "sdhci-acpi",
            "rtsx_pci_sdmmc",
            "rtsx_usb_sdmmc",
        ],
    ),
    group(
        "Hyper-V",
        &[
            "hv_vmbus",
            "hv_storvsc",
            "hyperv-keyboard",
            "hid-hyperv",
            "pci-hyperv",
        ],
    ),
    group("Xen", &["xen-blkfront", "xen-scsifront"]),
    group("VMware", &["vmw_pvscsi", "BusLogic"]),
];

impl Set {
    /// The groups of the set; of [`Set::All`] none, because it needs no list.
    pub fn groups(self) -> impl Iterator<Item = &'static Group> {
        let (small, more): (&[Group], &[Group]) = match self {
            Self::Small => (SMALL, &[]),
            Self::Standard => (SMALL, MORE_OF_STANDARD),
            Self::All => (&[], &[]),
        };
        small.iter().chain(more)
    }
}

//! A machine to be started: its disk and bus, its memory, its time.
//!
//! QEMU emulates the processor (TCG). `GAPBOOT_KVM=1` chooses KVM instead;
//! `/dev/kvm` alone never does, because it may be there and hang guests.
//!
//! The disk is not changed unless [`Machine::writable`] says so.

use super::super::rig::{Outcome, Rig};
use super::guest::Guest;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the boot disk is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bus {
    /// virtio-blk on PCI
    Virtio,
    /// AHCI of the machine `q35`
    Ahci,
    /// AHCI as a card in the machine `pc`
    AhciCard,
    /// IDE of the machine `pc`
    Ide,
    /// usb-storage on xHCI
    UsbXhci,
    /// usb-storage on EHCI
    UsbEhci,
    /// NVMe
    Nvme,
    /// virtio-scsi
    VirtioScsi,
    /// LSI 53C895A, parallel SCSI
    Lsi,
    /// LSI MegaRAID SAS
    MegaSas,
    /// SD card
    Sd,
}

impl Bus {
    fn machine(self) -> &'static str {
        match self {
            Self::Ahci => "q35",
            _ => "pc",
        }
    }

    /// The controller, if it needs one, and the disk on it.
    fn devices(self) -> (Option<&'static str>, &'static str) {
        match self {
            Self::Virtio => (None, "virtio-blk-pci"),
            Self::Ahci | Self::Ide => (None, "ide-hd,bus=ide.0"),
            Self::AhciCard => (Some("ahci,id=ahci"), "ide-hd,bus=ahci.0"),
            Self::UsbXhci => (Some("qemu-xhci"), "usb-storage"),
            Self::UsbEhci => (Some("usb-ehci"), "usb-storage"),
            Self::Nvme => (None, "nvme,serial=gapboot"),
            Self::VirtioScsi => (Some("virtio-scsi-pci"), "scsi-hd"),
            Self::Lsi => (Some("lsi53c895a"), "scsi-hd"),
            Self::MegaSas => (Some("megasas"), "scsi-hd"),
            Self::Sd => (Some("sdhci-pci"), "sd-card"),
        }
    }
}

/// The disk's place in the BIOS's boot order.
const DISK_BOOT_INDEX: u32 = 1;

/// A machine to be started.
#[derive(Clone, Debug)]
pub struct Machine {
    disk: Option<PathBuf>,
    bus: Bus,
    memory: u32,
    kvm: bool,
    writable: bool,
    cache: &'static str,
    bytes_per_second: Option<u64>,
    timeout: Duration,
    arguments: Vec<String>,
}

impl Machine {
    /// A machine with 512 MiB and the image as its virtio disk, which is
    /// stopped after 90 seconds.
    pub fn new(disk: &Path) -> Self {
        Self {
            disk: Some(disk.to_owned()),
            ..Self::without_disk()
        }
    }

    /// A machine that boots from a device in its [`Machine::arguments`].
    pub fn without_disk() -> Self {
        Self {
            disk: None,
            bus: Bus::Virtio,
            memory: 512,
            kvm: std::env::var("GAPBOOT_KVM").is_ok_and(|value| value == "1"),
            writable: false,
            cache: "writeback",
            bytes_per_second: None,
            timeout: Duration::from_secs(90),
            arguments: Vec::new(),
        }
    }

    /// Sets the bus that the disk is on.
    #[must_use]
    pub fn bus(mut self, bus: Bus) -> Self {
        self.bus = bus;
        self
    }

    /// Sets the memory in MiB.
    #[must_use]
    pub fn memory(mut self, mib: u32) -> Self {
        self.memory = mib;
        self
    }

    /// Lets KVM run the guest.
    #[must_use]
    pub fn kvm(mut self, kvm: bool) -> Self {
        self.kvm |= kvm;
        self
    }

    /// Lets the guest change the image.
    #[must_use]
    pub fn writable(mut self) -> Self {
        self.writable = true;
        self
    }

    /// Makes the disk a slow one.
    #[must_use]
    pub fn bytes_per_second(mut self, bytes: u64) -> Self {
        self.bytes_per_second = Some(bytes);
        self
    }

    /// Sets QEMU's cache mode of the disk (default: `writeback`).
    #[must_use]
    pub fn cache(mut self, mode: &'static str) -> Self {
        self.cache = mode;
        self
    }

    /// Sets the time after which the machine is stopped.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Adds a second disk, on virtio, which the BIOS does not start.
    #[must_use]
    pub fn second_disk(self, image: &Path) -> Self {
        let drive = format!(
            "if=none,id=second,format=raw,snapshot=on,file={}",
            escape(image)
        );
        self.arguments(&["-drive", &drive, "-device", "virtio-blk-pci,drive=second"])
    }

    /// Adds a floppy disk that the BIOS boots after the disk.
    #[must_use]
    pub fn next_floppy(self, image: &Path) -> Self {
        self.floppy(image, DISK_BOOT_INDEX + 1)
    }

    /// Adds a floppy disk that the BIOS boots before the disk.
    #[must_use]
    pub fn first_floppy(self, image: &Path) -> Self {
        self.floppy(image, DISK_BOOT_INDEX - 1)
    }

    fn floppy(self, image: &Path, boot_index: u32) -> Self {
        let drive = format!("if=floppy,format=raw,snapshot=on,file={}", escape(image));
        let order = format!("isa-fdc.bootindexA={boot_index}");
        self.arguments(&["-drive", &drive, "-global", &order])
    }

    /// Adds arguments for QEMU.
    #[must_use]
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// Runs the machine until it ends by itself or its time is over.
    pub fn run(&self) -> Result<Outcome> {
        self.start()?.finish()
    }

    /// Starts the machine.
    ///
    /// No more than two run at once in one test program: this call waits.
    pub fn start(&self) -> Result<Guest> {
        Guest::start(&self.command_line(), self.timeout)
    }

    /// QEMU's arguments for processor, memory and disks, without its display
    /// and serial line.
    pub fn command_line(&self) -> Vec<String> {
        let accelerator = if self.kvm { "kvm" } else { "tcg" };
        let memory = self.memory.to_string();
        let mut line: Vec<String> = ["-machine", self.bus.machine(), "-accel", accelerator]
            .into_iter()
            .chain(["-m", &memory, "-nodefaults", "-device", "VGA"])
            .chain(["-device", "isa-debug-exit,iobase=0xf4,iosize=1"])
            .map(str::to_owned)
            .collect();
        if let Some(disk) = &self.disk {
            let snapshot = if self.writable { "off" } else { "on" };
            let (controller, device) = self.bus.devices();
            let mut drive = format!(
                "if=none,id=disk,format=raw,snapshot={snapshot},cache={},file={}",
                self.cache,
                escape(disk)
            );
            if let Some(bytes) = self.bytes_per_second {
                drive += &format!(",throttling.bps-total={bytes}");
            }
            line.extend(["-drive".into(), drive]);
            // SD cards have no place in the order: the BIOS finds the only disk.
            let order = match self.bus {
                Bus::Sd => String::new(),
                _ => format!(",bootindex={DISK_BOOT_INDEX}"),
            };
            let device = format!("{device},drive=disk{order}");
            for device in controller.map(str::to_owned).into_iter().chain([device]) {
                line.extend(["-device".into(), device]);
            }
        }
        line.extend(self.arguments.iter().cloned());
        line
    }
}

impl Rig for Machine {
    fn run(&self) -> Result<Outcome> {
        Machine::run(self)
    }
}

/// A path as the value of an option: QEMU splits those at commas.
fn escape(path: &Path) -> String {
    path.display().to_string().replace(',', ",,")
}

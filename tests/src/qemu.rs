//! A machine in QEMU: SeaBIOS, one disk on a bus of choice, COM1, a VGA screen.
//!
//! QEMU emulates the processor (TCG). `GAPBOOT_KVM=1` chooses KVM instead;
//! `/dev/kvm` alone never does, because it may be there and hang guests.
//!
//! The disk is not changed unless [`Machine::writable`] says so.

mod monitor;

use crate::tool::{command, missing};
use anyhow::{Context, Result, bail};
use monitor::Monitor;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tempfile::TempDir;

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

    /// A machine that boots from what [`Machine::argument`] gives it.
    pub fn without_disk() -> Self {
        Self {
            disk: None,
            bus: Bus::Virtio,
            memory: 512,
            kvm: std::env::var("GAPBOOT_KVM").is_ok_and(|value| value == "1"),
            writable: false,
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
        let slot = Slot::take();
        let files = tempfile::tempdir()?;
        let socket = files.path().join("monitor");
        let mut qemu = command("qemu-system-x86_64");
        qemu.args(self.command_line())
            .args(["-display", "none", "-no-reboot"])
            .args([
                "-chardev",
                "stdio,id=com1,signal=off",
                "-serial",
                "chardev:com1",
            ])
            .arg("-qmp")
            .arg(format!("unix:{},server=on,wait=off", socket.display()));
        let mut child = qemu
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| missing(qemu.get_program(), error))?;
        let input = child.stdin.take().context("QEMU has no standard input")?;
        let serial = Collected::read(child.stdout.take().context("QEMU has no standard output")?);
        let errors = Collected::read(child.stderr.take().context("QEMU has no standard error")?);
        let deadline = Instant::now() + self.timeout;
        let monitor = Monitor::connect(&socket, &mut child);
        let mut guest = Guest {
            child,
            input,
            serial,
            errors,
            monitor: None,
            deadline,
            files,
            _slot: slot,
        };
        match monitor {
            Ok(monitor) => guest.monitor = Some(monitor),
            // A guest that has ended already has nothing to monitor.
            Err(error) => match guest.exit_status_soon()? {
                Some(status) if status.code() != Some(1) => {}
                _ => return Err(error.context(format!("QEMU failed: {}", guest.errors.text()))),
            },
        }
        Ok(guest)
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
            line.push("-drive".into());
            line.push(format!(
                "if=none,id=disk,format=raw,snapshot={snapshot},file={}",
                escape(disk)
            ));
            let device = format!("{device},drive=disk,bootindex={DISK_BOOT_INDEX}");
            for device in controller.map(str::to_owned).into_iter().chain([device]) {
                line.extend(["-device".into(), device]);
            }
        }
        line.extend(self.arguments.iter().cloned());
        line
    }
}

/// A path as the value of an option: QEMU splits those at commas.
fn escape(path: &Path) -> String {
    path.display().to_string().replace(',', ",,")
}

/// How a machine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// QEMU's exit status: 0 when the guest powered off or restarted,
    /// 2 v + 1 when it wrote v to `isa-debug-exit`.
    Status(i32),
    /// It was stopped when its time was over or the test had seen enough.
    Stopped,
}

/// What a machine left behind.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub exit: Exit,
    /// What came out of COM1, invalid UTF-8 replaced.
    pub serial: String,
    /// The screen when it was stopped.
    pub screen: Option<Screen>,
}

/// A text screen of 25 lines of 80 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Character (code page 437) and attribute of each cell, row by row.
    pub cells: Vec<[u8; 2]>,
}

impl Screen {
    const COLUMNS: usize = 80;
    const BYTES: usize = 80 * 25 * 2;

    /// The lines without their trailing blanks; what is not ASCII is `?`.
    pub fn lines(&self) -> Vec<String> {
        let row = |cells: &[[u8; 2]]| -> String {
            cells
                .iter()
                .map(|cell| match cell[0] {
                    0 => ' ',
                    character @ b' '..=b'~' => char::from(character),
                    _ => '?',
                })
                .collect()
        };
        self.cells
            .chunks(Self::COLUMNS)
            .map(|cells| row(cells).trim_end().to_owned())
            .collect()
    }

    /// All lines as one text.
    pub fn text(&self) -> String {
        self.lines().join("\n").trim_end().to_owned()
    }
}

/// A machine that runs. Dropped, it is stopped.
pub struct Guest {
    child: Child,
    input: ChildStdin,
    serial: Collected,
    errors: Collected,
    monitor: Option<Monitor>,
    deadline: Instant,
    files: TempDir,
    _slot: Slot,
}

impl Guest {
    /// What came out of COM1 so far.
    pub fn serial(&self) -> String {
        self.serial.text()
    }

    /// Waits until COM1 has said `text`; an error, with all it said, when the
    /// machine ends before that or its time is over.
    pub fn wait_for_serial(&mut self, text: &str) -> Result<()> {
        self.wait_until(|guest| Ok(guest.serial().contains(text)))
            .with_context(|| format!("the serial line never said {text:?}"))
    }

    /// Waits until `text` is on the screen.
    pub fn wait_for_screen(&mut self, text: &str) -> Result<()> {
        self.wait_until(|guest| Ok(guest.screen()?.text().contains(text)))
            .with_context(|| format!("the screen never showed {text:?}"))
    }

    /// The exit status of a QEMU that is about to end; `None` if it goes on.
    fn exit_status_soon(&mut self) -> Result<Option<ExitStatus>> {
        for _ in 0..50 {
            if let Some(status) = self.child.try_wait()? {
                self.errors.wait_for_end();
                return Ok(Some(status));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(None)
    }

    fn wait_until(&mut self, mut holds: impl FnMut(&mut Self) -> Result<bool>) -> Result<()> {
        loop {
            let ended = self.child.try_wait()?.is_some();
            if ended {
                self.serial.wait_for_end();
            }
            if holds(self)? {
                return Ok(());
            }
            if ended || Instant::now() >= self.deadline {
                let how = if ended {
                    "the machine ended"
                } else {
                    "its time is over"
                };
                let screen = self
                    .screen()
                    .map(|screen| screen.text())
                    .unwrap_or_default();
                bail!(
                    "{how}; serial line:\n{}\nscreen:\n{screen}\n{}",
                    self.serial(),
                    self.errors.text()
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The screen as it is now.
    pub fn screen(&mut self) -> Result<Screen> {
        let dump = self.files.path().join("screen");
        let bytes = self.monitor()?.memory(0xb8000, Screen::BYTES, &dump)?;
        Ok(Screen {
            cells: bytes
                .chunks_exact(2)
                .map(|cell| [cell[0], cell[1]])
                .collect(),
        })
    }

    /// Presses and releases keys one after the other, by QEMU's names ("ret",
    /// "down", "a"); keys joined by "+" are pressed together ("shift+d").
    pub fn press(&mut self, keys: &[&str]) -> Result<()> {
        for keys in keys {
            self.monitor()?
                .press(&keys.split('+').collect::<Vec<_>>())?;
            // A keyboard buffer holds few keys, and a person is no faster.
            std::thread::sleep(Duration::from_millis(60));
        }
        Ok(())
    }

    /// Sends bytes to COM1.
    pub fn type_on_serial(&mut self, bytes: &[u8]) -> Result<()> {
        self.input.write_all(bytes)?;
        Ok(self.input.flush()?)
    }

    /// Waits until the machine ends or its time is over.
    pub fn finish(mut self) -> Result<Outcome> {
        while Instant::now() < self.deadline {
            if self.child.try_wait()?.is_some() {
                return self.outcome(None);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.stop()
    }

    /// Stops the machine as if its power were cut.
    pub fn stop(mut self) -> Result<Outcome> {
        let screen = self.screen().ok();
        if self.child.try_wait()?.is_none() {
            self.child.kill()?;
        }
        self.outcome(screen)
    }

    fn outcome(&mut self, screen: Option<Screen>) -> Result<Outcome> {
        let status = self.child.wait()?;
        self.serial.wait_for_end();
        let exit = status.code().map_or(Exit::Stopped, Exit::Status);
        self.errors.wait_for_end();
        if exit == Exit::Status(1) && !self.errors.text().is_empty() {
            bail!("QEMU failed: {}", self.errors.text());
        }
        Ok(Outcome {
            exit,
            serial: self.serial(),
            screen,
        })
    }

    fn monitor(&mut self) -> Result<&mut Monitor> {
        self.monitor.as_mut().context("the machine has ended")
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // Both fail only for a process that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a pipe delivers, collected by a thread.
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Collected {
    fn read(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                lock(&shared).extend(&buffer[..count]);
            }
        });
        Self {
            bytes,
            reader: Some(reader),
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&lock(&self.bytes)).into_owned()
    }

    fn wait_for_end(&mut self) {
        if let Some(reader) = self.reader.take() {
            // The thread cannot panic.
            let _ = reader.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The right to run one of two machines at a time.
struct Slot;

static FREE_SLOTS: Mutex<u32> = Mutex::new(2);
static SLOT_FREED: Condvar = Condvar::new();

impl Slot {
    fn take() -> Self {
        let mut free = lock(&FREE_SLOTS);
        while *free == 0 {
            free = SLOT_FREED
                .wait(free)
                .unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        *free -= 1;
        Self
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *lock(&FREE_SLOTS) += 1;
        SLOT_FREED.notify_one();
    }
}

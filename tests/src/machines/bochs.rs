//! A machine in Bochs: an interpreter of every instruction, which checks segment
//! limits that QEMU does not, with BIOSes that have nothing in common with
//! SeaBIOS. One IDE disk or two, a floppy disk, COM1.
//!
//! The disks are never changed: Bochs keeps written sectors in a file of its own.

use super::rig::{Exit, Outcome, Rig, Slot, exit};
use crate::tool::{command, missing};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The directories of the BIOSes in Debian's package `bochsbios`, and of the graphics
/// card's BIOS in `vgabios`.
const BIOSES: &str = "/usr/share/bochs";
const VGA_BIOS: &str = "/usr/share/vgabios/vgabios.bin";

/// A BIOS of Bochs's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bios {
    /// With 32-bit code, ACPI and SMM.
    Latest,
    /// The 16-bit one.
    Legacy,
}

impl Bios {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Latest, Self::Legacy];

    fn file(self) -> &'static str {
        match self {
            Self::Latest => "BIOS-bochs-latest",
            Self::Legacy => "BIOS-bochs-legacy",
        }
    }
}

/// A machine to be started.
#[derive(Clone, Debug)]
pub struct Machine {
    disk: PathBuf,
    bios: Bios,
    memory: u32,
    second_disk: Option<PathBuf>,
    floppy: Option<PathBuf>,
    timeout: Duration,
}

impl Machine {
    /// A machine with 128 MiB and the image as its IDE disk, which is stopped
    /// after 60 seconds.
    pub fn new(bios: Bios, disk: &Path) -> Self {
        Self {
            disk: disk.to_owned(),
            bios,
            memory: 128,
            second_disk: None,
            floppy: None,
            timeout: Duration::from_secs(60),
        }
    }

    /// Sets the memory in MiB.
    #[must_use]
    pub fn memory(mut self, mib: u32) -> Self {
        self.memory = mib;
        self
    }

    /// Adds a second IDE disk, the BIOS's number 81h.
    #[must_use]
    pub fn second_disk(mut self, image: &Path) -> Self {
        self.second_disk = Some(image.to_owned());
        self
    }

    /// Adds a floppy disk that the BIOS boots instead of the disk.
    #[must_use]
    pub fn first_floppy(mut self, image: &Path) -> Self {
        self.floppy = Some(image.to_owned());
        self
    }

    /// Sets the time after which the machine is stopped.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Starts the machine.
    ///
    /// No more than two machines run at once in one test program: this call
    /// waits.
    pub fn start(&self) -> Result<Guest> {
        Guest::start(self)
    }

    /// Bochs's configuration, with its files in `directory`.
    fn configuration(&self, directory: &Path) -> String {
        let files = directory.display();
        let mut lines = vec![
            // This display needs no screen, and nobody has to look at it.
            "display_library: rfb, options=\"timeout=0\"".to_owned(),
            format!("megs: {}", self.memory),
            format!("romimage: file={BIOSES}/{}", self.bios.file()),
            format!("vgaromimage: file={VGA_BIOS}"),
            format!("com1: enabled=1, mode=file, dev={files}/com1"),
            format!("log: {files}/log"),
            // A fault of the guest ends the machine.
            "panic: action=fatal".to_owned(),
            "speaker: enabled=0".to_owned(),
            // Bochs 2.7 aborts in ALSA's mixer if there is ALSA but no sound card.
            "sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy".to_owned(),
        ];
        let disks = [Some(&self.disk), self.second_disk.as_ref()];
        for (place, disk) in ["master", "slave"].iter().zip(disks) {
            if let Some(disk) = disk {
                lines.push(format!(
                    "ata0-{place}: type=disk, mode=volatile, path={}, journal={files}/{place}",
                    disk.display()
                ));
            }
        }
        match &self.floppy {
            Some(floppy) => {
                let path = floppy.display();
                lines.push(format!("floppya: 1_44={path}, status=inserted"));
                lines.push("boot: floppy".to_owned());
            }
            None => lines.push("boot: disk".to_owned()),
        }
        lines.join("\n") + "\n"
    }
}

impl Rig for Machine {
    /// Bochs does not always start: when two start at once, about one start in a hundred
    /// hangs before the guest's first instruction. A machine that has printed no text at
    /// its end is started once more.
    fn run(&self) -> Result<Outcome> {
        let outcome = self.start()?.finish()?;
        if outcome.exit == Exit::Stopped && outcome.serial.is_empty() {
            return self.start()?.finish();
        }
        Ok(outcome)
    }
}

/// A machine that runs. Dropped, it is stopped.
pub struct Guest {
    child: Child,
    deadline: Instant,
    files: TempDir,
    _slot: Slot,
}

impl Guest {
    fn start(machine: &Machine) -> Result<Self> {
        let slot = Slot::take();
        let files = tempfile::tempdir()?;
        let path = |name: &str| files.path().join(name);
        fs::write(path("rc"), machine.configuration(files.path()))?;
        // Debian's Bochs begins in its debugger: continue.
        fs::write(path("commands"), "c\n")?;
        let output = fs::File::create(path("output"))?;
        let mut bochs = command("bochs-bin");
        bochs
            .args(["-q", "-unlock", "-f"])
            .arg(path("rc"))
            .arg("-rc")
            .arg(path("commands"))
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let child = bochs
            .spawn()
            .map_err(|error| missing(bochs.get_program(), error))?;
        Ok(Self {
            child,
            deadline: Instant::now() + machine.timeout,
            files,
            _slot: slot,
        })
    }

    /// The output on COM1 so far.
    pub fn serial(&self) -> String {
        self.text("com1")
    }

    /// Waits until `text` came out of COM1.
    ///
    /// # Errors
    ///
    /// The machine ends before that, or its time is over; the message has all output.
    pub fn wait_for_serial(&mut self, text: &str) -> Result<()> {
        loop {
            let ended = self.ended()?;
            if self.serial().contains(text) {
                return Ok(());
            }
            if ended {
                // The error names the signal, if there was one.
                self.exit()?;
                bail!(
                    "the serial line never said {text:?}:\n{}\n{}",
                    self.serial(),
                    self.text("output")
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the machine ends or its time is over.
    pub fn finish(mut self) -> Result<Outcome> {
        while !self.ended()? {
            std::thread::sleep(Duration::from_millis(20));
        }
        let exit = self.exit()?;
        if !self.files.path().join("log").exists() {
            bail!("Bochs failed:\n{}", self.text("output"));
        }
        Ok(Outcome {
            exit,
            serial: self.serial(),
            screen: None,
        })
    }

    /// True if the machine has ended or its time is over.
    fn ended(&mut self) -> Result<bool> {
        let ended = self.child.try_wait().context("waiting for Bochs")?;
        Ok(ended.is_some() || Instant::now() >= self.deadline)
    }

    /// How it ended; [`Exit::Stopped`] while it runs.
    fn exit(&mut self) -> Result<Exit> {
        match self.child.try_wait()? {
            Some(status) => exit("Bochs", status, &self.text("output")),
            None => Ok(Exit::Stopped),
        }
    }

    fn text(&self, name: &str) -> String {
        let bytes = fs::read(self.files.path().join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // Both fail only for a process that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! A machine in v86: a processor that is compiled to WebAssembly, with devices and timers
//! of its own, under node. Debian's SeaBIOS, an IDE disk, a floppy disk, COM1, a VGA
//! screen, a keyboard.
//!
//! `./x v86` installs it; `tests/v86/run.mjs` runs it, and says what it prints and reads.

use super::rig::{Exit, Outcome, Rig, Slot, exit};
use super::screen::Screen;
use crate::tool::{command, missing};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::json;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The BIOSes, of Debian's package `seabios`.
const BIOS: &str = "/usr/share/seabios/bios.bin";
const VGA_BIOS: &str = "/usr/share/seabios/vgabios-stdvga.bin";

/// A machine to be started.
#[derive(Clone, Debug)]
pub struct Machine {
    disk: PathBuf,
    writable: bool,
    memory: u32,
    floppy: Option<PathBuf>,
    timeout: Duration,
}

impl Machine {
    /// A machine with 128 MiB and the image as its IDE disk, which is stopped after two
    /// minutes. All of the image is held in memory.
    pub fn new(disk: &Path) -> Self {
        Self {
            disk: disk.to_owned(),
            writable: false,
            memory: 128,
            floppy: None,
            timeout: Duration::from_secs(120),
        }
    }

    /// Sets the memory in MiB, a power of 2.
    #[must_use]
    pub fn memory(mut self, mib: u32) -> Self {
        self.memory = mib;
        self
    }

    /// Lets the guest change the image. The image changes when the machine ends by itself.
    #[must_use]
    pub fn writable(mut self) -> Self {
        self.writable = true;
        self
    }

    /// Adds a floppy disk that the BIOS boots before the disk.
    #[must_use]
    pub fn first_floppy(mut self, image: &Path) -> Self {
        self.floppy = Some(image.to_owned());
        self
    }

    /// Starts the machine.
    ///
    /// No more than two machines run at once in one test program: this call waits.
    pub fn start(&self) -> Result<Guest> {
        Guest::start(self)
    }

    /// The options of `run.mjs`.
    fn options(&self) -> Result<String> {
        let package = package();
        ensure!(
            package.exists(),
            "v86 is not installed in {}: run `./x v86`",
            package.display()
        );
        let mut options = json!({
            "package": package,
            "bios": BIOS,
            "vgaBios": VGA_BIOS,
            "memory": self.memory,
            "disk": self.disk,
            "writable": self.writable,
        });
        if let Some(floppy) = &self.floppy {
            options["floppy"] = json!(floppy);
        }
        Ok(options.to_string())
    }
}

/// The directory of the npm package.
fn package() -> PathBuf {
    std::env::var_os("GAPBOOT_V86").map_or_else(
        || crate::root().join("target/v86/node_modules/v86"),
        PathBuf::from,
    )
}

impl Rig for Machine {
    fn run(&self) -> Result<Outcome> {
        self.start()?.finish()
    }
}

/// A line that `run.mjs` prints.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Event {
    /// Bytes out of COM1.
    Serial(Vec<u8>),
    /// The text screen.
    Screen(Vec<u8>),
}

/// A machine that runs. Dropped, it is stopped.
pub struct Guest {
    child: Child,
    input: ChildStdin,
    events: Receiver<Result<Event>>,
    serial: Vec<u8>,
    screen: Option<Screen>,
    deadline: Instant,
    files: TempDir,
    _slot: Slot,
}

impl Guest {
    fn start(machine: &Machine) -> Result<Self> {
        let slot = Slot::take();
        let files = tempfile::tempdir()?;
        let mut node = command("node");
        node.arg(crate::root().join("tests/v86/run.mjs"))
            .arg(machine.options()?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(files.path().join("errors"))?);
        let mut child = node
            .spawn()
            .map_err(|error| missing(node.get_program(), error))?;
        let input = child.stdin.take().context("node has no standard input")?;
        let output = child.stdout.take().context("node has no standard output")?;
        let (sender, events) = mpsc::channel();
        std::thread::spawn(move || read_events(output, &sender));
        Ok(Self {
            child,
            input,
            events,
            serial: Vec::new(),
            screen: None,
            deadline: Instant::now() + machine.timeout,
            files,
            _slot: slot,
        })
    }

    /// The output on COM1 so far, with invalid UTF-8 replaced.
    pub fn serial(&self) -> String {
        String::from_utf8_lossy(&self.serial).into_owned()
    }

    /// The text screen; empty before the guest has written to it.
    pub fn screen(&self) -> Screen {
        let empty = || Screen { cells: Vec::new() };
        self.screen.clone().unwrap_or_else(empty)
    }

    /// Waits until `text` came out of COM1.
    ///
    /// # Errors
    ///
    /// The machine ends before that, or its time is over; the message has all output.
    pub fn wait_for_serial(&mut self, text: &str) -> Result<()> {
        self.wait_for(|guest| guest.serial().contains(text))
            .with_context(|| format!("the serial line never said {text:?}"))
    }

    /// Waits until `text` is on the screen.
    ///
    /// # Errors
    ///
    /// As [`Guest::wait_for_serial`].
    pub fn wait_for_screen(&mut self, text: &str) -> Result<()> {
        self.wait_for(|guest| guest.screen().text().contains(text))
            .with_context(|| format!("the screen never showed {text:?}"))
    }

    /// Waits until this holds, and looks again whenever the machine has said something.
    ///
    /// # Errors
    ///
    /// As [`Guest::wait_for_serial`].
    pub fn wait_for(&mut self, holds: impl Fn(&Self) -> bool) -> Result<()> {
        while !holds(self) {
            if !self.next_event()? {
                bail!(
                    "the machine has ended or its time is over; serial line:\n{}\nscreen:\n{}\n{}",
                    self.serial(),
                    self.screen().text(),
                    self.errors()
                );
            }
        }
        Ok(())
    }

    /// Presses and releases keys, by QEMU's names ("ret", "down", "a"); keys joined by "+"
    /// are pressed together ("shift+d"). The BIOS holds no more than 15 keys that the
    /// guest has not read.
    pub fn press(&mut self, keys: &[&str]) -> Result<()> {
        let mut codes = Vec::new();
        for keys in keys {
            let pressed: Vec<&[u8]> = keys.split('+').map(scan_code).collect::<Result<_>>()?;
            codes.extend(pressed.concat());
            for code in pressed.iter().rev() {
                codes.extend(released(code));
            }
        }
        self.obey(&json!({ "keyboard": codes }))
    }

    /// Sends bytes to COM1. Its buffer holds 4096.
    pub fn type_on_serial(&mut self, bytes: &[u8]) -> Result<()> {
        self.obey(&json!({ "serial": bytes }))
    }

    fn obey(&mut self, order: &serde_json::Value) -> Result<()> {
        writeln!(self.input, "{order}").context("v86 takes no commands")
    }

    /// Sets the time that the machine may still run.
    pub fn set_time_left(&mut self, left: Duration) {
        self.deadline = Instant::now() + left;
    }

    /// Waits until the machine ends or its time is over.
    ///
    /// # Errors
    ///
    /// v86 or its script failed; the message has what they printed.
    pub fn finish(mut self) -> Result<Outcome> {
        while self.next_event()? {}
        let exit = match Instant::now() < self.deadline {
            true => exit("v86", self.child.wait()?, &self.errors())?,
            false => Exit::Stopped,
        };
        let errors = self.errors();
        // The probe never causes status 1: it is node's own, after a fault of the script.
        if exit == Exit::Status(1) || !errors.is_empty() {
            bail!("v86 failed: {errors}");
        }
        Ok(Outcome {
            exit,
            serial: self.serial(),
            screen: self.screen.clone(),
        })
    }

    /// Waits for the next event and takes note of it. False if the machine has ended or
    /// its time is over.
    fn next_event(&mut self) -> Result<bool> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let Ok(event) = self.events.recv_timeout(left) else {
            return Ok(false);
        };
        match event? {
            Event::Serial(bytes) => self.serial.extend(bytes),
            Event::Screen(bytes) => self.screen = Some(Screen::from_memory(&bytes)),
        }
        Ok(true)
    }

    /// All that node has printed about faults.
    fn errors(&self) -> String {
        fs::read_to_string(self.files.path().join("errors")).unwrap_or_default()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // Both fail only for a process that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes on the events until node ends or nobody listens any more.
fn read_events(output: ChildStdout, events: &Sender<Result<Event>>) {
    for line in BufReader::new(output).lines() {
        let event = line.map_err(anyhow::Error::from).and_then(|line| {
            serde_json::from_str(&line).with_context(|| format!("v86 printed {line:?}"))
        });
        if events.send(event).is_err() {
            return;
        }
    }
}

/// The code that a keyboard sends when the key is pressed (IBM PS/2 Technical Reference,
/// scan code set 1), by QEMU's name of the key.
fn scan_code(key: &str) -> Result<&'static [u8]> {
    const LETTERS_AND_DIGITS: [(&str, &[u8]); 4] = [
        ("1234567890", &[2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
        ("qwertyuiop", &[16, 17, 18, 19, 20, 21, 22, 23, 24, 25]),
        ("asdfghjkl", &[30, 31, 32, 33, 34, 35, 36, 37, 38]),
        ("zxcvbnm", &[44, 45, 46, 47, 48, 49, 50]),
    ];
    Ok(match key {
        "esc" => &[0x01],
        "minus" => &[0x0c],
        "ret" => &[0x1c],
        "shift" => &[0x2a],
        "spc" => &[0x39],
        "home" => &[0xe0, 0x47],
        "up" => &[0xe0, 0x48],
        "end" => &[0xe0, 0x4f],
        "down" => &[0xe0, 0x50],
        _ => {
            let found = LETTERS_AND_DIGITS.iter().find_map(|&(row, codes)| {
                let index = row.find(key).filter(|_| key.len() == 1)?;
                codes.get(index..=index)
            });
            return found.with_context(|| format!("no scan code is known for the key {key:?}"));
        }
    })
}

/// The code that the keyboard sends when a key with this code is released.
fn released(code: &[u8]) -> Vec<u8> {
    const RELEASED: u8 = 0x80;
    let (last, prefix) = code.split_last().expect("a code has a byte");
    [prefix, &[last | RELEASED]].concat()
}

#[cfg(test)]
mod tests {
    use super::{released, scan_code};

    #[test]
    fn scan_codes() {
        assert_eq!(scan_code("m").unwrap(), [50]);
        assert_eq!(scan_code("down").unwrap(), [0xe0, 0x50]);
        assert!(scan_code("er").is_err() && scan_code("").is_err());
        assert_eq!(released(&[0xe0, 0x50]), [0xe0, 0xd0]);
    }
}

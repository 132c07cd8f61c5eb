//! A QEMU process: serial line, screen, keys, its end.

use super::super::rig::{Exit, Outcome, Slot, exit, lock};
use super::super::screen::Screen;
use super::monitor::Monitor;
use crate::tool::{command, missing};
use anyhow::{Context, Result, bail};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

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
    /// Starts QEMU with the arguments of a machine; waits while two others run.
    pub(super) fn start(arguments: &[String], timeout: Duration) -> Result<Self> {
        let slot = Slot::take();
        let files = tempfile::tempdir()?;
        let socket = files.path().join("monitor");
        let mut qemu = command("qemu-system-x86_64");
        qemu.args(arguments)
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
        let deadline = Instant::now() + timeout;
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
            // A guest that has ended already has no monitor.
            Err(error) => match guest.exit_status_soon()? {
                Some(status) if status.code() != Some(1) => {}
                _ => return Err(error.context(format!("QEMU failed: {}", guest.errors.text()))),
            },
        }
        Ok(guest)
    }

    /// The output on COM1 so far.
    pub fn serial(&self) -> String {
        self.serial.text()
    }

    /// Waits until `text` came out of COM1.
    ///
    /// # Errors
    ///
    /// The machine ends before that, or its time is over; the message has all output.
    pub fn wait_for_serial(&mut self, text: &str) -> Result<()> {
        self.wait_until(|guest| Ok(guest.serial().contains(text)))
            .with_context(|| format!("the serial line never said {text:?}"))
    }

    /// Waits until this holds.
    ///
    /// # Errors
    ///
    /// The machine ends before that, or its time is over; the message has all output.
    pub fn wait_for(&mut self, mut holds: impl FnMut(&mut Self) -> bool) -> Result<()> {
        self.wait_until(|guest| Ok(holds(guest)))
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
                let how = match self.child.try_wait()? {
                    Some(status) => format!("the machine ended with {status}"),
                    None => "its time is over".to_owned(),
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
        let last = self.memory(Screen::LAST_LINE, 1)?;
        // If the firmware has not set this yet: the value at VGA's start.
        let lines = usize::from(last[0]).clamp(24, 59) + 1;
        let bytes = self.memory(Screen::ADDRESS, lines * Screen::LINE_BYTES)?;
        Ok(Screen::from_memory(&bytes))
    }

    /// Writes the screen as it is now to a file, as PNG.
    pub fn screenshot(&mut self, file: &Path) -> Result<()> {
        self.monitor()?.screenshot(file)
    }

    /// Presses and releases keys one after the other, by QEMU's names ("ret",
    /// "down", "a"); keys joined by "+" are pressed together ("shift+d").
    pub fn press(&mut self, keys: &[&str]) -> Result<()> {
        for keys in keys {
            let before = self.keys_arrived()?;
            self.monitor()?
                .press(&keys.split('+').collect::<Vec<_>>())?;
            // The controller holds few keys: the next key has to wait until the BIOS has
            // this one. If the key ended the machine, the BIOS has had it too.
            self.wait_until(|guest| Ok(guest.keys_arrived().map_or(true, |now| now != before)))
                .with_context(|| format!("the BIOS never got the key {keys}"))?;
        }
        Ok(())
    }

    /// Presses and releases keys one after the other, as [`Guest::press`] does, for a
    /// system that reads the keyboard itself.
    pub fn press_in_linux(&mut self, keys: &[&str]) -> Result<()> {
        let mut press = |keys: &&str| {
            let keys: Vec<_> = keys.split('+').collect();
            self.monitor()?.press(&keys)
        };
        keys.iter().try_for_each(&mut press)
    }

    /// Waits until `text` is on the screen in Linux's text mode, which begins anywhere in
    /// the screen's memory.
    pub fn wait_for_linux_screen(&mut self, text: &str) -> Result<()> {
        self.wait_until(|guest| {
            let bytes = guest.memory(Screen::ADDRESS, Screen::MEMORY)?;
            Ok(Screen::from_memory(&bytes).text().contains(text))
        })
        .with_context(|| format!("the screen never showed {text:?}"))
    }

    /// Adds a device with these properties to the machine, by QEMU's names for them.
    pub fn plug(&mut self, properties: &[(&str, &str)]) -> Result<()> {
        self.monitor()?.plug(properties)
    }

    /// The place where the BIOS will put the next key.
    fn keys_arrived(&mut self) -> Result<Vec<u8>> {
        const BUFFER_TAIL: u64 = 0x41c;
        self.memory(BUFFER_TAIL, 2)
    }

    /// The BIOS's tick counter: 18.2 a second of the guest's time.
    pub fn ticks(&mut self) -> Result<u32> {
        const TICKS: u64 = 0x46c;
        let bytes = self.memory(TICKS, 4)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |ticks, &byte| ticks << 8 | u32::from(byte)))
    }

    /// Bytes of the machine's physical memory.
    pub fn memory(&mut self, at: u64, size: usize) -> Result<Vec<u8>> {
        let dump = self.files.path().join("memory");
        self.monitor()?.memory(at, size, &dump)
    }

    /// Sends bytes to COM1.
    pub fn type_on_serial(&mut self, bytes: &[u8]) -> Result<()> {
        self.input.write_all(bytes)?;
        Ok(self.input.flush()?)
    }

    /// Sets the time that the machine may still run.
    pub fn set_time_left(&mut self, left: Duration) {
        self.deadline = Instant::now() + left;
    }

    /// Waits until the machine ends or its time is over.
    pub fn finish(mut self) -> Result<Outcome> {
        while Instant::now() < self.deadline {
            if let Some(status) = self.child.try_wait()? {
                return self.ended(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.stop()
    }

    /// Stops the machine as if its power were cut.
    pub fn stop(mut self) -> Result<Outcome> {
        let screen = self.screen().ok();
        if let Some(status) = self.child.try_wait()? {
            return self.ended(status);
        }
        let serial = self.kill()?;
        Ok(Outcome {
            exit: Exit::Stopped,
            serial,
            screen,
        })
    }

    /// Kills QEMU at once, and returns the output on COM1 until then.
    pub fn kill(mut self) -> Result<String> {
        self.child.kill()?;
        self.child.wait()?;
        self.serial.wait_for_end();
        Ok(self.serial())
    }

    /// The outcome of a machine that ended by itself.
    fn ended(&mut self, status: ExitStatus) -> Result<Outcome> {
        self.serial.wait_for_end();
        self.errors.wait_for_end();
        let errors = self.errors.text();
        let exit = exit(
            "QEMU",
            status,
            &format!("{errors}\nserial line:\n{}", self.serial()),
        )?;
        if exit == Exit::Status(1) && !errors.is_empty() {
            bail!("QEMU failed: {errors}");
        }
        Ok(Outcome {
            exit,
            serial: self.serial(),
            screen: None,
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

/// The bytes from a pipe, which a thread collects.
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

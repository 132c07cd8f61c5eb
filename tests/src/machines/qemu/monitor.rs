//! QEMU's monitor, by the QEMU Machine Protocol: one JSON object a line.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Monitor {
    stream: BufReader<UnixStream>,
}

impl Monitor {
    /// Connects as soon as QEMU listens.
    pub(super) fn connect(socket: &Path, child: &mut Child) -> Result<Self> {
        let start = Instant::now();
        let stream = loop {
            match UnixStream::connect(socket) {
                Ok(stream) => break stream,
                Err(error) if child.try_wait()?.is_some() || start.elapsed() > PATIENCE => {
                    return Err(error).context("QEMU's monitor does not answer");
                }
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut monitor = Self {
            stream: BufReader::new(stream),
        };
        monitor.receive()?; // the greeting
        monitor.execute("qmp_capabilities", json!({}))?;
        Ok(monitor)
    }

    /// Bytes of physical memory; `dump` is a file to use on the way.
    pub(super) fn memory(&mut self, at: u64, size: usize, dump: &Path) -> Result<Vec<u8>> {
        self.execute(
            "pmemsave",
            json!({"val": at, "size": size, "filename": dump}),
        )?;
        Ok(std::fs::read(dump)?)
    }

    /// Writes the screen to a file, as PNG.
    pub(super) fn screenshot(&mut self, file: &Path) -> Result<()> {
        self.execute("screendump", json!({"filename": file, "format": "png"}))
    }

    /// Presses keys together.
    pub(super) fn press(&mut self, keys: &[&str]) -> Result<()> {
        let keys: Vec<Value> = keys
            .iter()
            .map(|key| json!({"type": "qcode", "data": key}))
            .collect();
        self.execute("send-key", json!({"keys": keys, "hold-time": 20}))
    }

    /// Adds a device with these properties.
    pub(super) fn plug(&mut self, properties: &[(&str, &str)]) -> Result<()> {
        let arguments = properties.iter().map(|(key, value)| (*key, *value));
        let arguments: BTreeMap<&str, &str> = arguments.collect();
        self.execute("device_add", json!(arguments))
    }

    fn execute(&mut self, command: &str, arguments: Value) -> Result<()> {
        let mut line = json!({"execute": command, "arguments": arguments}).to_string();
        line.push('\n');
        self.stream.get_mut().write_all(line.as_bytes())?;
        loop {
            let answer = self.receive()?;
            if answer.get("return").is_some() {
                return Ok(());
            }
            if let Some(error) = answer.get("error") {
                bail!("QEMU refuses {command}: {error}");
            }
            // else an event: go on
        }
    }

    fn receive(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            bail!("QEMU's monitor is closed");
        }
        Ok(serde_json::from_str(&line)?)
    }
}

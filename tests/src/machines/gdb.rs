//! A client for QEMU's GDB stub: just enough to stop a machine at an address, to read and
//! change its memory, and to let it go on elsewhere.
//!
//! The protocol is GDB's remote serial protocol: `$packet#checksum`.

use anyhow::{Context, Result, ensure};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes of memory that one packet may carry.
const PIECE: usize = 512;

/// A machine that waits for its first instruction.
pub struct Gdb(UnixStream);

impl Gdb {
    /// QEMU's arguments for a machine that waits for [`Gdb::connect`].
    pub fn arguments(socket: &Path) -> [String; 3] {
        let chardev = format!("unix:{},server=on,wait=off", socket.display());
        ["-S".to_owned(), "-gdb".to_owned(), chardev]
    }

    /// Connects to the machine, which is starting.
    pub fn connect(socket: &Path) -> Result<Self> {
        let start = Instant::now();
        loop {
            match UnixStream::connect(socket) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
                    return Ok(Self(stream));
                }
                Err(error) if start.elapsed() > Duration::from_secs(10) => {
                    return Err(error).context("QEMU's GDB stub does not answer");
                }
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    /// Runs until the processor comes to `address`, and writes `bytes` there.
    pub fn write_when_reached(&mut self, address: u32, bytes: &[u8]) -> Result<()> {
        self.run_to(address)?;
        self.write(address, bytes)
    }

    /// Runs until the processor comes to the linear address.
    pub fn run_to(&mut self, address: u32) -> Result<()> {
        self.call(&format!("Z1,{address:x},1"), "OK")?;
        self.call("c", "T05")?;
        self.call(&format!("z1,{address:x},1"), "OK")?;
        Ok(())
    }

    /// Runs until the guest writes to the linear address.
    pub fn run_to_write(&mut self, address: u32) -> Result<()> {
        self.call(&format!("Z2,{address:x},1"), "OK")?;
        self.call("c", "T05")?;
        self.call(&format!("z2,{address:x},1"), "OK")?;
        Ok(())
    }

    /// Lets the processor go on at another address.
    pub fn jump(&mut self, address: u32) -> Result<()> {
        // Hexadecimal digits of sixteen general registers of 64 bits, which the
        // instruction pointer follows. (QEMU takes a part of the registers.)
        const GENERAL: usize = 16 * 16;
        let answer = self.call("g", "")?;
        let general = answer.trim_start_matches(['+', '$']).get(..GENERAL);
        let general = general.context("a short answer")?;
        let pointer = u64::from(address).swap_bytes();
        self.call(&format!("G{general}{pointer:016x}"), "OK")?;
        Ok(())
    }

    /// Changes memory.
    pub fn write(&mut self, address: u32, bytes: &[u8]) -> Result<()> {
        for (at, piece) in (address..).step_by(PIECE).zip(bytes.chunks(PIECE)) {
            let hex: String = piece.iter().map(|byte| format!("{byte:02x}")).collect();
            self.call(&format!("M{at:x},{:x}:{hex}", piece.len()), "OK")?;
        }
        Ok(())
    }

    /// Memory from `range`.
    pub fn read(&mut self, range: std::ops::Range<u32>) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for at in range.clone().step_by(PIECE) {
            let size = (range.end - at).min(PIECE as u32);
            let answer = self.call(&format!("m{at:x},{size:x}"), "")?;
            let hex = answer.trim_start_matches(['+', '$']);
            for byte in 0..size as usize {
                let digits = hex.get(2 * byte..2 * byte + 2).context("a short answer")?;
                bytes.push(u8::from_str_radix(digits, 16)?);
            }
        }
        Ok(bytes)
    }

    /// Lets the machine run from now on.
    pub fn detach(mut self) -> Result<()> {
        self.call("D", "OK")?;
        Ok(())
    }

    fn call(&mut self, packet: &str, expected: &str) -> Result<String> {
        let sum = packet.bytes().fold(0u8, u8::wrapping_add);
        self.0
            .write_all(format!("${packet}#{sum:02x}").as_bytes())?;
        let mut answer = Vec::new();
        while !matches!(answer[..], [.., b'#', _, _]) {
            let mut byte = [0];
            self.0.read_exact(&mut byte)?;
            answer.push(byte[0]);
        }
        self.0.write_all(b"+")?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        ensure!(
            answer.contains(&format!("${expected}")),
            "the GDB stub answers {packet} with {answer}"
        );
        Ok(answer)
    }
}

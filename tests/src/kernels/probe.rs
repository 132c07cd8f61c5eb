//! The probe kernel on the host: its variants, and the report that it prints.
//! `tests/probe/README.md` describes the kernel and the report.

use crate::data::random;
use anyhow::{Context, Result, bail};
use layout::node;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A field of the boot protocol's header.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in the protocol's documentation.
    pub name: &'static str,
    /// Offset in the file, in bytes.
    pub offset: usize,
    /// Size in bytes.
    pub size: usize,
    /// The protocol version that brought it.
    pub since: u16,
}

const fn field(name: &'static str, offset: usize, size: usize, since: u16) -> Field {
    Field {
        name,
        offset,
        size,
        since,
    }
}

/// The header, protocol 2.15 (Linux, Documentation/arch/x86/boot.rst).
pub const FIELDS: [Field; 39] = [
    field("setup_sects", 0x1f1, 1, 0),
    field("root_flags", 0x1f2, 2, 0),
    field("syssize", 0x1f4, 4, 0x204),
    field("ram_size", 0x1f8, 2, 0),
    field("vid_mode", 0x1fa, 2, 0),
    field("root_dev", 0x1fc, 2, 0),
    field("boot_flag", 0x1fe, 2, 0),
    field("jump", 0x200, 2, 0x200),
    field("header", 0x202, 4, 0x200),
    field("version", 0x206, 2, 0x200),
    field("realmode_swtch", 0x208, 4, 0x200),
    field("start_sys_seg", 0x20c, 2, 0x200),
    field("kernel_version", 0x20e, 2, 0x200),
    field("type_of_loader", 0x210, 1, 0x200),
    field("loadflags", 0x211, 1, 0x200),
    field("setup_move_size", 0x212, 2, 0x200),
    field("code32_start", 0x214, 4, 0x200),
    field("ramdisk_image", 0x218, 4, 0x200),
    field("ramdisk_size", 0x21c, 4, 0x200),
    field("bootsect_kludge", 0x220, 4, 0x200),
    field("heap_end_ptr", 0x224, 2, 0x201),
    field("ext_loader_ver", 0x226, 1, 0x202),
    field("ext_loader_type", 0x227, 1, 0x202),
    field("cmd_line_ptr", 0x228, 4, 0x202),
    field("initrd_addr_max", 0x22c, 4, 0x203),
    field("kernel_alignment", 0x230, 4, 0x205),
    field("relocatable_kernel", 0x234, 1, 0x205),
    field("min_alignment", 0x235, 1, 0x20a),
    field("xloadflags", 0x236, 2, 0x20c),
    field("cmdline_size", 0x238, 4, 0x206),
    field("hardware_subarch", 0x23c, 4, 0x207),
    field("hardware_subarch_data", 0x240, 8, 0x207),
    field("payload_offset", 0x248, 4, 0x208),
    field("payload_length", 0x24c, 4, 0x208),
    field("setup_data", 0x250, 8, 0x209),
    field("pref_address", 0x258, 8, 0x20a),
    field("init_size", 0x260, 4, 0x20a),
    field("handover_offset", 0x264, 4, 0x20b),
    field("kernel_info_offset", 0x268, 4, 0x20f),
];

/// The header in a real-mode part.
pub const HEADER: std::ops::Range<usize> = 0x1f1..0x26c;
/// The bytes in which the probe notes its state; zeros in the file and in checksums.
const STATE: std::ops::Range<usize> = 0x280..0x300;
const KERNEL_SIZE: usize = 0x278;
/// The value of fields that the kernel's protocol version does not have yet. A loader
/// must neither use nor write these fields.
const UNKNOWN: u8 = 0xa5;

/// The field of a name.
///
/// # Panics
///
/// No field has this name: a mistake in a test.
pub fn named(name: &str) -> Field {
    let field = FIELDS.iter().find(|field| field.name == name);
    *field.unwrap_or_else(|| panic!("the boot protocol has no field {name}"))
}

fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// A probe kernel, to be written into an image.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The real-mode part.
    pub setup: Vec<u8>,
    /// The protected-mode part.
    pub kernel: Vec<u8>,
    /// Bytes after both parts, where a signature would be.
    pub trailer: Vec<u8>,
}

impl Kernel {
    /// The probe as it was built.
    pub fn load() -> Result<Self> {
        let path = std::env::var_os("GAPBOOT_PROBE").map_or_else(
            || crate::root().join("target/image/probe.bin"),
            PathBuf::from,
        );
        Self::read(&path)
    }

    /// The probe in this file.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| {
            format!(
                "no probe kernel at {}: run `./x test`, which builds it",
                path.display()
            )
        })?;
        if bytes.get(0x270..0x278) != Some(b"gapprobe") {
            bail!("{} is not the probe kernel", path.display());
        }
        let (setup, kernel) = bytes.split_at((usize::from(bytes[0x1f1]) + 1) * 512);
        Ok(Self {
            setup: setup.to_vec(),
            kernel: kernel.to_vec(),
            trailer: Vec::new(),
        })
    }

    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        [self.setup.as_slice(), &self.kernel, &self.trailer].concat()
    }

    /// A header field.
    pub fn get(&self, name: &str) -> u64 {
        let field = named(name);
        number(&self.setup[field.offset..field.offset + field.size])
    }

    /// Sets a header field.
    #[must_use]
    pub fn set(mut self, name: &str, value: u64) -> Self {
        let field = named(name);
        let bytes = &value.to_le_bytes()[..field.size];
        self.setup[field.offset..field.offset + field.size].copy_from_slice(bytes);
        self
    }

    /// Sets the protocol version, and makes every field that it lacks hold
    /// something misleading.
    #[must_use]
    pub fn version(self, version: u16) -> Self {
        let mut kernel = self.set("version", version.into());
        for field in FIELDS.iter().filter(|field| field.since > version) {
            kernel.setup[field.offset..field.offset + field.size].fill(UNKNOWN);
        }
        kernel
    }

    /// Makes the real-mode part longer: `sectors` sectors (4 to 63) after the boot sector.
    #[must_use]
    pub fn setup_sectors(mut self, sectors: u8) -> Self {
        let missing = (usize::from(sectors) + 1) * 512 - self.setup.len();
        self.setup.extend(random(u64::from(sectors), missing));
        self.set("setup_sects", sectors.into())
    }

    /// Writes 0 for four sectors.
    #[must_use]
    pub fn setup_sectors_by_default(self) -> Self {
        self.set("setup_sects", 0)
    }

    /// Makes the protected-mode part about `size` bytes long.
    #[must_use]
    pub fn size(mut self, size: usize) -> Self {
        let missing = size.next_multiple_of(16).saturating_sub(self.kernel.len());
        self.kernel.extend(random(size as u64, missing));
        let size = self.kernel.len() as u32;
        self.setup[KERNEL_SIZE..KERNEL_SIZE + 4].copy_from_slice(&size.to_le_bytes());
        let kernel = self.set("syssize", u64::from(size / 16));
        let needed = kernel.get("init_size").max(size.into());
        kernel.set("init_size", needed)
    }

    /// Appends bytes that the header does not count.
    #[must_use]
    pub fn trailer(mut self, size: usize) -> Self {
        self.trailer = random(77, size);
        self
    }

    /// Gives the header the values of a Debian kernel: relocatable, at 16 MiB
    /// by preference, working in 64 MiB from there. The probe runs at 1 MiB
    /// all the same.
    #[must_use]
    pub fn like_debian(self) -> Self {
        self.set("relocatable_kernel", 1)
            .set("kernel_alignment", 0x20_0000)
            .set("min_alignment", 21)
            .set("pref_address", 0x100_0000)
            .set("init_size", 0x3f9_8000)
    }

    /// The checksum of the real-mode part, computed as the probe does.
    pub fn setup_sha256(&self) -> String {
        let mut setup = self.setup.clone();
        setup[HEADER].fill(0);
        setup[STATE].fill(0);
        crate::data::sha256(&setup)
    }
}

/// A piece of memory.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Piece {
    /// Physical address.
    pub address: u64,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the bytes there, in hexadecimal.
    pub sha256: String,
}

/// The machine at the kernel's entry.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // the registers' own names
pub struct Entry {
    pub eax: u32,
    pub ebx: u32,
    pub ecx: u32,
    pub edx: u32,
    pub esi: u32,
    pub edi: u32,
    pub ebp: u32,
    pub esp: u32,
    pub cs: u16,
    pub ds: u16,
    pub es: u16,
    pub fs: u16,
    pub gs: u16,
    pub ss: u16,
    pub eflags: u32,
    pub cr0: u32,
}

/// A node of the `setup_data` list.
#[derive(Clone, Debug, Deserialize)]
pub struct Node {
    /// Physical address.
    pub address: u64,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: u32,
    /// Its data, in hexadecimal.
    pub data: String,
}

/// The probe's report.
#[derive(Clone, Debug, Deserialize)]
pub struct Report {
    /// The machine at the entry.
    pub entry: Entry,
    /// Whether addresses above 1 MiB work.
    pub a20: bool,
    /// The header's bytes, in hexadecimal.
    pub header: String,
    /// The real-mode part.
    pub setup: Piece,
    /// The protected-mode part.
    pub kernel: Piece,
    /// The initrd; address and size 0 without one.
    pub initrd: Piece,
    /// The command line's bytes, each as one character.
    pub cmdline: String,
    /// The `setup_data` list.
    pub setup_data: Vec<Node>,
    /// The BIOS's memory map: start, size, type.
    pub e820: Vec<(u64, u64, u32)>,
}

impl Report {
    /// The exit status of QEMU after a report.
    pub const STATUS: i32 = 33;

    /// Finds the report in the output on the serial line.
    pub fn parse(serial: &str) -> Result<Self> {
        parse(serial)
    }

    /// A header field as it lies in memory.
    pub fn get(&self, name: &str) -> u64 {
        let field = named(name);
        let start = field.offset - HEADER.start;
        number(&self.header_bytes()[start..start + field.size])
    }

    /// The command line as text.
    pub fn command_line(&self) -> String {
        let bytes: Vec<u8> = self.cmdline.chars().map(|byte| byte as u8).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The loader's message to userspace: the lines of gapboot's node.
    pub fn node(&self) -> BTreeMap<String, String> {
        let node = self.setup_data.iter().find(|node| node.kind == node::TYPE);
        let data = node.map(|node| bytes_of(&node.data)).unwrap_or_default();
        let data = String::from_utf8_lossy(&data);
        let lines = data.lines().filter_map(|line| line.split_once('='));
        lines
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// The header as it lies in memory.
    pub fn header_bytes(&self) -> Vec<u8> {
        bytes_of(&self.header)
    }
}

/// Finds a report of the probe in the output on the serial line.
///
/// # Errors
///
/// There is none, or one of another kind.
pub fn parse<Report: DeserializeOwned>(serial: &str) -> Result<Report> {
    let report = serial.split("PROBE-REPORT-BEGIN").nth(1);
    let report = report.and_then(|rest| rest.split_once("PROBE-REPORT-END"));
    let (report, _) = report.with_context(|| format!("no report on the serial line:\n{serial}"))?;
    serde_json::from_str(report.trim()).with_context(|| format!("reading the report\n{report}"))
}

/// The bytes that hexadecimal digits stand for.
fn bytes_of(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            std::str::from_utf8(pair)
                .ok()
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                .unwrap_or(0)
        })
        .collect()
}

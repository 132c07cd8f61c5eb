//! The probe kernel as a Multiboot kernel, and the report that it prints then.
//! `tests/probe/README.md` describes it.

use super::probe::{Kernel, Piece};
use crate::data::sha256;
use crate::tool::{command, run};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::fs;
use std::path::Path;

const MAGIC: u32 = 0x1bad_b002;
/// Where the code runs.
const START: u32 = 0x10_0000;

/// What kind of file the kernel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An ELF file of 32 bits. QEMU starts it too.
    Elf32,
    /// An ELF file of 64 bits, whose virtual addresses are not the physical ones.
    Elf64,
    /// Addresses in the header ("a.out kludge").
    Addresses,
}

/// A kernel.
#[derive(Clone, Debug)]
pub struct Multiboot {
    /// The file.
    pub file: Vec<u8>,
    /// SHA-256 of the code in memory.
    pub sha256: String,
}

/// Makes the probe a Multiboot kernel; ld does so for ELF files, in `directory`.
///
/// # Errors
///
/// The probe is not there, or ld fails.
pub fn kernel(format: Format, directory: &Path) -> Result<Multiboot> {
    let mut code = Kernel::load()?.kernel;
    let header = (0..code.len() - 32)
        .step_by(4)
        .find(|at| field(&code, *at) == MAGIC)
        .context("the probe has no Multiboot header")?;
    if format == Format::Addresses {
        let flags = field(&code, header + 4) | 1 << 16;
        let checksum = 0_u32.wrapping_sub(MAGIC).wrapping_sub(flags);
        code[header + 4..header + 8].copy_from_slice(&flags.to_le_bytes());
        code[header + 8..header + 12].copy_from_slice(&checksum.to_le_bytes());
    }
    let sha256 = sha256(&code);
    let (bss_end, entry) = (field(&code, header + 24), field(&code, header + 28));
    let file = match format {
        // What lies around it in the file is not loaded.
        Format::Addresses => [&[0xa5; 0x300], code.as_slice(), &[0x5a; 0x300]].concat(),
        _ => elf(format, &code, bss_end, entry, directory)?,
    };
    Ok(Multiboot { file, sha256 })
}

/// An ELF file of this code, which ends with zeros up to `bss_end`.
fn elf(format: Format, code: &[u8], bss_end: u32, entry: u32, directory: &Path) -> Result<Vec<u8>> {
    let (emulation, output_format, offset) = match format {
        Format::Elf64 => ("elf_x86_64", "elf64-x86-64", 0xc000_0000),
        _ => ("elf_i386", "elf32-i386", 0),
    };
    let [input, script, output] =
        ["code", "script", "kernel"].map(|name| directory.join(format!("{emulation}.{name}")));
    fs::write(&input, code)?;
    let start = START + offset;
    let zeros = bss_end - START - code.len() as u32;
    fs::write(
        &script,
        format!(
            "PHDRS {{ all PT_LOAD; }}\n\
             SECTIONS {{\n\
             .code {start:#x} : AT({START:#x}) {{ *(.data) }} :all\n\
             .bss : {{ . += {zeros:#x}; }} :all\n\
             }}\n"
        ),
    )?;
    run(command("ld")
        .args(["-m", emulation, "-z", "max-page-size=0x1000", "-T"])
        .arg(&script)
        .arg(format!("--entry={:#x}", entry + offset))
        .args(["--format=binary", "--oformat", output_format])
        .arg(&input)
        .arg("--output")
        .arg(&output))?;
    Ok(fs::read(&output)?)
}

fn field(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|index| bytes[at + index]))
}

/// The machine at the entry.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs)] // the registers' own names
pub struct Entry {
    pub eax: u32,
    pub ebx: u32,
    pub cs: u16,
    pub ds: u16,
    pub es: u16,
    pub fs: u16,
    pub gs: u16,
    pub ss: u16,
    pub eflags: u32,
    pub cr0: u32,
    pub cr4: u32,
}

/// A module that the kernel was handed.
#[derive(Clone, Debug, Deserialize)]
pub struct Module {
    /// Its bytes.
    pub place: Piece,
    /// Its string.
    pub string: String,
}

/// The report.
#[derive(Clone, Debug, Deserialize)]
pub struct Report {
    /// The machine at the entry.
    pub entry: Entry,
    /// True if memory after the code was cleared.
    pub bss_is_zero: bool,
    /// The memory's first page.
    pub page_0: Piece,
    /// The code.
    pub kernel: Piece,
    /// Which fields count.
    pub flags: u32,
    /// KiB of memory from 0 on.
    pub mem_lower: u32,
    /// KiB of memory from 1 MiB on.
    pub mem_upper: u32,
    /// The command line.
    pub cmdline: String,
    /// The loader's name.
    pub loader: String,
    /// The modules.
    pub modules: Vec<Module>,
    /// The memory map: start, size, type.
    pub memory: Vec<(u64, u64, u32)>,
}

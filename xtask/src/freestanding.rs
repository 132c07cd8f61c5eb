//! Builds the images that run without an operating system, and reads them.

use anyhow::{Context, Result, ensure};
use goblin::elf::{Elf, program_header::PT_LOAD};
use std::path::{Path, PathBuf};

use crate::run::run;
use crate::toolchain::Toolchain;
use crate::workspace::Workspace;

const TARGET: &str = "x86-unknown-none";

/// Flags of rustc for every freestanding image: a panic that cannot happen or
/// cannot be explained in the space there is costs no message.
const FLAGS: &[&str] = &["-Cpanic=immediate-abort", "-Zunstable-options"];

/// Builds the freestanding `packages`; [`image`] says where they lie.
pub(crate) fn build(workspace: &Workspace, tools: &Toolchain, packages: &[&str]) -> Result<()> {
    let mut flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
    flags.extend(remap(workspace, Some(&tools.library))?);

    let mut cargo = tools.cargo();
    cargo
        .current_dir(&workspace.root)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .args(["build", "--quiet", "--profile", "image", "--locked"])
        .args(["--target", &format!("{TARGET}.json"), "-Zjson-target-spec"])
        .arg("-Zbuild-std=core")
        .arg("-Zbuild-std-features=compiler-builtins-mem,optimize_for_size")
        .arg("--target-dir")
        .arg(directory(workspace));
    for package in packages {
        cargo.args(["--package", package]);
    }
    run(&mut cargo)
}

/// The ELF file of a freestanding package.
pub(crate) fn image(workspace: &Workspace, package: &str) -> PathBuf {
    directory(workspace)
        .join(TARGET)
        .join("image")
        .join(package)
}

/// A target directory apart: nothing here is shared with host crates, and cargo
/// would take turns at the lock.
fn directory(workspace: &Workspace) -> PathBuf {
    workspace.target.join("image")
}

/// Flags that keep the directories of this machine out of what is built.
pub(crate) fn remap(workspace: &Workspace, library: Option<&Path>) -> Result<Vec<String>> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .context("neither CARGO_HOME nor HOME is set")?;
    let mut flags = Vec::new();
    let mut hide = |directory: &Path, name: &str| {
        flags.push(format!(
            "--remap-path-prefix={}={name}",
            directory.display()
        ));
    };
    hide(&home, "/cargo");
    hide(&workspace.root, "/gapboot");
    hide(&workspace.target, "/target");
    if let Some(library) = library {
        hide(library, "/library");
    }
    Ok(flags)
}

/// What of an ELF file is loaded, and its symbols.
pub(crate) struct Image {
    pieces: Vec<(u32, Vec<u8>)>,
    symbols: Vec<(String, u32)>,
}

impl Image {
    /// Reads the ELF file at `path`.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let elf = Elf::parse(&bytes).with_context(|| format!("{} is not ELF", path.display()))?;
        // Section by section, since a linker may put the ELF headers into the
        // first segment; the segment tells the physical address.
        let mut pieces = Vec::new();
        for section in &elf.section_headers {
            let Some(range) = section.file_range().filter(|_| section.is_alloc()) else {
                continue;
            };
            let segment = elf.program_headers.iter().find(|segment| {
                segment.p_type == PT_LOAD && segment.file_range().contains(&range.start)
            });
            let (Some(segment), false) = (segment, range.is_empty()) else {
                continue;
            };
            let address = segment.p_paddr + (section.sh_offset - segment.p_offset);
            let bytes = bytes
                .get(range)
                .context("a section lies outside the file")?;
            pieces.push((u32::try_from(address)?, bytes.to_vec()));
        }
        pieces.sort();
        let symbols = elf
            .syms
            .iter()
            .filter_map(|s| Some((elf.strtab.get_at(s.st_name)?.to_owned(), s.st_value as u32)))
            .collect();
        Ok(Self { pieces, symbols })
    }

    /// The address of a symbol.
    pub(crate) fn symbol(&self, name: &str) -> Result<u32> {
        let found = self.symbols.iter().find(|(symbol, _)| symbol == name);
        let (_, address) = found.with_context(|| format!("the image has no symbol `{name}`"))?;
        Ok(*address)
    }

    /// The bytes that are loaded at physical addresses `start..limit`, with zeros
    /// between segments, up to the last one.
    pub(crate) fn flat(&self, start: u32, limit: u32) -> Result<Vec<u8>> {
        let mut flat = Vec::new();
        for (address, bytes) in &self.pieces {
            let end = address + bytes.len() as u32;
            let (from, to) = (start.max(*address), limit.min(end));
            if from >= to {
                continue;
            }
            let at = (from - start) as usize;
            ensure!(at >= flat.len(), "segments overlap at {from:#x}");
            flat.resize(at, 0);
            flat.extend(&bytes[(from - address) as usize..(to - address) as usize]);
        }
        Ok(flat)
    }

    /// The first physical address that anything is loaded at.
    pub(crate) fn start(&self) -> u32 {
        self.pieces.first().map_or(0, |(address, _)| *address)
    }

    /// The end of all that is loaded.
    pub(crate) fn end(&self) -> u32 {
        let end = |(address, bytes): &(u32, Vec<u8>)| address + bytes.len() as u32;
        self.pieces.iter().map(end).max().unwrap_or(0)
    }
}

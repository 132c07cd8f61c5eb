//! Builds and reads the images that run without an operating system.

use anyhow::{Context, Result, ensure};
use goblin::elf::{Elf, program_header::PT_LOAD};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::run;
use crate::toolchain::Toolchain;
use crate::workspace::Workspace;

/// Every freestanding package of 32 bits. All other packages except [`STUB`] are for the
/// host.
pub(crate) const PACKAGES: &[&str] = &["stage1", "stage2", "probe", "firmware"];

/// The freestanding package of 64 bits. The host uses its library too.
pub(crate) const STUB: &str = "stub";

/// The target that a package is compiled for.
fn target(package: &str) -> &'static str {
    match package {
        STUB => "x86_64-unknown-none",
        _ => "x86-unknown-none",
    }
}

/// Flags of rustc for every freestanding image: a panic is one instruction,
/// without a message. There is no partial redundancy elimination, which copies code to
/// make it faster even when optimising for size.
const FLAGS: &[&str] = &[
    "-Cpanic=immediate-abort",
    "-Zunstable-options",
    "-Cllvm-args=-enable-pre=false",
];

/// Further flags for images of 32 bits: functions, `extern "C"` included, take their
/// first three arguments in EAX, EDX and ECX.
pub(crate) const REGISTERS: &str = "-Zregparm=3";

/// Builds the freestanding `packages`; [`image`] returns their files.
pub(crate) fn build(workspace: &Workspace, tools: &Toolchain, packages: &[&str]) -> Result<()> {
    run(cargo(workspace, tools, "build", packages)?.arg("--locked"))
}

/// A cargo command on freestanding `packages`, all of the same target.
pub(crate) fn cargo(
    workspace: &Workspace,
    tools: &Toolchain,
    command: &str,
    packages: &[&str],
) -> Result<Command> {
    let mut flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
    flags.extend(remap(workspace, Some(&tools.library))?);
    if packages != [STUB] {
        flags.push(REGISTERS.to_owned());
    }

    let mut cargo = tools.cargo();
    cargo
        .current_dir(&workspace.root)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .args([command, "--quiet", "--profile", "image"])
        .arg("-Zbuild-std=core")
        .arg("-Zbuild-std-features=compiler-builtins-mem,optimize_for_size")
        .arg("--target-dir")
        .arg(directory(workspace));
    match packages {
        // rustc knows this target. Without the feature the package is a library.
        [STUB] => cargo.args(["--target", target(STUB), "--features", "stub/image"]),
        _ => cargo
            .arg("--target")
            .arg(format!("{}.json", target("")))
            .arg("-Zjson-target-spec"),
    };
    for package in packages {
        cargo.args(["--package", package]);
    }
    Ok(cargo)
}

/// The ELF file of a freestanding package.
pub(crate) fn image(workspace: &Workspace, package: &str) -> PathBuf {
    directory(workspace)
        .join(target(package))
        .join("image")
        .join(package)
}

/// A separate target directory: no file in it is shared with host crates, and in one
/// directory two runs of cargo would wait for each other's lock.
pub(crate) fn directory(workspace: &Workspace) -> PathBuf {
    workspace.target.join("image")
}

/// Flags that keep the directories of this machine out of the built files.
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

/// The loaded sections of an ELF file, and its symbols.
pub(crate) struct Image {
    /// Physical address and bytes of each section that is loaded, in order.
    sections: Vec<(u32, Vec<u8>)>,
    pub(crate) symbols: Vec<Symbol>,
}

/// A symbol of an ELF file.
pub(crate) struct Symbol {
    pub(crate) name: String,
    pub(crate) address: u32,
    /// Size in bytes; 0 if the file does not say.
    pub(crate) size: u32,
}

impl Image {
    /// Reads the ELF file at `path`.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let elf = Elf::parse(&bytes).with_context(|| format!("{} is not ELF", path.display()))?;
        // Section by section, since a linker may put the ELF headers into the first
        // segment. The segment gives the physical address.
        let mut sections = Vec::new();
        for section in elf
            .section_headers
            .iter()
            .filter(|section| section.is_alloc())
        {
            let Some(range) = section.file_range().filter(|range| !range.is_empty()) else {
                continue;
            };
            let mut segments = elf.program_headers.iter().filter(|s| s.p_type == PT_LOAD);
            let segment = segments
                .find(|segment| segment.file_range().contains(&range.start))
                .context("a section lies in no segment")?;
            let address = segment.p_paddr + (section.sh_offset - segment.p_offset);
            let bytes = bytes
                .get(range)
                .context("a section lies outside the file")?;
            sections.push((u32::try_from(address)?, bytes.to_vec()));
        }
        sections.sort();
        let symbol = |symbol: goblin::elf::Sym| {
            Some(Symbol {
                name: elf.strtab.get_at(symbol.st_name)?.to_owned(),
                address: symbol.st_value.try_into().ok()?,
                size: symbol.st_size.try_into().ok()?,
            })
        };
        let symbols = elf.syms.iter().filter_map(symbol).collect();
        Ok(Self { sections, symbols })
    }

    /// The address of a symbol.
    pub(crate) fn symbol(&self, name: &str) -> Result<u32> {
        let found = self.symbols.iter().find(|symbol| symbol.name == name);
        let symbol = found.with_context(|| format!("the image has no symbol `{name}`"))?;
        Ok(symbol.address)
    }

    /// The bytes that are loaded at physical addresses `start..limit`, with zeros
    /// between sections, up to the last one.
    pub(crate) fn flat(&self, start: u32, limit: u32) -> Result<Vec<u8>> {
        let mut flat = Vec::new();
        for (address, bytes) in &self.sections {
            let end = address + bytes.len() as u32;
            let (from, to) = (start.max(*address), limit.min(end));
            if from >= to {
                continue;
            }
            let at = (from - start) as usize;
            ensure!(at >= flat.len(), "sections overlap at {from:#x}");
            flat.resize(at, 0);
            flat.extend(&bytes[(from - address) as usize..(to - address) as usize]);
        }
        Ok(flat)
    }

    /// All loaded bytes, from the first one on.
    pub(crate) fn whole(&self) -> Result<Vec<u8>> {
        let start = self.sections.first().map_or(0, |(address, _)| *address);
        self.flat(start, u32::MAX)
    }
}

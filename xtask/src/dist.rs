//! `./x dist`: everything that is shipped, in `dist/`.

use anyhow::{Result, ensure};
use layout::{disk, header, memory};
use std::fs;
use std::process::Command;

use crate::freestanding::{self, Image};
use crate::pack::pack;
use crate::run::run;
use crate::toolchain::Toolchain;
use crate::workspace::Workspace;

/// The host programs: package and binary.
const PROGRAMS: &[(&str, &str)] = &[("cli", "gapboot"), ("emu", "bootloader_emu")];

/// Builds `dist/` anew.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let dist = workspace.dist();
    fs::create_dir_all(&dist)?;
    let tools = Toolchain::find()?;
    freestanding::build(workspace, &tools, &["stage1", "stage2"])?;
    fs::write(dist.join("stage1.bin"), stage1(workspace)?)?;
    fs::write(dist.join("stage2.bin"), stage2(workspace)?)?;
    programs(workspace)
}

/// Sector 0 as it is installed on a disk that has nothing there yet.
fn stage1(workspace: &Workspace) -> Result<Vec<u8>> {
    let image = Image::read(&freestanding::image(workspace, "stage1"))?;
    let mut sector = image.flat(image.start(), image.end())?;
    // The image may end in the signature already.
    if let [.., 0x55, 0xaa] = sector[..]
        && sector.len() == disk::SECTOR
    {
        sector.truncate(510);
    }
    let code = sector
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    ensure!(
        code <= disk::STAGE1_CODE,
        "stage1 has {code} bytes of code, {} are allowed: shorten its messages",
        disk::STAGE1_CODE
    );
    sector.resize(disk::SECTOR, 0);
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    Ok(sector)
}

/// stage2 as it is written to the disk: the part that stays as it is loaded,
/// then the packed image.
fn stage2(workspace: &Workspace) -> Result<Vec<u8>> {
    let elf = Image::read(&freestanding::image(workspace, "stage2"))?;
    let packed_start = elf.symbol("__packed_start")?;
    let mut stage2 = elf.flat(memory::STAGE2.start, packed_start)?;
    stage2.resize((packed_start - memory::STAGE2.start) as usize, 0);

    let base = memory::STAGE2_UNPACKED.start;
    ensure!(
        elf.end() <= memory::STAGE2_UNPACKED.end,
        "stage2 unpacked does not fit its memory"
    );
    let image = elf.flat(base, memory::STAGE2_UNPACKED.end)?;
    let packed = pack(&image, base, 9)?;
    let marker = (elf.symbol("unpack_marker")? - memory::STAGE2.start) as usize;
    stage2[marker] = packed.marker;
    stage2.extend(&packed.bytes);
    let excess = stage2.len().saturating_sub(disk::STAGE2_BYTES);
    ensure!(
        excess == 0,
        "stage2 has {} bytes, {excess} more than fit: see `./x size` for the largest parts, and \
         docs/architecture.md for what may move to the overlay",
        stage2.len()
    );
    seal(&mut stage2, &image)?;
    Ok(stage2)
}

/// Fills in the header's fields that only the finished file can tell.
fn seal(stage2: &mut [u8], image: &[u8]) -> Result<()> {
    ensure!(
        stage2.starts_with(&header::MAGIC),
        "stage2 does not start with its header"
    );
    let version = env!("CARGO_PKG_VERSION").as_bytes();
    ensure!(
        version.len() <= header::VERSION_SIZE,
        "the version is too long for the header"
    );
    let length = stage2.len() as u32;
    let mut put = |at: usize, bytes: &[u8]| stage2[at..at + bytes.len()].copy_from_slice(bytes);
    put(header::FORMAT_OFFSET, &header::FORMAT.to_le_bytes());
    put(header::LENGTH_OFFSET, &length.to_le_bytes());
    put(header::VERSION_OFFSET, version);
    put(header::BUILD_OFFSET, &crc32fast::hash(image).to_le_bytes());
    put(header::UNPACKED_OFFSET, &(image.len() as u32).to_le_bytes());
    let checksum = crc32fast::hash(&stage2[header::CHECKED_FROM..]);
    stage2[header::CHECKSUM_OFFSET..][..4].copy_from_slice(&checksum.to_le_bytes());
    Ok(())
}

/// Builds the host programs; `gapboot` takes the loader out of `dist/`.
fn programs(workspace: &Workspace) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build
        .current_dir(&workspace.root)
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            freestanding::remap(workspace, None)?.join("\x1f"),
        )
        .env("GAPBOOT_DIST", workspace.dist())
        .args(["build", "--quiet", "--release", "--locked", "--bins"])
        .arg("--target-dir")
        .arg(&workspace.target);
    for (package, _) in PROGRAMS {
        build.args(["--package", package]);
    }
    run(&mut build)?;
    for (_, program) in PROGRAMS {
        let built = workspace.target.join("release").join(program);
        if built.exists() {
            fs::copy(built, workspace.dist().join(program))?;
        }
    }
    Ok(())
}

//! `./x dist`: everything that is shipped, in `dist/`.

use anyhow::{Result, ensure};
use layout::{disk, header, memory};
use std::fs;

use crate::freestanding::{self, Image};
use crate::pack::pack;
use crate::run::{cargo, run};
use crate::toolchain::Toolchain;
use crate::workspace::Workspace;

/// The host programs: package and binary.
pub(crate) const PROGRAMS: &[(&str, &str)] = &[("cli", "gapboot"), ("emu", "bootloader_emu")];

/// How hard the packer tries, from 0 to 9.
const EFFORT: u8 = 9;

/// Builds `dist/` anew.
pub(crate) fn build(workspace: &Workspace) -> Result<Loader> {
    let loader = loader(workspace)?;
    programs(workspace)?;
    Ok(loader)
}

/// What became of stage1 and stage2, in bytes where nothing else is said.
pub(crate) struct Loader {
    pub(crate) stage1_code: usize,
    /// stage2's part that stays as it is loaded.
    pub(crate) low: usize,
    pub(crate) packed: usize,
    pub(crate) unpacked: usize,
    /// stage2 as it was linked.
    pub(crate) stage2: Image,
}

/// Builds `stage1.bin`, `stage2.bin` and `stub.bin`.
pub(crate) fn loader(workspace: &Workspace) -> Result<Loader> {
    let tools = Toolchain::find()?;
    freestanding::build(workspace, &tools, &["stage1", "stage2"])?;
    let mut sector = stage1(workspace)?;
    let stage1_code = sector.len();
    sector.resize(disk::SECTOR, 0);
    sector[disk::SECTOR - 2..].copy_from_slice(&[0x55, 0xaa]);

    let elf = Image::read(&freestanding::image(workspace, "stage2"))?;
    let mut stage2 = low_part(&elf)?;
    let low = stage2.len();
    let image = high_part(&elf)?;
    let packed = pack(&image, memory::STAGE2_UNPACKED.start, EFFORT)?;
    let marker = elf.symbol("unpack_marker")? - memory::STAGE2.start;
    stage2[marker as usize] = packed.marker;
    stage2.extend(&packed.bytes);
    check_size(stage2.len())?;
    seal(&mut stage2, &image)?;

    let dist = workspace.dist();
    fs::create_dir_all(&dist)?;
    fs::write(dist.join("stage1.bin"), sector)?;
    fs::write(dist.join("stage2.bin"), stage2)?;
    fs::write(dist.join("stub.bin"), stub(workspace, &tools)?)?;
    Ok(Loader {
        stage1_code,
        low,
        packed: packed.bytes.len(),
        unpacked: image.len(),
        stage2: elf,
    })
}

/// The stub of legacy-compatible UKIs: their first bytes, as linked at their
/// file offsets, without what `gapboot uki` fills in.
fn stub(workspace: &Workspace, tools: &Toolchain) -> Result<Vec<u8>> {
    freestanding::build(workspace, tools, &[freestanding::STUB])?;
    let elf = Image::read(&freestanding::image(workspace, freestanding::STUB))?;
    let end = elf.symbol("image_end")?;
    let mut stub = elf.flat(0, end)?;
    stub.resize(end as usize, 0);
    Ok(stub)
}

/// The code of the master boot record.
fn stage1(workspace: &Workspace) -> Result<Vec<u8>> {
    let code = Image::read(&freestanding::image(workspace, "stage1"))?.whole()?;
    ensure!(
        code.len() <= disk::STAGE1_CODE,
        "stage1 has {} bytes of code, {} are allowed: shorten its messages",
        code.len(),
        disk::STAGE1_CODE
    );
    Ok(code)
}

/// The part of stage2 that stays as it is loaded; the packed image follows.
fn low_part(elf: &Image) -> Result<Vec<u8>> {
    let end = elf.symbol("__packed_start")?;
    let mut part = elf.flat(memory::STAGE2.start, end)?;
    part.resize((end - memory::STAGE2.start) as usize, 0);
    Ok(part)
}

/// The part of stage2 that is stored packed.
fn high_part(elf: &Image) -> Result<Vec<u8>> {
    let memory::Range { start, end } = memory::STAGE2_UNPACKED;
    let image = elf.flat(start, end)?;
    // What entry.s tells the unpacker.
    let size = elf.symbol("__image_size")?;
    ensure!(
        image.len() == size as usize && elf.end() == start + size,
        "stage2's image is not what lies at {start:#x}..+{size:#x}: see linker/stage2.ld"
    );
    Ok(image)
}

fn check_size(size: usize) -> Result<()> {
    let excess = size.saturating_sub(disk::STAGE2_BYTES);
    ensure!(
        excess == 0,
        "stage2 has {size} bytes, {excess} more than fit. `./x size` names the largest parts; code \
         that the plain boot does not need may move to the overlay (docs/architecture.md)"
    );
    Ok(())
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
    let mut build = cargo(workspace, "build");
    build
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            freestanding::remap(workspace, None)?.join("\x1f"),
        )
        .env("GAPBOOT_DIST", workspace.dist())
        .args(["--release", "--bins"]);
    for (package, _) in PROGRAMS {
        build.args(["--package", package]);
    }
    run(&mut build)?;
    for (_, program) in PROGRAMS {
        let built = workspace.target.join("release").join(program);
        // A running program's file cannot be written, but replaced.
        let name = workspace.dist().join(program);
        if !built.exists() {
            continue;
        }
        let _ = fs::remove_file(&name);
        fs::copy(built, name)?;
    }
    Ok(())
}

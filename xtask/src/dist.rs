//! `./x dist`: everything that is shipped, in `dist/`.

use anyhow::{Result, ensure};
use layout::{disk, header, memory, overlay};
use std::fs;
use std::path::Path;

use crate::freestanding::{self, Image};
use crate::link;
use crate::pack::pack;
use crate::run::{cargo, host, run};
use crate::toolchain::Toolchain;
use crate::workspace::Workspace;

/// The host programs: package and binary.
pub(crate) const PROGRAMS: &[(&str, &str)] = &[("cli", "gapboot"), ("emu", "bootloader_emu")];

/// Bytes that stay free in stage2 and in the overlay, as room for corrections.
const STAGE2_FREE: usize = 128;
const OVERLAY_FREE: usize = 8192;

/// Builds `dist/` anew.
pub(crate) fn build(workspace: &Workspace) -> Result<Loader> {
    let loader = loader(workspace)?;
    loader.check()?;
    let dist = workspace.dist();
    fs::create_dir_all(&dist)?;
    for (name, content) in [
        ("stage1.bin", &loader.sector()),
        ("stage2.bin", &loader.stage2),
        ("overlay.bin", &loader.overlay),
        ("stub.bin", &stub(workspace)?),
    ] {
        write(&dist.join(name), content)?;
    }
    programs(workspace)?;
    Ok(loader)
}

/// Writes a file, unless it has this content: cargo builds `gapboot` anew for a file that is
/// newer.
fn write(path: &Path, content: &[u8]) -> Result<()> {
    match fs::read(path) {
        Ok(old) if old == content => Ok(()),
        _ => Ok(fs::write(path, content)?),
    }
}

/// stage1, stage2 and the overlay, with their sizes in bytes.
pub(crate) struct Loader {
    /// The code of the master boot record.
    pub(crate) stage1: Vec<u8>,
    /// stage2 as it is written into the gap.
    pub(crate) stage2: Vec<u8>,
    /// The size of its first part, which is not packed.
    pub(crate) low: usize,
    /// The size of its other part when it is unpacked.
    pub(crate) unpacked: usize,
    /// The overlay, whole sectors.
    pub(crate) overlay: Vec<u8>,
    /// The bytes of the overlay that are in use.
    pub(crate) overlay_length: usize,
    /// stage2 and overlay as they were linked.
    pub(crate) elf: Image,
}

/// Builds stage1, stage2 and overlay, without a check of their sizes.
pub(crate) fn loader(workspace: &Workspace) -> Result<Loader> {
    let tools = Toolchain::find()?;
    freestanding::build(workspace, &tools, &["stage1", "stage2"])?;
    let stage1 = Image::read(&freestanding::image(workspace, "stage1"))?.whole()?;

    let elf = Image::read(&link::stage2(workspace, &tools)?)?;
    let mut stage2 = low_part(&elf)?;
    let low = stage2.len();
    let image = high_part(&elf)?;
    let packed = pack(&image, memory::STAGE2_UNPACKED.start)?;
    let marker = elf.symbol("unpack_marker")? - memory::STAGE2.start;
    stage2[marker as usize] = packed.marker;
    stage2.extend(&packed.bytes);
    let (overlay, overlay_length) = make_overlay(&elf, &image)?;
    seal(&mut stage2, &image, &overlay)?;
    Ok(Loader {
        stage1,
        stage2,
        low,
        unpacked: image.len(),
        overlay,
        overlay_length,
        elf,
    })
}

impl Loader {
    /// Fails if a part is larger than its place on the disk, or leaves too few bytes free
    /// there.
    pub(crate) fn check(&self) -> Result<()> {
        let excess = self.stage1.len().saturating_sub(disk::STAGE1_CODE);
        ensure!(
            excess == 0,
            "stage1 is {excess} bytes too long: shorten its messages"
        );
        let excess = (self.stage2.len() + STAGE2_FREE).saturating_sub(disk::STAGE2_BYTES);
        ensure!(
            excess == 0,
            "stage2 is {excess} bytes too long, {STAGE2_FREE} must stay free. `./x size` names its \
             largest parts: let what a machine without the overlay can do without be a method of \
             Overlay (docs/architecture.md)"
        );
        let excess = (self.overlay_length + OVERLAY_FREE).saturating_sub(overlay::CHECKSUM_OFFSET);
        ensure!(
            excess == 0,
            "the overlay is {excess} bytes too long, {OVERLAY_FREE} must stay free. `./x size` names \
             its largest parts: make them shorter, or let stage2 have what it has room for"
        );
        Ok(())
    }

    /// Sector 0 of an empty disk, with stage1.
    fn sector(&self) -> Vec<u8> {
        let mut sector = self.stage1.clone();
        sector.resize(disk::SECTOR, 0);
        sector[disk::SECTOR - 2..].copy_from_slice(&[0x55, 0xaa]);
        sector
    }
}

/// The stub of legacy-compatible UKIs: their first bytes, as linked at their
/// file offsets, without the fields that `gapboot uki` fills in.
fn stub(workspace: &Workspace) -> Result<Vec<u8>> {
    freestanding::build(workspace, &Toolchain::find()?, &[freestanding::STUB])?;
    let elf = Image::read(&freestanding::image(workspace, freestanding::STUB))?;
    let end = elf.symbol("image_end")?;
    let mut stub = elf.flat(0, end)?;
    stub.resize(end as usize, 0);
    Ok(stub)
}

/// The part of stage2 that is not packed; the packed image follows it.
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
    // The length that entry.s passes to the unpacker.
    let size = elf.symbol("__image_size")?;
    ensure!(
        image.len() == size as usize,
        "stage2's image is not what lies at {start:#x}..+{size:#x}: see linker/stage2.ld"
    );
    Ok(image)
}

/// The overlay, with its header, of the stage2 that unpacks to `image`; and the number
/// of its bytes that are in use.
fn make_overlay(elf: &Image, image: &[u8]) -> Result<(Vec<u8>, usize)> {
    use layout::overlay as header;
    let memory::Range { start, end } = memory::OVERLAY;
    let code = elf.flat(start + header::SIZE as u32, end)?;
    let build = crc32fast::hash(image).to_le_bytes();
    let length = header::SIZE + code.len();
    let mut overlay = vec![0; header::size(length) - header::CHECKSUM_SIZE];
    let mut put = |at: usize, bytes: &[u8]| overlay[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &header::MAGIC);
    put(header::LENGTH_OFFSET, &(length as u32).to_le_bytes());
    put(header::BUILD_OFFSET, &build);
    put(header::VERSION_OFFSET, env!("CARGO_PKG_VERSION").as_bytes());
    put(header::SIZE, &code);
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&build);
    checksum.update(&overlay);
    overlay.extend(checksum.finalize().to_le_bytes());
    Ok((overlay, length))
}

/// Fills in the header's fields that depend on the finished file.
fn seal(stage2: &mut [u8], image: &[u8], overlay: &[u8]) -> Result<()> {
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
    let sectors = u8::try_from(overlay.len() / disk::SECTOR)?;
    let mut put = |at: usize, bytes: &[u8]| stage2[at..at + bytes.len()].copy_from_slice(bytes);
    put(header::LENGTH_OFFSET, &length.to_le_bytes());
    put(header::VERSION_OFFSET, version);
    put(header::BUILD_OFFSET, &crc32fast::hash(image).to_le_bytes());
    put(header::UNPACKED_OFFSET, &(image.len() as u32).to_le_bytes());
    put(header::OVERLAY_SECTORS_OFFSET, &[sectors]);
    let checksum = crc32fast::hash(&stage2[header::CHECKED_FROM..]);
    stage2[header::CHECKSUM_OFFSET..][..4].copy_from_slice(&checksum.to_le_bytes());
    Ok(())
}

/// Builds the host programs as static, position-independent ones; `gapboot` takes the
/// loader out of `dist/`.
fn programs(workspace: &Workspace) -> Result<()> {
    let host = host()?;
    let mut flags = freestanding::remap(workspace, None)?;
    // They run in an initrd and on other distributions, without libraries beside them.
    flags.push("-Ctarget-feature=+crt-static".into());
    let mut build = cargo(workspace, "build");
    build
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .env("GAPBOOT_DIST", workspace.dist())
        .args(["--release", "--bins", "--target", &host]);
    for (package, _) in PROGRAMS {
        build.args(["--package", package]);
    }
    run(&mut build)?;
    for (_, program) in PROGRAMS {
        let built = workspace.target.join(&host).join("release").join(program);
        let name = workspace.dist().join(program);
        // The file of a running program cannot be written, but it can be replaced.
        let _ = fs::remove_file(&name);
        fs::copy(built, name)?;
    }
    Ok(())
}

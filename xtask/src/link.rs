//! Links stage2 and its overlay: two images that call each other.

use anyhow::{Context, Result, bail};
use layout::{memory, overlay as header, packed};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::freestanding;
use crate::overlay;
use crate::roots;
use crate::run::run;
use crate::toolchain::Toolchain;
use crate::workspace::Workspace;

/// The numbers of [`layout`] that the linker script uses, by their names there.
const NUMBERS: &[(&str, u32)] = &[
    ("STAGE2", memory::STAGE2.start),
    ("STAGE2_DATA", memory::STAGE2_DATA.start),
    ("STAGE2_DATA_END", memory::STAGE2_DATA.end),
    ("IMAGE", memory::STAGE2_UNPACKED.start),
    ("IMAGE_END", memory::STAGE2_UNPACKED.end),
    ("IMAGE_LIMIT", packed::IMAGE as u32),
    ("STACK_SIZE", memory::STACK_SIZE),
    ("OVERLAY_CODE", memory::OVERLAY.start + header::SIZE as u32),
    (
        "OVERLAY_LIMIT",
        memory::OVERLAY.start + header::CHECKSUM_OFFSET as u32,
    ),
    ("WORKSPACE", memory::WORKSPACE.start),
];

/// Links the object file that cargo compiled from stage2. Returns the ELF file.
pub(crate) fn stage2(workspace: &Workspace, tools: &Toolchain) -> Result<PathBuf> {
    let library = freestanding::image(workspace, "libstage2.a");
    let (name, object) = object(&library)?;
    let overlay = overlay::sections(&object, &roots::find(workspace)?)?;
    let directory = freestanding::directory(workspace).join("link");
    fs::create_dir_all(&directory)?;
    let script = overlay::script(&name, &overlay);
    fs::write(directory.join("overlay.ld"), script)?;
    let elf = directory.join("stage2");
    let mut link = Command::new(&tools.linker);
    // LLVM's linker has one of two names.
    if tools.linker.ends_with("rust-lld") {
        link.args(["-flavor", "gnu"]);
    }
    link.args(["-m", "elf_i386", "--gc-sections", "--undefined=entry"])
        .args(
            NUMBERS
                .iter()
                .map(|(name, number)| format!("--defsym={name}={number:#x}")),
        )
        .arg("-L")
        .arg(&directory)
        .arg("-T")
        .arg(workspace.root.join("linker/stage2.ld"))
        .arg("-o")
        .arg(&elf)
        .arg(library);
    run(&mut link)?;
    Ok(elf)
}

/// The object file that all Rust code of stage2 was compiled into, and its name in
/// the library. (The library's other members are functions of the compiler's own.)
fn object(library: &Path) -> Result<(String, Vec<u8>)> {
    let bytes = fs::read(library).with_context(|| format!("cannot read {}", library.display()))?;
    let archive = goblin::archive::Archive::parse(&bytes)?;
    let mut members = archive.members();
    members.retain(|name| name.starts_with("stage2-"));
    let [name] = members[..] else {
        bail!(
            "stage2's library has {} objects of stage2, not one: the profile `image` in \
             Cargo.toml must have `lto = \"fat\"` and `codegen-units = 1`",
            members.len()
        );
    };
    Ok((name.to_owned(), archive.extract(name, &bytes)?.to_vec()))
}

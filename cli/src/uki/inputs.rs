//! What a UKI is made of.

use std::fs;
use std::path::{Path, PathBuf};

use super::content::{Content, SourceFile};
use super::pe::Pe;
use crate::error::Error;

/// Where distributions install systemd's stub.
const STUBS: [&str; 2] = [
    "/usr/lib/systemd/boot/efi/linuxx64.efi.stub",
    "/lib/systemd/boot/efi/linuxx64.efi.stub",
];
const OS_RELEASES: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

/// What is asked for.
pub struct Inputs {
    /// The EFI stub.
    pub stub: Option<PathBuf>,
    /// The file to be made.
    pub output: PathBuf,
    /// The base, then the profiles.
    pub parts: Vec<ProfileInputs>,
}

/// What is given for one profile, or for all of them.
#[derive(Default)]
pub struct ProfileInputs {
    /// `.profile`.
    pub profile: Option<Content>,
    /// `.linux`.
    pub linux: Option<Content>,
    /// `.initrd`, in pieces.
    pub initrds: Vec<Content>,
    /// `.ucode`.
    pub microcode: Option<Content>,
    /// `.cmdline`.
    pub cmdline: Option<Content>,
    /// `.osrel`.
    pub os_release: Option<Content>,
    /// `.uname`.
    pub uname: Option<Content>,
    /// `.splash`.
    pub splash: Option<Content>,
    /// Others by name.
    pub others: Vec<(String, Content)>,
}

/// A kernel, which may be a PE file, but not one with a kernel in it.
///
/// # Errors
/// It cannot be read, or is an image.
pub fn kernel(path: &Path) -> Result<Content, Error> {
    if let Ok((source, pe)) = Pe::open(path)
        && pe.sections.iter().any(|section| section.name() == ".linux")
    {
        return Err(Error::failed(format!(
            "{} is a unified kernel image: name a kernel (`gapboot uki convert` makes an image \
             start on BIOS machines)",
            source.name()
        )));
    }
    Ok(SourceFile::open(path)?.all())
}

/// The stub that a distribution has installed.
pub fn installed_stub() -> Option<PathBuf> {
    first_of(&STUBS).map(Path::to_owned)
}

/// The os-release of this system.
///
/// # Errors
/// It cannot be read.
pub fn own_os_release() -> Result<Option<Content>, Error> {
    let path = first_of(&OS_RELEASES);
    path.map(|path| Ok(SourceFile::open(path)?.all()))
        .transpose()
}

fn first_of(paths: &[&'static str]) -> Option<&'static Path> {
    let mut paths = paths.iter().map(|path: &&'static str| Path::new(*path));
    paths.find(|path| fs::metadata(path).is_ok_and(|metadata| metadata.is_file()))
}

//! What a UKI is made of.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::content::{Content, SourceFile};
use super::osrel;
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
    /// What was chosen that nobody asked for, as sentences without a full stop.
    pub notes: Vec<String>,
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
/// It cannot be read, is empty, or is an image.
pub fn kernel(source: &Rc<SourceFile>) -> Result<Content, Error> {
    if let Ok(pe) = Pe::of(source)
        && pe.sections.iter().any(|section| section.name() == ".linux")
    {
        return Err(Error::failed(format!(
            "{} is a unified kernel image: name a kernel (`gapboot uki convert` makes an image \
             start on BIOS machines)",
            source.name()
        )));
    }
    not_empty(source)
}

/// An initrd, or a part of one. Nobody means an empty one: a program that should have
/// made it has failed.
///
/// # Errors
/// It is empty.
pub fn initrd(source: &Rc<SourceFile>) -> Result<Content, Error> {
    not_empty(source)
}

/// A picture that EFI stubs show: a Windows bitmap.
///
/// # Errors
/// It cannot be read, or is something else.
pub fn splash(source: &Rc<SourceFile>) -> Result<Content, Error> {
    if !source.all().head(2)?.starts_with(b"BM") {
        return Err(Error::failed(format!(
            "{} is not a BMP picture, and EFI stubs show no other kind: convert it",
            source.name()
        )));
    }
    Ok(source.all())
}

fn not_empty(source: &Rc<SourceFile>) -> Result<Content, Error> {
    match source.size() {
        0 => Err(Error::failed(format!(
            "{} is empty: name another file",
            source.name()
        ))),
        _ => Ok(source.all()),
    }
}

/// The stub that a distribution has installed.
pub fn installed_stub() -> Option<PathBuf> {
    first_of(&STUBS).map(Path::to_owned)
}

/// The os-release of this system, as ukify takes it where none is named, and a note that
/// says so.
///
/// # Errors
/// It cannot be read.
pub fn own_os_release() -> Result<(Option<Content>, String), Error> {
    let Some(path) = first_of(&OS_RELEASES) else {
        let note = "this system has no os-release, so systemd-boot and gapboot will not list the \
                    image: name one by --os-release";
        return Ok((None, note.to_owned()));
    };
    let content = SourceFile::open(path)?.all();
    let title = osrel::title(&content.text(".osrel")?).unwrap_or_default();
    let note = format!(
        "the image is called {title:?}, after this system ({}): --os-release names another",
        path.display()
    );
    Ok((Some(content), note))
}

fn first_of(paths: &[&'static str]) -> Option<&'static Path> {
    let mut paths = paths.iter().map(|path: &&'static str| Path::new(*path));
    paths.find(|path| fs::metadata(path).is_ok_and(|metadata| metadata.is_file()))
}

//! The bridge, told where to look.
//!
//! It is told by words on its command line (`gapboot.device=`), which lie in the image
//! itself: started as a CD, Linux sees no partitions, so a file beside the bridge would not
//! be found. Firmware passes no command line of its own to the program that it starts by
//! default, and systemd's stub takes that of the image then.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::bridge::build::{COMMAND_LINE, Request, build};
use crate::bridge::init;
use crate::bridge::sets::Set;
use crate::error::Error;
use crate::system::System;
use crate::uki::append::append;
use crate::uki::inputs::installed_stub;
use crate::uki::pe::Pe;
use crate::uki::stub::Stub;
use crate::uki::{osrel, sections};

/// The bridge's name in its os-release.
const ID: &str = "gapboot-bridge";

/// The bytes of a bridge whose command line has these words.
///
/// # Errors
/// It is no image that starts on UEFI, or cannot be read.
pub fn told(bridge: &Path, words: &str, err: &mut dyn Write) -> Result<Vec<u8>, Error> {
    let (source, pe) = Pe::open(bridge)?;
    let all = sections::of(&source, &pe)?;
    let release = all.iter().find(|section| section.name() == ".osrel");
    let release = release.map(|section| section.content.text(".osrel"));
    let release = release.transpose()?.unwrap_or_default();
    if osrel::value(&release, "ID").as_deref() != Some(ID) {
        writeln!(
            err,
            "gapboot: note: {} does not call itself a bridge of gapboot; it is used all the same",
            bridge.display()
        )?;
    }
    let folder = folder()?;
    let file = folder.path().join("bridge.efi");
    append(Stub::of_this_system()?, bridge, words, &file, err)?;
    fs::read(&file).map_err(|error| Error::file("read", &file, &error))
}

/// What a new bridge is made of. What is not named is that of the running system.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// The kernel.
    pub kernel: Option<PathBuf>,
    /// The directory of its modules.
    pub modules: Option<PathBuf>,
    /// The EFI stub.
    pub stub: Option<PathBuf>,
}

/// Makes a bridge in a temporary directory.
///
/// # Errors
/// The parts make no bridge that starts on UEFI.
pub fn make(parts: Parts, err: &mut dyn Write) -> Result<(TempDir, PathBuf), Error> {
    let folder = folder()?;
    let output = folder.path().join("bridge.efi");
    let stub = parts.stub.or_else(installed_stub).ok_or_else(|| {
        Error::failed(
            "no EFI stub is installed, without which a bridge does not start on UEFI: install \
             systemd-boot-efi, name a stub by --stub, or a bridge by --bridge",
        )
    })?;
    let request = Request {
        kernel: parts.kernel,
        modules: parts.modules,
        set: Set::Standard,
        names: Vec::new(),
        includes: Vec::new(),
        settings: Vec::new(),
        cmdline: COMMAND_LINE.to_owned(),
        efi_stub: Some(stub),
        output: output.clone(),
        init: init::RUNNING.into(),
        system: System::default(),
    };
    let built = build(Stub::of_this_system()?, &request, &mut std::io::sink(), err);
    built.map_err(|error| {
        Error::failed(format!(
            "cannot make a bridge: {error}; name one by --bridge (`gapboot bridge build` makes it)"
        ))
    })?;
    Ok((folder, output))
}

fn folder() -> Result<TempDir, Error> {
    tempfile::tempdir().map_err(|error| {
        Error::failed(format!(
            "cannot make a temporary directory: {error}; make room, or set TMPDIR"
        ))
    })
}

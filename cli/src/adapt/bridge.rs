//! The bridge, told where to look.
//!
//! It is told by words on its command line (`gapboot.device=`), which lie in the image
//! itself: started as a CD, Linux sees no partitions, so a file beside the bridge would not
//! be found. Firmware passes no command line of its own to the program that it starts by
//! default, and systemd's stub takes that of the image then.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::error::Error;
use crate::uki::append::append;
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
    let folder = tempfile::tempdir().map_err(|error| {
        Error::failed(format!(
            "cannot make a temporary directory: {error}; make room, or set TMPDIR"
        ))
    })?;
    let file = folder.path().join("bridge.efi");
    append(Stub::embedded()?, bridge, words, &file, err)?;
    fs::read(&file).map_err(|error| Error::file("read", &file, &error))
}

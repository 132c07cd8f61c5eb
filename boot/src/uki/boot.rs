//! What an image is started with: its command line and its initrds, as
//! systemd-stub hands them over.

use super::image::{Image, names};
use crate::entries::line;
use crate::error::Error;
use crate::load::cmdline::{self, CommandLine};
use crate::load::{Loader, Step};
use crate::machine::{Disk, Memory};
use crate::storage::Storage;

/// Adds the image's own command line to `into`: control characters become
/// spaces, and those at both ends go. A NUL ends it. `buffer` is for the use of
/// this function.
///
/// # Errors
/// [`crate::Kind::CommandLineLong`]; those of [`Image::find`].
pub(crate) fn command_line<D: Disk>(
    image: &mut Image,
    storage: &mut Storage<D>,
    profile: u32,
    buffer: &mut [u8],
    into: &mut CommandLine,
) -> Result<(), Error> {
    image.enter(storage, &names::CMDLINE, profile)?;
    let length = image.file.read_small(storage, buffer)?;
    if length == buffer.len() {
        return Err(cmdline::too_long(cmdline::LIMIT));
    }
    let text = buffer.get_mut(..length).unwrap_or_default();
    let text = text.split_mut(|&byte| byte == 0).next();
    let text = text.unwrap_or_default();
    for byte in &mut *text {
        if *byte < b' ' || *byte == 0x7f {
            *byte = b' ';
        }
    }
    into.add(line::trim(text));
    Ok(())
}

/// Checks or loads the initrds of an image. Unlike those of a Type 1 entry, the
/// last one is padded too.
///
/// # Errors
/// Those of [`Image::find`] and [`Loader::initrd`].
pub(crate) fn initrds<D: Disk, M: Memory>(
    image: &mut Image,
    loader: &mut Loader<D, M>,
    profile: u32,
    step: Step,
) -> Result<(), Error> {
    for name in [&names::UCODE, &names::INITRD] {
        if let Some(part) = image.find(loader.storage, name, profile)? {
            loader.initrd(&part, step)?;
        }
    }
    loader.pad_end(step)
}

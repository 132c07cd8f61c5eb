//! The command line of an image, as systemd-stub hands it over.

use super::image::{Image, names};
use crate::disk::storage::Storage;
use crate::entries::line;
use crate::error::Error;
use crate::load::cmdline::{self, CommandLine};
use crate::machine::Disk;

/// Adds the image's own command line to `into`: control characters become
/// spaces, and spaces at both ends are removed. `buffer` is for the use of this
/// function.
///
/// # Errors
/// [`crate::Kind::CommandLineLong`]; those of [`Image::find`].
pub fn command_line<D: Disk>(
    image: &mut Image,
    storage: &mut Storage<D>,
    buffer: &mut [u8],
    into: &mut CommandLine,
) -> Result<(), Error> {
    image.find(storage, &names::CMDLINE)?;
    let length = image.file.read_small(storage, buffer)?;
    if length == buffer.len() {
        return Err(cmdline::too_long(cmdline::LIMIT));
    }
    let text = buffer.get_mut(..length).unwrap_or_default();
    for byte in &mut *text {
        if *byte < b' ' || *byte == 0x7f {
            *byte = b' ';
        }
    }
    into.add(line::trim(text));
    Ok(())
}

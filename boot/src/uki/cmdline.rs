//! The command line of an image, the same as systemd-stub passes to the kernel.

use super::image::{Image, names};
use crate::disk::storage::Storage;
use crate::error::Error;
use crate::load::cmdline::{self, CommandLine};
use crate::machine::Disk;
use layout::command_line::one_line;

/// Adds the image's own command line to `into`, made by the rule of
/// [`layout::command_line`]. `buffer` is for the use of this function; the text
/// has to end inside it.
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
    // `contains` would add a search for bytes to stage2 that nothing else uses.
    if length == buffer.len() && buffer.iter().all(|&byte| byte != 0) {
        return Err(cmdline::too_long(cmdline::LIMIT));
    }
    let text = buffer.get_mut(..length).unwrap_or_default();
    let length = one_line(text);
    into.add(text.get(..length).unwrap_or_default());
    Ok(())
}

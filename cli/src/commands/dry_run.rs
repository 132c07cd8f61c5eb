//! What `--dry-run` shows of the writes.

use super::context::Context;
use crate::error::Error;
use crate::install::write::Write;

/// Prints what `--dry-run` shows.
pub(super) fn print_writes(writes: &[Write], context: &mut Context) -> Result<(), Error> {
    for write in writes {
        writeln!(context.out, "  {}: {}", write.place(), write.what)?;
    }
    Ok(())
}

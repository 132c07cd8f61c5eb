//! Which bytes of a Multiboot kernel go where: checked, and cut into pieces of whole
//! pages.

use stub::memory::{Memory, Range};

use super::part::{Part, damaged};
use super::{elf, header};
use crate::error::Error;

/// The kernel is entered in 32 bits.
const FOUR_GIB: u64 = 1 << 32;

/// A kernel in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// In the order of their addresses; no byte of memory belongs to two of them.
    pub parts: Vec<Part>,
    /// The address at which it is entered, inside one of the parts.
    pub entry: u64,
}

/// Whole pages of memory, and what lies there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The content; the rest are zeros.
    pub bytes: Vec<u8>,
    /// The place, in whole pages.
    pub place: Range,
}

impl Image {
    /// Reads a kernel's file, unpacked.
    ///
    /// # Errors
    /// It has no header, one that asks for what cannot be had, or addresses that cannot
    /// be right.
    pub fn of(file: &[u8]) -> Result<Self, Error> {
        let header = header::of(file)?;
        let mut image = match header.addresses {
            Some(addresses) => by_header(file, header.offset, addresses)?,
            None => {
                let (parts, entry) = elf::parts(file)?;
                Self { parts, entry }
            }
        };
        image.parts.sort_by_key(|part| part.place.start);
        let mut free_from = 0;
        for part in &image.parts {
            let end = part.place.start.checked_add(part.place.size);
            let end = end.filter(|end| *end <= FOUR_GIB).ok_or_else(|| {
                Error::text(
                    "it has to lie above 4 GiB, where no Multiboot kernel can be entered: use \
                     another build of this kernel",
                )
            })?;
            if part.place.start < free_from {
                return Err(Error::text(
                    "two of its parts have to lie in the same memory: use another build of this \
                     kernel",
                ));
            }
            free_from = end;
        }
        let contains = |part: &Part| {
            let place = part.place;
            place.start <= image.entry && image.entry < place.end()
        };
        match image.parts.iter().any(contains) {
            true => Ok(image),
            false => Err(Error::text(
                "its entry lies outside all that is loaded: use another build of this kernel",
            )),
        }
    }

    /// Keeps the kernel's memory.
    ///
    /// # Errors
    /// Some of it is not free.
    pub fn keep(&self, memory: &mut Memory) -> Result<(), Error> {
        for part in &self.parts {
            if !memory.is_free(part.pages()) {
                return Err(Error::text(format!(
                    "it has to lie at {:#x} to {:#x}, where this machine has no free memory (below \
                     1 MiB the firmware's data lie): use another build of this kernel",
                    part.place.start,
                    part.place.end()
                )));
            }
        }
        for piece in self.places() {
            let too_many = |_| Error::text("it has too many parts: use another build");
            memory.keep(piece).map_err(too_many)?;
        }
        Ok(())
    }

    /// What goes where in whole pages, without overlaps. `file` is the one that
    /// [`Self::of`] read.
    pub fn pieces(&self, file: &[u8]) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        for part in &self.parts {
            let content = file.get(part.bytes.clone()).unwrap_or_default();
            let pages = part.pages();
            if let Some(last) = pieces.last_mut()
                && pages.start < last.place.end()
            {
                // They share a page: it becomes part of the new piece if there are only
                // zeros of the last one, and else the new part becomes one of the last
                // piece.
                let filled = last.place.start.saturating_add(length(&last.bytes));
                if filled > pages.start {
                    last.append(part.place.start, content);
                    last.place.size = pages.end().saturating_sub(last.place.start);
                    continue;
                }
                last.place.size = pages.start.saturating_sub(last.place.start);
            }
            let mut piece = Piece {
                bytes: Vec::new(),
                place: pages,
            };
            piece.append(part.place.start, content);
            pieces.push(piece);
        }
        pieces.retain(|piece| piece.place.size != 0);
        pieces
    }

    /// The pages of all parts, joined where parts touch.
    fn places(&self) -> Vec<Range> {
        let mut places: Vec<Range> = Vec::new();
        for pages in self.parts.iter().map(Part::pages) {
            match places.last_mut() {
                Some(last) if pages.start <= last.end() => {
                    last.size = pages.end().saturating_sub(last.start);
                }
                _ => places.push(pages),
            }
        }
        places
    }
}

impl Piece {
    /// Puts bytes to an address in the piece, after all that it holds.
    fn append(&mut self, at: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        // Less than a page: the bytes before it reach into the same page.
        let offset = at.saturating_sub(self.place.start);
        self.bytes
            .resize(usize::try_from(offset).unwrap_or(usize::MAX), 0);
        self.bytes.extend_from_slice(bytes);
    }
}

/// The kernel that a header with addresses describes (section 3.1.3).
fn by_header(file: &[u8], at: usize, addresses: header::Addresses) -> Result<Image, Error> {
    let [header, load, load_end, bss_end] = [
        addresses.header,
        addresses.load,
        addresses.load_end,
        addresses.bss_end,
    ]
    .map(u64::from);
    let in_front = header.checked_sub(load).ok_or_else(damaged)?;
    let at = u64::try_from(at).map_err(|_| damaged())?;
    let offset = at.checked_sub(in_front).ok_or_else(damaged)?;
    let bytes = match load_end {
        0 => length(file).saturating_sub(offset),
        end => end.checked_sub(load).ok_or_else(damaged)?,
    };
    let size = match bss_end {
        0 => bytes,
        end => end.checked_sub(load).ok_or_else(damaged)?.max(bytes),
    };
    Ok(Image {
        parts: vec![Part::new(file, offset, bytes, load, size)?],
        entry: addresses.entry.into(),
    })
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

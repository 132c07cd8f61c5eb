//! Conversions of sizes that lose nothing on the processors that we know.

/// A size in memory as an address needs it.
#[expect(clippy::as_conversions, reason = "usize has at most 64 bits")]
pub const fn wide(size: usize) -> u64 {
    size as u64
}

/// A 32-bit number as an index.
#[expect(clippy::as_conversions, reason = "usize has at least 32 bits")]
pub const fn index(number: u32) -> usize {
    number as usize
}

const _: () = assert!(usize::BITS >= u32::BITS && usize::BITS <= u64::BITS);

//! The filter of calls and jumps.
//!
//! Calls of one function from many places differ in their relative
//! displacement, and so do long jumps to one place. The filter replaces the displacement
//! by the absolute target. Then these calls have equal bytes, which the packer packs well.
//!
//! The filter goes through the image from its start. At every byte E8 or E9 that at least
//! four bytes follow, it takes these four as the little-endian displacement of a call or
//! jump:
//!
//! - if the target lies inside the image, the four bytes become the marker byte and the
//!   target's physical address as 24 bits, big-endian (the upper halves of all targets
//!   are equal, so they go first), and the filter goes on after them;
//! - if not, the bytes stay, and the filter goes on at the next byte.
//!
//! The marker is a byte that follows no unchanged E8 or E9, so that `unpack.s` can tell
//! filtered calls from unchanged bytes; it is patched into the unpacker at `unpack_marker`.

/// E8 and E9: calls and jumps.
fn goes(opcode: u8) -> bool {
    opcode & 0xfe == 0xe8
}

/// The target of the call or jump whose opcode is at `at`, relative to the image, if it
/// lies inside.
fn target(image: &[u8], at: usize) -> Option<usize> {
    let next = at.checked_add(5)?;
    if !goes(image[at]) || next > image.len() {
        return None;
    }
    let displacement = i32::from_le_bytes(image[at + 1..next].try_into().ok()?);
    let target = next.checked_add_signed(displacement as isize)?;
    (target < image.len()).then_some(target)
}

/// The smallest byte that follows no opcode which is left alone.
pub(super) fn marker(image: &[u8]) -> Option<u8> {
    let mut taken = [false; 256];
    let mut at = 0;
    while at < image.len() {
        if target(image, at).is_some() {
            at += 5;
            continue;
        }
        if let [opcode, follower, ..] = image[at..]
            && goes(opcode)
        {
            taken[follower as usize] = true;
        }
        at += 1;
    }
    (0..=255).find(|marker| !taken[*marker as usize])
}

/// Makes the calls and jumps of `image`, which will lie at `base`, absolute.
pub(super) fn filter(image: &[u8], base: u32, marker: u8) -> Vec<u8> {
    let mut out = image.to_vec();
    let mut at = 0;
    while at < image.len() {
        let Some(target) = target(image, at) else {
            at += 1;
            continue;
        };
        let mut address = (base + target as u32).to_be_bytes();
        address[0] = marker;
        out[at + 1..at + 5].copy_from_slice(&address);
        at += 5;
    }
    out
}

/// Undoes [`filter`], as `unpack.s` does.
pub(super) fn unfilter(mut image: Vec<u8>, base: u32, marker: u8) -> Vec<u8> {
    let mut at = 0;
    while at + 5 <= image.len() {
        if !goes(image[at]) || image[at + 1] != marker {
            at += 1;
            continue;
        }
        let next = at + 5;
        let mut address = [0; 4];
        address[1..].copy_from_slice(&image[at + 2..next]);
        let displacement = u32::from_be_bytes(address).wrapping_sub(base + next as u32);
        image[at + 1..next].copy_from_slice(&displacement.to_le_bytes());
        at = next;
    }
    image
}

//! The code that runs between Linux and the new kernel: `trampoline.s`.

#![allow(unsafe_code, reason = "the bytes between two symbols")]

std::arch::global_asm!(include_str!("trampoline.s"), options(att_syntax));

/// Bytes of a page, on which the code has to lie, with `boot_params` on the next one.
pub(crate) const PAGE_BYTES: usize = 0x1000;

/// The code, for a kernel whose 64-bit entry is at this address.
pub(crate) fn to(entry: u64) -> Vec<u8> {
    unsafe extern "C" {
        #[link_name = "gapboot_trampoline"]
        static START: u8;
        #[link_name = "gapboot_trampoline_end"]
        static END: u8;
    }
    let (start, end) = (&raw const START, &raw const END);
    // The second lies after the first.
    let size = end.addr().saturating_sub(start.addr());
    // SAFETY: The symbols are the first byte of `trampoline.s` in this program's
    // read-only data, and the one after its last.
    let code = unsafe { std::slice::from_raw_parts(start, size) };
    // Its last bytes are the address of the entry.
    let (code, _) = code.split_last_chunk::<8>().unwrap_or((code, &[0; 8]));
    [code, &entry.to_le_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_leaves_room_for_its_stack_and_knows_the_entry() {
        let code = to(0x1122_3344_5566_7788);
        assert_eq!(code[0], 0xfa, "cli");
        assert!(code.ends_with(&[0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]));
        assert!(code.len() < 256);
        assert_eq!(to(1).len(), code.len());
    }
}

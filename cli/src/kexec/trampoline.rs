//! The first code of the new kernel's: `trampoline.s`.

#![allow(unsafe_code, reason = "the bytes between two symbols")]

#[cfg(target_arch = "x86_64")]
std::arch::global_asm!(include_str!("trampoline.s"), options(att_syntax));

/// The code, for a kernel whose 64-bit entry is at this address. It has to lie on
/// a page, with `boot_params` on the next one.
#[cfg(target_arch = "x86_64")]
pub(super) fn to(entry: u64) -> Vec<u8> {
    unsafe extern "C" {
        #[link_name = "gapboot_trampoline"]
        static START: u8;
        #[link_name = "gapboot_trampoline_end"]
        static END: u8;
    }
    let (start, end) = (&raw const START, &raw const END);
    // SAFETY: The symbols are the first byte of `trampoline.s` in this program's
    // read-only data, and the one behind its last.
    let code = unsafe { std::slice::from_raw_parts(start, end.addr() - start.addr()) };
    let mut code = code.to_vec();
    let last = code.len() - size_of::<u64>();
    code[last..].copy_from_slice(&entry.to_le_bytes());
    code
}

/// There is none for kernels of other processors.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn to(_: u64) -> Vec<u8> {
    Vec::new()
}

#[cfg(all(test, target_arch = "x86_64"))]
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

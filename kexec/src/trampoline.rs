//! The code that runs between Linux and the new kernel: `trampoline.s`.

#![allow(unsafe_code, reason = "the bytes between two symbols")]

std::arch::global_asm!(include_str!("trampoline.s"), options(att_syntax));

unsafe extern "C" {
    #[link_name = "gapboot_trampoline"]
    static START: u8;
    #[link_name = "gapboot_trampoline_end"]
    static END: u8;
    #[link_name = "gapboot_trampoline32"]
    static START_32: u8;
    #[link_name = "gapboot_trampoline32_end"]
    static END_32: u8;
}

/// Bytes of a page, on which the code has to lie. The 64-bit one has `boot_params` on
/// the next page.
pub(crate) const PAGE_BYTES: usize = 0x1000;

/// What a 32-bit entry finds in registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Registers {
    pub(crate) eax: u32,
    pub(crate) ebx: u32,
    pub(crate) esi: u32,
}

/// The page of code for a kernel whose 64-bit entry is at this address.
pub(crate) fn to_64(entry: u64) -> Vec<u8> {
    // SAFETY: The symbols are the first byte of the 64-bit code in `trampoline.s` and
    // the one after its last, in this program's read-only data.
    let code = unsafe { between(&raw const START, &raw const END) };
    page(code, &entry.to_le_bytes())
}

/// The page of code for a kernel whose 32-bit entry is at this address.
pub(crate) fn to_32(entry: u32, registers: Registers) -> Vec<u8> {
    // SAFETY: As above, of the 32-bit code.
    let code = unsafe { between(&raw const START_32, &raw const END_32) };
    let Registers { eax, ebx, esi } = registers;
    page(
        code,
        [eax, ebx, esi, entry].map(u32::to_le_bytes).as_flattened(),
    )
}

/// The bytes from `start` to `end`.
///
/// # Safety
/// They are bytes of one object that lives as long as the program and never changes.
unsafe fn between(start: *const u8, end: *const u8) -> &'static [u8] {
    let size = end.addr().saturating_sub(start.addr());
    // SAFETY: `start` and the bytes up to `end` are of one object, by the contract.
    unsafe { std::slice::from_raw_parts(start, size) }
}

/// A page with this code, whose last bytes are replaced.
fn page(code: &[u8], last: &[u8]) -> Vec<u8> {
    let kept = code.len().saturating_sub(last.len());
    let mut page = code.get(..kept).unwrap_or_default().to_vec();
    page.extend(last);
    page.resize(PAGE_BYTES, 0);
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(page: &[u8]) -> &[u8] {
        let end = page.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        &page[..end]
    }

    #[test]
    fn each_leaves_room_for_its_stack_and_knows_the_entry() {
        let long = to_64(0x1122_3344_5566_7788);
        assert!(code(&long).ends_with(&0x1122_3344_5566_7788_u64.to_le_bytes()));
        let registers = Registers {
            eax: 0x0102_0304,
            ebx: 0x0506_0708,
            esi: 0x090a_0b0c,
        };
        let protected = to_32(0x0d0e_0f10, registers);
        let last = [4, 3, 2, 1, 8, 7, 6, 5, 12, 11, 10, 9, 16, 15, 14, 13];
        assert!(code(&protected).ends_with(&last));
        for page in [long, protected] {
            assert_eq!((page.len(), page[0]), (PAGE_BYTES, 0xfa), "cli");
            assert!(code(&page).len() < 256);
        }
    }
}

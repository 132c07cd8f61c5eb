//! The functions that the compiler calls to copy and compare memory. They have a fifth
//! of the size of the compiler's own versions. `memcpy` also copies every kernel and
//! initrd. LLVM passes the arguments in EAX, EDX and ECX (`-Zregparm=3`), but the calls
//! that rustc makes, which are those of `memcmp`, pass them on the stack.

use core::arch::naked_asm;

/// Copies `count` bytes.
///
/// Not by `rep movsd`: to an emulator (QEMU's TCG) each of its steps is a block of its
/// own, which makes it slower by half, 16 ms for 80 MB. Sixteen moves in a row pack to
/// three bytes.
///
/// # Safety
///
/// As for C's `memcpy`: `from` is readable and `to` is writable for `count` bytes, and
/// the two ranges do not overlap.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    naked_asm!(
        "push esi",
        "push edi",
        "mov edi, eax",
        "mov esi, edx",
        "push ecx",
        "shr ecx, 6",
        "jz 2f",
        "1:",
        ".rept 16",
        "movsd",
        ".endr",
        "dec ecx",
        "jnz 1b",
        "2:",
        "pop ecx",
        "and ecx, 63",
        "rep movsb",
        "pop edi",
        "pop esi",
        "ret",
    )
}

/// Copies `count` bytes between ranges that may overlap.
///
/// # Safety
///
/// As for C's `memmove`: `from` is readable and `to` is writable for `count` bytes.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    naked_asm!(
        "cmp eax, edx",
        "jbe memcpy",
        "push esi",
        "push edi",
        "lea edi, [eax + ecx - 1]",
        "lea esi, [edx + ecx - 1]",
        "std",
        "rep movsb",
        "cld",
        "pop edi",
        "pop esi",
        "ret",
    )
}

/// Compares `count` bytes.
///
/// # Safety
///
/// As for C's `memcmp`: both ranges are readable for `count` bytes.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, count: usize) -> i32 {
    naked_asm!(
        "push esi",
        "push edi",
        "mov esi, [esp + 12]",
        "mov edi, [esp + 16]",
        "mov ecx, [esp + 20]",
        "xor eax, eax", // and sets "equal", in case `count` is 0
        "repe cmpsb",
        "seta al",
        "sbb eax, 0", // 1, 0 or, below, -1
        "pop edi",
        "pop esi",
        "ret",
    )
}

//! What the compiler calls to copy and compare memory, a fifth of the size of
//! its own versions. Nothing large goes through here. The arguments are in EAX,
//! EDX and ECX, as the target has it.

use core::arch::naked_asm;

/// # Safety
///
/// As C has it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    naked_asm!(
        "push esi",
        "push edi",
        "mov edi, eax",
        "mov esi, edx",
        "rep movsb",
        "pop edi",
        "pop esi",
        "ret",
    )
}

/// # Safety
///
/// As C has it.
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

/// # Safety
///
/// As C has it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, count: usize) -> i32 {
    naked_asm!(
        "push esi",
        "push edi",
        "mov esi, eax",
        "mov edi, edx",
        "xor eax, eax", // and equal, should nothing be compared
        "repe cmpsb",
        "seta al",
        "sbb eax, 0", // 1, 0 or, below, -1
        "pop edi",
        "pop esi",
        "ret",
    )
}

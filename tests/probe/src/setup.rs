//! The real-mode part: boot sector, header, and the 16-bit code that notes the
//! state it was entered in and switches to protected mode. After it, the entry by
//! Multiboot.
//!
//! Offsets are those of the file and, with the data segments that the boot
//! protocol promises, of the segment. Code is reached with `cs` 32 paragraphs
//! higher; until the data segments are set from `cs`, everything goes through
//! `cs`, so that wrong segment registers are reported instead of believed.

use crate::multiboot::ZEROS;
use crate::state::E820;
use core::arch::global_asm;

global_asm!(
    r#"
    .section .setup, "ax"
    .code16
    .globl setup
setup:
    .ascii "This is the probe kernel of gapboot's tests. A boot loader starts it."

    .org 0x1f1
    .byte 4                 # setup_sects
    .word 0                 # root_flags
    .long kernel_paragraphs # syssize
    .word 0                 # ram_size
    .word 0xffff            # vid_mode
    .word 0                 # root_dev
    .word 0xaa55            # boot_flag
    .byte 0xeb, 0x6a        # jump to 0x26c
    .ascii "HdrS"           # header
    .word 0x020f            # version
    .long 0                 # realmode_swtch
    .word 0x1000            # start_sys_seg
    .word version - 0x200   # kernel_version
    .byte 0                 # type_of_loader
    .byte 1                 # loadflags: LOADED_HIGH
    .word 0x8000            # setup_move_size
    .long 0x100000          # code32_start
    .long 0                 # ramdisk_image
    .long 0                 # ramdisk_size
    .long 0                 # bootsect_kludge
    .word 0x9600 - 0x200    # heap_end_ptr: after the memory map
    .byte 0                 # ext_loader_ver
    .byte 0                 # ext_loader_type
    .long 0                 # cmd_line_ptr
    .long 0x7fffffff        # initrd_addr_max
    .long 0x1000            # kernel_alignment
    .byte 0                 # relocatable_kernel
    .byte 12                # min_alignment
    .word 0                 # xloadflags
    .long 2047              # cmdline_size
    .long 0                 # hardware_subarch
    .quad 0                 # hardware_subarch_data
    .long 0                 # payload_offset
    .long 0                 # payload_length
    .quad 0                 # setup_data
    .quad 0x100000          # pref_address
    .long kernel_size       # init_size
    .long 0                 # handover_offset
    .long 0                 # kernel_info_offset

    .org 0x26c
    jmp enter

    .org 0x270
    .ascii "gapprobe"
    .long kernel_size

    .org 0x280
state:
    .org 0x2c0
gdtr:
    .org 0x2c8
far_pointer:

    .org 0x300
gdt:                        # accessed bits set, so that the CPU does not
    .quad 0, 0              # Linux's selectors: 0x10 code, 0x18 data
    .quad 0x00cf9b000000ffff
    .quad 0x00cf93000000ffff
version:
    .asciz "probe"

enter:
    mov cs:[state - 0x200], eax
    mov cs:[state - 0x200 + 4], ebx
    mov cs:[state - 0x200 + 8], ecx
    mov cs:[state - 0x200 + 12], edx
    mov cs:[state - 0x200 + 16], esi
    mov cs:[state - 0x200 + 20], edi
    mov cs:[state - 0x200 + 24], ebp
    mov cs:[state - 0x200 + 28], esp
    mov cs:[state - 0x200 + 40], cs
    mov cs:[state - 0x200 + 42], ds
    mov cs:[state - 0x200 + 44], es
    mov cs:[state - 0x200 + 46], fs
    mov cs:[state - 0x200 + 48], gs
    mov cs:[state - 0x200 + 50], ss
    mov ax, cs              # a stack of our own, whatever we were given
    mov ss, ax
    mov esp, 0xb000
    pushfd
    pop dword ptr cs:[state - 0x200 + 32]
    mov eax, cr0
    mov cs:[state - 0x200 + 36], eax

    cli
    cld
    mov ax, cs
    sub ax, 0x20
    mov ds, ax

# Does a store to 0:500 show 1 MiB higher? Only low memory is written: the
# other address is the protected-mode part.
    xor ax, ax
    mov es, ax
    dec ax
    mov fs, ax
    mov eax, es:[0x500]
    cmp eax, fs:[0x510]
    jne 1f
    mov ebx, eax
    not eax
    mov es:[0x500], eax
    cmp eax, fs:[0x510]
    mov es:[0x500], ebx
    je 2f
1:  mov byte ptr [state + 52], 1
2:

# The BIOS must still be alive: Linux asks it for the memory map here.
    push ds
    pop es
    mov di, {e820}
    xor ebx, ebx
3:  mov eax, 0xe820
    mov ecx, 20
    mov edx, 0x534d4150
    int 0x15
    jc 4f
    cmp eax, 0x534d4150
    jne 4f
    add di, 20
    inc byte ptr [state + 53]
    cmp byte ptr [state + 53], 64
    jae 4f
    test ebx, ebx
    jnz 3b
4:
    cli
    xor esi, esi
    mov si, ds
    shl esi, 4
    mov word ptr [gdtr], 0x1f
    lea ecx, [esi + gdt]
    mov [gdtr + 2], ecx
    lea ecx, [esi + protected]
    mov [far_pointer], ecx
    mov word ptr [far_pointer + 4], 0x10
    lgdt [gdtr]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp fword ptr [far_pointer]

    .code32
protected:
    mov ax, 0x18
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    movzx eax, word ptr [esi + 0x224]   # heap_end_ptr
    lea esp, [esi + eax + 0x200]
    and esp, -16
    jmp dword ptr [esi + 0x214]         # code32_start

    .section .start, "ax"
    .globl start
start:
# Our code runs at one address only. Loaded elsewhere, it is copied there: the
# original stays as it is, for its checksum.
    call 1f
1:  pop eax
    sub eax, 5                          # after the call
    lea edi, [start]
    cmp eax, edi
    je 2f
    mov ebx, esi
    mov esi, eax
    lea ecx, [kernel_size]
    rep movsb
    mov esi, ebx
    lea eax, [2f]
    jmp eax
2:  mov eax, esi                        # where the target has an argument
    call {main}

# The other way in: by Multiboot (specification 0.6.96). The host makes ELF files of
# this, or sets bit 16 of the flags, with which the addresses count.
    .balign 4
multiboot_header:
    .long 0x1badb002
    .long 3                             # modules on pages, and the memory map
    .long -(0x1badb002 + 3)
    .long multiboot_header
    .long kernel_start
    .long kernel_end
    .long multiboot_end
    .long multiboot

# Flat segments are promised, a stack is not: ours ends where the zeros do. What is
# pushed is `Entered`, last field first.
multiboot:
    lea esp, [multiboot_end]
    pushfd
    pushad
    mov eax, cr4
    push eax
    mov eax, cr0
    push eax
    xor eax, eax
    mov ax, ss
    push eax
    mov ax, gs
    push eax
    mov ax, fs
    push eax
    mov ax, es
    push eax
    mov ax, ds
    push eax
    mov ax, cs
    push eax
    cld
    lea edi, [kernel_end]
    mov ecx, {zeros} / 4
    xor eax, eax
    repe scasd
    sete al
    push eax
# Rust has nothing at address 0: page 0 is copied to where zeros were expected.
    xor esi, esi
    lea edi, [kernel_end]
    mov ecx, 0x1000 / 4
    rep movsd
    lea edx, [kernel_end]               # the second argument
    mov eax, esp
    call {multiboot}
    "#,
    e820 = const E820,
    zeros = const ZEROS,
    main = sym crate::report::main,
    multiboot = sym crate::multiboot::main,
);

# From stage1 to Rust.
#
# On entry (stage1): real mode at 0000:(8000 + entry offset), stage2 at 0x8000
# with its checksum verified, DL the boot drive, DS = ES = SS = 0, IF = 1.
# Nothing is known of A20, the GDT or the upper halves of registers.
#
# At the jump to the image, 0x20000: protected mode with flat 32-bit segments,
# paging off, IF = 0, DF = 0, ESP at the top of the stack. The drive is in AL, where
# the target's calling convention puts a function's first argument. The image is
# unpacked, all BSS is zero, and `real_idt` is the BIOS's. A20 may still be off: the
# image lies below 1 MiB.

.section .low.header, "ax"
    .ascii  "gapboot2"
    .word   {FORMAT}
    .word   entry - {STAGE2}
    .zero   {OUTPUTS_OFFSET} - 12   # filled in when the image is packed
    .byte   3                       # console: screen and serial ...
    .byte   0                       # ... COM1 ...
    .word   1                       # ... at 115,200 baud, unless installed otherwise
    .byte   0                       # sectors of the overlay, filled in as well
    .zero   {HEADER_SIZE} - 45

.section .low.text, "ax"
.code16
.globl entry
entry:
    cli
    cld
    xorw    %ax, %ax
    movw    %ax, %ss
    movw    ${REAL_STACK_TOP}, %sp
    movw    %ax, %ds
    movw    %ax, %es

# The low data must be zero, and RAM may hold any values. DX keeps the drive.
    movw    $__low_bss_start, %di
    movw    $__low_bss_size, %cx
    rep stosb
    sidtl   real_idt

    call    enter_protected
.code32
    pushl   %edx                    # below the real-mode stack's top

    movl    $__packed_start, %esi
    movl    ${UNPACKED}, %edi
    movl    $__image_size, %ecx
    call    unpack

    xorl    %eax, %eax
    movl    $__bss_start, %edi
    movl    $__bss_size, %ecx
    rep stosb
    popl    %eax
    movl    $__stack_top, %esp      # the unpacker used this memory until now
    jmp     image_start             # which never returns

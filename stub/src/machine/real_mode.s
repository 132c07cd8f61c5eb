# The 16-bit entry.
#
# On entry (any loader that follows the boot protocol): real mode at
# (X >> 4) + 0x20 : 0, where X is the address of the first 8 KiB of the file;
# the rest of the file at `code32_start`; DS = ES = SS = X >> 4, SP the end of
# the memory after X that may be used, IF = 0, A20 on; the header's fields written.
#
# At the jump to the private entry in the protected-mode part (`entry_real` of
# entry.s): protected mode with flat 32-bit segments, paging off, IF = 0; EBP =
# X, ECX the address jumped to, EDI the end of the heap, an offset from X, and
# ESI = X + 0x2000, where there is a `boot_params` with header and memory map.
#
# All offsets count from X: they are those of the file. Labels are written as
# differences to `base`, so that the linker has nothing to fill in. Names in
# braces are constants of `main.rs`.

.equ HEADER, {SETUP_HEADER}
.equ HEADER_END, {SETUP_HEADER_END}
.equ LOADER, {LOADER}
.equ LOADFLAGS, {LOADFLAGS}
.equ CODE32_START, {CODE32_START}
.equ HEAP_END_PTR, {HEAP_END_PTR}
.equ PARAMS, {PARAMS}
.equ PARAMS_SIZE, {PARAMS_SIZE}
.equ E820_ENTRIES, PARAMS + {E820_ENTRIES}
.equ E820_TABLE, PARAMS + {E820_TABLE}
.equ SMAP, 0x534d4150
.equ HEAP_BASE, 0x200               # heap_end_ptr counts from here

.section .setup, "ax"
.code16
    jmp     setup_entry             # the header's jump leads here
    .org    0x280 - HEADER_END      # docs/legacy-uki.md
setup_entry:
    cli
    cld
    movw    %cs, %ax
    subw    $0x20, %ax
    movw    %ss, %bx
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %fs
    movw    %ax, %gs

# The end of the heap: given by the header, else by the stack, else the least
# that the boot protocol demands of a loader.
    movw    HEAP_END_PTR, %dx
    addw    $HEAP_BASE, %dx
    jnc     1f
    movw    $0xfffc, %dx
1:  testb   $0x80, LOADFLAGS
    jnz     2f
    movw    %sp, %dx
    cmpw    %ax, %bx
    je      2f
    movw    $0x9000, %dx
2:  andw    $~3, %dx
    movw    %ax, %ss
    movzwl  %dx, %esp
    pushw   %ax
    pushw   $LOADER
    lretw

.section .loader, "ax"
.code16
base:
    jmp     loader
    .org    {FAILED} - LOADER       # the protected-mode part comes back to here
    jmp     failed
    .org    {REAL_IDT} - LOADER     # and restores this IDT
real_idt:
    .word   0
    .long   0
heap_end:
    .word   0

loader:
    movw    %sp, heap_end - base + LOADER
    sidtl   real_idt - base + LOADER
    movw    $text_heap - base + LOADER, %si
    cmpw    $PARAMS + PARAMS_SIZE + 0x400, %sp
    jb      failed
    call    has_long_mode
    movw    $text_cpu - base + LOADER, %si
    jc      failed

    xorl    %eax, %eax
    movw    $PARAMS, %di
    movw    $PARAMS_SIZE / 4, %cx
    rep stosl
    movw    $HEADER, %si
    movw    $PARAMS + HEADER, %di
    movw    $HEADER_END - HEADER, %cx
    rep movsb
    call    memory_map
    movw    $text_memory - base + LOADER, %si
    cmpb    $0, E820_ENTRIES
    je      failed

    cli
    xorl    %ebp, %ebp
    movw    %ds, %bp
    shll    $4, %ebp
    leal    loader_gdt - base + LOADER(%ebp), %eax
    movl    %eax, loader_gdt - base + LOADER
    movw    $loader_gdt_end - loader_gdt - 1, loader_gdt - base + LOADER - 2
    lgdtl   loader_gdt - base + LOADER - 2
    leal    PARAMS(%ebp), %esi
    movzwl  heap_end - base + LOADER, %edi
    movl    CODE32_START, %ecx
    addl    ${ENTRY_REAL}, %ecx     # `start` in entry.s
    movl    %cr0, %eax
    orb     $1, %al
    movl    %eax, %cr0
    pushl   $loader_gdt_code - loader_gdt
    pushl   %ecx
    lretl

    .balign 8
    .zero   6
    .word   0                       # limit; the base takes the null descriptor's place
loader_gdt:
    .quad   0
loader_gdt_code:
    .quad   {GDT_CODE_32}
loader_gdt_data:
    .quad   {GDT_DATA}
loader_gdt_end:

# Carry set: the processor has no 64-bit mode.
has_long_mode:
    pushfl
    popl    %eax
    movl    %eax, %ecx
    xorl    $0x200000, %eax         # the ID flag changes where there is CPUID
    pushl   %eax
    popfl
    pushfl
    popl    %eax
    xorl    %ecx, %eax
    jz      1f
    movl    $0x80000000, %eax
    cpuid
    cmpl    $0x80000001, %eax
    jb      2f
    movl    $0x80000001, %eax
    cpuid
    btl     $29, %edx
    cmc
    ret
1:  stc
2:  ret

# The memory map, as many entries as the table holds.
memory_map:
    xorl    %ebx, %ebx
    movw    $E820_TABLE, %bp
    movw    $256, %dx               # calls: some firmware never ends
next_entry:
    pushw   %dx
    movl    $0xe820, %eax
    movl    $SMAP, %edx
    movl    $24, %ecx
    movw    $e820_buffer - base + LOADER, %di
    pushw   %bp
    pushw   %ds
    pushw   %ds
    popw    %es
    sti
    int     $0x15
    cli
    cld
    popw    %ds
    popw    %bp
    popw    %dx
    jc      end_of_map
    cmpl    $SMAP, %eax
    je      1f
    movb    $0, E820_ENTRIES        # what came so far is not to be trusted
    jmp     end_of_map
1:  cmpl    $20, %ecx
    jb      2f
    cmpl    $24, %ecx
    jb      3f
    testb   $1, e820_buffer - base + LOADER + 20    # extended attributes: not to be ignored
    jz      2f
3:  cmpb    $128, E820_ENTRIES
    je      end_of_map
    pushw   %ds
    popw    %es
    movw    $e820_buffer - base + LOADER, %si
    movw    %bp, %di
    movw    $20 / 4, %cx
    rep movsl
    movw    %di, %bp
    incb    E820_ENTRIES
2:  testl   %ebx, %ebx
    jz      end_of_map
    decw    %dx
    jnz     next_entry
end_of_map:
    pushw   %ds
    popw    %es
    cmpb    $0, E820_ENTRIES
    jne     done

# Older: memory from 1 MiB in KiB and from 16 MiB in 64 KiB, as stage2 asks for it:
# what is configured (CX and DX), or, if that is nothing, what there is (AX and BX).
    xorw    %cx, %cx
    xorw    %dx, %dx
    stc
    movw    $0xe801, %ax
    int     $0x15
    jc      1f
    movw    %cx, %si
    orw     %dx, %si
    jnz     2f
    movw    %ax, %cx
    movw    %bx, %dx
2:  testw   %cx, %cx
    jz      1f
    cmpw    $0x3c00, %cx
    ja      1f
    movzwl  %cx, %eax
    movl    $0x100000, %ecx
    shll    $10, %eax
    pushw   %dx
    call    add_memory
    popw    %dx
    movzwl  %dx, %eax
    shll    $16, %eax
    movl    $0x1000000, %ecx
    jmp     add_memory
1:  clc                             # some firmware does not touch it
    movb    $0x88, %ah
    int     $0x15
    jc      done
    movzwl  %ax, %eax
    shll    $10, %eax
    movl    $0x100000, %ecx

# Adds EAX bytes from ECX on as usable.
add_memory:
    testl   %eax, %eax
    jz      done
    movzbw  E820_ENTRIES, %di
    imulw   $20, %di, %di
    movl    %ecx, E820_TABLE(%di)
    movl    %eax, E820_TABLE + 8(%di)
    movl    $1, E820_TABLE + 16(%di)
    incb    E820_ENTRIES
done:
    ret

# Shows the text at SI and restarts the machine at a key.
failed:
    sti
    pushw   %si
    movw    $text_prefix - base + LOADER, %si
    call    print
    popw    %si
    call    print
    movw    $text_restart - base + LOADER, %si
    call    print
    xorw    %ax, %ax
    int     $0x16
    xorw    %ax, %ax
    movw    %ax, %ds
    movw    $0x1234, 0x472          # no memory test
    ljmp    $0xffff, $0

print:
    lodsb
    testb   %al, %al
    jz      done
    pushw   %si
    movb    $0x0e, %ah
    movw    $7, %bx
    pushw   %ax
    int     $0x10
    popw    %ax
    call    print_serial
    popw    %si
    jmp     print

# The character AL to COM1, unless the firmware sends its screen there itself. Then
# INT 10h works (AH=0Fh answers with the number of columns), but its handler is not in
# the video BIOS, whose code lies in segments C000-C7FF. stage2 has the same rule
# (`is_mirrored_by_firmware`).
print_serial:
    pushw   %es
    xorw    %dx, %dx
    movw    %dx, %es
    movb    %es:0x10 * 4 + 3, %dh
    andb    $0xf8, %dh
    cmpb    $0xc0, %dh
    je      3f
    pushw   %ax
    movb    $0x0f, %ah
    int     $0x10
    cmpb    $0x0f, %ah
    popw    %ax
    jne     2f
3:  pushw   $0
    popw    %es                     # INT 10h may have changed it
    movw    %es:0x400, %dx
    testw   %dx, %dx
    jz      2f
    addw    $5, %dx
    movb    %al, %ah
    xorw    %cx, %cx
1:  inb     %dx, %al
    cmpb    $0xff, %al              # no such port
    je      2f
    testb   $0x20, %al
    loopz   1b
    jz      2f
    movb    %ah, %al
    subw    $5, %dx
    outb    %al, %dx
2:  popw    %es
    ret

text_prefix:
    .asciz  "\r\nThis kernel image cannot start: "
text_restart:
    .asciz  ".\r\nPress a key to restart."
text_heap:
    .asciz  "the boot loader leaves it less than 13 KiB in low memory; use a loader that leaves more"
text_cpu:
    .asciz  "it needs a 64-bit processor; use a machine that has one"
text_memory:
    .asciz  "the BIOS does not say where memory is; update the BIOS"

# Zeroed by being part of the file; extended attributes preset to valid.
    .balign 4
e820_buffer:
    .zero   20
    .long   1
    .zero   40

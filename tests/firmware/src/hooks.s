# What stays: handlers that ask the machine's own BIOS, and hand back its answer
# with the faults that are wished for.
#
# Callers whose code segment is 0 are the boot loader: they get everything that
# a BIOS may do to its caller. A kernel, which is somewhere else, gets wrong
# answers, but its registers back. The BIOS's own calls are left alone: it is
# in order with itself.

# Results that a caller gets: these registers stay.
    .set    AX_ONLY, 0
    .set    LOW_HALVES, 1           # of EAX, EBX, ECX, EDX
    .set    WHOLE, 2                # of these
    .set    NOTHING, 3

    .macro  handler number
hook_\number:
    pushw   %bp
    movw    %sp, %bp
    cmpw    $0xc000, 4(%bp)         # the caller's CS
    popw    %bp
    jb      1f
    ljmpw   *%cs:old_\number
1:
    .endm

# Asks the machine's own BIOS; its flags are those of the result.
    .macro  ask number
    pushfw
    lcallw  *%cs:old_\number
    .endm

# Goes back, with this for the result.
    .macro  give kept
    movb    $\kept, %cs:keep
    jmp     finish
    .endm

    .macro  jump_if fault, target
    testw   $\fault, %cs:faults
    jnz     \target
    .endm

    .macro  jump_unless fault, target
    testw   $\fault, %cs:faults
    jz      \target
    .endm

    handler 10
    cmpb    $0x0f, %ah
    je      1f
    cmpb    $0x03, %ah
    je      1f
    ask     10
    give    NOTHING
1:  ask     10
    give    LOW_HALVES

    handler 13
    cmpb    %cs:no_disk, %ah
    movb    $0x01, %cs:status
    je      fail
    cmpb    $0x42, %ah
    je      read
    movb    %ah, %cs:function
    call    need_stack
    ask     13
    pushfw
    cmpb    $0x48, %cs:function
    jne     1f
    jump_unless DISK_SIZE, 1f
    movl    $0, 16(%si)
    movl    $0, 20(%si)
1:  popfw
    give    LOW_HALVES

fail:
    movb    %cs:status, %ah
    stc
    give    AX_ONLY

# AH=42h, the packet at DS:SI.
read:
    movb    $0x80, %cs:status       # time-out
    decw    %cs:fail_first
    jns     fail_read
    movw    $0, %cs:fail_first
    movb    $0x0c, %cs:status
    cmpw    $0, %cs:fail_every
    je      1f
    incw    %cs:reads
    pushw   %ax
    movw    %cs:reads, %ax
    cmpw    %cs:fail_every, %ax
    popw    %ax
    jne     1f
    movw    $0, %cs:reads
    jmp     fail_read
1:  movb    $0x09, %cs:status       # DMA boundary
    pushw   %ax
    movw    2(%si), %ax
    cmpw    %cs:most, %ax
    ja      2f
    cmpw    %cs:moved, %ax
    jbe     1f
    movw    %cs:moved, %ax
    movw    %ax, 2(%si)
1:  popw    %ax
    call    need_stack
    pushw   %ds
    pushw   %si
    ask     13
    popw    %si
    popw    %ds
    jc      3f
    jump_if PACKET, 4f
    jump_unless CORRECTED, 1f
    xorb    $1, %cs:every_other
    jz      1f
    movb    $0x11, %ah
    stc
    jmp     3f
1:  clc
3:  give    AX_ONLY
2:  popw    %ax
fail_read:
    movw    $0, 2(%si)              # sectors
    jmp     fail

4:  movw    $0, 2(%si)
    pushw   %di
    leaw    16(%si), %di
1:  movw    $0xffff, (%di)
    addw    $2, %di
    pushw   %di
    subw    %si, %di
    cmpw    $32, %di
    popw    %di
    jb      1b
    popw    %di
    clc
    give    AX_ONLY

# Some option ROMs need much of it.
need_stack:
    pushw   %cx
    movw    %cs:stack, %cx
    jcxz    2f
1:  pushw   $0x5a5a
    loop    1b
    movw    %cs:stack, %cx
    addw    %cx, %cx
    addw    %cx, %sp
2:  popw    %cx
    ret

    handler 15
    jump_unless KERNELS_ONLY, 1f
    pushw   %bp
    movw    %sp, %bp
    cmpw    $0, 4(%bp)              # the caller's CS
    popw    %bp
    jne     1f
    ask     15
    give    WHOLE
1:  cmpw    %cs:no_system, %ax
    je      no_function
    cmpw    %cs:no_system + 2, %ax
    je      no_function
    cmpw    $0xe820, %ax
    je      memory_map
    cmpw    $0xe801, %ax
    je      memory_size
    cmpb    $0x24, %ah
    je      a20_gate
    cmpb    $0x88, %ah
    jne     1f
    jump_if NO_88, no_function
1:  ask     15
    give    LOW_HALVES
no_function:
    movb    $0x86, %cs:status
    jmp     fail

a20_gate:
    jump_if A20, 1f
    ask     15
    give    LOW_HALVES
1:  movw    $1, %ax                 # done; open
    movw    $2, %bx
    clc
    give    LOW_HALVES

memory_size:
    jump_if NOT_CONFIGURED, 1f
    jump_if NOT_PRESENT, 2f
    ask     15
    give    LOW_HALVES
1:  ask     15
    movw    $0, %cx
    movw    $0, %dx
    give    LOW_HALVES
2:  ask     15
    movw    $0, %ax
    movw    $0, %bx
    give    LOW_HALVES

memory_map:
    testl   $0xffff0000, %esp       # what addresses by it would fault
    jnz     wide_stack
    testl   %ebx, %ebx
    jnz     1f
    call    check_guard
1:  cmpb    $0, %cs:map_ranges
    jne     range
    ask     15
    give    WHOLE

# The range that the low half of EBX numbers, to ES:DI.
range:
    cmpb    %cs:map_ranges, %bl
    movb    $0x86, %cs:status
    jae     fail
    pushw   %si
    pushw   %di
    movzbw  %bl, %si
    imulw   $24, %si, %si
    addw    $map, %si
    movzbl  %cs:map_size, %ecx
    pushw   %cx
    cld
    rep movsb %cs:(%si), %es:(%di)
    popw    %cx
    popw    %di
    popw    %si
    movl    $0x534d4150, %eax
    cmpb    $1, %bl
    jne     1f
    jump_unless MAP_SIGNATURE, 1f
    xorl    %eax, %eax
1:  movzbl  %bl, %ebx
    incw    %bx
    cmpb    %cs:map_ranges, %bl
    jb      1f
    jump_if MAP_ENDS_BY_CARRY, 1f
    xorl    %ebx, %ebx
    clc
    give    WHOLE
1:  orl     $0x5eed0000, %ebx
    clc
    give    WHOLE

# The kernel asks when the boot loader has done all that it does.
check_guard:
    pushw   %bp
    movw    %sp, %bp
    cmpw    $0, 6(%bp)              # the caller's CS
    popw    %bp
    je      1f
    pushal
    pushw   %ds
    pushw   %es
    pushw   %cs
    popw    %ds
    call    large_segments
    call    guard_difference
    popw    %es
    popw    %ds
    testl   %eax, %eax
    popal
    jnz     violated
1:  ret

# Shuts the A20 gate, and makes sure that it is: the word at 5fch is then the one
# 1 MiB above, too, whatever is written to it.
shut_gate:
    pushw   %ax
    pushw   %ds
    pushw   %es
    inb     $0x92, %al
    andb    $0xfc, %al
    outb    %al, $0x92
    xorw    %ax, %ax
    movw    %ax, %ds
    decw    %ax
    movw    %ax, %es
    .rept   2
    notw    0x5fc
    movw    0x5fc, %ax
    cmpw    %es:0x60c, %ax
    jne     not_shut
    .endr
    popw    %es
    popw    %ds
    popw    %ax
    ret

not_shut:
    movw    $no_gate, %si
    jmp     end

wide_stack:
    movw    $not_zero, %si
    jmp     end

violated:
    movw    $message, %si

# Says so on COM1, which the boot loader has set up, and ends the machine.
end:
    pushw   %cs
    popw    %ds
    movw    $0x3f8, %dx
    cld
1:  lodsb
    outb    %al, %dx
    movw    $0x4000, %cx
2:  outb    %al, $0x80
    loop    2b
    testb   %al, %al
    jnz     1b
    movb    $0x20, %al
    outb    %al, $0xf4
    cli
    hlt
message:
    .asciz  "hostile BIOS: its memory was written to\r\n"
not_zero:
    .asciz  "hostile BIOS: the upper half of ESP is not 0\r\n"
no_gate:
    .asciz  "hostile BIOS: this machine has no A20 gate\r\n"

    handler 16
    jump_if KEYS, 1f
    ask     16
    give    AX_ONLY
1:  movw    $0x3920, %ax            # a blank
    testb   %ah, %ah                # ZF = 0
    give    AX_ONLY

# Back to the caller, whose IP, CS and flags lie on the stack: with the flags as
# they are and the registers that `keep` names, and nothing else.
finish:
    pushw   %bp
    movw    %sp, %bp
    pushw   %ax
    pushfw
    popw    %ax
    andw    $RESULTS, %ax
    andw    $~RESULTS, 6(%bp)
    orw     %ax, 6(%bp)
    popw    %ax
    cmpw    $0, 4(%bp)
    jne     back

    jump_unless INTERRUPTS_OFF, 1f
    andw    $~0x200, 6(%bp)
1:  jump_unless INTERRUPTS_ON, 1f
    orw     $0x200, 6(%bp)
1:  jump_unless A20, 1f
    call    shut_gate
1:  jump_unless TABLES, 1f
    pushw   %ax
    call    large_segments
    lidtl   %cs:idtr
    popw    %ax
1:  jump_if CLOBBER, clobber
back:
    popw    %bp
    iretw
    .set    RESULTS, 0x08d5         # the arithmetic flags

clobber:
    orw     $0x400, 6(%bp)          # DF
    popw    %bp
    cmpb    $WHOLE, %cs:keep
    je      3f
    pushw   %ax
    pushw   %bx
    pushw   %cx
    pushw   %dx
    movl    $0xbadca110, %eax
    movl    %eax, %ebx
    movl    %eax, %ecx
    movl    %eax, %edx
    cmpb    $LOW_HALVES, %cs:keep
    je      2f
    addw    $6, %sp
    cmpb    $NOTHING, %cs:keep
    je      1f
    popw    %ax
    jmp     3f
1:  addw    $2, %sp
    jmp     3f
2:  popw    %dx
    popw    %cx
    popw    %bx
    popw    %ax
3:  movl    $0xbad5e60f, %esi
    movw    %si, %ds
    movw    %si, %es
    movw    %si, %fs
    movw    %si, %gs
    movl    %esi, %edi
    movl    %esi, %ebp
    orl     $0xbad00000, %esp       # the stack has 16 bits
    iretw

    .irp    number, 10, 13, 15, 16
old_\number:
    .long   0
    .endr
reads:          .word 0
function:       .byte 0
status:         .byte 0
keep:           .byte 0
every_other:    .byte 0

    .balign 8
# Ranges of 24 bytes, put here by `tests/src/firmware.rs`.
map:

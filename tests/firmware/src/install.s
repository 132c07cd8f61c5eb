# The boot sector of a floppy disk that makes a machine's BIOS a hostile one.
#
# It copies itself and the sectors after it to where it is told to stay, tells
# the BIOS data area where low memory ends from now on, fills all other memory
# with garbage, takes over INT 10h, 13h, 15h and 16h, and starts a hard disk's
# boot sector with nothing in the registers that it could rely on.

.code16
.section .firmware, "ax"
.globl start
start:
    jmp     1f
    .org    4

# What `tests/src/firmware.rs` fills in.
sectors:        .byte 0         # of this program on the floppy disk
drive:          .byte 0x80      # the hard disk to start
drive_named:    .byte 0x80      # the one that DL names
no_disk:        .byte 0xff      # function of INT 13h, in AH, that is missing
no_system:      .word 0xffff    # functions of INT 15h, in AX, that are missing
                .word 0xffff
segment:        .word 0         # where this program stays
low_memory:     .word 0         # what INT 12h says, in KiB
ebda:           .word 0         # where the EBDA goes; 0: as it is
fail_first:     .word 0         # so many reads fail
fail_every:     .word 0         # then each one of so many; 0: none
most:           .word 0xffff    # sectors, more than which fail
moved:          .word 0xffff    # sectors, more than which are not moved
stack:          .word 0         # words that INT 13h needs on the stack
faults:         .word 0         # of the following
    .set    CLOBBER, 1          # registers, segments, direction flag
    .set    INTERRUPTS_OFF, 2   # returns with IF = 0 ...
    .set    INTERRUPTS_ON, 4    # ... or 1
    .set    TABLES, 8           # leaves a GDT, an IDT, large segments
    .set    A20, 0x10           # shuts the gate, and says that it is open
    .set    MAP_ENDS_BY_CARRY, 0x20
    .set    CORRECTED, 0x40     # every other read has status 11h
    .set    PACKET, 0x80        # writes into the packet and after it
    .set    KEYS, 0x100         # there is always one more key
    .set    MAP_SIGNATURE, 0x200 # E820 forgets it in the second range
    .set    DISK_SIZE, 0x400    # AH=48h says that there are 0 sectors
    .set    NOT_CONFIGURED, 0x800 # AX=E801h answers in AX and BX alone
    .set    NOT_PRESENT, 0x1000 # AX=E801h answers in CX and DX alone
    .set    NO_88, 0x2000       # AH=88h is missing
    .set    KERNELS_ONLY, 0x4000 # INT 15h is in order for the boot loader
map_size:       .byte 20        # bytes of a range that E820 writes
map_ranges:     .byte 0         # in `map`; 0: the machine's own map

1:  cli
    cld
    xorw    %ax, %ax
    movw    %ax, %ss
    movw    $0x7c00, %sp
    ljmp    $0x7c0, $1f

# The rest of this program, after the boot sector.
1:  sti
    pushw   %cs
    popw    %ds
    pushw   %cs
    popw    %es
    movb    $2, %ah
    movb    sectors, %al
    decw    %ax
    movw    $512, %bx
    movw    $2, %cx                 # cylinder 0, sector 2
    xorw    %dx, %dx                # head 0 of the first floppy disk
    int     $0x13
    jc      halt

    cli
    movw    segment, %es
    xorw    %si, %si
    xorw    %di, %di
    movw    $RESIDENT_BYTES / 2, %cx
    rep movsw
    pushw   segment
    pushw   $resident
    lretw

halt:
    hlt
    jmp     halt
    .org    0x1fe
    .word   0xaa55

# The program's place, with its stack at the end.
    .set    RESIDENT_BYTES, 0x4000

resident:
    movw    %cs, %ax
    movw    %ax, %ss
    movw    $RESIDENT_BYTES, %sp
    movw    %ax, %ds
    xorw    %bx, %bx
    movw    %bx, %es
    sti
    movw    %es:0x413, %ax          # where low memory has ended so far
    shll    $16, %eax
    shrl    $6, %eax
    movl    %eax, guard_end
    movw    low_memory, %ax
    movw    %ax, %es:0x413
    xorw    %cx, %cx                # memory above 1 MiB: 64 KiB pieces in DX
    xorw    %dx, %dx
    movw    $0xe801, %ax
    int     $0x15
    movzwl  %bx, %ebx
    shll    $16, %ebx
    addl    $0x1000000, %ebx
    cmpl    $FILL_END, %ebx
    jb      1f
    movl    $FILL_END, %ebx
1:  movl    %ebx, fill_end
    call    fill
    movw    ebda, %ax
    testw   %ax, %ax
    jz      1f
    call    move_ebda
1:
    xorw    %ax, %ax
    movw    %ax, %es
    .irp    number, 10, 13, 15, 16
    movl    %es:0x\number * 4, %eax
    movl    %eax, old_\number
    movw    $hook_\number, %es:0x\number * 4
    movw    %cs, %es:0x\number * 4 + 2
    .endr

    movw    $0x0201, %ax            # the boot sector
    movw    $0x7c00, %bx
    movw    $1, %cx
    movb    drive, %dl
    movb    $0, %dh
    pushfw
    lcallw  *old_13
    jc      halt
    movl    $0xbadc0de1, %eax
    movl    %eax, %ebx
    movl    %eax, %ecx
    movl    %eax, %edx
    movb    drive_named, %dl
    movl    %eax, %esi
    movl    %eax, %edi
    movl    %eax, %ebp
    movw    $0xf000, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %fs
    movw    %ax, %gs
    cli
    std
    ljmp    $0x7c0, $0

# To AX, with all that is in it: the BIOS goes on using it there.
move_ebda:
    pushw   %ds
    xorw    %dx, %dx
    movw    %dx, %ds
    movw    %ax, %es
    xchgw   %ax, 0x40e
    movw    %ax, %ds
    movb    0, %ch                  # its size in KiB
    movb    $0, %cl
    shlw    $1, %cx
    xorw    %si, %si
    xorw    %di, %di
    rep movsw
    popw    %ds
    ret

# Above this, filling would take longer than it is worth.
    .set    FILL_END, 0x6000000

# Fills what is nobody's with garbage, through segments of 4 GiB. What lies
# between this program and the old end of low memory is guarded: nobody may
# write there from now on.
fill:
    call    large_segments
    xorl    %ebx, %ebx
    movw    %bx, %es
    movl    $0x12345678, %eax
    movl    $0x600, %edi
    movl    $0x7c00, %ecx
    call    garbage
    movl    $0x7e00, %edi
    movl    resident_start, %ecx
    call    garbage
    movl    resident_start, %edi
    addl    $RESIDENT_BYTES, %edi
    movl    guard_end, %ecx
    call    garbage
    movl    %edx, guard_sum
    movl    $0x100000, %edi         # so much of it that it has to be fast
    movl    fill_end, %ecx
    subl    %edi, %ecx
    shrl    $2, %ecx
    .byte   0x67                    # by EDI and ECX
    rep stosl
    ret

# From EDI to ECX; EAX is the seed and goes on. EDX: the sum.
garbage:
    xorl    %edx, %edx
1:  cmpl    %ecx, %edi
    jae     2f
    imull   $1664525, %eax, %eax
    addl    $1013904223, %eax
    movl    %eax, %es:(%edi)
    addl    %eax, %edx
    addl    $4, %edi
    jmp     1b
2:  ret

# Is the guarded memory as it was? EAX: its sum, less what it should be.
guard_difference:
    xorl    %eax, %eax
    movw    %ax, %es
    movl    resident_start, %edi
    addl    $RESIDENT_BYTES, %edi
1:  cmpl    guard_end, %edi
    jae     2f
    addl    %es:(%edi), %eax
    addl    $4, %edi
    jmp     1b
2:  subl    guard_sum, %eax
    ret

# Gives DS, ES, FS and GS limits of 4 GiB; they keep their bases for that time
# only. Changes AX and the GDT register.
large_segments:
    pushw   %ds
    pushw   %es
    pushl   %ebx
    movw    %cs, %bx
    movw    %bx, %ds
    movzwl  %bx, %ebx
    shll    $4, %ebx
    movl    %ebx, resident_start
    addl    $gdt, %ebx
    movl    %ebx, gdtr + 2
    cli
    lgdtl   gdtr
    movl    %cr0, %ebx
    incw    %bx
    movl    %ebx, %cr0
    jmp     1f
1:  movw    $8, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %fs
    movw    %ax, %gs
    decw    %bx
    movl    %ebx, %cr0
    jmp     1f
1:  popl    %ebx
    popw    %es
    popw    %ds
    ret

    .balign 8
gdt:
    .quad   0
    .quad   0x00cf93000000ffff
gdtr:
    .word   15
    .long   0
idtr:
    .word   0xffff
    .long   0
resident_start: .long 0
guard_end:      .long 0
guard_sum:      .long 0
fill_end:       .long 0

# The master boot record.
#
# On entry (BIOS): real mode, CS:IP is 0000:7c00 or 07c0:0000, DL names the boot
# drive on most firmware. Nothing else is known, not even the stack or IF.
#
# What must be true at the jump to stage2, 0000:(8000 + its entry offset):
#   - sectors 34-65 lie at 0x8000; magic, format, length and CRC-32 are right
#   - DL is the drive that they came from, DH what the BIOS passed as DL
#   - DS = ES = SS = 0, SP just below 0x7c00, IF = 1, DF = 0
#
# After any failure stage1 prints a message on the screen and the first serial port,
# waits for a key or ten seconds, and returns to the firmware by INT 18h.
# docs/messages.md explains each message.

.code16
.section .mbr, "ax"
.globl start
start:
    jmp     over_bpb
    nop

# Some BIOSes and formatting tools take the first sector for a FAT boot record
# and write media byte, geometry or drive number here. Others check these values,
# so they are plausible. No code lies in the range. If the messages after the drive
# number are overwritten, only their text is damaged.
    .ascii  "gapboot "
    .word   512                     # bytes per sector
    .byte   0, 0, 0, 0, 0, 0, 0, 0, 0xf8, 0, 0
    .word   18                      # sectors per track
    .word   2                       # heads
    .org    start + 0x41
bad_stage2:
    .ascii  "bad stage"
    .byte   '2' | 0x80
no_stage2:
    .ascii  "no stage"
    .byte   '2' | 0x80
no_extensions:
    .ascii  "no LB"
    .byte   'A' | 0x80
    .org    start + 0x5a

over_bpb:
    jmp     begin

# Prints the message at SI, waits, and gives up.
fail:
    pushw   %si
    movw    $name, %si
    call    print
    popw    %si
    call    print
    movw    0x46c, %di              # the BIOS's tick counter, 18.2 a second
    movl    $0x10000000, %ecx       # bounds the wait where the timer is dead
wait:
    pushal
    movb    $0x11, %ah
    int     $0x16
    popal
    call    sanitise
    jnz     give_up                 # a key
    movw    0x46c, %ax
    subw    %di, %ax
    cmpw    $182, %ax
    jae     give_up
    decl    %ecx
    jnz     wait
give_up:
    int     $0x18                   # the firmware's next boot device
halt:
    hlt
    jmp     halt

# Prints the text at SI up to its last byte, which has bit 7 set, on the screen
# and on COM1 (INT 14h does nothing where there is no port).
print:
    lodsb
    pusha
    andb    $0x7f, %al
    pusha
    movb    $0x0e, %ah
    movw    $7, %bx
    int     $0x10
    popa
    movb    $1, %ah
    xorw    %dx, %dx
    int     $0x14
    popa
    call    sanitise
    testb   %al, %al
    jns     print
    ret

name:
    .ascii  "gapboot:"
    .byte   ' ' | 0x80
read_error:
    .ascii  "read erro"
    .byte   'r' | 0x80

begin:
    cli
    xorw    %ax, %ax
    movw    %ax, %ss
    movw    ${STAGE1}, %sp
    ljmp    $0, $normalised

# Calls INT 13h, and then restores DS, ES, IF and DF, which any BIOS call may change.
# The results stay: the carry flag, the zero flag, and all other registers.
disk:
    int     $0x13
sanitise:
    pushw   %ss
    popw    %ds
    pushw   %ss
    popw    %es
    sti
    cld
    ret

# Windows writes a time stamp here (offsets da-df).
    .org    start + 0xda
    .zero   6

normalised:
    call    sanitise

# Some firmware leaves garbage in DL. A hard disk is 80-8f.
    movb    %dl, %dh
    movb    %dl, %al
    andb    $0xf0, %al
    cmpb    $0x80, %al
    je      have_drive
    movb    $0x80, %dl
have_drive:
    pushw   %dx

# INT 13h AH=41h may change any register; bit 0 of CX promises extended reads.
    movb    $0x41, %ah
    movw    $0x55aa, %bx
    call    disk
    popw    %dx
    movw    $no_extensions, %si
    jc      failed
    cmpw    $0xaa55, %bx
    jne     failed
    testb   $1, %cl
    jz      failed

# Reads all of stage2 in one request. After an error it reads sector by sector,
# because some firmware fails on longer requests.
    movw    ${STAGE2_LBA}, %bx
    movw    ${STAGE2}, %di
    movw    ${STAGE2_SECTORS}, %cx
next_piece:
    movw    $5, %bp                 # tries for each piece
read:
    pusha
    pusha                           # room for a BIOS that writes past the end of the
    pushw   $0                      # disk address packet. The packet is built again
    pushw   $0                      # for each call, since a call may change it:
    pushw   $0                      # LBA, 64 bits
    pushw   %bx
    pushw   %es                     # buffer segment
    pushw   %di                     # buffer offset
    pushw   %cx                     # sectors
    pushw   $16                     # size of the packet
    movw    %sp, %si
    movb    $0x42, %ah
    call    disk
    popa                            # drops the packet; keeps the carry flag
    popa
    popa
    jnc     got_piece
    pusha
    movb    $0, %ah                 # reset
    call    disk
    popa
    movw    $1, %cx
    decw    %bp
    jnz     read
    movw    $read_error, %si
failed:
    jmp     fail
got_piece:
    addw    %cx, %bx
    shlw    $9, %cx
    addw    %cx, %di
    movw    $1, %cx
    cmpb    ${STAGE2_LBA} + {STAGE2_SECTORS}, %bl
    jb      next_piece

# Other software may write to these sectors too: every field is checked before it
# is used.
    movw    $no_stage2, %si
    cmpl    ${MAGIC_LOW}, {STAGE2}
    jne     failed
    cmpl    ${MAGIC_HIGH}, {STAGE2} + 4
    jne     failed
    movw    $bad_stage2, %si
    cmpw    ${FORMAT}, {FORMAT_AT}
    jne     failed
    movw    {LENGTH_AT}, %cx        # the upper half is 0 in every valid header
    cmpw    ${STAGE2_BYTES}, %cx
    ja      failed
    subw    ${CHECKED_FROM}, %cx
    jbe     failed
    movw    ${STAGE2} + {CHECKED_FROM}, %di
    orl     $-1, %eax
next_byte:
    xorb    (%di), %al
    incw    %di
    movb    $8, %bl
next_bit:
    shrl    $1, %eax
    jnc     no_carry
    xorl    $0xedb88320, %eax
no_carry:
    decb    %bl
    jnz     next_bit
    loop    next_byte
    notl    %eax
    cmpl    {CHECKSUM_AT}, %eax
    jne     failed

    movw    {ENTRY_AT}, %bx
    addw    ${STAGE2}, %bx
    jmp     *%bx

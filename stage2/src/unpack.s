# unpack: turns the packed image behind stage2's low part into the image.
#
# Packed is: a call filter (xtask/src/pack.rs defines it), then the format of
# the `upkr` packer with `invert_bit_encoding`: a byte-wise LZ whose every
# decision is one adaptive bit of a range coder (rANS).
#
# In:   32-bit protected mode, flat ds = es = ss, DF clear, a valid stack
#       esi  packed data
#       edi  where the image goes, at the address it is linked for
#       ecx  the image's length in bytes, at least 1
#       {PROBABILITIES} is the address of 512 free bytes for the table of
#       probabilities: aligned to 64 KiB, above the packed data, and on no page
#       that holds code
# Out:  the image is there; all general registers and flags are clobbered.
#
# Bounds, whatever the packed data: it writes the table, the image's bytes and
# 24 bytes of stack only. Each round of the main loop writes at least one byte
# of the image and decodes at most 130 bits; each bit fetches at most one byte,
# but for the first, which goes on to the first byte that is not zero, in the
# table at the latest.
#
# Registers, throughout:
#       edx  state of the range coder, below 2^20
#       bx   number of the probability in use (see the table below)
#       ebp  minus (last match offset + 1)
#       [esp] end of the image, [esp + 4] its start (at the main level)
#
# Probabilities (of a 0 bit, in 1/256):
#       0        literal (0) or match (1)
#       1..255   the bits of a literal, as a binary tree from its top bit
#       256      old offset (0) or new (1); asked for only after a literal
#       257..320 a new match offset + 1, as pairs (more?, bit)
#       321..384 a match length, likewise

.section .low.text, "ax"
.code32
.globl unpack, unpack_marker, unpack_end
unpack:
    leal    (%edi, %ecx), %eax
    pushl   %edi
    pushl   %eax
    pushl   %edi
    movl    ${PROBABILITIES}, %ebx
    movl    %ebx, %edi
    xorl    %ecx, %ecx
    movb    $512 >> 8, %ch
    movb    $128, %al               # all start even
    rep stosb
    popl    %edi
    cltd                            # state 0: the first bit fetches
    jmp     .Lafter_literal

.Lafter_match:
    xorw    %bx, %bx
    call    .Lbit
    jc      .Lnew_offset
.Lliteral:
    incl    %ebx
.Ltree:
    call    .Lbit
    adcb    %bl, %bl                # walks down the tree ...
    jnc     .Ltree                  # ... until the leading 1 falls out
    movb    %bl, (%edi)
    incl    %edi
    cmpl    (%esp), %edi
    jae     .Lunfilter
.Lafter_literal:
    xorw    %bx, %bx
    call    .Lbit
    jnc     .Lliteral
    incb    %bh
    call    .Lbit
    jnc     .Lold_offset
.Lnew_offset:
    movw    $257, %bx
    call    .Lvalue
    negl    %ecx
    movl    %ecx, %ebp
.Lold_offset:
    movw    $321, %bx
    call    .Lvalue
.Lcopy:
    movb    1(%edi, %ebp), %al
    stosb
    cmpl    (%esp), %edi
    jae     .Lunfilter
    loop    .Lcopy
    jmp     .Lafter_match

# Decodes a number into ECX: its bits below the top one, lowest first, each
# announced by a 1 bit. They enter ECX from above, behind a marker bit.
.Lvalue:
    movl    $0x80000000, %ecx
.Lmore:
    call    .Lbit
    incl    %ebx
    jnc     .Ltop
    call    .Lbit
    incl    %ebx
    rcrl    $1, %ecx
    jnc     .Lmore                  # a carry: more bits than a number has
.Ltop:
    stc
    rcrl    $1, %ecx
.Lalign:
    shrl    $1, %ecx
    jnc     .Lalign
    ret

# Decodes one bit into CF by the probability number BX, and adapts that.
# Clobbers EAX.
.Lbit:
    movl    %edx, %eax
    shrl    $12, %eax
    jnz     .Lfetched
    shll    $8, %edx
    movb    (%esi), %dl
    incl    %esi
    jmp     .Lbit
.Lfetched:
    movzbl  %dl, %eax
    shrl    $8, %edx
    subb    (%ebx), %al
    jc      .Lzero
    negb    (%ebx)                  # a 1 bit is a 0 bit of probability 1 - p
    call    .Ldecided
    negb    (%ebx)                  # CF = 1, since p is never 0
    ret
.Lzero:
    addb    (%ebx), %al
.Ldecided:
    pushl   %ecx
    movzbl  (%ebx), %ecx
    imull   %ecx, %edx
    addl    %eax, %edx
    movl    $256 + 8, %eax
    subl    %ecx, %eax
    shrl    $4, %eax
    addb    %al, (%ebx)             # CF = 0, since p stays below 1
    popl    %ecx
    ret

# Undoes the call filter.
.Lunfilter:
    popl    %ecx
    popl    %edi
    subl    $4, %ecx
.Lscan:
    cmpl    %ecx, %edi
    jae     .Ldone
    movb    $0xe8, %al
    scasb
    jne     .Lscan
    cmpb    $0, (%edi)              # the marker, patched in by the build
    .set    unpack_marker, . - 1
    jne     .Lscan
    movl    (%edi), %eax
    movb    $0, %al
    bswapl  %eax
    subl    %edi, %eax
    subl    $4, %eax
    stosl
    jmp     .Lscan
.Ldone:
    ret
unpack_end:

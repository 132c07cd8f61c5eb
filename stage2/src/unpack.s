# unpack: turns the packed image behind stage2's low part into the image.
#
# xtask/src/pack defines the packed form: literals and matches, whose every
# decision is one bit of a range coder (rANS), with a probability that four
# weights are asked for; behind that, a filter of calls and jumps.
#
# In:   32-bit protected mode, flat ds = es = ss, DF clear, a valid stack
#       esi  packed data
#       edi  where the image goes, at the address it is linked for
#       ecx  the image's length in bytes, at least 1
#       from {WEIGHTS} on there is free memory on no page that holds code, with
#       the image in it: weights, and from {SQUASH} on the table of probabilities
# Out:  the image is there; all general registers and flags are clobbered.
#
# Bounds, whatever the packed data: it writes the weights, the table, the
# image's bytes and 36 bytes of stack only. Each round of the main loop writes
# at least one byte of the image and decodes at most 130 bits; each bit fetches
# at most two bytes.
#
# Registers, throughout:
#       edx  state of the range coder
#       esi  node: the decision that is next (numbers in xtask/src/pack/model.rs)
#       edi  next byte of the image
#       ebx  the tree of weights behind the last byte of the image
#       ebp  that behind the byte before, less {BEFORE}
# On the stack, at the main level:
#       (%esp) next packed word, 4(%esp) number being decoded, 8(%esp) minus the
#       last offset, 12(%esp) haste, 16(%esp) the tree behind both bytes, 20(%esp)
#       end of the image, 24(%esp) its start

.section .low.text, "ax"
.code32
.globl unpack, unpack_marker, unpack_end
unpack:
    leal    (%edi, %ecx), %eax
    pushl   %edi
    pushl   %eax
    pushl   %eax
    pushl   ${HASTE}
    pushl   %eax                    # no offset yet
    pushl   %eax
    lodsl
    xchgl   %eax, %edx
    pushl   %esi

# All weights are 0. The table is the logistic function for sums from 0 up, then
# for negative ones: the less likely half of it, by its differential equation.
    pushl   %edi
    movl    ${WEIGHTS}, %edi
    xorl    %eax, %eax
    movl    $({SQUASH} - {WEIGHTS}) / 4, %ecx
    rep stosl
    movl    $0x8000, %ebx
    movb    $512 >> 8, %ch
.Lsquash:
    movw    %bx, {SQUASH} + 1022(, %ecx, 2)
    movl    %ebx, %eax
    negw    %ax
    stosw
    imull   %ebx, %eax
    shrl    $16 + 5, %eax
    subl    %eax, %ebx
    loop    .Lsquash
    popl    %edi
    movl    ${LAST}, %ebx           # as if zeros came before
    movl    %ebx, %ebp
    call    .Lpair

.Lafter_literal:
    xorl    %esi, %esi
    call    .Lbit
    jc      .Lmatch
.Lliteral:
    pushl   $1
    popl    %esi
.Ltree:
    call    .Lbit
    adcl    %esi, %esi              # walks down the tree ...
    btl     $8, %esi
    jnc     .Ltree                  # ... until its bits are 8
    movl    %esi, %eax
    call    .Lput
    jmp     .Lafter_literal

.Lmatch:
    movw    ${OLD_OFFSET}, %si
    call    .Lbit
    jc      .Llength
.Lnew_offset:
    movw    ${OFFSET}, %si
.Lnumber:
    pushl   $1
    popl    4(%esp)
.Lmore:
    call    .Lbit
    incl    %esi
    jnc     .Ldecoded
    call    .Lbit
    incl    %esi
    rcll    $1, 4(%esp)
    jnc     .Lmore                  # a carry: more bits than a number has
.Ldecoded:
    movl    4(%esp), %ecx
    btl     ${LENGTH_BIT}, %esi
    jc      .Lcopy
    negl    %ecx
    movl    %ecx, 8(%esp)
.Llength:
    movw    ${LENGTH}, %si
    jmp     .Lnumber
.Lcopy:
    movl    8(%esp), %eax
    movb    (%edi, %eax), %al
    call    .Lput
    loop    .Lcopy
    movw    ${AFTER_MATCH}, %si
    call    .Lbit
    jnc     .Lliteral
    jmp     .Lnew_offset

# Appends AL to the image; does not return when that was the last byte.
.Lput:
    stosb
    movl    %ebx, %ebp
    movzbl  %al, %ebx
    imull   $2 * {STRIDE}, %ebx, %ebx
    addl    ${LAST}, %ebx
.Lpair:
    imull   ${MIX}, %ebp, %eax
    shrl    ${MIX_SHIFT}, %eax
    leal    {PAIR}(%ebx, %eax, 2), %eax
    movl    %eax, 4 + 16(%esp)
    cmpl    4 + 20(%esp), %edi
    jae     .Lunfilter
    ret

# Decodes one bit into CF, at the node ESI, and lets its weights learn. Called
# from the main level. Clobbers EAX and ECX.
.Lbit:
    movl    4 + 16(%esp), %ecx
    movzwl  {NODES}(, %esi, 2), %eax
    addw    (%ebx, %esi, 2), %ax
    addw    {BEFORE}(%ebp, %esi, 2), %ax
    addw    (%ecx, %esi, 2), %ax
    shrl    $6, %eax
    movzwl  {SQUASH}(, %eax, 2), %ecx
    movl    %edx, %eax
    shrl    $16, %eax
    jnz     .Lfetched
    shll    $16, %edx
    movl    4(%esp), %eax
    movw    (%eax), %dx
    addl    $2, 4(%esp)
    movl    %edx, %eax
    shrl    $16, %eax
.Lfetched:
    cmpw    %cx, %dx
    jc      .Lone
    incl    %eax
    imull   %ecx, %eax
    subl    %eax, %edx
    jmp     .Llearn
.Lone:
    imull   %ecx, %eax
    movzwl  %dx, %edx
    addl    %eax, %edx
    notl    %ecx
    notw    %cx                     # less 65536
.Llearn:                            # ecx: by how much the probability was too high
    movl    4 + 12(%esp), %eax
    shrl    ${PATIENCE}, %eax
    subl    %eax, 4 + 12(%esp)
    addl    ${RATE}, %eax
    imull   %eax, %ecx
    sarl    $15, %ecx
    subw    %cx, {NODES}(, %esi, 2)
    subw    %cx, (%ebx, %esi, 2)
    subw    %cx, {BEFORE}(%ebp, %esi, 2)
    movl    4 + 16(%esp), %eax
    subw    %cx, (%eax, %esi, 2)
    addl    %ecx, %ecx              # negative if the bit is 1
    ret

# Undoes the filter.
.Lunfilter:
    addl    $4 + 20, %esp
    popl    %ecx
    popl    %edi
    subl    $4, %ecx
.Lscan:
    cmpl    %ecx, %edi
    jae     .Ldone
    movb    (%edi), %al
    incl    %edi
    andb    $0xfe, %al
    cmpb    $0xe8, %al
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

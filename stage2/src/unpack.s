# unpack: turns the packed image after stage2's low part into the image.
#
# xtask/src/pack defines the packed form: every bit of the image is one decision
# of a range coder (rANS), with a probability that is computed from seven weights.
# After that a filter of calls and jumps is undone.
#
# In:   32-bit protected mode, flat ds = es = ss, DF clear, a valid stack
#       esi  packed data
#       edi  where the image goes, at the address it is linked for
#       ecx  the image's length in bytes, at least 1
#       {SQUASH} to {FILTERED} + 32 KiB is free memory, on pages without code, that
#       contains the image's place: first a table of probabilities, from {SLOTS_START}
#       on {SLOTS} weights, and from {FILTERED} on the image with the filter on
# Out:  the image is there; all general registers and flags are clobbered.
#
# Bounds, for any packed data: `unpack` writes only the table, the weights, the image's
# bytes (filtered, then at their place, and there up to 4 bytes more) and 48 bytes of
# stack. It decodes 8 bits for each byte; each bit fetches at most two bytes.
#
# Registers, while bits are decoded:
#       edx  state of the range coder
#       esi  next packed word
#       ebp  node: a 1, then the bits of this byte that are known
#       ecx  0 outside of loops
# On the stack: the addresses of the trees, then the next byte of the filtered
# image, the rate, the haste, the number of bytes left, the image's place.

.section .low.text, "ax"
.code32
.globl unpack, unpack_marker, unpack_end
unpack:
    pushl   %edi
    pushl   %ecx
    lodsl
    xchgl   %eax, %edx

# The table is the logistic function for sums from 0 up, then for negative ones:
# the less likely half of it, by its differential equation.
    movl    ${SQUASH}, %edi
    movl    $512, %ecx
    movl    $0x8000, %ebx
.Lsquash:
    movw    %bx, {SQUASH} + 1022(, %ecx, 2)
    movl    %ebx, %eax
    negw    %ax
    stosw
    imull   %ebx, %eax
    shrl    $16 + 5, %eax
    subl    %eax, %ebx
    loop    .Lsquash

# Sets every weight to 0. The last two weights, which belong to no tree, serve as the
# bytes in front of the filtered image.
    movl    ${SLOTS_START}, %edi
    movw    ${SLOTS} / 2, %cx
    xorl    %eax, %eax
    rep stosl
    pushl   ${HASTE}

# The rate of the next byte, and its trees: each context has a tree at a hash of those
# bits of the last four bytes that the context does not ignore.
.Lbyte:
    movl    (%esp), %eax
    shrl    ${PATIENCE}, %eax
    subl    %eax, (%esp)
    addl    ${RATE}, %eax
    pushl   %eax
    pushl   %edi
    movl    %edx, %ebp
    movl    ${TREES}, %ebx
    movb    ${CONTEXTS}, %cl
.Lplant:
    movl    -4(%edi), %eax
    orl     .Lignored - 4(, %ecx, 4), %eax
    imull   ${MIX}, %eax, %eax
    mull    %ebx
    leal    {SLOTS_START}(, %edx, 2), %eax
    pushl   %eax
    loop    .Lplant
    movl    %ebp, %edx
    leal    1(%ecx), %ebp

.Lbit:
    xorl    %eax, %eax
    movb    ${CONTEXTS}, %cl
.Lsum:
    movl    -4(%esp, %ecx, 4), %ebx
    addw    (%ebx, %ebp, 2), %ax
    loop    .Lsum
    shrl    $6, %eax
    movzwl  {SQUASH}(, %eax, 2), %ebx

    movl    %edx, %eax
    shrl    $16, %eax
    jnz     .Lfetched
    xchgl   %eax, %edx
    shll    $16, %eax
    lodsw
    xchgl   %eax, %edx
    movl    %edx, %eax
    shrl    $16, %eax
.Lfetched:
    cmpw    %bx, %dx
    jc      .Lone
    incl    %eax
    imull   %ebx, %eax
    subl    %eax, %edx
    jmp     .Llearn
.Lone:
    imull   %ebx, %eax
    movzwl  %dx, %edx
    addl    %eax, %edx
    subl    $0x10000, %ebx
.Llearn:                            # ebx: by how much the probability was too high
    imull   4 * {CONTEXTS} + 4(%esp), %ebx
    sarl    $15, %ebx
    movb    ${CONTEXTS}, %cl
.Lstep:
    movl    -4(%esp, %ecx, 4), %edi
    subw    %bx, (%edi, %ebp, 2)
    loop    .Lstep
    addl    %ebx, %ebx              # a carry if the bit is 1
    adcl    %ebp, %ebp
    btl     $8, %ebp
    jnc     .Lbit

    addl    $4 * {CONTEXTS}, %esp
    popl    %edi
    popl    %eax
    movl    %ebp, %eax
    stosb
    decl    4(%esp)
    jnz     .Lbyte

# Copies the image to its place and undoes the filter. If the last byte of the image is
# the opcode of a call or jump, the bytes after the image may look like the marker: then
# this writes 4 bytes after the image.
    movl    %edi, %ecx
    movl    ${FILTERED}, %esi
    popl    %eax
    popl    %eax
    popl    %edi
.Lcopy:
    lodsb
    stosb
    andb    $0xfe, %al
    cmpb    $0xe8, %al
    jne     .Lnext
    cmpb    $0, (%esi)              # the marker, patched in by the build
    .set    unpack_marker, . - 1
    jne     .Lnext
    lodsl
    movb    $0, %al
    bswapl  %eax
    subl    %edi, %eax
    subl    $4, %eax
    stosl
.Lnext:
    cmpl    %ecx, %esi
    jb      .Lcopy
    ret

.Lignored:
    .long   {IGNORED_0}, {IGNORED_1}, {IGNORED_2}, {IGNORED_3}
    .long   {IGNORED_4}, {IGNORED_5}, {IGNORED_6}
unpack_end:

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
        .globl  unpack, unpack_marker, unpack_end
unpack:
        lea     eax, [edi + ecx]
        push    edi
        push    eax
        push    edi
        mov     ebx, {PROBABILITIES}
        mov     edi, ebx
        xor     ecx, ecx
        mov     ch, 512 >> 8
        mov     al, 128                 # all probabilities start even
        rep     stosb
        pop     edi
        cdq                             # state 0: the first bit fetches
        jmp     .Lafter_literal

.Lafter_match:
        xor     bx, bx
        call    .Lbit
        jc      .Lnew_offset
.Lliteral:
        inc     ebx
.Lbits:
        call    .Lbit
        adc     bl, bl                  # walks down the tree ...
        jnc     .Lbits                      # ... until the leading 1 falls out
        mov     [edi], bl
        inc     edi
        cmp     edi, [esp]
        jae     .Lunfilter
.Lafter_literal:
        xor     bx, bx
        call    .Lbit
        jnc     .Lliteral
        inc     bh
        call    .Lbit
        jnc     .Lold_offset
.Lnew_offset:
        mov     bx, 257
        call    .Lvalue
        neg     ecx
        mov     ebp, ecx
.Lold_offset:
        mov     bx, 321
        call    .Lvalue
.Lcopy:
        mov     al, [edi + ebp + 1]
        stosb
        cmp     edi, [esp]
        jae     .Lunfilter
        loop    .Lcopy
        jmp     .Lafter_match

# Decodes a number into ecx: its bits below the top one, lowest first, each
# announced by a 1 bit. They enter ecx from above, behind a marker bit.
.Lvalue:
        mov     ecx, 0x80000000
.Lmore:
        call    .Lbit
        inc     ebx
        jnc     .Llast
        call    .Lbit
        inc     ebx
        rcr     ecx, 1
        jnc     .Lmore                      # a carry: 32 bits, more than a number has
.Llast:
        stc                             # the top bit
        rcr     ecx, 1
.Lalign:
        shr     ecx, 1
        jnc     .Lalign
        ret

# Decodes one bit into CF with probability number bx and adapts that.
# Clobbers eax.
.Lbit:
        mov     eax, edx
        shr     eax, 12
        jnz     .Lfetched
        shl     edx, 8
        mov     dl, [esi]
        inc     esi
        jmp     .Lbit
.Lfetched:
        movzx   eax, dl
        shr     edx, 8
        sub     al, [ebx]
        jc      .Lzero
        neg     byte ptr [ebx]          # a 1 bit is a 0 bit with 1 - p:
        call    .Ldecided
        neg     byte ptr [ebx]          # CF = 1, since p is never 0
        ret
.Lzero:
        add     al, [ebx]
.Ldecided:
        push    ecx
        movzx   ecx, byte ptr [ebx]
        imul    edx, ecx
        add     edx, eax
        mov     eax, 256 + 8
        sub     eax, ecx
        shr     eax, 4
        add     [ebx], al               # CF = 0, since p stays below 1
        pop     ecx
        ret

# Undoes the call filter.
.Lunfilter:
        pop     ecx
        pop     edi
        sub     ecx, 4
.Lscan:
        cmp     edi, ecx
        jae     .Ldone
        mov     al, 0xe8
        scasb
        jne     .Lscan
        cmp     byte ptr [edi], 0       # the marker, patched in by the build
        .set    unpack_marker, . - 1
        jne     .Lscan
        mov     eax, [edi]
        mov     al, 0
        bswap   eax
        sub     eax, edi
        sub     eax, 4
        stosd
        jmp     .Lscan
.Ldone:
        ret
unpack_end:

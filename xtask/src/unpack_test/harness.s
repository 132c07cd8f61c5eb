# Runs the unpacker on a list of cases and reports the changes in memory.
#
# A multiboot kernel for QEMU. `cases` is a list of: length unpacked, marker,
# length packed (32 bits each), packed bytes; a length of 0 ends it. For each case
# the harness fills the memory with {FILL}, unpacks, and writes to the debug console: the
# time it took (QEMU counts one instruction as one tick), the number of places
# outside the unpacker's memory that changed (32 bits each), the image.

    .text
    .long   0x1badb002, 0, -0x1badb002
    .globl  start
start:
    movl    $stack_top, %esp
    cld
    movl    $cases, %esi

next_case:
    lodsl
    testl   %eax, %eax
    jz      exit
    movl    %eax, length
    lodsl
    movb    %al, unpack_marker
    movb    ${FILL}, %al
    movl    ${WATCHED}, %edi
    movl    ${WATCHED_END} - {WATCHED}, %ecx
    rep stosb
    lodsl
    movl    %eax, %ecx
    movl    ${PACKED}, %edi
    rep movsb
    movl    %edi, packed_end
    pushl   %esi

    movl    ${PACKED}, %esi
    movl    ${IMAGE}, %edi
    movl    length, %ecx
    rdtsc
    pushl   %eax
    call    unpack
    rdtsc
    popl    %ecx
    subl    %ecx, %eax
    movl    %eax, elapsed

    movl    $0, changed
    movl    packed_end, %edi
    movl    ${TABLE}, %edx
    call    check
    movl    ${TABLE_END}, %edi
    movl    ${WATCHED_END}, %edx
    call    check
    movl    (%esp), %edi            # after the packed bytes in `cases`
    movl    packed_end, %ecx
    subl    ${PACKED}, %ecx
    subl    %ecx, %edi
    movl    ${PACKED}, %esi
    cmpl    %eax, %eax
    repe cmpsb
    je      report
    incl    changed

report:
    movw    $0xe9, %dx
    movl    $elapsed, %esi
    movl    $8, %ecx
    rep outsb
    movl    ${IMAGE}, %esi
    movl    length, %ecx
    rep outsb
    popl    %esi
    jmp     next_case

# Adds the number of bytes in EDI..EDX that are not {FILL} to `changed`.
check:
    movb    ${FILL}, %al
    movl    %edx, %ecx
    subl    %edi, %ecx
same:
    repe scasb
    je      checked
    incl    changed
    testl   %ecx, %ecx
    jnz     same
checked:
    ret

exit:
    movw    $0xf4, %dx
    outb    %al, %dx
    hlt

elapsed:
    .long   0
changed:
    .long   0
length:
    .long   0
packed_end:
    .long   0
    .balign 4096
    .zero   4096
stack_top:
cases:
    .incbin "cases"

# The 32- and the 64-bit entry, and the ways out.
#
# The first byte here is the first byte of the protected-mode part. It may lie
# at any page: all addresses are taken relative to `start`.
#
# 32-bit entry, `start` (boot protocol): flat 32-bit segments, paging off,
# IF = 0, ESI = boot_params. 64-bit entry, `start` + 0x200: long mode, this
# image and boot_params mapped one to one, IF = 0, RSI = boot_params.
#
# At the call of `main`: long mode; RDI = boot_params, ESI = the mode in which
# the stub was entered; if that is {REAL}, EDX = address of the real-mode part
# and ECX = end of its heap. Entered in 16 or 32 bits, the first 4 GiB are
# mapped by the first six of the tables at `page_tables`; in 64 bits the
# loader's tables are in use. All addresses in constants are right.
#
# Names in braces are constants of `main.rs`.

.section .entry, "ax"
.code32
    .globl  start
start:
    cli
    cld
    jmp     entry32
    .org    {ENTRY_REAL}
    jmp     entry_real

    .org    {KERNEL_INFO}
    .long   {KERNEL_INFO_MAGIC}
    .long   {KERNEL_INFO_SIZE}
    .long   {KERNEL_INFO_SIZE} + {TABLE_HEADER_SIZE}
    .long   0                       # setup_type_max: the inner kernel's
    .long   {TABLE_MAGIC}
    .long   {TABLE_HEADER_SIZE}
    .long   image_end - start       # the table follows the image ...
    .long   0                       # ... and this is the number of its entries

    .org    {ENTRY_64}
.code64
    cli
    cld
    movq    %rsi, %rdi
    leaq    stack_top(%rip), %rsp
    leaq    gdt(%rip), %rax
    movq    %rax, gdt_pointer + 2(%rip)
    lgdt    gdt_pointer(%rip)
    pushq   ${CODE_64}
    leaq    1f(%rip), %rax
    pushq   %rax
    lretq
1:  movl    ${LONG}, %esi
    jmp     enter

# The entry for UEFI of a file without an EFI stub: RCX = the image's handle,
# RDX = system table. It says so, and is unsupported.
    .org    {ENTRY_EFI}
    subq    $40, %rsp
    movq    64(%rdx), %rcx          # ConOut
    leaq    {efi_text}(%rip), %rdx
    call    *8(%rcx)                # OutputString
    movabsq $0x8000000000000003, %rax
    addq    $40, %rsp
    ret

.code32
    .globl  entry32
entry32:
# The protocol promises no stack; `scratch` in boot_params is for this.
    leal    {SCRATCH_END}(%esi), %esp
    call    1f
1:  popl    %ebp
    subl    $1b - start, %ebp
    movl    ${PROTECTED}, %edx
    jmp     enter_long

    .globl  entry_real
entry_real:
    movw    $loader_gdt_data - loader_gdt, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %ss
    movl    %ebp, %ebx
    leal    -{ENTRY_REAL}(%ecx), %ebp
    movl    ${REAL}, %edx

# EBP = start, EDX = mode, EBX and EDI for the real-mode path.
enter_long:
    leal    stack_top - start(%ebp), %esp
    pushl   %edi
    pushl   %edx
    pushl   %ebx
    cmpl    ${REAL}, %edx           # then `real_mode.s` has checked
    je      1f
    movl    $0x80000000, %eax
    cpuid
    cmpl    $0x80000001, %eax
    jb      no_long_mode
    movl    $0x80000001, %eax
    cpuid
    btl     $29, %edx
    jnc     no_long_mode

# One table of each upper level, four of 2 MiB pages.
1:  leal    page_tables - start(%ebp), %ebx
    movl    %ebx, %edi
    xorl    %eax, %eax
    movl    $6 * {TABLE} / 4, %ecx
    rep stosl
    leal    {TABLE} + 3(%ebx), %eax # present, writable
    movl    %eax, (%ebx)
    xorl    %ecx, %ecx
2:  leal    {TABLE}(%eax), %eax
    movl    %eax, {TABLE}(%ebx,%ecx,8)
    incl    %ecx
    cmpl    $4, %ecx
    jb      2b
    movl    $0x83, %eax             # a large page, present, writable
    xorl    %ecx, %ecx
3:  movl    %eax, 2 * {TABLE}(%ebx,%ecx,8)
    addl    $0x200000, %eax
    incl    %ecx
    cmpl    $2048, %ecx
    jb      3b

    leal    gdt - start(%ebp), %eax
    movl    %eax, gdt_pointer + 2 - start(%ebp)
    lgdtl   gdt_pointer - start(%ebp)
    movl    %cr4, %eax
    orl     $0x20, %eax             # PAE
    movl    %eax, %cr4
    movl    %ebx, %cr3
    movl    $0xc0000080, %ecx       # EFER
    rdmsr
    orl     $0x100, %eax            # LME
    wrmsr
    movl    %cr0, %eax
    orl     $0x80000001, %eax       # PG, PE
    movl    %eax, %cr0
    popl    %ecx
    popl    %edx
    popl    %ebx
    leal    1f - start(%ebp), %eax
    pushl   ${CODE_64}
    pushl   %eax
    lretl
.code64
1:  movl    %esi, %edi
    movl    %edx, %esi
    movl    %ecx, %edx
    movl    %ebx, %ecx

enter:
    movl    $gdt_data - gdt, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %fs
    movl    %eax, %gs
    movl    %eax, %ss
    leaq    stack_top(%rip), %rsp
    xorl    %ebp, %ebp

# Constants that hold addresses: linked at one place, running at another.
    leaq    __rela_start(%rip), %r9
    leaq    __rela_end(%rip), %r10
    leaq    start - {LINKED_AT}(%rip), %r11
1:  cmpq    %r10, %r9
    jae     2f
    movq    (%r9), %rax
    movq    16(%r9), %rbx
    addq    %r11, %rbx
    movq    %rbx, (%r11,%rax)
    addq    $24, %r9
    jmp     1b
2:  call    {main}

.code32
no_long_mode:
    leal    text_no_long_mode - start(%ebp), %esi
    movl    $0xb8000, %edi
    movb    $0x07, %ah
1:  lodsb
    testb   %al, %al
    jz      2f
    stosw
    jmp     1b
2:  hlt
    jmp     2b
text_no_long_mode:
    .asciz  "This kernel image cannot start: it needs a 64-bit processor; use a machine that has one."

# The ways out. Interrupts stay off.
.equ TRAMPOLINE_CODE, 0x08          # selectors of its own table
.equ TRAMPOLINE_DATA, 0x10
.code64
# RDI = entry, RSI = boot_params
    .globl  leave_64
leave_64:
    movq    %rdi, %rax
    xorl    %edi, %edi
    xorl    %ebp, %ebp
    xorl    %ebx, %ebx
    jmp     *%rax

# Turns paging off, and with it long mode: clears CR0.PG, EFER.LME and CR4.PAE. Runs in
# compatibility mode; changes EAX, ECX and EDX.
.macro no_long_mode
    movl    %cr0, %eax
    andl    $0x7fffffff, %eax
    movl    %eax, %cr0
    movl    $0xc0000080, %ecx
    rdmsr
    andl    $~0x100, %eax
    wrmsr
    movl    %cr4, %eax
    andl    $~0x20, %eax
    movl    %eax, %cr4
.endm

# EDI = entry, ESI = boot_params
    .globl  leave_32
leave_32:
    leaq    start(%rip), %rbp
    pushq   $gdt_code_32 - gdt
    leaq    1f(%rip), %rax
    pushq   %rax
    lretq
.code32
1:  no_long_mode
    leal    gdt_32 - start(%ebp), %eax
    movl    %eax, gdt_pointer + 2 - start(%ebp)
    lgdtl   gdt_pointer - start(%ebp)
    movl    $gdt_32_data - gdt_32, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %fs
    movl    %eax, %gs
    movl    %eax, %ss
    pushl   $gdt_32_code - gdt_32
    pushl   %edi
    xorl    %ebp, %ebp
    xorl    %edi, %edi
    xorl    %ebx, %ebx
    lretl

.code64
# RDI = address of a filled-in copy of `trampoline`
    .globl  leave_16
leave_16:
    lgdt    {GDT_POINTER}(%rdi)
    pushq   $TRAMPOLINE_CODE
    pushq   $0
    lretq

# From long mode to real mode. It is copied below 1 MiB, to an address that a
# real-mode segment can have, and runs there at offset 0. It begins with
# `Parameters` of `real_mode.rs`, which fills them in.
    .globl  trampoline
    .balign 16
trampoline:
.code16
    jmp     1f
    .org    trampoline + {CONTINUATION}
    .word   2f - trampoline, 0
    .org    trampoline + {PARAMETERS_SIZE}
1:  movw    $TRAMPOLINE_DATA, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %fs
    movw    %ax, %gs
    movw    %ax, %ss
    no_long_mode
    lidtl   {IDT}
    movl    %cr0, %eax
    andb    $~1, %al
    movl    %eax, %cr0
    ljmpw   *{CONTINUATION}
2:  movw    %cs:{DATA_SEGMENT}, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %fs
    movw    %ax, %gs
    movw    %ax, %ss
    movzwl  %cs:{STACK}, %esp
    movl    ${TEXT}, %esi           # for the code that shows a message
    ljmpw   *%cs:{TARGET}
    .org    trampoline + {TRAMPOLINE_SIZE}

# The page-fault handler: memory is mapped when it is touched.
.code64
    .globl  page_fault
page_fault:
    pushq   %rax
    pushq   %rcx
    pushq   %rdx
    pushq   %rsi
    pushq   %rdi
    pushq   %r8
    pushq   %r9
    pushq   %r10
    pushq   %r11
    movq    %rsp, %rax
    andq    $~15, %rsp
    pushq   %rax
    subq    $8, %rsp
    movq    %cr2, %rdi
    call    {map}
    addq    $8, %rsp
    popq    %rsp
    popq    %r11
    popq    %r10
    popq    %r9
    popq    %r8
    popq    %rdi
    popq    %rsi
    popq    %rdx
    popq    %rcx
    popq    %rax
    addq    $8, %rsp                # the error code
    iretq

    .balign 8
gdt:
    .quad   0
gdt_code_32:
    .quad   {GDT_CODE_32}
    .org    gdt + {CODE_64}
    .quad   {GDT_CODE_64}
gdt_data:
    .quad   {GDT_DATA}
gdt_end:

# The selectors that the boot protocol demands at the 32-bit entry: 0x10 and
# 0x18.
gdt_32:
    .quad   0, 0
gdt_32_code:
    .quad   {GDT_CODE_32}
gdt_32_data:
    .quad   {GDT_DATA}
    .org    gdt_32 + (gdt_end - gdt)

    .zero   6
gdt_pointer:                        # to either of the two
    .word   gdt_end - gdt - 1
    .quad   0

.section .scratch, "aw"
    .globl  page_tables
page_tables:
    .zero   {TABLES} * {TABLE}
    .zero   0x4000
stack_top:
    .globl  image_end
image_end:

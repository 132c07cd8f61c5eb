# The 32- and the 64-bit entry, and the ways out.
#
# The first byte here is the first byte of the protected-mode part. It may lie
# at any page: all addresses are taken relative to `start`.
#
# 32-bit entry, `start` (boot protocol): flat 32-bit segments, paging off,
# IF = 0, ESI = boot_params. 64-bit entry, `start` + 0x200: long mode, this
# image and boot_params mapped one to one, IF = 0, RSI = boot_params.
#
# At the call of `main`: long mode; RDI = address of `start`, RSI =
# boot_params, EDX = 16, 32 or 64, the mode in which the stub was entered;
# with 16, ECX = address of the real-mode part and R8D = end of its heap.
# Entered in 16 or 32 bits, the first 4 GiB are mapped by the first six of the
# tables at `page_tables`; in 64 bits the loader's tables are in use. All addresses
# in constants are right.

.section .entry, "ax"
.code32
    .globl  start
start:
    cli
    cld
    jmp     entry32
    .org    8
    jmp     entry_real

    .org    {KERNEL_INFO}
    .ascii  "LToP"
    .long   16
    .long   16 + {TABLE_HEADER_SIZE}
    .long   0                       # setup_type_max: the inner kernel's
    .ascii  "UKI1"
    .long   {TABLE_HEADER_SIZE}
    .long   image_end - start       # the table follows the image ...
    .long   0                       # ... and this is the number of its entries

    .org    {ENTRY_64}
.code64
    cli
    cld
    leaq    start(%rip), %rdi
    leaq    stack_top(%rip), %rsp
    leaq    gdt(%rip), %rax
    movq    %rax, gdt_pointer + 2(%rip)
    lgdt    gdt_pointer(%rip)
    pushq   $0x10
    leaq    1f(%rip), %rax
    pushq   %rax
    lretq
1:  movl    $64, %edx
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
    leal    0x1e8(%esi), %esp
    call    1f
1:  popl    %ebp
    subl    $1b - start, %ebp
    movl    $32, %edx
    jmp     enter_long

    .globl  entry_real
entry_real:
    movw    $0x10, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %ss
    movl    %ebp, %ebx
    leal    -8(%ecx), %ebp          # it was entered at byte 8
    movl    $16, %edx

# EBP = start, EDX = mode, EBX and EDI for the real-mode path.
enter_long:
    leal    stack_top - start(%ebp), %esp
    pushl   %edi
    pushl   %edx
    pushl   %ebx
    cmpl    $16, %edx               # checked in real mode
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
    movl    $6 * 0x1000 / 4, %ecx
    rep stosl
    leal    0x1003(%ebx), %eax
    movl    %eax, (%ebx)
    xorl    %ecx, %ecx
2:  leal    0x1000(%eax), %eax
    movl    %eax, 0x1000(%ebx,%ecx,8)
    incl    %ecx
    cmpl    $4, %ecx
    jb      2b
    movl    $0x83, %eax
    xorl    %ecx, %ecx
3:  movl    %eax, 0x2000(%ebx,%ecx,8)
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
    pushl   $0x10
    pushl   %eax
    lretl
.code64
1:  movl    %ebp, %edi
    movl    %esi, %esi
    movl    %ebx, %r8d

enter:
    movl    $0x18, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %fs
    movl    %eax, %gs
    movl    %eax, %ss
    leaq    stack_top(%rip), %rsp
    xorl    %ebp, %ebp

# Constants that hold addresses: linked at 0x2000, running here.
    leaq    __rela_start(%rip), %r9
    leaq    __rela_end(%rip), %r10
    leaq    start - 0x2000(%rip), %r11
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
.code64
# RDI = entry, RSI = boot_params
    .globl  leave_64
leave_64:
    movq    %rdi, %rax
    xorl    %edi, %edi
    xorl    %ebp, %ebp
    xorl    %ebx, %ebx
    jmp     *%rax

# EDI = entry, ESI = boot_params
    .globl  leave_32
leave_32:
    leaq    start(%rip), %rbp
    pushq   $0x08
    leaq    1f(%rip), %rax
    pushq   %rax
    lretq
.code32
1:  movl    %cr0, %eax
    andl    $0x7fffffff, %eax
    movl    %eax, %cr0
    movl    $0xc0000080, %ecx
    rdmsr
    andl    $~0x100, %eax
    wrmsr
    movl    %cr4, %eax
    andl    $~0x20, %eax
    movl    %eax, %cr4
    leal    gdt_32 - start(%ebp), %eax
    movl    %eax, gdt_pointer + 2 - start(%ebp)
    lgdtl   gdt_pointer - start(%ebp)
    movl    $0x18, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %fs
    movl    %eax, %gs
    movl    %eax, %ss
    pushl   $0x10
    pushl   %edi
    xorl    %ebp, %ebp
    xorl    %edi, %edi
    xorl    %ebx, %ebx
    lretl

.code64
# RDI = address of a filled-in copy of `trampoline`
    .globl  leave_16
leave_16:
    lgdt    12(%rdi)
    pushq   $0x08
    pushq   $0
    lretq

# From long mode to real mode. It is copied below 1 MiB, to an address that a
# real-mode segment can have, and runs there at offset 0; `machine.rs` has the
# same fields by name and fills them in.
    .globl  trampoline
    .globl  trampoline_end
    .balign 16
trampoline:
.code16
    jmp     1f
    .org    trampoline + 4
    .zero   8                       # 4: IDT of real mode
    .zero   12                      # 12: GDT, the three descriptors below
    .zero   24                      # 24: none, code, data
    .word   2f - trampoline, 0      # 48: the label below, in real mode
    .zero   4                       # 52: where to
    .zero   4                       # 56: all data segments, SP
1:  movw    $0x10, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %fs
    movw    %ax, %gs
    movw    %ax, %ss
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
    lidtl   4
    movl    %cr0, %eax
    andb    $~1, %al
    movl    %eax, %cr0
    ljmpw   *48
2:  movw    %cs:56, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %fs
    movw    %ax, %gs
    movw    %ax, %ss
    movzwl  %cs:58, %esp
    movl    $0x2000, %esi           # a message's text lies there
    ljmpw   *%cs:52
trampoline_end:

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
    .quad   0x00cf9b000000ffff      # 0x08: code, 32-bit
    .quad   0x00af9b000000ffff      # 0x10: code, 64-bit
    .quad   0x00cf93000000ffff      # 0x18: data
gdt_32:
    .quad   0
    .quad   0
    .quad   0x00cf9b000000ffff      # 0x10: code, 32-bit
    .quad   0x00cf93000000ffff      # 0x18: data
    .zero   6
gdt_pointer:
    .word   31
    .quad   0

.section .scratch, "aw"
    .globl  page_tables
page_tables:
    .zero   {TABLES} * 0x1000
    .zero   0x4000
stack_top:
    .globl  line
line:
    .zero   {LINE}
    .globl  image_end
image_end:

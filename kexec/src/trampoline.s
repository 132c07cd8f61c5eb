# What kexec_load enters: it makes what the kernel's entry asks for of what Linux
# leaves. There are two, for the 64-bit entry and for 32-bit ones.
#
# On entry: 64-bit mode with paging; this page is mapped one to one, and so is all that
# was loaded; interrupts are off. Nothing else is known: neither registers, segments and
# their table, nor a stack. (A20 is open, because Linux runs.)
#
# They run at any page, the 32-bit one at any below 4 GiB. The last bytes of each are
# the kernel's entry and registers, and are filled in when it is loaded.

    .pushsection .rodata.gapboot_trampoline, "a"

# The 64-bit entry: boot_params lie on the page after this one.
#
# At the jump (boot protocol, "64-bit Boot Protocol"): CS = 0x10 and DS = ES =
# SS = 0x18 are flat segments of a table in this page, RSI = boot_params.

    .globl  gapboot_trampoline
    .globl  gapboot_trampoline_end
gapboot_trampoline:
    cli
    cld
# The stack grows down from boot_params.
    leaq    gapboot_trampoline + 0x1000(%rip), %rsi
    movq    %rsi, %rsp
    leaq    2f(%rip), %rax
    movq    %rax, 3f + 2(%rip)
    lgdt    3f(%rip)
    pushq   $0x10
    leaq    1f(%rip), %rax
    pushq   %rax
    lretq
1:  movl    $0x18, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %ss
    xorl    %ebx, %ebx
    xorl    %ebp, %ebp
    xorl    %edi, %edi
    jmpq    *4f(%rip)

    .balign 8
2:  .quad   0, 0
    .quad   0x00af9b000000ffff      # 0x10: 64-bit code
    .quad   0x00cf93000000ffff      # 0x18: data
3:  .word   3b - 2b - 1             # size of the table less 1, and its address
    .quad   0
    .balign 8
4:  .quad   0                       # the kernel's entry
gapboot_trampoline_end:

# The 32-bit entries.
#
# At the jump, as both protocols ask for it (boot protocol, "32-bit Boot Protocol";
# Multiboot 0.6.96, 3.2): protected mode without paging, CS = 0x10 and DS = ES = FS =
# GS = SS = 0x18 are flat segments of 4 GiB in a table in this page, IF = VM = 0, A20
# open; EAX, EBX and ESI as they are given, the other general registers 0, but for ESP,
# which is the end of this page. Beyond that: EFER.LME = 0; of CR4 only MCE is left,
# which some virtual machines do not let go; the IDT is empty.

    .globl  gapboot_trampoline32
    .globl  gapboot_trampoline32_end
gapboot_trampoline32:
    cli
    cld
    leaq    gapboot_trampoline32 + 0x1000(%rip), %rsp
    leaq    6f(%rip), %rbp          # the registers
    leaq    4f(%rip), %rax
    movq    %rax, 5f + 2(%rip)
    lgdt    5f(%rip)
    pushq   $0x10
    leaq    1f(%rip), %rax
    pushq   %rax
    lretq                           # to compatibility mode

    .code32
1:  movl    $0x18, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %fs
    movl    %eax, %gs
    movl    %eax, %ss
    movl    %cr0, %eax
    andl    $0x7fffffff, %eax       # PG
    movl    %eax, %cr0              # leaves long mode; this page stays where it is
    jmp     2f                      # as the processor's manuals ask for
2:  movl    $0xc0000080, %ecx       # EFER
    rdmsr
    andl    $~0x100, %eax           # LME
    wrmsr
    movl    %cr4, %eax
    andl    $0x40, %eax             # MCE
    movl    %eax, %cr4
    xorl    %eax, %eax
    pushl   %eax
    pushl   %eax
    lidt    (%esp)                  # no vector: an exception resets the machine
    popl    %eax
    popl    %eax
    movl    (%ebp), %eax
    movl    4(%ebp), %ebx
    movl    8(%ebp), %esi
    pushl   12(%ebp)
    xorl    %ecx, %ecx
    xorl    %edx, %edx
    xorl    %edi, %edi
    xorl    %ebp, %ebp
    ret                             # to the kernel: ESP is the end of this page again
    .code64

    .balign 8
4:  .quad   0, 0
    .quad   0x00cf9b000000ffff      # 0x10: 32-bit code
    .quad   0x00cf93000000ffff      # 0x18: data
5:  .word   5b - 4b - 1             # size of the table less 1, and its address
    .quad   0
    .balign 8
6:  .long   0, 0, 0, 0              # EAX, EBX, ESI, the kernel's entry
gapboot_trampoline32_end:
    .popsection

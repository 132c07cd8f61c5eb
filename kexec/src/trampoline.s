# What kexec_load enters: it makes what the kernel's 64-bit entry asks for of
# what Linux leaves.
#
# On entry: 64-bit mode; this page, boot_params on the page after it and the
# kernel are mapped one to one; interrupts are off. Nothing else is known:
# neither registers, segments and their table, nor a stack.
#
# At the jump (boot protocol, "64-bit Boot Protocol"): CS = 0x10 and DS = ES =
# SS = 0x18 are flat segments of a table in this page, RSI = boot_params.
#
# It runs at any page. The last eight bytes are the address of the kernel's
# entry, and are filled in when it is loaded.

    .pushsection .rodata.gapboot_trampoline, "a"
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
    .popsection

# An EFI program in place of a kernel: says on COM1 what it was started with and
# what the loader left for it, and ends the machine.
#
#   WITNESS
#   LoadOptions=HEX
#   LoaderEntries=HEX ...           the value of each variable, nothing if unset
#   END
#
# RCX = the image's handle, RDX = system table. It runs wherever it is loaded,
# and never returns. EFI calls: RCX, RDX, R8, R9, then the stack from 32(%rsp) on.

    .set    COM1, 0x3f8
    .set    DEBUG_EXIT, 0xf4        # QEMU's isa-debug-exit
    .set    STATUS, 16              # its exit status: 33
    .set    ROOM, 0x6000            # bytes for a variable

    .text
start:
    subq    $ROOM + 0x48, %rsp      # aligned to 16 bytes again
    cld
    movq    %rcx, %r12
    movq    %rdx, %rbx
    leaq    begin(%rip), %rsi
    call    text

    movq    96(%rbx), %rax          # BootServices
    movq    %r12, %rcx
    leaq    loaded_image(%rip), %rdx
    leaq    0x30(%rsp), %r8
    call    *152(%rax)              # HandleProtocol
    movq    0x30(%rsp), %rax
    movl    48(%rax), %ecx          # LoadOptionsSize
    movq    56(%rax), %rsi          # LoadOptions
    call    hexadecimal

    leaq    names(%rip), %r13
next:
    movq    %r13, %rsi
    call    name
    movq    %r13, %rcx
    movq    %rsi, %r13
    leaq    vendor(%rip), %rdx
    xorl    %r8d, %r8d
    leaq    0x28(%rsp), %r9
    movq    $ROOM, (%r9)
    leaq    0x40(%rsp), %rax
    movq    %rax, 32(%rsp)
    movq    88(%rbx), %rax          # RuntimeServices
    call    *72(%rax)               # GetVariable
    testq   %rax, %rax
    jnz     1f
    leaq    0x40(%rsp), %rsi
    movl    0x28(%rsp), %ecx
    call    hexadecimal
1:  cmpw    $0, (%r13)
    jne     next

    leaq    end(%rip), %rsi
    call    text
    movb    $STATUS, %al
    outb    %al, $DEBUG_EXIT
2:  hlt
    jmp     2b

# Sends the bytes at RSI up to a zero.
text:
    movw    $COM1, %dx
1:  lodsb
    testb   %al, %al
    jz      2f
    outb    %al, %dx
    jmp     1b
2:  ret

# Starts a line with the UTF-16 text at RSI; RSI = what follows it.
name:
    movw    $COM1, %dx
    movb    $'\n', %al
1:  outb    %al, %dx
    lodsw
    testw   %ax, %ax
    jnz     1b
    movb    $'=', %al
    outb    %al, %dx
    ret

# Sends the ECX bytes at RSI as digits.
hexadecimal:
    movw    $COM1, %dx
    leaq    digits(%rip), %rdi
1:  subl    $1, %ecx
    jc      2f
    movzbl  (%rsi), %eax
    shrl    $4, %eax
    movb    (%rdi,%rax), %al
    outb    %al, %dx
    lodsb
    andl    $15, %eax
    movb    (%rdi,%rax), %al
    outb    %al, %dx
    jmp     1b
2:  ret

digits:
    .ascii  "0123456789abcdef"
begin:
    .string "\nWITNESS\nLoadOptions="
end:
    .string "\nEND\n"

# 5B1B31A1-9562-11D2-8E3F-00A0C969723B
    .balign 4
loaded_image:
    .long   0x5b1b31a1
    .short  0x9562, 0x11d2
    .byte   0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b
# 4A67B082-0A4C-41CF-B6C7-440B29BB8C4F, of the Boot Loader Interface
vendor:
    .long   0x4a67b082
    .short  0x0a4c, 0x41cf
    .byte   0xb6, 0xc7, 0x44, 0x0b, 0x29, 0xbb, 0x8c, 0x4f
names:
    .string16 "LoaderInfo"
    .string16 "LoaderEntries"
    .string16 "LoaderEntrySelected"
    .string16 "LoaderBootCountPath"
    .short  0

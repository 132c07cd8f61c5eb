# Between the modes.
#
# Protected mode here means: flat 4 GiB segments of base 0, paging off, IF = 0,
# DF = 0; exceptions, which only a bug of ours or of the machine can raise, end
# in a message, and an NMI is ignored. Real mode means: every segment at 0, ESP
# at 0x7000 with its upper half, which is not the stack's but is part of
# addresses of 32 bits, the IDT that the BIOS left, PE = 0, and data segments
# whose cached limits are 64 KiB again (some BIOSes fault on less or on more).
#
# The BIOS may change any register, flag, the GDT, A20 and the protected-mode
# bits of nothing: GDT and segments are loaded anew on each way back.
#
# Functions have their first three arguments in EAX, EDX and ECX: the convention
# of the target (x86-unknown-none.json), which Rust code follows.

.section .low.text, "ax"

# Descriptors with the accessed bit set, so that the processor never writes to
# this page.
.balign 8
gdt:
    .quad   0
    .org    gdt + {CODE32}
    .quad   {GDT_CODE32}
    .org    gdt + {DATA32}
    .quad   {GDT_DATA32}
    .org    gdt + {CODE16}
    .quad   {GDT_CODE16}
    .org    gdt + {DATA16}
    .quad   {GDT_DATA16}
gdt_end:
gdtr:
    .word   gdt_end - gdt - 1
    .long   gdt
idtr:
    .word   idt_end - idt - 1
    .long   idt

# Real mode -> protected mode. Called in real mode, returns to the caller's next
# instruction as 32-bit code. Keeps all general registers but EAX; ESP is
# the real-mode stack.
.code16
enter_protected:
    cli
    lgdtl   %cs:gdtr
    lidtl   %cs:idtr
    movl    %cr0, %eax
    orb     $1, %al
    movl    %eax, %cr0
    ljmpl   ${CODE32}, $1f
.code32
1:  movw    ${DATA32}, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %fs
    movw    %ax, %gs
    movw    %ax, %ss
    movzwl  %sp, %esp
    popw    %ax                     # a 16-bit return address
    movzwl  %ax, %eax
    jmp     *%eax

# Protected mode -> real mode. Called in protected mode, returns to the caller's
# next instruction as 16-bit code with every data segment 0, the stack empty,
# IF = 0. Keeps all general registers but EAX.
.code32
enter_real:
    popl    %eax
    movw    %ax, return_ip
    movl    ${REAL_STACK_TOP}, %esp
    ljmp    ${CODE16}, $1f
.code16
1:  movw    ${DATA16}, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %fs
    movw    %ax, %gs
    movw    %ax, %ss
    lidtl   real_idt
    movl    %cr0, %eax
    andb    $0xfe, %al
    movl    %eax, %cr0
    ljmpw   $0, $1f
1:  xorw    %ax, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %fs
    movw    %ax, %gs
    movw    %ax, %ss
    jmp     *return_ip

# extern "C" fn bios_interrupt(number: u32)
#
# Calls a BIOS interrupt with the registers in `bios_registers` and leaves the
# results there. Interrupts are on inside, as the BIOS expects.
.code32
.globl bios_interrupt
bios_interrupt:
    pushal
    shll    $2, %eax
    movw    %ax, vector
    movl    %esp, protected_esp
    call    enter_real
.code16
    pushw   $0x0202                 # what INT pushes: flags with IF set,
    pushw   $0                      # CS and IP to return to
    pushw   $bios_returns
    movw    vector, %bx
    pushl   (%bx)                   # the handler, from the interrupt table
    movl    bios_registers + {EBX}, %ebx
    movl    bios_registers + {ECX}, %ecx
    movl    bios_registers + {EDX}, %edx
    movl    bios_registers + {ESI}, %esi
    movl    bios_registers + {EDI}, %edi
    movl    bios_registers + {EBP}, %ebp
    movw    bios_registers + {ES}, %es
    movl    bios_registers + {EAX}, %eax
    movw    bios_registers + {DS}, %ds
    lretw                           # IF = 0 and TF = 0, as after INT
bios_returns:
    cli
    cld
    movw    %ds, %cs:bios_registers + {DS}
    pushw   $0
    popw    %ds                     # pop and mov change no flags
    movl    %eax, bios_registers + {EAX}
    movl    %ebx, bios_registers + {EBX}
    movl    %ecx, bios_registers + {ECX}
    movl    %edx, bios_registers + {EDX}
    movl    %esi, bios_registers + {ESI}
    movl    %edi, bios_registers + {EDI}
    movl    %ebp, bios_registers + {EBP}
    movw    %es, bios_registers + {ES}
    pushfw
    popw    bios_registers + {FLAGS}
    call    enter_protected
.code32
    movl    protected_esp, %esp
    popal
    ret

# extern "C" fn enter_kernel(segment: u32, stack: u32, entry_segment: u32) -> !
#
# Linux/x86 boot protocol, 16-bit entry: DS = ES = FS = GS = SS = segment, SP as
# given, CS = entry_segment, IP = 0, interrupts off.
.globl enter_kernel
enter_kernel:
    movl    %eax, %ebx
    call    enter_real
.code16
    movw    %bx, %ds
    movw    %bx, %es
    movw    %bx, %fs
    movw    %bx, %gs
    movw    %bx, %ss
    movw    %dx, %sp                # the upper half is 0
    pushw   %cx
    pushw   $0
    xorl    %eax, %eax
    xorl    %ebx, %ebx
    xorl    %ecx, %ecx
    xorl    %edx, %edx
    xorl    %esi, %esi
    xorl    %edi, %edi
    xorl    %ebp, %ebp
    lretw

# Any exception. What lies on top of the stack says where: EIP, CS and flags,
# for some with an error code before them.
.code32
fault:
    movl    %esp, %eax
    jmp     report_fault            # which never returns
ignore:
    iretl

# In the image, where 32 like gates pack to next to nothing.
.section .rodata.idt, "a"
.balign 8
idt:
.rept 2
    .long   ({CODE32} << 16) + fault, 0x8e00
.endr
    .long   ({CODE32} << 16) + ignore, 0x8e00
.rept 29
    .long   ({CODE32} << 16) + fault, 0x8e00
.endr
idt_end:

.section .low.bss, "aw", @nobits
.balign 4
.globl bios_registers
bios_registers:
    .zero   {REGISTERS_SIZE}
protected_esp:
    .zero   4
real_idt:
    .zero   6
return_ip:
    .zero   2
vector:
    .zero   2

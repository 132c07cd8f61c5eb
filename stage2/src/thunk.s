# Between the modes.
#
# Protected mode here means: flat 4 GiB segments of base 0, paging off, IF = 0,
# DF = 0. Exceptions, which only a bug of the loader or of the machine can raise, end
# in a message, and an NMI is ignored. Real mode means: every segment at 0, ESP below
# the registers of a BIOS call, which lie below 0x7000 (the upper half of ESP must be
# 0, because addresses of 32 bits contain it), the IDT that the BIOS left, PE = 0, and
# data segments whose cached limits are 64 KiB again (some BIOSes fault on other
# limits).
#
# The BIOS may change any register or flag, the GDT and A20, so each return to
# protected mode loads the GDT and the segments again.
#
# Functions have their first three arguments in EAX, EDX and ECX: the convention
# of the target (x86-unknown-none.json), which Rust code follows.

.section .low.text, "ax"

# Descriptors with the accessed bit set, so that the processor never writes to
# this page.
.balign 8
gdt:
gdtr:                               # in the null descriptor, which is never read
    .word   gdt_end - gdt - 1
    .long   gdt
    .org    gdt + {CODE32}
    .quad   {GDT_CODE32}
    .org    gdt + {DATA32}
    .quad   {GDT_DATA32}
    .org    gdt + {CODE16}
    .quad   {GDT_CODE16}
    .org    gdt + {DATA16}
    .quad   {GDT_DATA16}
gdt_end:
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
    retw                            # the caller pushed an address of 16 bits

# Protected mode -> real mode. Called in protected mode, returns to the caller's
# next instruction as 16-bit code with every data segment 0, nothing on the stack except
# the registers of a BIOS call, IF = 0. Keeps all general registers but EAX, and
# the stack for `resume`.
.code32
enter_real:
    popl    %eax
    movl    %esp, protected_esp
    movl    ${REGISTERS}, %esp
    pushw   %ax
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
    retw

# extern "C" fn bios_interrupt()
#
# Calls a BIOS interrupt's handler with the registers that lie at the top of the
# real-mode stack, in the order of `pushal`, and leaves the results there.
# Interrupts are on inside, as the BIOS expects.
.code32
.globl bios_interrupt
bios_interrupt:
    pushal
    call    enter_real
.code16
    popal
    popw    %ds
    popw    %es
    movw    ${REGISTERS}, %sp       # below the registers, which are still needed
    pushw   $0x0202                 # what INT pushes: flags with IF set,
    pushw   $0                      # CS and IP to return to
    pushw   $bios_returns
    pushl   %ss:{REGISTERS} + {HANDLER}
    lretw                           # IF = 0 and TF = 0, as after INT
bios_returns:
    cli
    movw    ${REGISTERS} + {FLAGS} + 2, %sp
    pushfw
    pushw   %es
    pushw   %ds
    pushal
    cld
# Returns to the caller of a function that began with `pushal` and `enter_real`.
resume:
    call    enter_protected
.code32
    movl    protected_esp, %esp
    popal
    ret

# extern "C" fn halt()
#
# Halts until the next interrupt, which the BIOS handles.
.globl halt
halt:
    pushal
    call    enter_real
.code16
    sti
    hlt
    jmp     resume
.code32

# Linux/x86 boot protocol, 16-bit entry, as a handler that never returns: the registers
# are those of the call, interrupts are off, and all data segments are DS.
.code16
.globl enter_kernel
enter_kernel:
    pushw   %ds
    popw    %fs
    pushw   %ds
    popw    %gs
    pushw   %ds
    popw    %ss
    movw    ${KERNEL_STACK}, %sp    # the upper half is 0
    ljmpw   ${KERNEL_ENTRY_SEGMENT}, $0

# Any exception. The top of the stack says where it was: EIP, CS and flags. Some
# exceptions push an error code after these, so it lies on top of them.
.code32
fault:
    movl    %esp, %eax
    jmp     report_fault            # which never returns
ignore:
    iretl

# In the image, where 32 similar gates take almost no space packed.
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
protected_esp:
    .zero   4
real_idt:
    .zero   6

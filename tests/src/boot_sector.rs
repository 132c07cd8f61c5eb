//! Floppy disks whose boot sector holds a few instructions, for machines that
//! need a firmware of another kind or a next boot device.

use anyhow::Result;
use std::path::Path;

const FLOPPY: u64 = 1_474_560;

fn write(path: &Path, code: &[u8]) -> Result<()> {
    let mut sector = vec![0; 510];
    sector[..code.len()].copy_from_slice(code);
    sector.extend([0x55, 0xaa]);
    std::fs::write(path, sector)?;
    std::fs::OpenOptions::new()
        .write(true)
        .open(path)?
        .set_len(FLOPPY)?;
    Ok(())
}

/// What [`next_device`] says on COM1.
pub const NEXT_DEVICE: &str = "this is the next boot device";
/// QEMU's exit status after it.
pub const NEXT_DEVICE_STATUS: i32 = 65;

/// A floppy disk that says [`NEXT_DEVICE`] and ends the machine.
pub fn next_device(path: &Path) -> Result<()> {
    #[rustfmt::skip]
    let mut code = vec![
        0x31, 0xc0,       // 7c00  xor ax, ax
        0x8e, 0xd8,       // 7c02  mov ds, ax
        0xfc,             // 7c04  cld
        0xbe, 0x16, 0x7c, // 7c05  mov si, text
        0xba, 0xf8, 0x03, // 7c08  mov dx, 3f8h
        0xac,             // 7c0b  lodsb
        0xee,             // 7c0c  out dx, al
        0x84, 0xc0,       // 7c0d  test al, al
        0x75, 0xfa,       // 7c0f  jnz 7c0b
        0xb0, 0x20,       // 7c11  mov al, 20h
        0xe6, 0xf4,       // 7c13  out 0f4h, al
        0xf4,             // 7c15  hlt
    ];
    code.extend(NEXT_DEVICE.bytes().chain([0]));
    write(path, &code)
}

/// How the firmware that [`strange_firmware`] makes differs from SeaBIOS.
#[derive(Clone, Copy, Debug)]
pub struct Strangeness {
    /// What it passes in DL.
    pub drive: u8,
    /// The function of INT 13h that fails with status 1.
    pub no_disk_function: Option<u8>,
    /// The functions of INT 15h, in AX, that it does not have.
    pub no_system_functions: [Option<u16>; 2],
}

impl Strangeness {
    /// Like SeaBIOS.
    pub const NONE: Self = Self {
        drive: 0x80,
        no_disk_function: None,
        no_system_functions: [None; 2],
    };
}

/// A floppy disk that starts the first hard disk's boot sector as a strange
/// firmware would: a copy at 0x7e00 stays resident behind INT 13h and INT 15h.
pub fn strange_firmware(path: &Path, strangeness: Strangeness) -> Result<()> {
    // Nothing calls these numbers.
    let disk = strangeness.no_disk_function.unwrap_or(0xff);
    let [first, second] = strangeness
        .no_system_functions
        .map(|function| function.unwrap_or(0xffff).to_le_bytes());
    #[rustfmt::skip]
    let code = [
        0x31, 0xc0,                   // 7e00  xor ax, ax        (runs at 7c00)
        0x8e, 0xd8,                   // 7e02  mov ds, ax
        0x8e, 0xc0,                   // 7e04  mov es, ax
        0xfa,                         // 7e06  cli
        0x8e, 0xd0,                   // 7e07  mov ss, ax
        0xbc, 0x00, 0x7c,             // 7e09  mov sp, 7c00h
        0xfc,                         // 7e0c  cld
        0xbe, 0x00, 0x7c,             // 7e0d  mov si, 7c00h
        0xbf, 0x00, 0x7e,             // 7e10  mov di, 7e00h
        0xb9, 0x00, 0x01,             // 7e13  mov cx, 256
        0xf3, 0xa5,                   // 7e16  rep movsw
        0xea, 0x1d, 0x7e, 0x00, 0x00, // 7e18  jmp 0:7e1d
        0xfb,                         // 7e1d  sti
        0xb8, 0x01, 0x02,             // 7e1e  mov ax, 0201h     read a sector
        0xbb, 0x00, 0x7c,             // 7e21  mov bx, 7c00h
        0xb9, 0x01, 0x00,             // 7e24  mov cx, 1
        0xba, 0x80, 0x00,             // 7e27  mov dx, 80h
        0xcd, 0x13,                   // 7e2a  int 13h
        0x66, 0xa1, 0x4c, 0x00,       // 7e2c  mov eax, [4ch]    INT 13h's vector
        0x66, 0xa3, 0x66, 0x7e,       // 7e30  mov [7e66h], eax
        0x66, 0xc7, 0x06, 0x4c, 0x00, // 7e34  mov dword [4ch], 0:7e55h
        0x55, 0x7e, 0x00, 0x00,
        0x66, 0xa1, 0x54, 0x00,       // 7e3d  mov eax, [54h]    INT 15h's vector
        0x66, 0xa3, 0x75, 0x7e,       // 7e41  mov [7e75h], eax
        0x66, 0xc7, 0x06, 0x54, 0x00, // 7e45  mov dword [54h], 0:7e6ah
        0x6a, 0x7e, 0x00, 0x00,
        0xb2, strangeness.drive,      // 7e4e  mov dl, ..
        0xea, 0x00, 0x7c, 0x00, 0x00, // 7e50  jmp 0:7c00
        0x80, 0xfc, disk,             // 7e55  cmp ah, ..        INT 13h
        0x75, 0x0b,                   // 7e58  jne 7e65h
        0xb4, 0x01,                   // 7e5a  mov ah, 1
        0x55,                         // 7e5c  push bp
        0x89, 0xe5,                   // 7e5d  mov bp, sp
        0x80, 0x4e, 0x06, 0x01,       // 7e5f  or byte [bp + 6], 1   carry
        0x5d,                         // 7e63  pop bp
        0xcf,                         // 7e64  iret
        0xea, 0x00, 0x00, 0x00, 0x00, // 7e65  jmp far           the BIOS's own
        0x3d, first[0], first[1],     // 7e6a  cmp ax, ..        INT 15h
        0x74, 0x0a,                   // 7e6d  je 7e79h
        0x3d, second[0], second[1],   // 7e6f  cmp ax, ..
        0x74, 0x05,                   // 7e72  je 7e79h
        0xea, 0x00, 0x00, 0x00, 0x00, // 7e74  jmp far           the BIOS's own
        0xb4, 0x86,                   // 7e79  mov ah, 86h
        0x55,                         // 7e7b  push bp
        0x89, 0xe5,                   // 7e7c  mov bp, sp
        0x80, 0x4e, 0x06, 0x01,       // 7e7e  or byte [bp + 6], 1   carry
        0x5d,                         // 7e82  pop bp
        0xcf,                         // 7e83  iret
    ];
    write(path, &code)
}

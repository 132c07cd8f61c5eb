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
    /// The function of INT 13h that fails with status 1; 0xff for none.
    pub denied: u8,
}

/// A floppy disk that starts the first hard disk's boot sector as a strange
/// firmware would: a copy at 0x7e00 stays resident behind INT 13h.
pub fn strange_firmware(path: &Path, strangeness: Strangeness) -> Result<()> {
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
        0x66, 0xa3, 0x55, 0x7e,       // 7e30  mov [7e55h], eax
        0x66, 0xc7, 0x06, 0x4c, 0x00, // 7e34  mov dword [4ch], 0:7e44h
        0x44, 0x7e, 0x00, 0x00,
        0xb2, strangeness.drive,      // 7e3d  mov dl, ..
        0xea, 0x00, 0x7c, 0x00, 0x00, // 7e3f  jmp 0:7c00
        0x80, 0xfc, strangeness.denied, // 7e44  cmp ah, ..      INT 13h
        0x75, 0x0b,                   // 7e47  jne 7e54h
        0xb4, 0x01,                   // 7e49  mov ah, 1
        0x55,                         // 7e4b  push bp
        0x89, 0xe5,                   // 7e4c  mov bp, sp
        0x80, 0x4e, 0x06, 0x01,       // 7e4e  or byte [bp + 6], 1   carry
        0x5d,                         // 7e52  pop bp
        0xcf,                         // 7e53  iret
        0xea, 0x00, 0x00, 0x00, 0x00, // 7e54  jmp far           the BIOS's own
    ];
    write(path, &code)
}

//! Disks of the size of a floppy disk whose boot sector holds a few instructions: for
//! machines that need a next boot device, and to test machines without a boot loader.

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

/// The text that [`next_device`] sends to COM1.
pub const NEXT_DEVICE: &str = "this is the next boot device";

/// A floppy disk that sends [`NEXT_DEVICE`] and then halts with interrupts off, so that
/// the screen and the tick counter do not change any more.
pub fn next_device(path: &Path) -> Result<()> {
    #[rustfmt::skip]
    let mut code = vec![
        0x31, 0xc0,       // 7c00  xor ax, ax
        0x8e, 0xd8,       // 7c02  mov ds, ax
        0xfc,             // 7c04  cld
        0xbe, 0x15, 0x7c, // 7c05  mov si, text
        0xba, 0xf8, 0x03, // 7c08  mov dx, 3f8h
        0xac,             // 7c0b  lodsb
        0xee,             // 7c0c  out dx, al
        0x84, 0xc0,       // 7c0d  test al, al
        0x75, 0xfa,       // 7c0f  jnz 7c0b
        0xfa,             // 7c11  cli
        0xf4,             // 7c12  hlt
        0xeb, 0xfd,       // 7c13  jmp 7c12
    ];
    code.extend(NEXT_DEVICE.bytes().chain([0]));
    write(path, &code)
}

/// A disk that shows "Hi" on the screen and then each key that is pressed, which it also
/// sends to COM1 (INT 16h, INT 10h).
pub fn echo(path: &Path) -> Result<()> {
    #[rustfmt::skip]
    let code = [
        0xb8, 0x48, 0x0e, // 7c00  mov ax, 0e48h ('H')
        0xcd, 0x10,       // 7c03  int 10h
        0xb8, 0x69, 0x0e, // 7c05  mov ax, 0e69h ('i')
        0xcd, 0x10,       // 7c08  int 10h
        0x31, 0xc0,       // 7c0a  xor ax, ax
        0xcd, 0x16,       // 7c0c  int 16h
        0xba, 0xf8, 0x03, // 7c0e  mov dx, 3f8h
        0xee,             // 7c11  out dx, al
        0xb4, 0x0e,       // 7c12  mov ah, 0eh
        0xeb, 0xf2,       // 7c14  jmp 7c08
    ];
    write(path, &code)
}

//! The floor: a boot sector that only reads, as many sectors at once as every BIOS
//! allows. No loader that asks the BIOS for sectors can be cheaper.

use anyhow::{Context, Result, ensure};
use std::fs::OpenOptions;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// QEMU's exit status when everything was read.
pub(super) const STATUS: i32 = 65;

/// Bytes of a master boot record that are code.
const BOOT_CODE: usize = 440;

/// Reads run by run, 127 sectors at once, to 0x20000; an error stops it. BIOSes
/// start it at 0x7c00 with the drive in DL. The list of runs follows: first
/// sector and number of sectors, the end a number of 0.
#[rustfmt::skip]
const CODE: [u8; 96] = [
    0x31, 0xc0,                         // 7c00  xor ax, ax
    0x8e, 0xd8,                         // 7c02  mov ds, ax
    0x8e, 0xd0,                         // 7c04  mov ss, ax
    0xbc, 0x00, 0x70,                   // 7c06  mov sp, 7000h      no page with code
    0xfc,                               // 7c09  cld
    0xbe, 0x60, 0x7c,                   // 7c0a  mov si, 7c60h      the runs
    0x66, 0xad,                         // 7c0d  lodsd
    0x66, 0xa3, 0x58, 0x7c,             // 7c0f  mov [7c58h], eax   first sector
    0x66, 0xad,                         // 7c13  lodsd
    0x66, 0x85, 0xc0,                   // 7c15  test eax, eax
    0x74, 0x2d,                         // 7c18  jz 7c47h
    0x66, 0x89, 0xc3,                   // 7c1a  mov ebx, eax       sectors left
    0x66, 0xb8, 0x7f, 0x00, 0x00, 0x00, // 7c1d  mov eax, 127
    0x66, 0x39, 0xd8,                   // 7c23  cmp eax, ebx
    0x76, 0x03,                         // 7c26  jbe 7c2bh
    0x66, 0x89, 0xd8,                   // 7c28  mov eax, ebx
    0xa3, 0x52, 0x7c,                   // 7c2b  mov [7c52h], ax    how many
    0x66, 0x60,                         // 7c2e  pushad
    0xbe, 0x50, 0x7c,                   // 7c30  mov si, 7c50h
    0xb4, 0x42,                         // 7c33  mov ah, 42h
    0xcd, 0x13,                         // 7c35  int 13h
    0x66, 0x61,                         // 7c37  popad
    0x72, 0x10,                         // 7c39  jc 7c4bh
    0x66, 0x01, 0x06, 0x58, 0x7c,       // 7c3b  add [7c58h], eax
    0x66, 0x29, 0xc3,                   // 7c40  sub ebx, eax
    0x75, 0xd8,                         // 7c43  jnz 7c1dh
    0xeb, 0xc6,                         // 7c45  jmp 7c0dh
    0xb0, 0x20,                         // 7c47  mov al, 20h        the end
    0xe6, 0xf4,                         // 7c49  out 0f4h, al
    0xf4,                               // 7c4b  hlt
    0xeb, 0xfd,                         // 7c4c  jmp 7c4bh
    0, 0,
    16, 0, 0, 0, 0, 0, 0x00, 0x20,      // 7c50  disk address packet
    0, 0, 0, 0, 0, 0, 0, 0,             // 7c58  its LBA
];

/// Makes the image's boot sector read these runs of sectors, and no more.
pub(super) fn install(image: &Path, runs: &[Range<u64>]) -> Result<()> {
    let mut sector = CODE.to_vec();
    for run in runs {
        for number in [run.start, run.end - run.start] {
            let number = u32::try_from(number).context("a run lies beyond 2 TiB")?;
            sector.extend(number.to_le_bytes());
        }
    }
    sector.extend([0; 8]);
    ensure!(
        sector.len() <= BOOT_CODE,
        "{} runs do not fit into a boot sector",
        runs.len()
    );
    OpenOptions::new()
        .write(true)
        .open(image)?
        .write_all_at(&sector, 0)?;
    Ok(())
}

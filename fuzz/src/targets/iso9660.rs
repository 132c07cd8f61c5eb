//! ISO 9660 with Rock Ridge or Joliet. An input is the image from its first descriptor
//! on: four sectors of 2,048 bytes, and more for what they name.

use std::rc::Rc;

use menus::storage::{Kind, Location, Storage};
use volumes::{Bytes, Volumes};

/// Where the descriptors begin.
const FIRST: usize = 16 * SECTOR;
const SECTOR: usize = 2048;
/// The most files that are looked at: directories may run in a circle.
const MOST: u32 = 200;

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut image = vec![0; FIRST];
    image.extend(data);
    image.resize(image.len().next_multiple_of(SECTOR), 0);
    let size = image.len();
    let bytes: Rc<dyn Bytes> = Rc::new(image);
    let volumes = Volumes::disk(&bytes, None);
    let mut looked_at = 0;
    for device in volumes.devices() {
        let mut folders = vec!["/".to_owned()];
        while let Some(folder) = folders.pop() {
            let Some(folder) = Location::new(device, &folder) else {
                continue;
            };
            for name in volumes.directory(&folder, 64).unwrap_or_default() {
                looked_at += 1;
                if looked_at > MOST {
                    return;
                }
                let Some(path) = folder.join(name.trim_start_matches('/')) else {
                    continue;
                };
                match volumes.kind(&path) {
                    Ok(Kind::Directory) => folders.push(path.path),
                    Ok(Kind::File { .. }) => {
                        let content = volumes.read(&path, size).unwrap_or_default();
                        assert!(content.len() <= size);
                    }
                    Err(_) => {}
                }
            }
        }
    }
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    vec![image(true), image(false)]
}

/// Two descriptors, a directory with a file, a link and a directory, and the file.
fn image(has_rock_ridge: bool) -> Vec<u8> {
    let mut image = vec![0; 6 * SECTOR];
    for (at, kind) in [(0, 1), (SECTOR, 2), (2 * SECTOR, 255)] {
        image[at] = kind;
        image[at + 1..at + 7].copy_from_slice(b"CD001\x01");
        image[at + 40..at + 48].copy_from_slice(b"L A B E ");
        image[at + 88..at + 91].copy_from_slice(b"%/E");
        image[at + 128..at + 130].copy_from_slice(&[0, 8]);
        let root = record(b"\0", 19, 2048, 2, b"");
        image[at + 156..][..root.len()].copy_from_slice(&root);
        image[at + 830..at + 846].copy_from_slice(b"2026113021490900");
    }
    let susp = |text: &[u8]| match has_rock_ridge {
        true => text.to_vec(),
        false => Vec::new(),
    };
    let records = [
        record(b"\0", 19, 2048, 2, &susp(b"SP\x07\x01\xbe\xef\x00")),
        record(b"\x01", 19, 2048, 2, b""),
        record(b"A.CFG;1", 20, 100, 0x80, b""),
        record(b"A.CFG;1", 20, 100, 0, &susp(b"NM\x0a\x01\x00a.cfg")),
        record(b"B", 19, 2048, 2, &susp(b"NM\x09\x01\x00boot")),
        record(
            b"C",
            0,
            0,
            0,
            &susp(b"SL\x10\x01\x00\x08\x00\x00\x05a.cfgNM\x06\x01\x00l"),
        ),
        record(
            b"D",
            0,
            0,
            0,
            &susp(b"CE\x1c\x01\x14\0\0\0\0\0\0\x14\x64\0\0\0\0\0\0\x64\x40\0\0\0\0\0\0\x40"),
        ),
    ];
    let records = records.concat();
    image[3 * SECTOR..][..records.len()].copy_from_slice(&records);
    image[4 * SECTOR..][..100].fill(b'x');
    image[4 * SECTOR + 100..][..15].copy_from_slice(b"NM\x0f\x01\x00continued.");
    image
}

/// A record of a directory.
fn record(name: &[u8], block: u32, size: u32, flags: u8, system_use: &[u8]) -> Vec<u8> {
    let mut record = vec![0; 33];
    record[2..6].copy_from_slice(&block.to_le_bytes());
    record[10..14].copy_from_slice(&size.to_le_bytes());
    record[25] = flags;
    record[32] = name.len() as u8;
    record.extend(name);
    if name.len().is_multiple_of(2) {
        record.push(0);
    }
    record.extend(system_use);
    if !record.len().is_multiple_of(2) {
        record.push(0);
    }
    record[0] = record.len() as u8;
    record
}

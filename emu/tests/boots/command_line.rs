//! The command line of an image is the same by the loader as by the stub.

use crate::common::{kernel, pe};
use crate::start::{OSREL, disk, start};

/// Bytes of the buffer in which the stub makes a line.
const STUB_LINE: usize = 4096;

/// Sections whose line needs at most 2,047 bytes, which is the loader's limit.
fn sections() -> Vec<Vec<u8>> {
    let long = |text: &[u8], size, fill| {
        let mut section = text.to_vec();
        section.resize(size, fill);
        section
    };
    vec![
        b"quiet".to_vec(),
        b"\n root=/dev/vda2\tro  quiet \x7f\n\0\0".to_vec(),
        b"quiet\0splash".to_vec(),
        b"\0quiet".to_vec(),
        b" \t\r\n".to_vec(),
        b"a\x01\x1fb\x7fc".to_vec(),
        b" caf\xc3\xa9 ".to_vec(),
        long(b"to the end of a sector", 512, 0),
        long(b"almost full of spaces", STUB_LINE - 1, b' '),
        long(b"full of spaces", STUB_LINE, b' '),
        long(b"full of NULs", STUB_LINE, 0),
        long(b"more NULs than there is room", 2 * STUB_LINE, 0),
        long(b"", 2047, b'x'),
    ]
}

#[test]
fn loader_and_stub_agree() {
    let disk = disk();
    let kernel = kernel(39, 3000);
    for (number, section) in sections().iter().enumerate() {
        let image = pe(&[
            (".osrel", OSREL),
            (".cmdline", section),
            (".linux", &kernel),
        ]);
        disk.add(&format!("EFI/Linux/{number}.efi"), &image);
    }
    for (number, section) in sections().iter().enumerate() {
        let mut buffer = [0xcc; STUB_LINE];
        let length = stub::command_line::one_line(section, &mut buffer);
        let by_stub = length.map(|length| String::from_utf8(buffer[..length].to_vec()).unwrap());
        let by_loader = start(&disk, &format!("{number}.efi"))
            .ok()
            .map(|started| started.cmdline());
        let text = String::from_utf8_lossy(section);
        assert_eq!(by_loader, by_stub, "{text:?}");
    }
}

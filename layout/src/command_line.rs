//! How the text of a `.cmdline` section becomes a kernel command line.
//!
//! The boot loader and the stub both read that section, and an image must get
//! the same command line from either. The rule is systemd-stub's: it converts
//! the section up to the first NUL (`xstrn8_to_16` in its efi-string.c), and
//! then cleans the result (`mangle_stub_cmdline` in its util.c).

use core::cell::Cell;

/// True for bytes that separate words: the space and the control characters of
/// ASCII.
pub const fn is_space(byte: u8) -> bool {
    byte <= b' ' || byte == 0x7f
}

/// Makes one line of the content of a `.cmdline` section, in place, and returns
/// the length of the line in bytes.
///
/// The first NUL ends the text. Control characters become spaces. Spaces at
/// both ends are removed; all spaces between words stay. The bytes of `text`
/// after the line have no meaning any more.
pub fn one_line(text: &mut [u8]) -> usize {
    let bytes = Cell::from_mut(text).as_slice_of_cells();
    let line = bytes
        .iter()
        .map(Cell::get)
        .take_while(|&byte| byte != 0)
        .skip_while(|&byte| is_space(byte));
    let mut length = 0;
    // The line moves towards the front: every byte is read before it is overwritten.
    for (index, (place, byte)) in bytes.iter().zip(line).enumerate() {
        if is_space(byte) {
            place.set(b' ');
        } else {
            place.set(byte);
            length = index + 1;
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_systemd_stub_does() {
        for (section, line) in [
            (&b""[..], &b""[..]),
            (b"quiet", b"quiet"),
            (b"\n a\tb\x7f\x01c\n\0d", b"a b  c"),
            (b"a  b \n", b"a  b"),
            (b" \t\x7f\n ", b""),
            (b"\0quiet", b""),
            (b"quiet\0\0\0", b"quiet"),
            (b"quiet \0splash", b"quiet"),
            (b"\x1f\xc3\xb6=\xff ", b"\xc3\xb6=\xff"),
        ] {
            let mut buffer = [0xcc; 16];
            let text = &mut buffer[..section.len()];
            text.copy_from_slice(section);
            let length = one_line(text);
            assert_eq!(&text[..length], line, "{section:?}");
        }
    }
}

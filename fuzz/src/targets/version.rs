//! The order of versions. An input is three texts with NULs between them; comparing
//! them must give a total order.

use crate::input::Input;
use boot::entries::version::compare;
use std::cmp::Ordering;

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let texts = [input.text(), input.text(), input.text()];
    for a in texts {
        assert_eq!(compare(a, a), Ordering::Equal);
        for b in texts {
            assert_eq!(compare(a, b), compare(b, a).reverse());
            for c in texts {
                let through = (compare(a, b), compare(b, c));
                if through.0 == through.1 || through.0.is_eq() {
                    assert_eq!(compare(a, c), through.1, "{a:?} {b:?} {c:?}");
                }
            }
        }
    }
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 6] = [
        b"1.0\x001.0~rc1\x001.0^git1",
        b"6.1.0-56-amd64\x006.1.0-9-amd64\x006.10.0",
        b"00001\x001\x000",
        b"a\x00b\x00ab",
        b"1_2\x001+2\x001-2",
        b"~~\0^^\0--",
    ];
    texts.map(<[u8]>::to_vec).to_vec()
}

//! The packed form of stage2's image, which `stage2/src/unpack.s` unpacks.
//!
//! From the image outwards:
//!
//! - calls and jumps become absolute ([`calls`]);
//! - for every bit of the result, a model that learns with every bit tells how likely
//!   a 1 is ([`model`]);
//! - with these probabilities, bits become bytes ([`rans`]).
//!
//! All of it uses integers only, so that every machine packs alike.

mod calls;
mod model;
mod rans;
pub(crate) mod search;

use anyhow::{Context, Result, ensure};
use layout::packed::IMAGE;

use model::{Model, Numbers};
use rans::{Decision, Decoder};

/// An image as it is stored.
pub(crate) struct Packed {
    pub(crate) bytes: Vec<u8>,
    /// For the unpacker.
    pub(crate) marker: u8,
}

/// Packs `image`, which will be unpacked to physical address `base`.
///
/// # Errors
///
/// The image is empty or too large, or has no byte left for the marker.
pub(crate) fn pack(image: &[u8], base: u32) -> Result<Packed> {
    ensure!(
        !image.is_empty() && image.len() <= IMAGE && base < 1 << 23,
        "the image is empty, larger than {IMAGE} bytes or not in low memory"
    );
    let (filtered, marker) = filter(image, base)?;
    let bytes = rans::encode(&decisions(&filtered, Numbers::OURS));
    ensure!(
        calls::unfilter(decode(&bytes, image.len())?, base, marker) == image,
        "packing lost something"
    );
    Ok(Packed { bytes, marker })
}

/// The image with absolute calls and jumps, and their marker.
fn filter(image: &[u8], base: u32) -> Result<(Vec<u8>, u8)> {
    let marker = calls::marker(image).context("every byte follows some E8: no marker is left")?;
    Ok((calls::filter(image, base, marker), marker))
}

/// The bits of `image`, the highest of each byte first, with the model's probabilities.
fn decisions(image: &[u8], numbers: Numbers) -> Vec<Decision> {
    let mut model = Model::new(numbers);
    let bits = |byte: &u8| {
        let byte = *byte;
        (0..8).rev().map(move |shift| byte >> shift & 1 != 0)
    };
    let decide = |bit| {
        let probability = model.probability();
        model.learn(probability, bit);
        Decision { bit, probability }
    };
    image.iter().flat_map(bits).map(decide).collect()
}

/// Unpacks `length` bytes, as `unpack.s` does before it undoes the filter of calls.
fn decode(packed: &[u8], length: usize) -> Result<Vec<u8>> {
    let mut model = Model::new(Numbers::OURS);
    let mut decoder = Decoder::new(packed)?;
    let mut image = Vec::with_capacity(length);
    while image.len() < length {
        let probability = model.probability();
        let bit = decoder.bit(probability)?;
        image.extend(model.learn(probability, bit));
    }
    Ok(image)
}

/// A program made up for tests, the same every time: bytes as a compiler for x86 makes
/// them, with calls, jumps and texts.
#[cfg(test)]
pub(crate) fn program(length: usize) -> Vec<u8> {
    const TEXTS: [&[u8]; 3] = [b"cannot read ", b"no such entry", b"disk error "];
    let mut state = 0x2545_f491_u32;
    let mut random = |below: u32| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state % below
    };
    let mut code = Vec::new();
    while code.len() < length {
        let (one, two, small) = (random(8) as u8, random(8) as u8, random(16) as u8);
        match random(9) {
            // mov between registers; from and to the stack.
            0 => code.extend([0x89, 0xc0 | one << 3 | two]),
            1 | 2 => code.extend([0x8b, 0x44 | one << 3, 0x24, 4 * small]),
            3 => code.extend([0x89, 0x44 | one << 3, 0x24, 4 * small]),
            4 => code.extend([0x83, 0xf8 | one, small]),
            5 => code.extend([0x74 | one & 1, 2 * small]),
            6 => code.extend([0x50 | one, 0x58 | two]),
            7 => {
                let target = 64 * random(length as u32 / 64) as i32;
                let displacement = target - (code.len() as i32 + 5);
                code.push(0xe8 | one & 1);
                code.extend(displacement.to_le_bytes());
            }
            _ => code.extend(TEXTS[random(3) as usize]),
        }
    }
    code.truncate(length);
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: u32 = 0x2_0000;

    #[test]
    fn code_shrinks_and_the_filter_helps() {
        let image = program(20_000);
        let packed = pack(&image, BASE).unwrap().bytes;
        let plain = rans::encode(&decisions(&image, Numbers::OURS));
        assert!(packed.len() < image.len() / 2, "{} bytes", packed.len());
        assert!(packed.len() < plain.len());
    }

    #[test]
    fn packing_twice_gives_the_same_bytes() {
        let image = program(5000);
        let [one, two] = [(); 2].map(|()| pack(&image, BASE).unwrap().bytes);
        assert_eq!(one, two);
    }

    #[test]
    fn what_is_cut_off_is_no_image() {
        let image = program(5000);
        let packed = rans::encode(&decisions(&image, Numbers::OURS));
        assert_eq!(decode(&packed, image.len()).unwrap(), image);
        for length in [0, 3, packed.len() / 2, packed.len() - 2] {
            let damaged = decode(&packed[..length], image.len());
            assert!(damaged.is_err(), "{length} bytes suffice");
        }
    }
}

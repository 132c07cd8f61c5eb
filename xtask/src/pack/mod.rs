//! The packed form of stage2's image, which `stage2/src/unpack.s` unpacks.
//!
//! From the image outwards:
//!
//! - calls and jumps become absolute ([`calls`]);
//! - the result is a sequence of steps: literals, which are single bytes, and
//!   matches, which repeat bytes that came before ([`stream`]);
//! - each step is a sequence of decisions between 0 and 1, and a model that
//!   learns with every decision tells how likely a 1 is ([`model`]);
//! - with these probabilities, decisions become bytes ([`rans`]).
//!
//! The packer is free to choose the steps: [`parse`] looks for cheap ones among
//! the [`mod@matches`] by what the model asks for them ([`price`]). It uses integers
//! only, so that every machine packs alike.

mod calls;
mod matches;
mod model;
mod parse;
mod price;
mod rans;
mod stream;

use anyhow::{Context, Result, ensure};
use layout::packed::IMAGE;

use parse::Parser;
use stream::{Recorder, Step};

/// An image as it is stored.
pub(crate) struct Packed {
    pub(crate) bytes: Vec<u8>,
    /// For the unpacker.
    pub(crate) marker: u8,
}

/// Packs `image`, which will be unpacked to physical address `base`, in so many
/// `rounds` of improvement.
pub(crate) fn pack(image: &[u8], base: u32, rounds: usize) -> Result<Packed> {
    ensure!(
        !image.is_empty() && image.len() <= IMAGE && base < 1 << 23,
        "the image is empty, larger than {IMAGE} bytes or not in low memory"
    );
    let marker = calls::marker(image).context("every byte follows some E8: no marker is left")?;
    let filtered = calls::filter(image, base, marker);
    let bytes = smallest(&filtered, rounds);

    let unpacked = stream::unpack(&bytes, image.len())?;
    ensure!(
        calls::unfilter(unpacked, base, marker) == image,
        "packing lost something"
    );
    Ok(Packed { bytes, marker })
}

/// The smallest packed form that turns up.
fn smallest(image: &[u8], rounds: usize) -> Vec<u8> {
    let parser = Parser::new(image);
    let mut steps = parser.greedy();
    let mut best = encode(image, &steps);
    for _ in 0..rounds {
        steps = parser.improve(&steps);
        let bytes = encode(image, &steps);
        if bytes.len() < best.len() {
            best = bytes;
        }
    }
    best
}

fn encode(image: &[u8], steps: &[Step]) -> Vec<u8> {
    let mut recorder = Recorder::new();
    stream::walk(&mut recorder, image, steps, |_, _, _, _| ());
    rans::encode(&recorder.decisions)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: u32 = 0x2_0000;

    #[test]
    fn repetition_shrinks_and_every_round_is_kept_if_it_helps() {
        let text = include_bytes!("mod.rs");
        let [greedy, better] = [0, 4].map(|rounds| pack(text, BASE, rounds).unwrap().bytes);
        assert!(better.len() < greedy.len());
        assert!(better.len() < text.len() / 2);
    }

    #[test]
    fn packing_twice_gives_the_same_bytes() {
        let text = include_bytes!("stream.rs");
        let [one, two] = [(); 2].map(|()| pack(text, BASE, 3).unwrap().bytes);
        assert_eq!(one, two);
    }

    #[test]
    fn what_is_cut_off_is_no_image() {
        let text = include_bytes!("rans.rs");
        let packed = encode(text, &Parser::new(text).greedy());
        assert_eq!(stream::unpack(&packed, text.len()).unwrap(), text);
        for length in [0, 3, packed.len() / 2, packed.len() - 2] {
            let damaged = stream::unpack(&packed[..length], text.len());
            assert!(damaged.is_err(), "{length} bytes suffice");
        }
    }
}

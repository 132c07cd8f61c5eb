//! From steps (literals and matches) to decisions, and back to bytes.
//!
//! A number from 1 is its bits below the highest, from there down, each announced
//! by a 1; a 0 ends it. The nodes for "one more" and for the bit alternate, a
//! pair for each bit. A match is its offset, 1 being the byte before, unless it
//! is the last match's (which can be said only behind a literal), and its length.

use anyhow::{Result, ensure};
use layout::packed::node;

use super::model::{Context, Model};
use super::rans::{Decision, Decoder};

/// How the next bytes are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Literal,
    Match { offset: usize, length: usize },
}

impl Step {
    /// Bytes that it makes.
    pub(super) fn length(self) -> usize {
        match self {
            Step::Literal => 1,
            Step::Match { length, .. } => length,
        }
    }
}

/// Where in the stream a step begins.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) context: Context,
    pub(super) after_match: bool,
    /// Of the last match; 0 before the first.
    pub(super) offset: usize,
}

impl Place {
    pub(super) const START: Self = Self {
        context: Context::START,
        after_match: false,
        offset: 0,
    };

    fn flag(self) -> usize {
        match self.after_match {
            true => node::AFTER_MATCH,
            false => node::AFTER_LITERAL,
        }
    }

    /// Behind `step`, which made `bytes`.
    fn behind(self, step: Step, bytes: &[u8]) -> Self {
        let context = bytes.iter().fold(self.context, |c, byte| c.then(*byte));
        match step {
            Step::Literal => Self {
                context,
                after_match: false,
                ..self
            },
            Step::Match { offset, .. } => Self {
                context,
                after_match: true,
                offset,
            },
        }
    }
}

/// Takes the decisions of a step one by one.
pub(super) trait Sink {
    fn decide(&mut self, context: Context, node: usize, bit: bool);
}

/// Tells `sink` the decisions of `step`, which makes the start of `rest`.
pub(super) fn decide(sink: &mut impl Sink, place: Place, step: Step, rest: &[u8]) {
    let Place {
        context,
        after_match,
        ..
    } = place;
    match step {
        Step::Literal => {
            sink.decide(context, place.flag(), false);
            literal(sink, context, rest[0]);
        }
        Step::Match { offset, length } => {
            sink.decide(context, place.flag(), true);
            let old = !after_match && offset == place.offset;
            if !after_match {
                sink.decide(context, node::OLD_OFFSET, old);
            }
            if !old {
                number(sink, context, node::OFFSET, offset);
            }
            number(sink, context, node::LENGTH, length);
        }
    }
}

/// Tells `sink` the bits of a literal.
pub(super) fn literal(sink: &mut impl Sink, context: Context, byte: u8) {
    let mut at = node::LITERAL;
    for shift in (0..8).rev() {
        let bit = byte >> shift & 1 != 0;
        sink.decide(context, at, bit);
        at = at * 2 + usize::from(bit);
    }
}

fn number(sink: &mut impl Sink, context: Context, first: usize, value: usize) {
    let mut at = first;
    for shift in (0..value.ilog2()).rev() {
        sink.decide(context, at, true);
        sink.decide(context, at + 1, value >> shift & 1 != 0);
        at += 2;
    }
    sink.decide(context, at, false);
}

/// The decisions of all `steps`, with what the model made of them.
pub(super) struct Recorder {
    pub(super) model: Model,
    pub(super) decisions: Vec<Decision>,
}

impl Recorder {
    pub(super) fn new() -> Self {
        Self {
            model: Model::new(),
            decisions: Vec::new(),
        }
    }
}

impl Sink for Recorder {
    fn decide(&mut self, context: Context, node: usize, bit: bool) {
        let probability = self.model.probability(context, node);
        self.model.learn(context, node, probability, bit);
        self.decisions.push(Decision { bit, probability });
    }
}

/// Tells `sink` the decisions of `steps`, which make `image`; before each step
/// `look` sees the sink and where it begins.
pub(super) fn walk<S: Sink>(
    sink: &mut S,
    image: &[u8],
    steps: &[Step],
    mut look: impl FnMut(&mut S, usize, Step, Place),
) {
    let mut place = Place::START;
    let mut at = 0;
    for step in steps {
        look(sink, at, *step, place);
        decide(sink, place, *step, &image[at..]);
        let end = at + step.length();
        place = place.behind(*step, &image[at..end]);
        at = end;
    }
}

/// Makes `length` bytes of `packed`: what `unpack.s` does before it undoes the
/// call filter.
pub(super) fn unpack(packed: &[u8], length: usize) -> Result<Vec<u8>> {
    let mut unpacker = Unpacker {
        model: Model::new(),
        decoder: Decoder::new(packed)?,
    };
    let mut image = Vec::with_capacity(length);
    let mut place = Place::START;
    while image.len() < length {
        let start = image.len();
        let step = unpacker.step(place, &mut image)?;
        place = place.behind(step, &image[start..]);
    }
    ensure!(image.len() == length, "the last match is too long");
    Ok(image)
}

struct Unpacker<'a> {
    model: Model,
    decoder: Decoder<'a>,
}

impl Unpacker<'_> {
    fn bit(&mut self, context: Context, node: usize) -> Result<bool> {
        let probability = self.model.probability(context, node);
        let bit = self.decoder.bit(probability)?;
        self.model.learn(context, node, probability, bit);
        Ok(bit)
    }

    fn step(&mut self, place: Place, image: &mut Vec<u8>) -> Result<Step> {
        let context = place.context;
        if !self.bit(context, place.flag())? {
            image.push(self.literal(context)?);
            return Ok(Step::Literal);
        }
        let old = !place.after_match && self.bit(context, node::OLD_OFFSET)?;
        let offset = match old {
            true => place.offset,
            false => self.number(context, node::OFFSET)?,
        };
        let length = self.number(context, node::LENGTH)?;
        ensure!(
            (1..=image.len()).contains(&offset),
            "a match before the image"
        );
        for _ in 0..length {
            image.push(image[image.len() - offset]);
        }
        Ok(Step::Match { offset, length })
    }

    fn literal(&mut self, context: Context) -> Result<u8> {
        let mut at = node::LITERAL;
        while at < 0x100 {
            at = at * 2 + usize::from(self.bit(context, at)?);
        }
        Ok(at as u8)
    }

    fn number(&mut self, context: Context, first: usize) -> Result<usize> {
        let mut value = 1;
        let mut at = first;
        while self.bit(context, at)? {
            value = value * 2 + usize::from(self.bit(context, at + 1)?);
            at += 2;
        }
        Ok(value)
    }
}

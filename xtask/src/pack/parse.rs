//! Finds the steps that cost least.
//!
//! What a step costs depends on all before it, since the model learns. So it
//! goes in rounds: the steps of one round are walked, the prices of all steps at
//! all places are noted as the model has them there, and the cheapest way by
//! these prices is what the next round begins with.

use layout::packed::node;
use std::array;

use super::matches::{Matches, common};
use super::model::{Context, Model};
use super::price::Price;
use super::stream::{self, Recorder, Sink, Step};

/// Bits that the price list knows of a number, at most.
const BITS: usize = 17;

/// What steps cost that begin at one place.
struct Prices {
    /// By what was before: literal, match.
    literal: [u32; 2],
    matched: [u32; 2],
    old_offset: [u32; 2],
    offset: Number,
    length: Number,
}

/// The prices of a number's decisions: both bits of each node.
struct Number([[u32; 2]; 2 * BITS]);

impl Number {
    fn price(&self, value: usize) -> u32 {
        let bits = value.ilog2() as usize;
        let bit = |at: usize| {
            let bit = value >> (bits - 1 - at) & 1;
            self.0[2 * at][1] + self.0[2 * at + 1][bit]
        };
        (0..bits).map(bit).sum::<u32>() + self.0[2 * bits][0]
    }
}

/// Notes the price of decisions, without learning.
struct Quote<'a> {
    model: &'a Model,
    price: &'a Price,
    sum: u32,
}

impl Sink for Quote<'_> {
    fn decide(&mut self, context: Context, node: usize, bit: bool) {
        let probability = self.model.probability(context, node);
        self.sum += self.price.of(probability, bit);
    }
}

/// A way to a place.
#[derive(Clone, Copy)]
struct Way {
    cost: u32,
    step: Step,
    /// Which of the ways to the place where the step begins.
    before: usize,
    /// Offset of the last match.
    offset: usize,
}

/// The best ways to a place: two that end in a literal, two that end in a
/// match, each two with different last offsets.
type Ways = [Option<Way>; 4];

pub(super) struct Parser<'a> {
    image: &'a [u8],
    matches: Matches,
    price: Price,
}

impl<'a> Parser<'a> {
    pub(super) fn new(image: &'a [u8]) -> Self {
        Self {
            image,
            matches: Matches::of(image),
            price: Price::new(),
        }
    }

    /// Steps to begin with: always the longest match.
    pub(super) fn greedy(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut at = 0;
        while at < self.image.len() {
            let longest = self.matches.at(at).last().copied();
            let step = longest
                .filter(|step| step.length() > 2)
                .unwrap_or(Step::Literal);
            at += step.length();
            steps.push(step);
        }
        steps
    }

    /// Steps that are cheaper than `steps`, mostly.
    pub(super) fn improve(&self, steps: &[Step]) -> Vec<Step> {
        let mut recorder = Recorder::new();
        let mut prices = Vec::with_capacity(self.image.len());
        stream::walk(
            &mut recorder,
            self.image,
            steps,
            |recorder, at, step, place| {
                let mut context = place.context;
                for byte in &self.image[at..at + step.length()] {
                    prices.push(self.prices(&recorder.model, context, *byte));
                    context = context.then(*byte);
                }
            },
        );
        self.cheapest(&prices)
    }

    /// What the model asks for each step in this context, if `byte` is next.
    fn prices(&self, model: &Model, context: Context, byte: u8) -> Prices {
        let quote = |node, bit| self.price.of(model.probability(context, node), bit);
        let flags = |bit| [node::AFTER_LITERAL, node::AFTER_MATCH].map(|node| quote(node, bit));
        let mut literal = Quote {
            model,
            price: &self.price,
            sum: 0,
        };
        stream::literal(&mut literal, context, byte);
        let number = |first| {
            Number(array::from_fn(|node| {
                [false, true].map(|bit| quote(first + node, bit))
            }))
        };
        Prices {
            literal: flags(false).map(|flag| flag + literal.sum),
            matched: flags(true),
            old_offset: [false, true].map(|bit| quote(node::OLD_OFFSET, bit)),
            offset: number(node::OFFSET),
            length: number(node::LENGTH),
        }
    }

    /// The steps that cost least by the `prices` at each place.
    fn cheapest(&self, prices: &[Prices]) -> Vec<Step> {
        let end = self.image.len();
        let mut ways: Vec<Ways> = vec![[None; 4]; end + 1];
        for at in 0..end {
            if at == 0 {
                self.extend(&mut ways, prices, 0, 0, None);
            }
            for number in 0..4 {
                if let Some(way) = ways[at][number] {
                    self.extend(&mut ways, prices, at, number, Some(way));
                }
            }
        }
        let mut steps = Vec::new();
        let mut at = end;
        let cost = |way: &Option<Way>| way.map_or(u32::MAX, |way| way.cost);
        let mut number = (0..4)
            .min_by_key(|number| cost(&ways[end][*number]))
            .unwrap_or(0);
        while let Some(way) = ways[at][number] {
            steps.push(way.step);
            at -= way.step.length();
            number = way.before;
        }
        steps.reverse();
        steps
    }

    /// Goes on from `way`, which leads to `at`, by every step possible there.
    fn extend(
        &self,
        ways: &mut [Ways],
        prices: &[Prices],
        at: usize,
        before: usize,
        way: Option<Way>,
    ) {
        let (cost, last) = way.map_or((0, 0), |way| (way.cost, way.offset));
        let after_match = way.is_some_and(|way| way.step != Step::Literal);
        let prices = &prices[at];
        let mut arrive = |step: Step, cost: u32, offset: usize| {
            let way = Way {
                cost,
                step,
                before,
                offset,
            };
            insert(&mut ways[at + step.length()], way);
        };
        arrive(
            Step::Literal,
            cost + prices.literal[usize::from(after_match)],
            last,
        );

        let cost = cost + prices.matched[usize::from(after_match)];
        let new = cost + if after_match { 0 } else { prices.old_offset[0] };
        let mut known = (0, 0);
        for step in self.matches.at(at) {
            let Step::Match { offset, length } = *step else {
                continue;
            };
            if offset == last {
                continue;
            }
            if known.0 != offset {
                known = (offset, prices.offset.price(offset));
            }
            arrive(*step, new + known.1 + prices.length.price(length), offset);
        }
        if last > 0 {
            let offset = match after_match {
                true => prices.offset.price(last),
                false => prices.old_offset[1],
            };
            for length in 1..=common(self.image, at, last) {
                let step = Step::Match {
                    offset: last,
                    length,
                };
                arrive(step, cost + offset + prices.length.price(length), last);
            }
        }
    }
}

/// Keeps `way` if it is one of the best two of its kind.
fn insert(ways: &mut Ways, way: Way) {
    let kind = if way.step == Step::Literal { 0 } else { 2 };
    let [best, second] = &mut ways[kind..kind + 2] else {
        return;
    };
    let beats = |other: &Option<Way>| other.is_none_or(|other| way.cost < other.cost);
    let like = |other: &Option<Way>| other.is_some_and(|other| way.offset == other.offset);
    if like(best) {
        if beats(best) {
            *best = Some(way);
        }
    } else if beats(best) {
        *second = *best;
        *best = Some(way);
    } else if beats(second) {
        *second = Some(way);
    }
}

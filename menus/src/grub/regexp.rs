//! Extended regular expressions of POSIX, for the command `regexp`: the leftmost and
//! longest match, in time that grows with the length of the text.

use alloc::rc::Rc;
use alloc::vec::Vec;

use crate::limits;

/// Instructions of one expression.
const PROGRAM: usize = 4096;
/// Groups of one expression.
const GROUPS: usize = 32;
/// The largest number in `{m,n}`.
const REPEATS: usize = 255;

/// A compiled expression.
pub(super) struct Regexp {
    program: Vec<Instruction>,
    groups: usize,
}

/// Where groups matched: the whole match, then each pair of parentheses.
pub(super) type Groups = Vec<Option<(usize, usize)>>;

#[derive(Clone, Debug)]
enum Instruction {
    Character(char),
    Any,
    Set {
        ranges: Rc<[(char, char)]>,
        negated: bool,
    },
    Begin,
    End,
    Save(usize),
    /// The first way is preferred.
    Split(usize, usize),
    Jump(usize),
    Match,
}

impl Regexp {
    /// Compiles. `None` if it is wrong, too large, or uses what is not read here (`\1`).
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let mut compiler = Compiler {
            pattern: pattern.chars().collect(),
            at: 0,
            program: Vec::new(),
            groups: 1,
            depth: 0,
        };
        compiler.emit(Instruction::Save(0))?;
        compiler.alternatives()?;
        if compiler.at < compiler.pattern.len() {
            return None;
        }
        compiler.emit(Instruction::Save(1))?;
        compiler.emit(Instruction::Match)?;
        Some(Self {
            program: compiler.program,
            groups: compiler.groups,
        })
    }

    /// Instructions, which say how long a search takes.
    pub(super) fn size(&self) -> usize {
        self.program.len()
    }

    /// The first and longest match. Positions are in characters.
    pub(super) fn search(&self, text: &[char]) -> Option<Groups> {
        let slots = self.groups.saturating_mul(2);
        let mut best: Option<Rc<[Option<usize>]>> = None;
        let mut threads = Threads::default();
        for at in 0..=text.len() {
            if best.is_none() {
                let empty: Rc<[Option<usize>]> = (0..slots).map(|_| None).collect();
                self.add(&mut threads, 0, empty, at, text);
            }
            let mut next = Threads::default();
            let mut matched = false;
            for (pc, saved) in &threads.list {
                // What began later than a match is of no use.
                if best.as_ref().is_some_and(|best| start(saved) > start(best)) {
                    continue;
                }
                let step = match self.program.get(*pc) {
                    Some(Instruction::Match) => {
                        // What matched at an earlier step is shorter; of those of this
                        // step the first counts.
                        if !matched {
                            best = Some(Rc::clone(saved));
                            matched = true;
                        }
                        false
                    }
                    Some(instruction) => text.get(at).is_some_and(|&c| consumes(instruction, c)),
                    None => false,
                };
                if step {
                    let (pc, at) = (pc.saturating_add(1), at.saturating_add(1));
                    self.add(&mut next, pc, Rc::clone(saved), at, text);
                }
            }
            threads = next;
            if threads.list.is_empty() && best.is_some() {
                break;
            }
        }
        let saved = best?;
        let pairs = saved.chunks(2);
        Some(
            pairs
                .map(|pair| (*pair.first()?).zip(*pair.get(1)?))
                .collect(),
        )
    }

    /// Follows instructions that take no character.
    fn add(&self, threads: &mut Threads, pc: usize, saved: Saved, at: usize, text: &[char]) {
        let mut stack = Vec::from([(pc, saved)]);
        while let Some((pc, saved)) = stack.pop() {
            if threads.seen.len() <= pc {
                threads
                    .seen
                    .resize(self.program.len().max(pc.saturating_add(1)), false);
            }
            match threads.seen.get_mut(pc) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            let after = pc.saturating_add(1);
            match self.program.get(pc) {
                Some(Instruction::Jump(to)) => stack.push((*to, saved)),
                Some(Instruction::Split(first, second)) => {
                    stack.push((*second, Rc::clone(&saved)));
                    stack.push((*first, saved));
                }
                Some(Instruction::Save(slot)) => {
                    let with = |(index, old): (usize, &Option<usize>)| match index == *slot {
                        true => Some(at),
                        false => *old,
                    };
                    stack.push((after, saved.iter().enumerate().map(with).collect()));
                }
                Some(Instruction::Begin) if at == 0 => stack.push((after, saved)),
                Some(Instruction::End) if at == text.len() => stack.push((after, saved)),
                Some(Instruction::Begin | Instruction::End) | None => {}
                Some(_) => threads.list.push((pc, saved)),
            }
        }
    }
}

type Saved = Rc<[Option<usize>]>;

#[derive(Default)]
struct Threads {
    list: Vec<(usize, Saved)>,
    seen: Vec<bool>,
}

/// Where a thread began.
fn start(saved: &Saved) -> Option<usize> {
    saved.first().copied().flatten()
}

fn consumes(instruction: &Instruction, c: char) -> bool {
    match instruction {
        Instruction::Character(expected) => *expected == c,
        Instruction::Any => true,
        Instruction::Set { ranges, negated } => {
            let inside = ranges.iter().any(|&(low, high)| (low..=high).contains(&c));
            inside != *negated
        }
        _ => false,
    }
}

struct Compiler {
    pattern: Vec<char>,
    at: usize,
    program: Vec<Instruction>,
    groups: usize,
    depth: u32,
}

impl Compiler {
    fn peek(&self) -> Option<char> {
        self.pattern.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at = self.at.saturating_add(1);
        Some(c)
    }

    fn eat(&mut self, c: char) -> bool {
        let here = self.peek() == Some(c);
        if here {
            self.at = self.at.saturating_add(1);
        }
        here
    }

    fn emit(&mut self, instruction: Instruction) -> Option<usize> {
        let at = self.program.len();
        if at >= PROGRAM {
            return None;
        }
        self.program.push(instruction);
        Some(at)
    }

    fn set(&mut self, at: usize, instruction: Instruction) {
        if let Some(place) = self.program.get_mut(at) {
            *place = instruction;
        }
    }

    fn alternatives(&mut self) -> Option<()> {
        let mut ends = Vec::new();
        loop {
            let start = self.program.len();
            self.sequence()?;
            if !self.eat('|') {
                break;
            }
            // Put a choice in front of what was just compiled.
            self.insert(start)?;
            ends.push(self.emit(Instruction::Jump(0))?);
            let next = self.program.len();
            self.set(start, Instruction::Split(start.saturating_add(1), next));
        }
        let end = self.program.len();
        for jump in ends {
            self.set(jump, Instruction::Jump(end));
        }
        Some(())
    }

    /// Makes room for an instruction at this place.
    fn insert(&mut self, at: usize) -> Option<()> {
        self.emit(Instruction::Match)?;
        let moved = |to: usize| if to >= at { to.saturating_add(1) } else { to };
        let tail = self.program.split_off(at);
        self.program.push(Instruction::Match);
        let kept = tail.len().saturating_sub(1);
        for instruction in tail.into_iter().take(kept) {
            self.program.push(match instruction {
                Instruction::Split(a, b) => Instruction::Split(moved(a), moved(b)),
                Instruction::Jump(to) => Instruction::Jump(moved(to)),
                other => other,
            });
        }
        Some(())
    }

    fn sequence(&mut self) -> Option<()> {
        while let Some(c) = self.peek() {
            if c == '|' || (c == ')' && self.depth > 0) {
                break;
            }
            self.piece()?;
        }
        Some(())
    }

    fn piece(&mut self) -> Option<()> {
        let start = self.program.len();
        self.atom()?;
        loop {
            let (least, most) = match self.peek() {
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('?') => (0, Some(1)),
                Some('{') => match self.interval() {
                    Some(interval) => {
                        self.repeat(start, interval.0, interval.1)?;
                        continue;
                    }
                    None => return None,
                },
                _ => return Some(()),
            };
            self.next();
            self.repeat(start, least, most)?;
        }
    }

    /// `{m}`, `{m,}`, `{m,n}`
    fn interval(&mut self) -> Option<(usize, Option<usize>)> {
        self.next();
        let least = self.count().unwrap_or(0);
        let most = match self.eat(',') {
            true => self.count(),
            false => Some(least),
        };
        let ordered = most.is_none_or(|most| least <= most && most <= REPEATS);
        (self.eat('}') && least <= REPEATS && ordered).then_some((least, most))
    }

    fn count(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            self.next();
            let digit = usize::try_from(digit).ok()?;
            let tens = number.unwrap_or(0_usize).saturating_mul(10);
            number = Some(tens.saturating_add(digit));
        }
        number
    }

    /// Repeats what was compiled from `start` on.
    fn repeat(&mut self, start: usize, least: usize, most: Option<usize>) -> Option<()> {
        let part = self.program.split_off(start);
        for _ in 0..least {
            self.copy(&part, start)?;
        }
        match most {
            None => {
                let split = self.emit(Instruction::Match)?;
                self.copy(&part, start)?;
                self.emit(Instruction::Jump(split))?;
                let end = self.program.len();
                self.set(split, Instruction::Split(split.saturating_add(1), end));
            }
            Some(most) => {
                let mut splits = Vec::new();
                for _ in least..most {
                    splits.push(self.emit(Instruction::Match)?);
                    self.copy(&part, start)?;
                }
                let end = self.program.len();
                for split in splits {
                    self.set(split, Instruction::Split(split.saturating_add(1), end));
                }
            }
        }
        Some(())
    }

    /// Appends a part that was compiled for another place.
    fn copy(&mut self, part: &[Instruction], from: usize) -> Option<()> {
        let shift = self.program.len().saturating_sub(from);
        for instruction in part {
            let moved = match instruction {
                Instruction::Split(a, b) => {
                    Instruction::Split(a.saturating_add(shift), b.saturating_add(shift))
                }
                Instruction::Jump(to) => Instruction::Jump(to.saturating_add(shift)),
                other => other.clone(),
            };
            self.emit(moved)?;
        }
        Some(())
    }

    fn atom(&mut self) -> Option<()> {
        let instruction = match self.next()? {
            '(' => return self.group(),
            '.' => Instruction::Any,
            '^' => Instruction::Begin,
            '$' => Instruction::End,
            '[' => self.bracket()?,
            '*' | '+' | '?' | '{' => return None,
            '\\' => match self.next()? {
                '0'..='9' => return None,
                'w' | 'W' | 's' | 'S' | 'b' | 'B' | '<' | '>' | '`' | '\'' => return None,
                c => Instruction::Character(c),
            },
            c => Instruction::Character(c),
        };
        self.emit(instruction)?;
        Some(())
    }

    fn group(&mut self) -> Option<()> {
        if self.depth >= limits::DEPTH || self.groups >= GROUPS {
            return None;
        }
        self.depth = self.depth.saturating_add(1);
        let slot = self.groups.saturating_mul(2);
        self.groups = self.groups.saturating_add(1);
        self.emit(Instruction::Save(slot))?;
        self.alternatives()?;
        self.emit(Instruction::Save(slot.saturating_add(1)))?;
        self.depth = self.depth.saturating_sub(1);
        self.eat(')').then_some(())
    }

    fn bracket(&mut self) -> Option<Instruction> {
        let negated = self.eat('^');
        let mut ranges = Vec::new();
        loop {
            let c = self.next()?;
            if c == ']' && !ranges.is_empty() {
                break;
            }
            if c == '[' && self.peek() == Some(':') {
                self.next();
                let mut name = alloc::string::String::new();
                while !self.eat(':') {
                    name.push(self.next()?);
                }
                if !self.eat(']') {
                    return None;
                }
                ranges.extend_from_slice(class(&name)?);
                continue;
            }
            if c == '[' && matches!(self.peek(), Some('.' | '=')) {
                return None;
            }
            let after = self.pattern.get(self.at.saturating_add(1));
            if self.peek() == Some('-') && after.is_some_and(|&after| after != ']') {
                self.next();
                ranges.push((c, self.next()?));
            } else {
                ranges.push((c, c));
            }
        }
        let ranges = ranges.into();
        Some(Instruction::Set { ranges, negated })
    }
}

fn class(name: &str) -> Option<&'static [(char, char)]> {
    Some(match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "blank" => &[(' ', ' '), ('\t', '\t')],
        "cntrl" => &[('\0', '\x1f'), ('\x7f', '\x7f')],
        "digit" => &[('0', '9')],
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => &[('\t', '\r'), (' ', ' ')],
        "upper" => &[('A', 'Z')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString};

    fn find(pattern: &str, text: &str) -> Option<Vec<String>> {
        let text: Vec<char> = text.chars().collect();
        let groups = Regexp::new(pattern)?.search(&text)?;
        let taken = |group: &Option<(usize, usize)>| match group {
            Some((start, end)) => text.get(*start..*end).unwrap().iter().collect(),
            None => "-".to_string(),
        };
        Some(groups.iter().map(taken).collect())
    }

    #[test]
    fn matches() {
        for (pattern, text, expected) in [
            (
                "^(.*)/([^/]*)$",
                "/boot/vmlinuz",
                "/boot/vmlinuz,/boot,vmlinuz",
            ),
            ("a|ab|abc", "xabcd", "abc"),
            ("(a|ab)(c|bcd)", "abcd", "abcd,a,bcd"),
            ("[[:digit:]]{2,3}", "a12345", "123"),
            ("x*", "aaa", ""),
            ("(a)|b", "b", "b,-"),
            ("a{2}b?", "aaab", "aa"),
            ("[]a-]+", "x]-a", "]-a"),
            (
                "^hd([0-9]+),(gpt|msdos)?([0-9]+)$",
                "hd0,gpt2",
                "hd0,gpt2,0,gpt,2",
            ),
            (
                "(a*)*b",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaab",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaab,aaaaaaaaaaaaaaaaaaaaaaaaaaa",
            ),
            ("é.", "xéz", "éz"),
        ] {
            let found = find(pattern, text).map(|groups| groups.join(","));
            assert_eq!(found.as_deref(), Some(expected), "{pattern} {text}");
        }
        for (pattern, text) in [("^b", "ab"), ("a$", "ab"), ("[^a]", "a"), ("a+", "")] {
            assert_eq!(find(pattern, text), None, "{pattern} {text}");
        }
        for wrong in [
            "(",
            "[a",
            "*a",
            "a{3,1}",
            "a{999}",
            "\\1",
            "((((a{99}){99}){99}){99})",
        ] {
            assert!(Regexp::new(wrong).is_none(), "{wrong}");
        }
    }
}

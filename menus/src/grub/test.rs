//! `test` and `[`, as in GRUB's `commands/test.c`.

use alloc::string::String;

use super::machine::Machine;
use super::number;
use crate::limits;
use crate::storage::Kind;

impl Machine<'_> {
    /// Whether an expression is true. A `]` at its end is left out.
    pub(super) fn test(&mut self, arguments: &[String]) -> bool {
        let arguments = match arguments.split_last() {
            Some((last, rest)) if last == "]" => rest,
            _ => arguments,
        };
        let mut expression = Expression {
            machine: self,
            left: arguments,
            depth: 0,
        };
        expression.value()
    }

    fn kind_of(&mut self, name: &str) -> Option<Kind> {
        // GRUB looks a name without slash up in the root directory.
        let at = match name.starts_with(['/', '(']) {
            true => self.locate(name),
            false => self.locate(&alloc::format!("/{name}")),
        };
        self.storage.kind(&at.ok()?).ok()
    }
}

struct Expression<'e, 'm, 's> {
    machine: &'e mut Machine<'s>,
    left: &'m [String],
    depth: u32,
}

/// What is known so far of an expression.
struct Value {
    and: bool,
    or: bool,
    inverted: bool,
}

impl Value {
    fn update(&mut self, value: bool) {
        self.and = self.and && (value != self.inverted);
        self.inverted = false;
    }
}

impl Expression<'_, '_, '_> {
    /// The value up to a `)` or the end.
    fn value(&mut self) -> bool {
        let mut value = Value {
            and: true,
            or: false,
            inverted: false,
        };
        while let [first, rest @ ..] = self.left {
            if let [operator, second, rest @ ..] = rest
                && let Some(result) = self.compare(first, operator, second)
            {
                value.update(result);
                self.left = rest;
                continue;
            }
            if let [operand, rest @ ..] = rest
                && let Some(result) = self.examine(first, operand)
            {
                value.update(result);
                self.left = rest;
                continue;
            }
            self.left = rest;
            match first.as_str() {
                ")" => break,
                "(" if self.depth >= limits::DEPTH => {
                    self.machine.note("a test is nested too deeply");
                    self.left = &[];
                    return false;
                }
                "(" => {
                    self.depth = self.depth.saturating_add(1);
                    let inner = self.value();
                    self.depth = self.depth.saturating_sub(1);
                    value.update(inner);
                }
                "!" => value.inverted = !value.inverted,
                "-a" => {}
                "-o" => {
                    value.or = value.or || value.and;
                    value.and = true;
                }
                word => value.update(!word.is_empty()),
            }
        }
        value.or || value.and
    }

    fn compare(&mut self, first: &str, operator: &str, second: &str) -> Option<bool> {
        let numbers = || (number::signed(first), number::signed(second));
        Some(match operator {
            "=" | "==" => first == second,
            "!=" => first != second,
            "<" => first < second,
            "<=" => first <= second,
            ">" => first > second,
            ">=" => first >= second,
            "-eq" => numbers().0 == numbers().1,
            "-ne" => numbers().0 != numbers().1,
            "-ge" => numbers().0 >= numbers().1,
            "-gt" => numbers().0 > numbers().1,
            "-le" => numbers().0 <= numbers().1,
            "-lt" => numbers().0 < numbers().1,
            "-pgt" => after_prefix(first, second, |a, b| a > b),
            "-plt" => after_prefix(first, second, |a, b| a < b),
            _ if operator.starts_with("-nt") || operator.starts_with("-ot") => {
                // The times of files are not known here.
                let exist = (
                    self.machine.kind_of(first).is_some(),
                    self.machine.kind_of(second).is_some(),
                );
                if exist == (true, true) {
                    self.machine
                        .note("the times of files are not compared here");
                }
                match operator.starts_with("-nt") {
                    true => exist == (true, false),
                    false => exist == (false, true),
                }
            }
            _ => return None,
        })
    }

    fn examine(&mut self, operator: &str, operand: &str) -> Option<bool> {
        Some(match operator {
            "-d" => matches!(self.machine.kind_of(operand), Some(Kind::Directory)),
            "-e" => self.machine.kind_of(operand).is_some(),
            "-f" => matches!(self.machine.kind_of(operand), Some(Kind::File { .. })),
            "-s" => match self.machine.kind_of(operand) {
                Some(Kind::File { size }) => size > 0,
                _ => false,
            },
            "-n" => !operand.is_empty(),
            "-z" => operand.is_empty(),
            _ => return None,
        })
    }
}

/// Compares the numbers after what two names begin with, as in `vmlinuz-2` and `vmlinuz-11`.
fn after_prefix(first: &str, second: &str, compare: fn(u64, u64) -> bool) -> bool {
    let (a, b) = (first.as_bytes(), second.as_bytes());
    let mut common = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    // Back over the digits, but not to the first byte.
    while let Some(last) = common.checked_sub(1) {
        if last == 0 || !a.get(last).is_some_and(u8::is_ascii_digit) {
            break;
        }
        common = last;
    }
    let number = |bytes: &[u8]| {
        let rest = bytes.get(common..).unwrap_or_default();
        number::unsigned(&String::from_utf8_lossy(rest))
    };
    compare(number(a), number(b))
}

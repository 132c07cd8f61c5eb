//! `echo`, `test`, `regexp`.

use alloc::string::String;
use alloc::vec::Vec;

use crate::grub::machine::{BAD_ARGUMENT, Call, FALSE, Machine, Status, TRUE};
use crate::grub::options::{Spec, Style, Value, flag, parse, with};
use crate::grub::regexp::{Groups, Regexp};

const ECHO: &[Spec] = &[flag("", Some('n')), flag("escapes", Some('e'))];

/// `echo [-n] [-e] words...`
pub(super) fn echo(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let parsed = match parse(ECHO, Style::First, call.arguments) {
        Ok(parsed) => parsed,
        Err(message) => return machine.refuse(&message),
    };
    let mut newline = !parsed.has("");
    let mut text = String::new();
    for (index, word) in parsed.rest.iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        match parsed.has("escapes") {
            true => newline &= unescape(word, &mut text),
            false => text.push_str(word),
        }
    }
    if newline {
        text.push('\n');
    }
    machine.print(&text);
    TRUE
}

/// It says whether the line still ends with a newline.
fn unescape(word: &str, text: &mut String) -> bool {
    let mut newline = true;
    let mut characters = word.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match characters.next() {
            Some('\\') => text.push('\\'),
            Some('a') => text.push('\x07'),
            Some('c') => newline = false,
            Some('f') => text.push('\x0c'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('v') => text.push('\x0b'),
            _ => {}
        }
    }
    newline
}

/// `[ expression ]`
pub(super) fn test(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    match machine.test(call.arguments) {
        true => TRUE,
        false => FALSE,
    }
}

const REGEXP: &[Spec] = &[with("set", Some('s'), Value::Yes)];

/// Characters of text times instructions of one search.
const REGEXP_WORK: usize = 1 << 20;

/// `regexp [--set [number:]name]... expression text`
pub(super) fn regexp(machine: &mut Machine<'_>, call: &Call<'_>) -> Status {
    let parsed = match parse(REGEXP, Style::Strict, call.arguments) {
        Ok(parsed) => parsed,
        Err(message) => return machine.refuse(&message),
    };
    let [pattern, text] = parsed.rest.as_slice() else {
        return machine.refuse("two arguments expected");
    };
    let text: Vec<char> = text.chars().collect();
    let regexp = Regexp::new(pattern);
    let work = regexp
        .as_ref()
        .map_or(0, Regexp::size)
        .saturating_mul(text.len());
    if work > REGEXP_WORK || !machine.budget.bytes(work.saturating_add(pattern.len())) {
        machine.note("a regular expression takes too long");
        return FALSE;
    }
    let Some(regexp) = regexp else {
        machine.note(&alloc::format!(
            "the regular expression `{pattern}` is not understood"
        ));
        return FALSE;
    };
    let Some(groups) = regexp.search(&text) else {
        return FALSE;
    };
    for target in parsed.values("set") {
        let (number, name) = match target.split_once(':') {
            None => (1, target),
            Some((number, name)) => match number.parse() {
                Ok(number) => (number, name),
                Err(_) => return BAD_ARGUMENT,
            },
        };
        match taken(&groups, number, &text) {
            Some(value) => machine.state.variables.set(name, &value),
            None => machine.state.variables.unset(name),
        }
    }
    TRUE
}

fn taken(groups: &Groups, number: usize, text: &[char]) -> Option<String> {
    let (start, end) = groups.get(number).copied().flatten()?;
    Some(text.get(start..end)?.iter().collect())
}

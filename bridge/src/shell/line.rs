//! A line that is being typed, with the lines before it and words that are completed.

use boot::machine::Console;
use boot::menu::keys::{Key, read};

use crate::console::Screen;

/// Lines that are remembered.
const HISTORY: usize = 100;
/// Characters of the longest line.
const LONGEST: usize = 2048;

/// The lines that were typed before.
#[derive(Default)]
pub struct History(Vec<String>);

/// What came of reading a line.
pub enum Typed {
    /// A line.
    Line(String),
    /// Somebody wants to leave: Escape or Ctrl-D on an empty line.
    Leave,
    /// Disks came or went while the line was empty.
    News,
}

/// A line with a cursor.
#[derive(Default)]
struct Line {
    text: Vec<char>,
    cursor: usize,
}

impl Line {
    fn of(text: &str) -> Self {
        let text: Vec<char> = text.chars().collect();
        let cursor = text.len();
        Self { text, cursor }
    }

    fn before(&self) -> String {
        self.text.iter().take(self.cursor).collect()
    }

    fn all(&self) -> String {
        self.text.iter().collect()
    }

    fn insert(&mut self, text: &str) {
        for letter in text.chars() {
            if self.text.len() < LONGEST {
                self.text.insert(self.cursor.min(self.text.len()), letter);
                self.cursor = self.cursor.saturating_add(1);
            }
        }
    }

    /// Where the word before the cursor begins.
    fn word(&self) -> usize {
        let before = self.text.iter().take(self.cursor);
        let before: Vec<_> = before.collect();
        let end = before
            .iter()
            .rposition(|letter| **letter != ' ')
            .unwrap_or(0);
        let space = before.iter().take(end).rposition(|letter| **letter == ' ');
        space.map_or(0, |space| space.saturating_add(1))
    }

    fn remove(&mut self, from: usize, to: usize) {
        let to = to.min(self.text.len());
        if from < to {
            self.text.drain(from..to);
        }
        self.cursor = from;
    }

    /// Takes in a key that changes the line.
    fn key(&mut self, key: Key) {
        let (at, end) = (self.cursor, self.text.len());
        match key {
            Key::Left => self.cursor = at.saturating_sub(1),
            Key::Right => self.cursor = at.saturating_add(1).min(end),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = end,
            Key::WordLeft => self.cursor = self.word(),
            Key::WordRight => {
                let mut after = self.text.iter().enumerate().skip(at.saturating_add(1));
                self.cursor = after
                    .find(|(_, letter)| **letter == ' ')
                    .map_or(end, |(at, _)| at);
            }
            Key::Backspace if at > 0 => self.remove(at.saturating_sub(1), at),
            Key::Delete => self.remove(at, at.saturating_add(1)),
            Key::DeleteWordLeft => self.remove(self.word(), at),
            Key::Ctrl(b'k') => self.remove(at, end),
            Key::Ctrl(b'u') => self.remove(0, at),
            _ => {}
        }
    }
}

impl History {
    /// Reads a line after a prompt. `complete` gives what the text before the cursor may go
    /// on with, each the whole of its last word.
    pub fn read(
        &mut self,
        screen: &mut Screen,
        prompt: &str,
        complete: &mut dyn FnMut(&str) -> Vec<String>,
    ) -> Typed {
        let mut line = Line::default();
        let mut place = self.0.len();
        let mut unfinished = Vec::new();
        screen.write(prompt.as_bytes());
        loop {
            screen.leaves_for_news(line.text.is_empty());
            let key = read(screen, None);
            if screen.left.take().is_some() {
                screen.new_line();
                return Typed::News;
            }
            let before = line.all();
            match key {
                Some(Key::Enter) => {
                    screen.new_line();
                    let text = line.all();
                    if !text.trim().is_empty() && self.0.last() != Some(&text) {
                        self.0.push(text.clone());
                        let excess = self.0.len().saturating_sub(HISTORY);
                        self.0.drain(..excess);
                    }
                    return Typed::Line(text);
                }
                None => return Typed::Leave,
                Some(Key::Escape | Key::Delete) if line.text.is_empty() => {
                    screen.new_line();
                    return Typed::Leave;
                }
                Some(Key::Up) => {
                    let older = place.saturating_sub(1);
                    if let Some(text) = self.0.get(older).filter(|_| place > 0) {
                        line = Line::of(text);
                        place = older;
                    }
                }
                Some(Key::Down) => {
                    place = place.saturating_add(1).min(self.0.len());
                    line = Line::of(self.0.get(place).map_or("", String::as_str));
                }
                Some(Key::Ctrl(b'c')) => {
                    line = Line::default();
                }
                Some(Key::Ctrl(b'i')) => {
                    complete_word(screen, &mut line, complete);
                    screen.write(prompt.as_bytes());
                    screen.write(line.all().as_bytes());
                    place_cursor(screen, prompt, &line);
                    continue;
                }
                Some(Key::Character(byte)) => {
                    unfinished.push(byte);
                    match str::from_utf8(&unfinished) {
                        Ok(text) => {
                            line.insert(text);
                            unfinished.clear();
                        }
                        Err(error) if error.error_len().is_some() => unfinished.clear(),
                        Err(_) => {}
                    }
                }
                Some(key) => line.key(key),
            }
            let typed_at_end = line.cursor == line.text.len();
            let after = line.all();
            match after.strip_prefix(&before) {
                Some(added) if typed_at_end && !added.is_empty() => screen.write(added.as_bytes()),
                _ => redraw(screen, prompt, &line),
            }
        }
    }
}

/// Draws the line anew, in place.
fn redraw(screen: &mut Screen, prompt: &str, line: &Line) {
    screen.start_of_line();
    screen.write(prompt.as_bytes());
    screen.write(line.all().as_bytes());
    screen.clear_to_end();
    place_cursor(screen, prompt, line);
}

fn place_cursor(screen: &mut Screen, prompt: &str, line: &Line) {
    if line.cursor < line.text.len() {
        screen.start_of_line();
        screen.write(prompt.as_bytes());
        screen.write(line.before().as_bytes());
    }
}

/// Completes the word before the cursor as far as all candidates agree, and shows them if
/// that adds nothing.
fn complete_word(
    screen: &mut Screen,
    line: &mut Line,
    complete: &mut dyn FnMut(&str) -> Vec<String>,
) {
    let before = line.before();
    let word = before.rsplit(' ').next().unwrap_or_default().to_owned();
    let candidates = complete(&before);
    let common = common(&candidates);
    if let Some(added) = common.strip_prefix(&word).filter(|added| !added.is_empty()) {
        line.insert(added);
        if candidates.len() == 1 && !common.ends_with(['/', ')']) {
            line.insert(" ");
        }
        screen.start_of_line();
        return;
    }
    screen.new_line();
    if candidates.len() > 1 {
        screen.line(&candidates.join("  "));
    }
}

/// The start that all have.
fn common(words: &[String]) -> String {
    let Some((first, others)) = words.split_first() else {
        return String::new();
    };
    let mut common = first.clone();
    for other in others {
        let same = common.chars().zip(other.chars());
        let same = same.take_while(|(one, other)| one == other).count();
        common = common.chars().take(same).collect();
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editing() {
        let mut line = Line::of("ls /boot");
        line.key(Key::DeleteWordLeft);
        assert_eq!(line.all(), "ls ");
        line.insert("ä");
        line.key(Key::Left);
        line.key(Key::Backspace);
        assert_eq!((line.all().as_str(), line.cursor), ("lsä", 2));
        line.key(Key::Home);
        line.key(Key::Backspace);
        line.key(Key::Delete);
        assert_eq!(line.all(), "sä");
        line.key(Key::Ctrl(b'k'));
        assert_eq!((line.all().as_str(), line.cursor), ("", 0));
        let mut line = Line::of("a bc d");
        line.key(Key::WordLeft);
        line.key(Key::WordLeft);
        assert_eq!(line.cursor, 2);
        line.key(Key::WordRight);
        assert_eq!(line.cursor, 4);
    }

    #[test]
    fn what_candidates_share() {
        let words = |words: &[&str]| {
            words
                .iter()
                .map(|&word| word.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(common(&words(&["poweroff"])), "poweroff");
        assert_eq!(common(&words(&["modprobe", "module"])), "mod");
        assert_eq!(common(&[]), "");
    }
}

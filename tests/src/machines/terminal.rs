//! The screen of a terminal at the other end of a serial line, with those functions that
//! OVMF's console and the menus on it use.

/// The most columns and lines of OVMF's console.
const COLUMNS: usize = 132;
const LINES: usize = 60;

/// The lines of a screen to which `text` was sent, without blanks at their ends.
pub fn screen(text: &str) -> Vec<String> {
    let mut lines = vec![vec![' '; COLUMNS]; LINES];
    let (mut line, mut column) = (0, 0);
    // Each piece begins with the rest of a control sequence, up to a letter.
    for (index, piece) in text.split("\x1b[").enumerate() {
        let end = match index {
            0 => 0,
            _ => piece
                .find(|c: char| c.is_ascii_alphabetic())
                .map_or(piece.len(), |end| end + 1),
        };
        let (sequence, text) = piece.split_at(end);
        match sequence.char_indices().next_back() {
            Some((_, 'J')) => lines.fill(vec![' '; COLUMNS]),
            Some((end, 'H')) => {
                let (row, place) = sequence[..end].split_once(';').unwrap_or(("1", "1"));
                let number = |text: &str| text.parse().unwrap_or(1_usize).saturating_sub(1);
                (line, column) = (number(row), number(place));
            }
            // Colours and modes.
            _ => {}
        }
        for character in text.chars() {
            match character {
                '\r' => column = 0,
                '\n' => line += 1,
                _ => {
                    let cell = lines.get_mut(line).and_then(|line| line.get_mut(column));
                    if let Some(cell) = cell {
                        *cell = character;
                    }
                    column += 1;
                }
            }
        }
    }
    let text = |line: Vec<char>| String::from_iter(line).trim_end().to_owned();
    lines.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::screen;

    #[test]
    fn text_goes_where_the_cursor_is() {
        let lines = screen("gone\x1b[2J\x1b[02;03H\x1b[7mab \x1b[0mc\r\nd\x1b[1;1Hx");
        assert_eq!(lines[..4], ["x", "  ab c", "d", ""]);
    }
}

//! The state file's content. [`layout::state`] describes it.

use boot::menu::Timeout;
use boot::settings::conf::Conf;
use layout::state::{self, Setting, TEXTS};

use crate::error::Error;

/// What is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Timeout of the menu.
    pub timeout: Option<Timeout>,
    /// Timeout of the menu at the next boot alone.
    pub one_shot_timeout: Option<Timeout>,
    texts: [Vec<u8>; TEXTS],
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A state.
    State(State),
    /// Nothing that has a meaning: a wrong size, magic or checksum.
    Damaged,
    /// A format that a newer gapboot knows.
    Newer(u16),
}

impl State {
    /// The value of a text; empty if it is not set.
    pub fn text(&self, setting: Setting) -> &[u8] {
        &self.texts[setting.index()]
    }

    /// Sets a text; an empty value unsets it.
    pub fn set(&mut self, setting: Setting, value: &[u8]) {
        self.texts[setting.index()] = value.to_vec();
    }

    /// Reads the bytes of a file.
    pub fn parse(bytes: &[u8]) -> Content {
        let Ok(bytes) = <&[u8; state::SIZE]>::try_from(bytes) else {
            return Content::Damaged;
        };
        let word = |at: usize| {
            let bytes = bytes[at..].first_chunk();
            u32::from_le_bytes(*bytes.unwrap_or(&[0; 4]))
        };
        let checksum = crc32fast::hash(&bytes[state::CHECKED_FROM..]);
        if !bytes.starts_with(&state::MAGIC) || word(state::CHECKSUM_OFFSET) != checksum {
            return Content::Damaged;
        }
        let format = bytes[state::FORMAT_OFFSET..].first_chunk();
        let format = u16::from_le_bytes(*format.unwrap_or(&[0; 2]));
        if format != state::FORMAT {
            return Content::Newer(format);
        }
        let flags = word(state::FLAGS_OFFSET);
        let timeout = |flag, at| (flags & flag != 0).then(|| Timeout::from_number(word(at)));
        let mut texts = bytes[state::TEXTS_OFFSET..].split(|&byte| byte == 0);
        let texts = [(); TEXTS].map(|()| texts.next().unwrap_or_default().to_vec());
        Content::State(Self {
            timeout: timeout(state::HAS_TIMEOUT, state::TIMEOUT_OFFSET),
            one_shot_timeout: timeout(state::HAS_ONE_SHOT_TIMEOUT, state::ONE_SHOT_TIMEOUT_OFFSET),
            texts,
        })
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// The texts are longer than the file.
    pub fn encode(&self) -> Result<[u8; state::SIZE], Error> {
        let texts: Vec<u8> = self
            .texts
            .iter()
            .flat_map(|text| text.iter().chain(&[0]))
            .copied()
            .collect();
        if texts.len() > state::TEXTS_SIZE {
            return Err(Error::failed(format!(
                "default, preferred, one-shot and last booted have {} bytes together, {} fit: \
                 use shorter patterns",
                texts.len().saturating_sub(TEXTS),
                state::TEXTS_SIZE - TEXTS
            )));
        }
        let mut bytes = [0; state::SIZE];
        let mut put = |at: usize, piece: &[u8]| bytes[at..][..piece.len()].copy_from_slice(piece);
        put(0, &state::MAGIC);
        put(state::FORMAT_OFFSET, &state::FORMAT.to_le_bytes());
        let mut flags = 0;
        for (value, flag, at) in [
            (self.timeout, state::HAS_TIMEOUT, state::TIMEOUT_OFFSET),
            (
                self.one_shot_timeout,
                state::HAS_ONE_SHOT_TIMEOUT,
                state::ONE_SHOT_TIMEOUT_OFFSET,
            ),
        ] {
            put(at, &value.map_or(0, Timeout::number).to_le_bytes());
            flags |= value.map_or(0, |_| flag);
        }
        put(state::FLAGS_OFFSET, &u32::to_le_bytes(flags));
        put(state::TEXTS_OFFSET, &texts);
        let checksum = crc32fast::hash(&bytes[state::CHECKED_FROM..]);
        bytes[state::CHECKSUM_OFFSET..][..4].copy_from_slice(&checksum.to_le_bytes());
        Ok(bytes)
    }
}

/// Reads a timeout as the loader reads it in `loader.conf`.
pub fn timeout(value: &str) -> Option<Timeout> {
    // A value that the loader does not take leaves the one that was there before.
    let read = |before: Timeout| {
        let mut conf = Conf::without_file();
        conf.timeout = before;
        conf.line(format!("timeout {value}").as_bytes());
        conf.timeout
    };
    let timeout = read(Timeout::Hidden);
    (timeout == read(Timeout::Forced)).then_some(timeout)
}

/// A timeout for a person.
pub fn describe(timeout: Timeout) -> String {
    match timeout {
        Timeout::Hidden => "menu-hidden".to_owned(),
        Timeout::Disabled => "menu-disabled".to_owned(),
        Timeout::Forced => "menu-force".to_owned(),
        Timeout::Seconds(seconds) => seconds.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> State {
        let mut state = State {
            timeout: Some(Timeout::Seconds(5)),
            one_shot_timeout: Some(Timeout::Forced),
            ..State::default()
        };
        state.set(Setting::Default, b"debian-*");
        state.set(Setting::OneShot, b"a.conf");
        state.set(Setting::LastBooted, b"b.conf");
        state
    }

    #[test]
    fn bytes_and_back() {
        for state in [State::default(), full()] {
            let bytes = state.encode().unwrap();
            assert_eq!(State::parse(&bytes), Content::State(state));
        }
        let bytes = full().encode().unwrap();
        assert_eq!(&bytes[..12], b"gapstate\x01\0\0\0");
        assert_eq!(
            &bytes[16..32],
            b"\x05\0\0\0\xff\xff\xff\xff\x03\0\0\0\0\0\0\0"
        );
        assert_eq!(&bytes[32..56], b"debian-*\0\0a.conf\0b.conf\0");
        assert!(bytes[56..].iter().all(|&byte| byte == 0));
    }

    #[test]
    fn what_is_no_state() {
        let good = full().encode().unwrap();
        let mut damaged: Vec<Vec<u8>> = [0, 12, 16, 511]
            .map(|at| {
                let mut bytes = good.to_vec();
                bytes[at] ^= 1;
                bytes
            })
            .into();
        damaged.extend([vec![], good[..511].to_vec(), [&good[..], &[0]].concat()]);
        for bytes in damaged {
            assert_eq!(State::parse(&bytes), Content::Damaged);
        }
        let mut newer = good;
        newer[8] = 2;
        assert_eq!(State::parse(&newer), Content::Newer(2));
    }

    #[test]
    fn texts_fill_the_file_and_no_more() {
        let mut state = State::default();
        state.set(Setting::Preferred, &[b'x'; 476]);
        assert_eq!(
            State::parse(&state.encode().unwrap()),
            Content::State(state.clone())
        );
        state.set(Setting::LastBooted, b"y");
        let error = state.encode().unwrap_err().to_string();
        assert!(error.contains("477 bytes together, 476 fit"), "{error}");
    }

    #[test]
    fn timeouts() {
        for (value, expected) in [
            ("0", Some(Timeout::Hidden)),
            ("1", Some(Timeout::Seconds(1))),
            ("2", Some(Timeout::Seconds(2))),
            ("menu-force", Some(Timeout::Forced)),
            ("menu-disabled", Some(Timeout::Disabled)),
            ("4294967296", None),
            ("5s", None),
            ("-1", None),
        ] {
            assert_eq!(timeout(value), expected, "{value}");
        }
        assert_eq!(describe(Timeout::Hidden), "menu-hidden");
        assert_eq!(describe(Timeout::Seconds(7)), "7");
    }
}

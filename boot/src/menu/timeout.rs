//! How long the menu waits for a person.

/// `timeout` of `loader.conf` (loader.conf(5)), of the state file, and as a person sets
/// it at the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// There is no menu, unless a key is pressed in the first moment.
    // First, because memory that is nothing but zeros has to be a timeout.
    Hidden,
    /// There is no menu.
    Disabled,
    /// The menu waits for ever.
    Forced,
    /// The menu waits for this many seconds, at least 1. The largest number is
    /// [`Timeout::LONGEST`].
    Seconds(u32),
}

/// Numbers that are not seconds, as systemd-boot stores them.
const HIDDEN: u32 = 0;
const DISABLED: u32 = u32::MAX - 1;
const FORCED: u32 = u32::MAX;

impl Timeout {
    /// The most seconds that the menu can wait.
    pub const LONGEST: u32 = DISABLED - 1;

    /// The timeout for a number of `loader.conf` or of the state file.
    pub const fn from_number(number: u32) -> Self {
        match number {
            HIDDEN => Self::Hidden,
            DISABLED => Self::Disabled,
            FORCED => Self::Forced,
            seconds => Self::Seconds(seconds),
        }
    }

    /// The number that stands for it in the state file.
    pub const fn number(self) -> u32 {
        match self {
            Self::Hidden => HIDDEN,
            Self::Disabled => DISABLED,
            Self::Forced => FORCED,
            Self::Seconds(seconds) => seconds,
        }
    }
}

// The menu offers the timeouts in this order: as in loader.conf (None), forced,
// hidden, 1 second, 2 seconds...

/// The next longer one of the timeouts that the menu offers.
pub(super) fn longer(timeout: Option<Timeout>) -> Option<Timeout> {
    Some(match timeout {
        None | Some(Timeout::Disabled) => Timeout::Forced,
        Some(Timeout::Forced) => Timeout::Hidden,
        Some(Timeout::Hidden) => Timeout::Seconds(1),
        Some(Timeout::Seconds(seconds)) => {
            Timeout::Seconds(seconds.saturating_add(1).min(Timeout::LONGEST))
        }
    })
}

/// The next shorter one.
pub(super) fn shorter(timeout: Option<Timeout>) -> Option<Timeout> {
    match timeout? {
        Timeout::Forced | Timeout::Disabled => None,
        Timeout::Hidden => Some(Timeout::Forced),
        Timeout::Seconds(0 | 1) => Some(Timeout::Hidden),
        Timeout::Seconds(seconds) => Some(Timeout::Seconds(seconds.saturating_sub(1))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (number, timeout) in [
            (0, Timeout::Hidden),
            (1, Timeout::Seconds(1)),
            (0xffff_fffd, Timeout::Seconds(Timeout::LONGEST)),
            (0xffff_fffe, Timeout::Disabled),
            (0xffff_ffff, Timeout::Forced),
        ] {
            assert_eq!(Timeout::from_number(number), timeout);
            assert_eq!(timeout.number(), number);
        }
    }

    #[test]
    fn order_at_the_menu() {
        let order = [
            None,
            Some(Timeout::Forced),
            Some(Timeout::Hidden),
            Some(Timeout::Seconds(1)),
            Some(Timeout::Seconds(2)),
        ];
        for pair in order.windows(2) {
            assert_eq!(longer(pair[0]), pair[1]);
            assert_eq!(shorter(pair[1]), pair[0]);
        }
        assert_eq!(shorter(None), None);
        // The menu is open, so that it cannot be set to be disabled.
        assert_eq!(longer(Some(Timeout::Disabled)), Some(Timeout::Forced));
        assert_eq!(shorter(Some(Timeout::Disabled)), None);
        let longest = Some(Timeout::Seconds(Timeout::LONGEST));
        assert_eq!(longer(longest), longest);
    }
}

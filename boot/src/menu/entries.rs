//! What the menu is given, and what it gives back.

/// What the menu shows, in its order, the first entry being 0.
pub trait Entries {
    /// Number of entries.
    fn count(&self) -> usize;

    /// Hands what is shown for an entry to `sink`, in pieces.
    fn title(&self, index: usize, sink: &mut dyn FnMut(&[u8]));

    /// The letter that selects an entry: `l` for Linux; 0 for none.
    fn hotkey(&self, index: usize) -> u8;

    /// Puts the command line of an entry into `into` and gives its length in
    /// bytes.
    ///
    /// # Errors
    /// Where it has none or it can't be read: the length of a text in `into`
    /// that says why.
    fn command_line(&mut self, index: usize, into: &mut [u8]) -> Result<usize, usize>;

    /// Hands all there is to say about an entry to `field`: names, of at most
    /// 13 characters, and values.
    fn details(&mut self, index: usize, field: &mut dyn FnMut(&[u8], &[u8]));
}

/// How the menu should be.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// Seconds until the selected entry is booted, or a constant of [`timeout`];
    /// all of these wait for ever, the menu being there already.
    pub timeout: u32,
    /// Lines that the screen is to have, if it is to change.
    pub lines: Option<u8>,
    /// The command line may be edited.
    pub editor: bool,
    /// Beeps tell the number of the selected entry.
    pub beep: bool,
    /// The entry that is selected at the start.
    pub selected: usize,
    /// What to say at the start: why booting failed. Or empty.
    pub message: &'a [u8],
}

/// What a person may set at the menu for this boot and the next ones. The
/// caller compares before and after, and keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The default entry.
    pub default: Option<usize>,
    /// The preferred entry.
    pub preferred: Option<usize>,
    /// The timeout that counts instead of loader.conf's, in the same numbers.
    pub timeout: Option<u32>,
}

impl Remembered {
    /// Nothing.
    pub const NOTHING: Self = Self {
        default: None,
        preferred: None,
        timeout: None,
    };
}

/// What was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Boot an entry.
    Boot {
        /// Its number.
        entry: usize,
        /// Length of the command line that it gets instead of its own, in the
        /// buffer that [`run`] was given.
        edited: Option<usize>,
    },
    /// Power off.
    PowerOff,
    /// Reboot.
    Reboot,
    /// Let the firmware try its next boot device.
    Quit,
}

//! The decision of a loader, from the values that it left for the started system and from
//! the output on the serial line.

/// A decision. Loaders for BIOS and UEFI report it by the names of the Boot Loader
/// Interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Id of the entry.
    pub selected: String,
    /// The file whose name counts the attempt, from its partition's root; None
    /// if it was not counted.
    pub counted: Option<String>,
    /// The command line; None if the loader leaves it to the image.
    pub options: Option<String>,
    /// The menu that was shown, if any.
    pub asked: Asked,
}

/// The menu of a boot, and how long it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// No menu was shown.
    Not,
    /// The menu counted down from this number of seconds.
    For(u32),
    /// The menu waited for a key.
    Forever,
}

impl Asked {
    /// Finds the countdown in the text of a menu; both loaders use the same words.
    pub fn of_menu(said: &str) -> Self {
        let seconds = said.split("Boot in ").nth(1);
        let seconds = seconds.and_then(|rest| rest.split(' ').next()?.parse().ok());
        seconds.map_or(Self::Forever, Self::For)
    }
}

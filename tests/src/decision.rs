//! What a loader decided, told by what it left for the system that it started and
//! by what came out of the serial line.

/// A decision. Loaders of either kind of firmware tell it by the names of the Boot
/// Loader Interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Id of the entry.
    pub selected: String,
    /// The file whose name counts the attempt, from its partition's root; None
    /// if it was not counted.
    pub counted: Option<String>,
    /// The command line; None if the loader leaves it to the image.
    pub options: Option<String>,
    /// Whether a person was asked.
    pub asked: Asked,
}

/// Whether there was a menu, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// There was none.
    Not,
    /// It counted down so many seconds.
    For(u32),
    /// It waited.
    Forever,
}

impl Asked {
    /// Finds the countdown in what a menu said; both loaders have the same words.
    pub fn of_menu(said: &str) -> Self {
        let seconds = said.split("Boot in ").nth(1);
        let seconds = seconds.and_then(|rest| rest.split(' ').next()?.parse().ok());
        seconds.map_or(Self::Forever, Self::For)
    }
}

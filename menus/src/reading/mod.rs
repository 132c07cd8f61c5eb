//! What the readers of plain configurations share.
//!
//! | module | content |
//! |---|---|
//! | [`budget`] | reads configuration files, within the limits |
//! | [`ids`] | ids that are unique in a menu |
//! | [`notes`] | notes, each once and not too many |
//! | [`value`] | the text of a line, and whether it is exactly what the file says |

pub(crate) mod budget;
pub(crate) mod ids;
pub(crate) mod notes;
pub(crate) mod value;

pub(crate) use budget::{Budget, Unread};
pub(crate) use ids::Ids;
pub(crate) use notes::Notes;
pub(crate) use value::{Value, shown};

//! The question that the choice answers.

use crate::disk::storage::Storage;
use crate::entries::list::List;
use crate::fat::Sources;

/// Which of these entries boots?
pub(crate) struct Question<'a, 'e, 'd, D> {
    /// The entries.
    pub(crate) list: &'a mut List<'e>,
    /// Where they come from.
    pub(crate) sources: &'a Sources,
    /// The disk.
    pub(crate) storage: &'a mut Storage<'d, D>,
    /// True where the processor can run 64-bit kernels.
    pub(crate) long_mode: bool,
    /// A pattern for the entry that boots, stronger than all settings.
    pub(crate) wish: Option<&'a [u8]>,
    /// An attempt has failed; the trail has the message.
    pub(crate) failed: bool,
}

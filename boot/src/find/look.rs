//! For programs that only look at a disk: the list that the menu would get, made by the
//! same code.

use super::inventory::Finder;
use super::scan::Problem;
use crate::Error;
use crate::disk::storage::Storage;
use crate::entries::list::List;
use crate::entries::title;
use crate::fat::Sources;
use crate::machine::Disk;
use crate::overlay::Overlay;
use crate::workspace::{Desk, Workspace};

/// The list that was found on a disk, and the means to read more of the disk.
pub struct Inventory<'l, 's, 'd, D> {
    /// The entries in the order of the menu, their titles told apart.
    pub list: &'l List<'l>,
    /// The rank of the entry that boots when nobody chooses one.
    pub default: Option<usize>,
    /// The disk.
    pub storage: &'s mut Storage<'d, D>,
    /// The volumes that entries come from.
    pub sources: Sources,
}

/// Takes the inventory of `disk` for a machine that can run 64-bit kernels, or
/// not, and shows it to `then`. Faults on the way are reported to `problem`.
///
/// # Errors
/// The reason why there is no list.
pub fn look<D: Disk, T>(
    disk: &mut D,
    workspace: &mut Workspace,
    long_mode: bool,
    problem: &mut Problem,
    then: impl FnOnce(Inventory<D>) -> T,
) -> Result<T, Error> {
    let mut storage = workspace.caches.storage(disk);
    let Desk {
        scratch,
        conf,
        state,
        ..
    } = &mut workspace.desk;
    let overlay = Overlay::linked();
    let mut finder = Finder {
        storage: &mut storage,
        overlay: Some(overlay),
        long_mode,
        scratch,
    };
    let mut sources = [None; 2];
    let mut list = List::new(&mut workspace.entries);
    finder.sources(&mut sources, problem)?;
    overlay.read_settings(&mut finder, &sources, conf, problem);
    finder.entries(&sources, &mut list, problem);
    if let [Some(esp), _] = &sources {
        state.read(finder.storage, &esp.volume);
    }
    let default = finder.default(&sources, &mut list, conf, state, None);
    title::tell_apart(&mut list);
    Ok(then(Inventory {
        default,
        list: &list,
        storage: &mut storage,
        sources,
    }))
}

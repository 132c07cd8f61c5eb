//! Entries that the loader adds to the menu by itself if loader.conf asks for them
//! (`auto-reboot`, `auto-poweroff`). Their names are systemd-boot's.

use crate::entries::entry::{Entry, Field};
use crate::entries::list::List;
use crate::handoff::Ending;
use crate::overlay::Overlay;
use crate::settings::conf::Conf;

/// Id of the entry that powers the machine off.
const POWER_OFF: &[u8] = b"auto-poweroff";
/// Id of the entry that restarts it.
const REBOOT: &[u8] = b"auto-reboot";

/// Offers the entries that the settings want to `list`, in which they come last.
/// `entry` is for the use of this function.
pub(super) fn offer(conf: &Conf, list: &mut List, entry: &mut Entry) {
    for (wanted, id, title) in [
        (conf.auto_poweroff, POWER_OFF, &b"Power Off The System"[..]),
        (conf.auto_reboot, REBOOT, b"Reboot The System"),
    ] {
        if !wanted {
            continue;
        }
        entry.clear();
        entry.generated = true;
        if entry.set_id(&[id]).is_some() && entry.set(Field::Title, &[title]).is_some() {
            list.offer(entry);
        }
    }
}

/// How the loader ends if this entry of `list` is chosen and is one of these.
pub(super) fn ending(list: &List, entry: usize, overlay: Overlay) -> Option<Ending> {
    let chosen = list.get(entry).filter(|chosen| chosen.generated)?;
    Some(match chosen.id() == POWER_OFF {
        true => Ending::PowerOff(overlay),
        false => Ending::Reboot,
    })
}

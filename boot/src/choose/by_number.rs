//! A list of numbers, in place of settings and menu on a machine without its overlay.

use super::choice::{Choice, MOMENT};
use crate::entries::list::List;
use crate::handoff::Ending;
use crate::machine::{Console, Input};

/// The choice on a machine without an overlay: the first entry, unless a key is
/// pressed in the first moment or an attempt has `failed`. Then a digit chooses one
/// of the first nine entries, any other key the first one.
pub(crate) fn by_number(
    console: &mut impl Console,
    list: &List,
    failed: bool,
) -> Result<Choice, Ending> {
    if !failed && console.key(Some(MOMENT)).is_none() {
        return Ok(Choice::plain(0));
    }
    for (rank, digit) in (b'1'..=b'9').enumerate() {
        if let Some(entry) = list.get(rank) {
            console.write(&[digit, b' ']);
            console.write(entry.id());
            console.new_line();
        }
    }
    let Some(Input::Keyboard { ascii: key, .. } | Input::Serial(key)) = console.key(None) else {
        // There is nobody to ask.
        return Err(Ending::Failed);
    };
    let rank = usize::from(key.wrapping_sub(b'1'));
    Ok(Choice::plain(match list.get(rank) {
        Some(_) => rank,
        None => 0,
    }))
}

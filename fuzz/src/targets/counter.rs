//! Names with boot counters. An input is a name; the names after an attempt must
//! have one attempt less.

use boot::entries::counter::EntryName;

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    for suffix in [&b".conf"[..], b".efi"] {
        let Some(name) = EntryName::parse(data, suffix) else {
            continue;
        };
        let [base, end] = name.id();
        assert!(data.starts_with(base) && end.eq_ignore_ascii_case(suffix));
        let mut room = [0; 4];
        assert!(
            data.len() < 5 || name.next(&mut room).is_none(),
            "too little room"
        );
        for grow in [false, true] {
            let mut room = [0; 256];
            let grows = grow && name.done_digits == 0;
            let next = if grows {
                name.longer(&mut room)
            } else {
                name.next(&mut room)
            };
            if !name.tries.is_counted() || data.len() > 250 {
                continue;
            }
            let next = next.expect("counted names have a next one");
            let after = EntryName::parse(next, suffix).expect("it is an entry's name");
            assert_eq!(after.id(), name.id());
            assert_eq!(after.tries.left, (name.tries.left - 1).max(0));
            assert!(after.tries.done >= name.tries.done);
            assert!(
                after.tries.done
                    <= name
                        .tries
                        .done
                        .saturating_add(if name.tries.done < 0 { 2 } else { 1 })
            );
            let grown = if grows { 2 } else { 0 };
            assert_eq!(next.len(), data.len() + grown);
            assert_eq!(after.left_digits, name.left_digits);
        }
    }
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let names = [
        "debian-6.1.0+3.conf",
        "a+10-009.efi",
        "A+2147483647-2147483647.CONF",
        "c++11+02-00.efi",
        "a+3-9999999999.conf",
        "auto-a+1.conf",
        "+0.conf",
        "a+-1.conf",
    ];
    names.map(|name| name.as_bytes().to_vec()).to_vec()
}

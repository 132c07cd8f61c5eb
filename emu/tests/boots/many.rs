//! The cost of many entries, and of many files beside an image.

use crate::common::{TestDisk, kernel, pe};
use crate::start::{OSREL, disk, start};
use emu::disk::Access;

/// The number of requests of a whole boot from a disk with this many entries, and
/// the id of the entry that booted.
fn requests(entries: usize) -> (usize, String) {
    let disk: TestDisk = disk();
    disk.add("vmlinuz", &kernel(39, 3000));
    let files: Vec<_> = (0..entries)
        .map(|number| {
            let text = format!("title Entry\nversion {number}\nsort-key x\nlinux /vmlinuz\n");
            (format!("{number:04}x.conf"), text)
        })
        .collect();
    disk.add_all("loader/entries", &files);
    let started = start(&disk, "").unwrap();
    let accesses = &started.machine.disk.accesses;
    assert!(
        accesses
            .iter()
            .all(|access| matches!(access, Access::Read(..)))
    );
    (accesses.len(), started.id)
}

/// The newest entry boots, however many there are and wherever it lies in the
/// directory; each costs a bounded number of requests.
#[test]
fn in_proportion() {
    let (one, id) = requests(1);
    assert_eq!(id, "0000x.conf");
    assert!(one <= 40, "{one} requests for one entry");
    for count in [128, 2000] {
        let (many, id) = requests(count);
        assert_eq!(id, format!("{:04}x.conf", count - 1));
        let each = (many - one) as f64 / (count - 1) as f64;
        println!("{count} entries: {many} requests, {each:.2} for each further one");
        assert!(many - one <= 3 * (count - 1), "{many} requests for {count}");
    }
}

/// 160 entries are more than the menu holds. The one that the settings name is found
/// although it sorts after those that the menu has room for.
#[test]
fn an_entry_that_has_no_room_boots_if_a_setting_names_it() {
    let disk = crate::start::disk();
    disk.add("kernel", &kernel(39, 100));
    let entries: Vec<(String, String)> = (0..160)
        .map(|number| {
            let text = format!("sort-key {number:03}\nlinux /kernel\n");
            (format!("e{number:03}.conf"), text)
        })
        .collect();
    disk.add_all("loader/entries", &entries);
    let chosen = |wish: &str| start(&disk, wish).unwrap().id;
    assert_eq!(chosen(""), "e000.conf");
    assert_eq!(chosen("e159.conf"), "e159.conf");
    assert_eq!(chosen("e1[45]*"), "e140.conf");
    disk.add("loader/loader.conf", b"default e15?.conf\n");
    assert_eq!(chosen(""), "e150.conf");
    assert_eq!(chosen("nosuch"), "e150.conf");
    disk.add("loader/loader.conf", b"default nosuch\n");
    assert_eq!(chosen(""), "e000.conf");
}

/// The number of requests of a boot of an image with this many credentials.
fn with_credentials(count: usize) -> usize {
    let disk = disk();
    let image = pe(&[(".osrel", OSREL), (".linux", &kernel(39, 3000))]);
    disk.add_tree(&[
        ("EFI/Linux/a.efi", &image),
        ("loader/credentials/README", b""),
    ]);
    let files: Vec<_> = (0..count)
        .map(|number| {
            (
                format!("a credential {number:03}.cred"),
                format!("{number}"),
            )
        })
        .collect();
    disk.add_all("loader/credentials", &files);
    start(&disk, "").unwrap().reads()
}

/// The directory is walked again for every eighth file, but a walk costs only what the
/// cache no longer has of the directory. So the cost of the greatest number of files is
/// in proportion to that of a few.
#[test]
fn files_beside_an_image() {
    let [few, some, most] = [8, 64, 256].map(with_credentials);
    println!("requests with 8, 64 and 256 credentials: {few}, {some}, {most}");
    assert!(some - few <= 2 * 56, "{some} requests for 64, {few} for 8");
    assert!(
        most - few <= 2 * 248,
        "{most} requests for 256, {few} for 8"
    );
}

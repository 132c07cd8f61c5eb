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

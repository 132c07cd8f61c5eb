//! What a boot asks of the disk: requests and bytes, as QEMU's block layer sees
//! them. `docs/performance.md` says where they go.

use tests::MIB;
use tests::bench::{self, Figures, Files, Loader};
use tests::data::random;
use tests::gapboot::type1;
use tests::images::{Disk, Fat, Partition, Volume};
use tests::kernels::probe::Kernel;
use tests::machines::qemu::{Bus, Machine};
use tests::scenario::Scenario;

#[test]
fn as_few_as_a_loop_of_reads() {
    let directory = tempfile::tempdir().unwrap();
    let [floor, gapboot] = ["floor.img", "gapboot.img"].map(|name| directory.path().join(name));
    let files = bench::disk(&gapboot, Kernel::load().unwrap()).unwrap();
    std::fs::copy(&gapboot, &floor).unwrap();
    Loader::Floor.install(&floor, &files).unwrap();
    Loader::Gapboot.install(&gapboot, &files).unwrap();
    for bus in [Bus::Ahci, Bus::Virtio] {
        let measure = |loader: Loader, image| {
            let machine = Machine::new(image).bus(bus);
            loader.measure(machine, &files).unwrap()
        };
        let floor = measure(Loader::Floor, &floor);
        assert_eq!((floor.unread, floor.read_twice), (0, 0), "{floor:?}");
        let ours = measure(Loader::Gapboot, &gapboot);
        assert_eq!(ours.read_twice, 0, "{bus:?}: {ours:?}");
        assert!(
            ours.requests * 100 <= floor.requests * 105 && ours.bytes * 100 <= floor.bytes * 105,
            "{bus:?}: {ours:?}, the floor: {floor:?}"
        );
    }
}

/// What a scenario's boot costs.
fn cost(scenario: &Scenario) -> (Files, Figures) {
    let directory = tempfile::tempdir().unwrap();
    let image = scenario.install(directory.path()).unwrap();
    let files = Files::find(&image, scenario).unwrap();
    let figures = Loader::Gapboot.measure(Machine::new(&image), &files);
    (files, figures.unwrap())
}

#[test]
fn one_for_each_piece_of_a_file() {
    let scenario = Scenario {
        run: Some(1),
        ..Scenario::new().unwrap()
    };
    let (files, figures) = cost(&scenario.initrd(random(1, 800 * 4096)));
    let pieces = files.kernel.len() + files.initrd.len();
    assert!(pieces >= 800, "{pieces}");
    assert_eq!(figures.read_twice, 0, "{figures:?}");
    assert!(figures.requests <= pieces + 50, "{pieces}: {figures:?}");
}

/// What a boot costs with so many entries.
fn with_entries(count: usize) -> Figures {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    let scenario = Scenario::new().unwrap();
    let mut esp: Partition = scenario.partition();
    for number in 1..count {
        let id = format!("0123456789abcdef0123456789abcdef-6.1.0-{number}-amd64");
        let title = format!("Debian GNU/Linux {number}");
        let entry = type1(&title, "/probe/kernel", &[], "root=/dev/vda2 quiet");
        esp = esp.file(&format!("loader/entries/{id}.conf"), entry);
    }
    Disk::new(300 * MIB).partition(esp).build(&image).unwrap();
    tests::gapboot::install(&image).unwrap();
    let files = Files::find(&image, &scenario).unwrap();
    let figures = Loader::Gapboot.measure(Machine::new(&image), &files);
    figures.unwrap()
}

#[test]
fn three_for_each_entry() {
    let one = with_entries(1);
    assert!(one.before_kernel <= 40, "{one:?}");
    let many = with_entries(41);
    assert!(
        many.before_kernel <= one.before_kernel + 3 * 40,
        "{one:?}, {many:?}"
    );
}

#[test]
fn the_floor_is_where_mtools_says_the_files_are() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    let content = random(1, 10_000);
    let esp = Partition::esp(Fat::new(16).cluster(2048)).fragmented_file("a", content.clone(), 2);
    Disk::new(24 * MIB).partition(esp).build(&image).unwrap();
    let runs = Volume::open(&image, 1).unwrap().runs("a", 10_000).unwrap();
    assert_eq!(runs.len(), 3);
    let disk = std::fs::read(&image).unwrap();
    let mut found: Vec<u8> = Vec::new();
    for run in runs {
        found.extend(&disk[run.start as usize * 512..run.end as usize * 512]);
    }
    assert!(found[..10_000] == content);
}

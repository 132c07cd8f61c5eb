//! `gapboot kexec` on Debian's kernel: each system that it starts starts the next.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tests::MIB;
use tests::debian::Flavour;
use tests::gapboot::{built, type1};
use tests::guests::running::{START, initrd, said};
use tests::images::{Disk, Fat, Partition};
use tests::loaders::uki::{CMDLINE, OWN, Workshop, stub};
use tests::machines::ovmf;
use tests::machines::qemu::{Bus, Exit, Machine};
use tests::tool::run;

/// What all systems do that are started: they say what they find, and start what
/// the next line of `/esp/steps` says.
const INIT: &str = r#"
mkdir -p /esp
mount -t vfat /dev/vda1 /esp
step=$(cat /esp/step 2>/dev/null || echo 1)
echo $((step + 1)) >/esp/step
# The firmware leaves an unfinished line.
echo
exec 2>/dev/null
say $(cat /order) $(cat /handed-in) $(sed -n s/^ID=//p /.extra/os-release) \
    $(cat /.extra/credentials/test.cred) $(ls /sys/firmware | grep efi) \
    $(ls /sys/firmware/acpi/tables | grep FACP) : $(cat /proc/cmdline)
next=$(sed -n "$step p" /esp/steps)
[ -n "$next" ] || exit
say $(eval "gapboot kexec -l $next" 2>&1)
umount /esp
gapboot kexec -e
"#;

/// One start after another.
struct Step {
    /// The arguments of `gapboot kexec -l`.
    by: &'static str,
    /// What that says.
    loaded: &'static str,
    /// What the system finds that is started.
    finds: &'static str,
    /// Its command line.
    line: &'static str,
}

/// What an image finds that got nothing but its own.
const OWN_PARTS: &str = "initrd test";
/// The same with an initrd handed in.
const MORE_PARTS: &str = "initrd yes test";

/// Two profiles, the second of them with a command line of its own.
fn profiles(workshop: &Workshop) -> PathBuf {
    let output = workshop.path("profiles.efi");
    let mut build = Command::new(built("gapboot").unwrap());
    build
        .args(["uki", "build", "--cmdline", CMDLINE, "--linux"])
        .arg(workshop.path("vmlinuz"))
        .arg("--initrd")
        .arg(workshop.path("initrd"))
        .arg(format!(
            "--os-release=@{}",
            workshop.path("os-release").display()
        ))
        .args(["--profile", "ID=zero", "--profile", "ID=one", "--cmdline"])
        .arg(SECOND_PROFILE)
        .arg("--stub")
        .arg(stub().unwrap())
        .arg("--output")
        .arg(&output);
    run(&mut build).unwrap();
    output
}

const SECOND_PROFILE: &str = "console=ttyS0 panic=-1 quiet no_timer_check profile=1";

/// A disk with images, entries, and the steps to take.
fn disk(workshop: &Workshop, steps: &[Step]) -> PathBuf {
    let signed = workshop
        .sign(&workshop.build(&stub().unwrap()).unwrap())
        .unwrap()
        .0;
    let mut lines: Vec<&str> = steps.iter().map(|step| step.by).collect();
    lines.push("");
    let esp = Partition::esp(Fat::new(32))
        .file("steps", lines.join("\n"))
        .file("legacy.efi", signed)
        .file("plain.efi", workshop.plain(&stub().unwrap()).unwrap())
        .file("profiles.efi", profiles(workshop))
        .file("vmlinuz", workshop.path("vmlinuz"))
        .file("initrd", workshop.path("initrd"))
        .file("handed", workshop.path("handed-in"))
        .file("EFI/Linux/plain.efi", workshop.path("plain.efi"))
        .file("EFI/Linux/plain.efi.extra.d/test.cred", "secret")
        .file(
            "loader/entries/linux.conf",
            type1("Linux", "/vmlinuz", &["/initrd", "/handed"], OWN) + "sort-key z\n",
        )
        .file(
            "loader/entries/profile.conf",
            "uki /profiles.efi\nprofile 1\nsort-key z\n",
        )
        .file(
            "loader/loader.conf",
            "default plain.efi\ntimeout menu-force\n",
        );
    let path = workshop.path("disk");
    Disk::new(400 * MIB).partition(esp).build(&path).unwrap();
    path
}

/// Starts a kernel that takes the steps, and compares what all of them say: the first
/// one says `first`, and all have ACPI.
fn chain(machine: impl Fn(&Path) -> Machine, first: &str, steps: &[Step]) {
    let init = START.to_owned() + &format!("OWN='{OWN}'\n") + INIT;
    let workshop = Workshop::with_initrd(initrd(&init, Flavour::Cloud).unwrap(), b"").unwrap();
    let file = |name| workshop.path(name).display().to_string();
    let outcome = machine(&disk(&workshop, steps))
        .writable()
        .timeout(Duration::from_secs(300))
        .arguments(&["-kernel", &file("vmlinuz"), "-initrd", &file("initrd")])
        .arguments(&["-append", CMDLINE])
        .run()
        .unwrap();
    assert_eq!(outcome.exit, Exit::Status(0), "{}", outcome.serial);
    let mut expected = vec![first.to_owned()];
    for step in steps {
        expected.push(step.loaded.to_owned());
        expected.push(format!("{} FACP : {}", step.finds, step.line));
    }
    assert_eq!(said(&outcome), expected, "{}", outcome.serial);
}

/// Each image by both system calls, with what is its own and with more.
const FILES: [Step; 7] = [
    Step {
        by: "/esp/legacy.efi",
        loaded: "/esp/legacy.efi: loaded (kexec_file_load)",
        finds: OWN_PARTS,
        line: CMDLINE,
    },
    Step {
        by: "-c /esp/legacy.efi",
        loaded: "/esp/legacy.efi: loaded (kexec_load)",
        finds: OWN_PARTS,
        line: CMDLINE,
    },
    Step {
        by: "/esp/plain.efi",
        loaded: "/esp/plain.efi: loaded (kexec_file_load)",
        finds: OWN_PARTS,
        line: CMDLINE,
    },
    Step {
        by: "-c /esp/plain.efi --initrd /esp/handed --cmdline \"$OWN\"",
        loaded: "/esp/plain.efi: loaded (kexec_load)",
        finds: MORE_PARTS,
        line: OWN,
    },
    Step {
        by: "/esp/profiles.efi --cmdline @1",
        loaded: "/esp/profiles.efi: loaded (kexec_file_load)",
        finds: OWN_PARTS,
        line: SECOND_PROFILE,
    },
    Step {
        by: "/esp/vmlinuz --initrd /esp/initrd --initrd /esp/handed --cmdline \"$OWN\"",
        loaded: "/esp/vmlinuz: loaded (kexec_file_load)",
        finds: "handed in yes",
        line: OWN,
    },
    Step {
        by: "-c /esp/vmlinuz --initrd /esp/initrd --cmdline \"$OWN\"",
        loaded: "/esp/vmlinuz: loaded (kexec_load)",
        finds: "initrd",
        line: OWN,
    },
];

/// Entries of the disk, by both system calls. What lies beside an image of type 2
/// comes along.
const ENTRIES: [Step; 4] = [
    Step {
        by: "--disk /dev/vda",
        loaded: "plain.efi: loaded (kexec_file_load)",
        finds: "initrd test secret",
        line: CMDLINE,
    },
    Step {
        by: "-c --disk /dev/vda profile",
        loaded: "profile.conf: loaded (kexec_load)",
        finds: OWN_PARTS,
        line: SECOND_PROFILE,
    },
    Step {
        by: "--disk /dev/vda linux.conf",
        loaded: "linux.conf: loaded (kexec_file_load)",
        finds: "handed in yes",
        line: OWN,
    },
    Step {
        by: "-c --disk /dev/vda plain --cmdline \"$OWN\"",
        loaded: "plain.efi: loaded (kexec_load)",
        finds: "initrd test secret",
        line: OWN,
    },
];

/// What the first system says that a BIOS has started.
fn by_bios() -> String {
    format!("initrd FACP : {CMDLINE}")
}

#[test]
fn files() {
    chain(|disk| Machine::new(disk).memory(1024), &by_bios(), &FILES);
}

#[test]
fn entries_of_a_disk() {
    chain(|disk| Machine::new(disk).memory(1024), &by_bios(), &ENTRIES);
}

/// There is memory above 4 GiB, and it is used.
#[test]
fn on_6_gib() {
    let [_, legacy, _, plain, ..] = FILES;
    chain(
        |disk| Machine::new(disk).memory(6144),
        &by_bios(),
        &[legacy, plain],
    );
}

/// UEFI leaves its ACPI tables where no kernel looks for them by itself. A kernel that
/// `kexec_load` starts runs without EFI, and hands on what it was told; one that
/// `kexec_file_load` starts after it has nothing else either.
const AFTER_UEFI: [Step; 3] = [
    Step {
        by: "/esp/legacy.efi",
        loaded: "/esp/legacy.efi: loaded (kexec_file_load)",
        finds: "initrd test efi",
        line: CMDLINE,
    },
    Step {
        by: "-c /esp/plain.efi",
        loaded: "/esp/plain.efi: loaded (kexec_load)",
        finds: OWN_PARTS,
        line: CMDLINE,
    },
    Step {
        by: "-c /esp/legacy.efi",
        loaded: "/esp/legacy.efi: loaded (kexec_load)",
        finds: OWN_PARTS,
        line: CMDLINE,
    },
];

#[test]
fn after_a_boot_by_uefi() {
    let directory = tempfile::tempdir().unwrap();
    let variables = directory.path().join("variables");
    let machine = |disk: &Path| {
        let machine = ovmf::machine(disk, &variables).unwrap();
        machine.bus(Bus::Virtio).memory(1024)
    };
    // QEMU tells the EFI stub of the initrd by a word on the command line.
    let first = format!("initrd efi FACP : {CMDLINE} initrd=initrd");
    chain(machine, &first, &AFTER_UEFI);
}

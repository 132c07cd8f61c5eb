//! What lies in `integration/tree`: the generator, the units, and the plugin of
//! kernel-install, run by what runs them.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::system::Fake;
use common::tool;

fn file(name: &str) -> PathBuf {
    let lib = Path::new(env!("CARGO_MANIFEST_DIR")).join("../integration/tree/usr/lib");
    let directory = match name.rsplit_once('.') {
        Some((_, "service")) => "systemd/system",
        Some((_, "install")) => "kernel/install.d",
        _ => "systemd/system-generators",
    };
    lib.join(directory).join(name)
}

/// What the generator makes of a system: the paths, in their order.
fn generate(fake: &Fake, environment: &[(&str, &str)]) -> Vec<String> {
    let units = tempfile::tempdir().unwrap();
    let output = Command::new(file("gapboot-generator"))
        .arg(units.path())
        .env("GAPBOOT_ROOT", fake.root())
        .env_remove("SYSTEMD_VIRTUALIZATION")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let mut made = Vec::new();
    for directory in fs::read_dir(units.path()).unwrap() {
        let directory = directory.unwrap();
        for entry in fs::read_dir(directory.path()).unwrap() {
            let path = entry.unwrap().path();
            let path = path.strip_prefix(units.path()).unwrap();
            made.push(path.to_str().unwrap().to_owned());
        }
    }
    made.sort();
    made
}

const NEXT: [&str; 3] = [
    "basic.target.wants/gapboot-next.service",
    "basic.target.wants/gapboot-update.service",
    "systemd-logind.service.d/50-gapboot.conf",
];
const COUNTED: &str = "GapbootNode=1\nLoaderBootCountPath=/loader/entries/a+1-0.conf\n";

#[test]
fn the_generator_looks_at_the_boot() {
    let fake = Fake::new("/nonexistent".as_ref());
    assert!(generate(&fake, &[]).is_empty(), "another loader");
    fake.node("GapbootNode=1\nLoaderInfo=x\nLoaderBootCountPath=\n");
    assert_eq!(generate(&fake, &[]), NEXT);
    fake.node(COUNTED);
    let bless = "basic.target.wants/gapboot-bless.service";
    assert_eq!(generate(&fake, &[]), [&[bless], &NEXT[..]].concat());
    for elsewhere in [
        ("SYSTEMD_IN_INITRD", "1"),
        ("SYSTEMD_SOFT_REBOOTS_COUNT", "2"),
        ("SYSTEMD_VIRTUALIZATION", "container:lxc"),
    ] {
        assert!(generate(&fake, &[elsewhere]).is_empty(), "{elsewhere:?}");
    }
    assert_eq!(
        generate(&fake, &[("SYSTEMD_VIRTUALIZATION", "vm:kvm")]).len(),
        4
    );
    fake.write("sys/firmware/efi/runtime", "");
    assert!(generate(&fake, &[]).is_empty(), "UEFI");
}

#[test]
fn systemd_takes_the_units() {
    let directory = tempfile::tempdir().unwrap();
    for name in [
        "gapboot-bless.service",
        "gapboot-next.service",
        "gapboot-update.service",
    ] {
        let unit = fs::read_to_string(file(name)).unwrap();
        assert!(unit.contains("=gapboot "), "{name} does not call gapboot");
        // It is not installed here.
        let unit = unit.replace("=gapboot ", "=/bin/true ");
        let path = directory.path().join(name);
        fs::write(&path, unit).unwrap();
        let said = tool(
            "systemd",
            "systemd-analyze",
            &["verify", "--man=no", path.to_str().unwrap()],
            "",
        );
        assert!(!said.contains(name), "{said}");
    }
}

/// kernel-install with its own plugin for entries and ours after it.
struct Kernels {
    directory: tempfile::TempDir,
}

impl Kernels {
    fn new(tries: Option<&str>) -> Self {
        let kernels = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        for directory in ["boot/loader/entries", "boot/tok", "conf"] {
            fs::create_dir_all(kernels.path(directory)).unwrap();
        }
        fs::write(kernels.path("boot/loader/entries.srel"), "type1\n").unwrap();
        fs::write(kernels.path("vmlinuz"), "kernel").unwrap();
        fs::write(kernels.path("conf/cmdline"), "root=/dev/vda2\n").unwrap();
        fs::write(kernels.path("conf/install.conf"), "layout=bls\n").unwrap();
        fs::write(kernels.path("conf/entry-token"), "tok\n").unwrap();
        if let Some(tries) = tries {
            fs::write(kernels.path("conf/tries"), tries).unwrap();
        }
        kernels
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> &Self {
        let ours = file("95-gapboot.install");
        let plugins = format!(
            "/usr/lib/kernel/install.d/90-loaderentry.install {}",
            ours.display()
        );
        let output = Command::new("kernel-install")
            .args(arguments)
            .env("KERNEL_INSTALL_PLUGINS", plugins)
            .env("KERNEL_INSTALL_CONF_ROOT", self.path("conf"))
            .env("BOOT_ROOT", self.path("boot"))
            .env("MACHINE_ID", "0123456789abcdef0123456789abcdef")
            .output()
            .expect("kernel-install; run: apt-get install systemd");
        assert!(output.status.success(), "{output:?}");
        self
    }

    fn add(&self, version: &str) -> &Self {
        let kernel = self.path("vmlinuz");
        self.run(&["add", version, kernel.to_str().unwrap()])
    }

    fn entries(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("boot/loader/entries")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

#[test]
fn new_entries_have_both_numbers() {
    let kernels = Kernels::new(Some("3\n"));
    kernels.add("6.1");
    assert_eq!(kernels.entries(), ["tok-6.1+3-0.conf"]);
    // Two boots later another kernel comes, and is removed again.
    let entry = |name: &str| kernels.path("boot/loader/entries").join(name);
    fs::rename(entry("tok-6.1+3-0.conf"), entry("tok-6.1+1-2.conf")).unwrap();
    kernels.add("6.2");
    assert_eq!(kernels.entries(), ["tok-6.1+1-2.conf", "tok-6.2+3-0.conf"]);
    kernels.run(&["remove", "6.2"]);
    assert_eq!(kernels.entries(), ["tok-6.1+1-2.conf"]);
}

#[test]
fn an_entry_that_is_installed_again_starts_anew() {
    let kernels = Kernels::new(Some("10\n"));
    let entry = |name: &str| kernels.path("boot/loader/entries").join(name);
    for old in [
        "tok-6.1.conf",
        "tok-6.1+2-8.conf",
        "tok-6.1+00-11.conf",
        "tok-6.1+rc1.conf",
        "tok-6.1+1-2-3.conf",
        "tok-6.10.conf",
        "other-6.1.conf",
    ] {
        fs::write(entry(old), "linux /x\n").unwrap();
    }
    kernels.add("6.1");
    assert_eq!(
        kernels.entries(),
        [
            "other-6.1.conf",
            "tok-6.1+1-2-3.conf",
            "tok-6.1+10-00.conf",
            "tok-6.1+rc1.conf",
            "tok-6.10.conf",
        ]
    );
}

/// Debian's versions hold plus signs: `6.1+deb13` is another kernel than `6.1`.
#[test]
fn other_versions_stay_as_they_are() {
    let kernels = Kernels::new(Some("3\n"));
    let others = [
        "tok-6.1+deb13+2-1.conf",
        "tok-6.1+deb13+3.conf",
        "tok-6.1+deb13.conf",
    ];
    for other in others {
        let path = kernels.path("boot/loader/entries").join(other);
        fs::write(path, "linux /x\n").unwrap();
    }
    kernels.add("6.1");
    let names = kernels.entries();
    let expected = [&["tok-6.1+3-0.conf"], &others[..]].concat();
    assert_eq!(names, expected);
    kernels.add("6.1+deb13");
    assert_eq!(
        kernels.entries(),
        ["tok-6.1+3-0.conf", "tok-6.1+deb13+3-0.conf"]
    );
}

#[test]
fn without_tries_names_stay() {
    let kernels = Kernels::new(None);
    kernels.add("6.1");
    assert_eq!(kernels.entries(), ["tok-6.1.conf"]);
}

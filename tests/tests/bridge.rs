//! `gapboot bridge build` with Debian's kernels, and its files read by the tools of kmod,
//! cpio and zstd.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::debian::{self, Flavour};
use tests::gapboot::built;
use tests::loaders::uki;
use tests::tool::{command, run};

/// The most bytes of a bridge with Debian's kernel.
const SMALL: u64 = 12_000_000;
#[cfg(feature = "heavy")]
const STANDARD: u64 = 17_000_000;

/// A bridge that was built, and what is in it.
struct Bridge {
    directory: tempfile::TempDir,
    /// What the command said: its result, and its notes.
    said: String,
    version: String,
}

impl Bridge {
    /// Builds one with Debian's kernel and stub.
    fn build(flavour: Flavour, arguments: &[&str]) -> Result<Self> {
        Self::build_by(Command::new(built("gapboot")?), flavour, arguments)
    }

    fn build_by(mut gapboot: Command, flavour: Flavour, arguments: &[&str]) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let modules = debian::modules(flavour)?;
        let output = gapboot
            .args(["bridge", "build", "--kernel"])
            .arg(debian::kernel(flavour)?)
            .arg("--modules")
            .arg(&modules)
            .arg("--stub")
            .arg(uki::stub()?)
            .arg("--output")
            .arg(directory.path().join("bridge.efi"))
            .args(arguments)
            .output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = text(&output.stdout) + &text(&output.stderr);
        ensure!(output.status.success(), "{said}");
        let version = modules.file_name().context("no version")?;
        Ok(Self {
            version: version.to_string_lossy().into_owned(),
            directory,
            said,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn image(&self) -> Vec<u8> {
        fs::read(self.path("bridge.efi")).unwrap()
    }

    /// What `gapboot uki inspect` says.
    fn report(&self) -> Result<Value> {
        let mut inspect = Command::new(built("gapboot")?);
        inspect.args(["uki", "inspect", "--json"]);
        let printed = run(inspect.arg(self.path("bridge.efi")))?;
        Ok(serde_json::from_str(&printed)?)
    }

    /// Unpacks the initrd into the directory `tree`.
    fn unpack(&self) -> Result<PathBuf> {
        let (packed, tree) = (self.path("initrd.zst"), self.path("tree"));
        let section = format!("--dump-section=.initrd={}", packed.display());
        // objcopy writes a copy of the image; it is not used.
        run(command("objcopy")
            .arg(section)
            .arg(self.path("bridge.efi"))
            .arg(self.path("copy")))?;
        fs::create_dir(&tree)?;
        let unpack = "set -e; zstd -qdc \"$0\" >\"$1.cpio\"; cd \"$1\"; \
                      cpio -idm --quiet --no-absolute-filenames <\"$1.cpio\"";
        run(command("sh").args(["-c", unpack]).arg(&packed).arg(&tree))?;
        Ok(tree)
    }
}

/// The files of modules below a directory.
fn modules(directory: &Path) -> Result<Vec<PathBuf>> {
    let found = run(command("find").arg(directory).args(["-name", "*.ko*"]))?;
    Ok(found.lines().map(PathBuf::from).collect())
}

fn module_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split(".ko")
        .next()
        .unwrap_or_default()
        .replace('-', "_")
}

/// What modules say themselves is what is packed: everything that they need, by each
/// module's own `depends`, and by the symbols that depmod finds in them.
fn assert_complete(bridge: &Bridge) -> Result<()> {
    let tree = bridge.unpack()?;
    let directory = tree.join("lib/modules").join(&bridge.version);
    let files = modules(&directory)?;
    let names: BTreeSet<String> = files.iter().map(|file| module_name(file)).collect();
    let said = format!("{} modules of Linux {}", files.len(), bridge.version);
    assert!(bridge.said.contains(&said), "{}", bridge.said);
    assert_eq!(names.len(), files.len());

    let depends = run(command("modinfo").args(["-F", "depends"]).args(&files))?;
    let needed = depends.lines().flat_map(|line| line.split(','));
    for name in needed.filter(|name| !name.is_empty()) {
        assert!(names.contains(&name.replace('-', "_")), "{name} is missing");
    }
    // ext4 asks for the first by an alias, and for the others as soft dependencies do.
    for name in [
        "ext4",
        "crc32c_generic",
        "xhci_pci",
        "ehci_pci",
        "sd_mod",
        "vfat",
    ] {
        assert!(names.contains(name), "{name} is missing");
    }

    // depmod makes the same indexes of what is packed.
    let indexes = ["modules.dep", "modules.softdep", "modules.alias"];
    let packed = indexes.map(|name| lines(&directory.join(name)));
    run(command("depmod").arg("-b").arg(&tree).arg(&bridge.version))?;
    for (index, packed) in indexes.iter().zip(packed) {
        assert_eq!(packed, lines(&directory.join(index)), "{index}");
    }
    Ok(())
}

/// The lines of an index, without comments, sorted; their words sorted too, because depmod
/// may change their order.
fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut lines: Vec<_> = lines
        .map(|line| {
            let mut words: Vec<_> = line.split_whitespace().collect();
            words[1..].sort_unstable();
            words.join(" ")
        })
        .collect();
    lines.sort();
    lines
}

fn assert_size(bridge: &Bridge, largest: u64) {
    let size = bridge.image().len() as u64;
    assert!(size <= largest, "{size} bytes, not {largest}");
    let line = format!("bridge.efi: {size} bytes, ");
    assert!(bridge.said.contains(&line), "{}", bridge.said);
    // Debian's kernel has all that the set names.
    assert!(!bridge.said.contains("note: "), "{}", bridge.said);
}

#[test]
fn a_small_one() -> Result<()> {
    let options = ["--set", "small", "--option", "timeout=3"];
    let bridge = Bridge::build(Flavour::Generic, &options)?;
    assert_size(&bridge, SMALL);
    assert_complete(&bridge)?;
    let tree = bridge.path("tree");
    assert!(fs::read(tree.join("init"))? == fs::read(built("gapboot")?)?);
    let conf = fs::read_to_string(tree.join("etc/gapboot/bridge.conf"))?;
    assert_eq!(conf, "timeout 3\n");

    let report = bridge.report()?;
    assert_eq!(report["kind"], "legacy-uki", "{report}");
    assert_eq!(
        report["bootsOn"],
        serde_json::json!(["uefi", "bios", "kexec"])
    );
    assert_eq!(report["cmdline"], "quiet");
    assert_eq!(report["problems"], serde_json::json!([]));
    let title = report["title"].as_str().context("no title")?;
    assert!(title.starts_with("gapboot bridge "), "{title}");
    assert!(title.contains(&bridge.version), "{title}");

    // Again, by a process that owns nothing, at another place.
    let mut unshare = command("unshare");
    unshare.arg("--user").arg(built("gapboot")?);
    let again = Bridge::build_by(unshare, Flavour::Generic, &options)?;
    assert!(again.image() == bridge.image());
    Ok(())
}

/// The cloud kernel has no drivers for most machines: that is said, and no error.
#[test]
fn the_cloud_kernel() -> Result<()> {
    let bridge = Bridge::build(Flavour::Cloud, &["--set", "small"])?;
    let note = format!(
        "gapboot: note: Linux {} has no modules for USB (xhci-pci, ",
        bridge.version
    );
    assert!(bridge.said.contains(&note), "{}", bridge.said);
    assert!(
        bridge.said.contains("SATA and IDE (ahci"),
        "{}",
        bridge.said
    );
    assert_eq!(bridge.report()?["problems"], serde_json::json!([]));
    Ok(())
}

#[cfg(feature = "heavy")]
#[test]
fn a_standard_one() -> Result<()> {
    let bridge = Bridge::build(Flavour::Generic, &[])?;
    assert_size(&bridge, STANDARD);
    assert_complete(&bridge)?;
    let again = Bridge::build(Flavour::Generic, &["--set", "standard"])?;
    assert!(again.image() == bridge.image());
    Ok(())
}

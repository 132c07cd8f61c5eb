//! What `./x package` leaves: a package for Debian and an archive, with the same tree.
//! (`./x reproduce`, a part of `./x test`, makes both elsewhere, and compares.)

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tests::gapboot::built;
use tests::tool::{command, run};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The package.
fn deb() -> PathBuf {
    built(&format!("gapboot_{VERSION}_amd64.deb")).unwrap()
}

/// The package's tree.
fn unpacked() -> TempDir {
    let directory = tests::scratch().unwrap();
    run(command("dpkg-deb")
        .arg("-x")
        .arg(deb())
        .arg(directory.path()))
    .unwrap();
    directory
}

/// The files below a directory, by their paths in it.
fn files(directory: &Path) -> BTreeSet<String> {
    let found = run(command("find")
        .current_dir(directory)
        .args([".", "-type", "f", "-printf", "%P\n"]));
    found.unwrap().lines().map(str::to_owned).collect()
}

/// The text of a file that gzip has packed.
fn text(path: &Path) -> String {
    run(command("gzip").args(["-dc"]).arg(path)).unwrap()
}

#[test]
fn the_archive_has_the_same_tree() {
    let package = unpacked();
    let archive = tests::scratch().unwrap();
    run(command("tar")
        .args(["--zstd", "--strip-components=1", "--directory"])
        .arg(archive.path())
        .arg("--extract")
        .arg("--file")
        .arg(built(&format!("gapboot-{VERSION}-x86_64.tar.zst")).unwrap()))
    .unwrap();
    run(command("diff")
        .arg("-r")
        .args([package.path(), archive.path()]))
    .unwrap();
    for name in files(package.path()) {
        use std::os::unix::fs::PermissionsExt;
        let mode = |tree: &TempDir| {
            let metadata = fs::metadata(tree.path().join(&name)).unwrap();
            metadata.permissions().mode()
        };
        assert_eq!(mode(&package), mode(&archive), "{name}");
    }
}

#[test]
fn everything_is_in_it() {
    let tree = unpacked();
    let files = files(tree.path());
    for name in [
        "usr/bin/gapboot",
        "usr/bin/bootloader_emu",
        "usr/lib/gapboot/stage1.bin",
        "usr/lib/gapboot/stage2.bin",
        "usr/lib/gapboot/overlay.bin",
        "usr/lib/gapboot/stub.bin",
        "usr/share/man/man8/gapboot.8.gz",
        "usr/share/man/man8/gapboot-uki-build.8.gz",
        "usr/share/man/man1/bootloader_emu.1.gz",
        "usr/share/man/man5/gapboot.state.5.gz",
        "usr/share/bash-completion/completions/gapboot",
        "usr/share/zsh/vendor-completions/_gapboot",
        "usr/share/fish/vendor_completions.d/gapboot.fish",
        "usr/share/doc/gapboot/README.md",
        "usr/share/doc/gapboot/docs/hardware.md",
        "usr/share/doc/gapboot/copyright",
    ] {
        assert!(files.contains(name), "{name} is not in {files:?}");
    }
    // And all that connects it with a system.
    let source = tests::root().join("integration/tree");
    for name in self::files(&source) {
        let ours = fs::read(source.join(&name)).unwrap();
        assert!(fs::read(tree.path().join(&name)).unwrap() == ours, "{name}");
    }
    // The files of the loader are those that the program carries.
    let run = |words: &[&str]| {
        run(command(tree.path().join("usr/bin/gapboot").to_str().unwrap()).args(words))
    };
    assert_eq!(run(&["--version"]).unwrap(), format!("gapboot {VERSION}\n"));
    let directory = tests::scratch().unwrap();
    let disk = directory.path().join("disk.img");
    fs::File::create(&disk).unwrap().set_len(4 << 20).unwrap();
    tests::tool::run(
        command("sgdisk")
            .args(["--clear", "--new=1:2048:+1M"])
            .arg(&disk),
    )
    .unwrap();
    let disk = disk.to_str().unwrap();
    let loader = tree.path().join("usr/lib/gapboot");
    run(&["install", "--loader", loader.to_str().unwrap(), disk]).unwrap();
    let said = run(&["status", disk]).unwrap();
    assert!(said.contains("intact, up to date"), "{said}");
}

/// What an administrator may change is a setting, which dpkg does not overwrite.
#[test]
fn the_control_files() {
    let control = tests::scratch().unwrap();
    run(command("dpkg-deb").arg("-e").arg(deb()).arg(control.path())).unwrap();
    let read = |name: &str| fs::read_to_string(control.path().join(name)).unwrap();
    assert!(read("control").contains(&format!("\nVersion: {VERSION}\n")));
    let mut settings: Vec<_> = files(unpacked().path()).into_iter().collect();
    settings.retain(|name| name.starts_with("etc/"));
    let settings: String = settings.iter().map(|name| format!("/{name}\n")).collect();
    assert_eq!(read("conffiles"), settings);
    for script in ["postinst", "prerm", "postrm"] {
        run(command("sh").arg("-n").arg(control.path().join(script))).unwrap();
    }
    let owners = run(command("dpkg-deb").arg("-c").arg(deb())).unwrap();
    assert!(
        owners.lines().all(|line| line.contains(" root/root ")),
        "{owners}"
    );
}

#[test]
fn lintian_finds_no_error() {
    let mut lintian = command("lintian");
    lintian.args([
        "--no-cfg",
        "--allow-root",
        "--fail-on=error",
        "--tag-display-limit=0",
    ]);
    run(lintian.arg(deb())).unwrap();
}

#[test]
fn manual_pages_have_no_warnings() {
    let tree = unpacked();
    let manual = tree.path().join("usr/share/man");
    let pages = files(&manual);
    assert!(pages.len() > 12, "{pages:?}");
    for page in pages {
        let mut man = command("man");
        man.env("LC_ALL", "C.UTF-8")
            .env("MANROFFSEQ", "")
            .env("MANWIDTH", "80")
            .args(["--warnings", "-E", "UTF-8", "-Tutf8", "-Z", "-l"])
            .arg(manual.join(&page));
        let output = man.output().expect("man; run: apt-get install man-db");
        assert!(output.status.success(), "{page}: {output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{page}");
    }
}

/// The page of the emulator is written by hand.
#[test]
fn the_emulators_page_has_all_its_options() {
    let tree = unpacked();
    let page = text(&tree.path().join("usr/share/man/man1/bootloader_emu.1.gz")).replace('\\', "");
    let help = run(command(built("bootloader_emu").unwrap().to_str().unwrap()).arg("--help"));
    let help = help.unwrap();
    let options = help
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("--"));
    let names = options.map(|line| line.split(' ').next().unwrap());
    let names: Vec<_> = names.collect();
    assert!(names.len() > 6, "{help}");
    for name in names {
        assert!(page.contains(&format!("--{name}")), "--{name}");
    }
}

#[test]
fn shells_take_the_completions() {
    let tree = unpacked();
    let share = tree.path().join("usr/share");
    let files = [
        ("bash", "bash-completion/completions/gapboot"),
        ("zsh", "zsh/vendor-completions/_gapboot"),
        ("fish", "fish/vendor_completions.d/gapboot.fish"),
    ];
    for (shell, file) in files {
        run(command(shell).arg("-n").arg(share.join(file))).unwrap();
    }
    let complete = "source \"$1\"; COMP_WORDS=(gapboot upd); COMP_CWORD=1; \
        _gapboot gapboot upd gapboot; echo \"${COMPREPLY[@]}\"";
    let mut bash = command("bash");
    bash.args(["-c", complete, "bash"])
        .arg(share.join(files[0].1));
    assert_eq!(run(&mut bash).unwrap(), "update\n");
    let complete = format!(
        "source {}; complete -C 'gapboot upd'",
        share.join(files[2].1).display()
    );
    let said = run(command("fish").args(["--no-config", "-c", &complete])).unwrap();
    assert!(said.starts_with("update\t"), "{said}");
}

//! Images that boot on a BIOS only, after `gapboot adapt`: each starts its own kernel on
//! OVMF, by the bridge, and on SeaBIOS as before. Each kind of image and each way occurs
//! here; every pair of them, behind the feature `heavy`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Result;
use tests::gapboot::built;
use tests::guests::bridge;
use tests::guests::legacy::{Kind, System, Way};
use tests::tool::run;

/// TCG, two machines at a time, on a machine that has other work.
const TIME: Duration = Duration::from_secs(400);

/// The file of the bridge, made once.
fn bridge() -> &'static Path {
    static MADE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, image) = MADE.get_or_init(|| {
        let directory = tests::scratch().unwrap();
        let image = bridge::build(directory.path(), &[]).unwrap();
        (directory, image)
    });
    image
}

/// Adapts a new image of a kind, and starts it in each way that it has.
fn starts(kind: Kind, ways: &[Way]) -> Result<()> {
    let directory = tests::scratch()?;
    let system = System::new()?;
    let image = system.image(kind, directory.path())?;
    let adapted = adapt(&image, &[])?;
    for way in ways {
        start(&system, kind, *way, &adapted)?;
    }
    Ok(())
}

fn start(system: &System, kind: Kind, way: Way, image: &Path) -> Result<()> {
    let directory = tests::scratch()?;
    let machine = way.machine(image, directory.path())?;
    let outcome = machine.memory(1024).timeout(TIME).run()?;
    system.check(kind, way, &outcome)
}

/// A copy that starts on UEFI too.
fn adapt(image: &Path, more: &[&str]) -> Result<PathBuf> {
    let adapted = image.with_extension("adapted");
    run(Command::new(built("gapboot")?)
        .arg("adapt")
        .arg(image)
        .arg("--output")
        .arg(&adapted)
        .arg("--bridge")
        .arg(bridge())
        .args(more))?;
    Ok(adapted)
}

#[test]
fn isohybrid_by_usb() -> Result<()> {
    starts(Kind::Isohybrid, &[Way::OvmfUsb, Way::BiosUsb])
}

#[test]
fn xorriso_by_nvme_and_cd() -> Result<()> {
    starts(Kind::Xorriso, &[Way::OvmfNvme, Way::BiosCd])
}

#[test]
fn offset_by_virtio() -> Result<()> {
    starts(Kind::Offset, &[Way::OvmfVirtio])
}

#[test]
fn plain_by_cd() -> Result<()> {
    starts(Kind::Plain, &[Way::OvmfCd])
}

#[test]
fn rescue_by_ahci() -> Result<()> {
    starts(Kind::Rescue, &[Way::OvmfAhci])
}

#[test]
fn grub_by_cd_and_disk() -> Result<()> {
    starts(Kind::Grub, &[Way::OvmfCd, Way::BiosDisk])
}

#[test]
fn mbr_by_ahci() -> Result<()> {
    starts(Kind::Mbr, &[Way::OvmfAhci])
}

#[test]
fn gpt_by_usb_and_disk() -> Result<()> {
    starts(Kind::Gpt, &[Way::OvmfUsb, Way::BiosDisk])
}

/// Firmware that knows no El Torito on disks looks at the MBR: here, because the record that
/// leads to the catalogue is gone.
#[test]
fn without_el_torito_by_the_mbr() -> Result<()> {
    let directory = tests::scratch()?;
    let system = System::new()?;
    let kind = Kind::Xorriso;
    let adapted = adapt(&system.image(kind, directory.path())?, &[])?;
    let mut bytes = fs::read(&adapted)?;
    bytes[17 * 2048..18 * 2048].fill(0xff);
    fs::write(&adapted, bytes)?;
    start(&system, kind, Way::OvmfUsb, &adapted)
}

/// Every kind in every way that it has, before and after.
#[cfg(feature = "heavy")]
#[test]
fn every_pair() -> Result<()> {
    let system = System::new()?;
    let mut failures = Vec::new();
    for kind in Kind::ALL {
        let directory = tests::scratch()?;
        let image = system.image(kind, directory.path())?;
        let adapted = adapt(&image, &[])?;
        for way in Way::ALL.into_iter().filter(|way| kind.starts_by(*way)) {
            if let Err(error) = start(&system, kind, way, &adapted) {
                failures.push(format!("{error:#}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

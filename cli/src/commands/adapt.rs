//! `gapboot adapt`: makes an image that boots on BIOS only start on UEFI as well.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use adapt::look::{Look, look};
use adapt::plan::{Plan, Wishes};
use adapt::undo::Undo;
use adapt::{MIB, esp};
use clap::Args;
use volumes::{Bytes, Volumes, image_bytes};

use super::context::Context;
use crate::adapt::bridge::{self, Parts};
use crate::adapt::menus::{Offer, offer};
use crate::adapt::report::{Report, described};
use crate::adapt::{undo_file, write};
use crate::disk::{Access, Disk, device};
use crate::error::Error;
use crate::number::to_u64;
use crate::printable::printable;

/// Make an image that boots on BIOS only start on UEFI as well.
///
/// Adds an EFI system partition with the bridge, a small Linux, to IMAGE: the image of
/// a CD or stick with ISOLINUX or GRUB, or of a disk with EXTLINUX, GRUB or
/// gapboot. On UEFI the bridge shows the image's own menu, and starts the image's
/// own kernel. On a BIOS the image boots as before: its boot code and all its files
/// stay as they are.
#[derive(Args, Debug)]
#[command(after_help = "\
The image must be a file. Adapt it first, and write it to a stick or CD then.

Examples:
  gapboot adapt --inspect old.iso
  gapboot adapt old.iso --output new.iso --bridge bridge.efi
  gapboot adapt disk.img --in-place --undo disk.undo --bridge bridge.efi
  gapboot adapt --restore disk.undo disk.img")]
pub struct Arguments {
    /// the file of an image of a disk or of a CD
    #[arg(value_name = "IMAGE")]
    image: PathBuf,
    /// write a changed copy of IMAGE to FILE
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// change IMAGE itself; --undo is needed then
    #[arg(long, conflicts_with = "output", requires = "undo")]
    in_place: bool,
    /// keep what is overwritten in FILE, which must not exist
    #[arg(long, value_name = "FILE")]
    undo: Option<PathBuf>,
    /// give the original back from the FILE of --undo, byte for byte
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["output", "in_place", "undo", "inspect", "bridge", "kernel", "modules", "stub", "entry", "size", "gpt", "dry_run", "json"]
    )]
    restore: Option<PathBuf>,
    /// say how IMAGE boots, on what, and what would be written; write nothing
    #[arg(long, conflicts_with_all = ["output", "in_place", "undo"])]
    inspect: bool,
    /// with --inspect: print a JSON object
    #[arg(long, requires = "inspect")]
    json: bool,
    /// the bridge, which `gapboot bridge build` makes; without this option one with
    /// the set standard is made
    #[arg(long, value_name = "FILE")]
    bridge: Option<PathBuf>,
    /// the kernel of the bridge that is made; default: the running one's, in /boot
    #[arg(long, value_name = "VMLINUZ", conflicts_with = "bridge")]
    kernel: Option<PathBuf>,
    /// the directory of its modules; default: /lib/modules/ and its version
    #[arg(long, value_name = "DIR", conflicts_with = "bridge")]
    modules: Option<PathBuf>,
    /// the EFI stub of that bridge; default: systemd's
    #[arg(long, value_name = "FILE", conflicts_with = "bridge")]
    stub: Option<PathBuf>,
    /// the entry that starts when nobody chooses, by its id in `gapboot list`;
    /// without this option it is the one that the image's own menu starts
    #[arg(long, value_name = "ID")]
    entry: Option<String>,
    /// the size of the EFI system partition in MiB; without this option it is as
    /// large as the bridge needs
    #[arg(long, value_name = "MIB")]
    size: Option<u64>,
    /// give the image of a CD a GPT too, for firmware that looks at nothing else
    #[arg(long)]
    gpt: bool,
    /// say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Bytes of a bridge where none is named, for a first idea of a plan.
const USUAL_BRIDGE: u64 = 17 * MIB;

impl Arguments {
    pub(super) fn run(self, context: &mut Context) -> Result<(), Error> {
        let on = |error: Error| match error {
            Error::Usage(_) => error,
            error => error.on(&self.image),
        };
        if let Some(undo) = &self.restore {
            return self.restore(undo, context).map_err(on);
        }
        if self.inspect {
            return self.inspect(context).map_err(on);
        }
        if self.output.is_none() && !self.in_place && !self.dry_run {
            return Err(Error::usage(
                "--output FILE or --in-place is missing: where should the result be?",
            ));
        }
        self.adapt(context).map_err(on)
    }

    fn wishes(&self) -> Wishes {
        Wishes { gpt: self.gpt }
    }

    /// The size of the partition for a bridge of this size, in bytes.
    fn size(&self, bridge: u64) -> Result<u64, Error> {
        let Some(mib) = self.size else {
            return Ok(esp::size(bridge));
        };
        let size = mib.saturating_mul(MIB);
        esp::check(size, bridge)
            .map_err(|problem| Error::failed(format!("--size {mib} does not do: {problem}")))?;
        Ok(size)
    }

    fn adapt(&self, context: &mut Context) -> Result<(), Error> {
        // The lock is held until all is written.
        let mut disk = match self.in_place && !self.dry_run {
            true => {
                check_file(&self.image)?;
                Some(Disk::open(&self.image, Access::Write)?)
            }
            false => None,
        };
        let image = open(&self.image)?;
        let look = looked_at(&image)?;
        // What can be known without a bridge comes before what takes time.
        Plan::check(&look, MIB, self.wishes()).map_err(refused)?;
        let offer = offer(&self.image)?;
        let words = offer.words(self.entry.as_deref())?;
        let program = self.program(&words, context)?;
        let plan = self.plan(&look, &program)?;
        let name = self.image.display();
        for note in plan.notes.iter().chain(&offer.notes) {
            writeln!(context.err, "gapboot: {name}: note: {}", printable(note))?;
        }
        self.say_default(&offer, context)?;
        if self.dry_run {
            writeln!(
                context.out,
                "{name}: would be changed, and nothing was written:"
            )?;
            for change in described(&plan) {
                let (at, last, what) = (change.at, change.last(), change.what);
                writeln!(context.out, "  bytes {at} to {last}: {what}")?;
            }
            return Ok(());
        }
        let undo = Undo::of(&*image, &plan);
        let undo = undo.map_err(|error| Error::failed(format!("cannot read it: {error}")))?;
        if let Some(file) = &self.undo {
            undo_file::save(&undo, file)?;
        }
        let (total, changes) = (plan.place.total, &plan.changes);
        let target = match (&mut disk, &self.output) {
            (Some(disk), _) => {
                write::in_place(disk, changes, total).map_err(|error| self.interrupted(error))?;
                &self.image
            }
            (None, Some(output)) => {
                write::copy(&self.image, output, changes, total, context.err)?;
                output
            }
            (None, None) => return Ok(()),
        };
        Ok(writeln!(
            context.out,
            "{}: starts on UEFI too, by a partition of {} MiB; {total} bytes, read back and compared",
            target.display(),
            plan.place.size.div_euclid(MIB)
        )?)
    }

    /// The bridge, told to look for this image.
    fn program(&self, words: &str, context: &mut Context) -> Result<Vec<u8>, Error> {
        if let Some(bridge) = &self.bridge {
            return bridge::told(bridge, words, context.err);
        }
        let parts = Parts {
            kernel: self.kernel.clone(),
            modules: self.modules.clone(),
            stub: self.stub.clone(),
        };
        let (_folder, bridge) = bridge::make(parts, context.err)?;
        bridge::told(&bridge, words, context.err)
    }

    fn plan(&self, look: &Look, program: &[u8]) -> Result<Plan, Error> {
        let size = self.size(to_u64(program.len()))?;
        let made = esp::make(size, look.mark, program);
        let content = made.map_err(|error| {
            Error::failed(format!("cannot make the EFI system partition: {error}"))
        })?;
        Plan::new(look, content, self.wishes()).map_err(refused)
    }

    /// An error after the first write.
    fn interrupted(&self, error: Error) -> Error {
        let undo = self.undo.as_deref().unwrap_or(Path::new("FILE"));
        Error::failed(format!(
            "{error}; it is changed in part, and boots on a BIOS as before: `gapboot adapt \
             --restore {} {}` gives the original back",
            undo.display(),
            self.image.display()
        ))
    }

    /// Says what starts by itself.
    fn say_default(&self, offer: &Offer, context: &mut Context) -> Result<(), Error> {
        let name = self.image.display();
        if offer.default(self.entry.as_deref()).is_none() {
            writeln!(
                context.err,
                "gapboot: {name}: note: its own menu starts nothing by itself that the bridge can \
                 start, so the bridge's menu waits; --entry ID names an entry that starts"
            )?;
        }
        Ok(())
    }

    fn inspect(&self, context: &mut Context) -> Result<(), Error> {
        let image = open(&self.image)?;
        let look = looked_at(&image)?;
        let offer = offer(&self.image)?;
        let mut report = Report::of(&look, Some(&offer), &Volumes::disk(&image, None));
        let bridge = match &self.bridge {
            Some(bridge) => bytes_of(bridge)?,
            None => USUAL_BRIDGE,
        };
        let size = self.size(bridge)?;
        // The content does not matter for what is written where.
        let empty = vec![0; crate::number::to_usize(size)];
        match Plan::new(&look, empty, self.wishes()) {
            Ok(plan) => {
                report.changes = described(&plan);
                report.new_size = Some(plan.place.total);
                report.notes.extend(plan.notes);
            }
            Err(reasons) => report.refused = reasons,
        }
        if look.uefi.is_empty()
            && let Err(error) = offer.words(self.entry.as_deref())
        {
            report.refused.push(error.to_string());
        }
        if !report.refused.is_empty() {
            report.changes.clear();
            report.new_size = None;
            report.notes = offer.notes.clone();
        }
        match self.json {
            true => {
                let json = serde_json::to_string(&report).map_err(Error::failed)?;
                Ok(writeln!(context.out, "{json}")?)
            }
            false => Ok(report.write(&self.image, context.out)?),
        }
    }

    fn restore(&self, file: &Path, context: &mut Context) -> Result<(), Error> {
        let undo = undo_file::load(file)?;
        check_file(&self.image)?;
        let mut disk = Disk::open(&self.image, Access::Write)?;
        let image = open(&self.image)?;
        let changes = undo.changes(&*image).map_err(Error::failed)?;
        let again = |error: Error| {
            Error::failed(format!(
                "{error}; run the command again when that is mended"
            ))
        };
        write::restore(&mut disk, &changes, undo.original).map_err(again)?;
        Ok(writeln!(
            context.out,
            "{}: the original again, {} bytes",
            self.image.display(),
            undo.original
        )?)
    }
}

/// Refuses everything but a file with a plain image.
fn check_file(path: &Path) -> Result<(), Error> {
    let metadata = path.metadata().map_err(|error| {
        Error::failed(format!(
            "cannot open it: {error}{}",
            crate::error::hint(&error)
        ))
    })?;
    if !metadata.is_file() {
        return Err(Error::failed(
            "it is not a file: adapt the file of an image, and write the result to the disk",
        ));
    }
    device::check_container(path)
}

fn open(path: &Path) -> Result<Rc<dyn Bytes>, Error> {
    check_file(path)?;
    image_bytes(path).map_err(|error| Error::failed(format!("cannot open it: {error}")))
}

fn looked_at(image: &Rc<dyn Bytes>) -> Result<Look, Error> {
    look(image).map_err(|error| Error::failed(format!("cannot read it: {error}")))
}

fn bytes_of(path: &Path) -> Result<u64, Error> {
    let metadata = path.metadata();
    let metadata = metadata.map_err(|error| Error::file("read", path, &error))?;
    Ok(metadata.len())
}

fn refused(reasons: Vec<String>) -> Error {
    Error::failed(reasons.join("\n"))
}

//! `gapboot update`: brings the loader of the running system's disk up to date.
//!
//! For scripts of packages and for a service: it asks for nothing, and decides by itself
//! whether there is something to do. Where there is nothing to do, it says why, and the exit
//! status is 0.

use clap::Args;

use super::arguments::{LoaderArgument, SystemArgument};
use super::context::Context;
use crate::disk::{Access, Disk, Look};
use crate::error::Error;
use crate::install::Stages;
use crate::install::plan::{InstallOptions, Plan};
use crate::install::status::Status;
use crate::install::survey::{Code, Gap, Survey};
use crate::install::write;
use crate::system::{confinement, find_boot_disk};

/// Bring the loader of the running system's disk up to date.
///
/// Brings the loader on the disk that this system was started from up to date: the
/// disk that the loader has named, or else the one that has what is mounted at /efi,
/// /boot/efi or /boot. Prints one line that says what was done, or why nothing was.
#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
Never writes to another disk, in a chroot or in a container, over a newer version,
or over another program's boot code; and never leaves a loader without its
overlay. `gapboot install DISK` does more.

The package of gapboot runs this when it is installed or upgraded, and
gapboot-update.service at each boot. `systemctl mask gapboot-update.service`
keeps the service from it.

Exit status: 0 done, or nothing to do; 1 the loader could not be updated."
)]
pub struct Arguments {
    #[command(flatten)]
    loader: LoaderArgument,
    #[command(flatten)]
    system: SystemArgument,
}

impl Arguments {
    pub(super) fn run(self, context: &mut Context) -> Result<(), Error> {
        let stages = self.loader.stages(context)?;
        let system = self.system.system();
        let line = if let Some(place) = confinement(&system)? {
            format!("no loader was updated: this is {place}")
        } else if let Some(device) = find_boot_disk(&system)? {
            let disk = system.file(&device);
            let on = |error: Error| error.on(&disk);
            let device = Disk::open(&disk, Access::Write).map_err(on)?;
            let done = bring_up_to_date(device, &stages).map_err(on)?;
            format!("{}: {done}", disk.display())
        } else {
            "no loader was updated: gapboot did not start this system, and nothing on a disk is \
             mounted at /efi, /boot/efi or /boot"
                .to_owned()
        };
        Ok(writeln!(context.out, "{line}")?)
    }
}

/// Does it, and says what was done or why nothing was.
fn bring_up_to_date(mut disk: Disk, stages: &Stages) -> Result<String, Error> {
    let look = Look::new(&disk);
    let found = Survey::new(&look)?;
    let is_ours = found.code == Code::Gapboot && found.gap != Gap::Without;
    if !is_ours {
        let status = Status::new(&found, Some(stages));
        return Ok(format!("not updated: {}", status.sentence()));
    }
    if let Some(installed) = found.stage2().filter(|found| stages.is_older_than(found)) {
        let (installed, own) = (&installed.version, &stages.version);
        return Ok(format!(
            "not updated: gapboot {installed} is there, which is newer than this {own}"
        ));
    }
    let plan = Plan::new(&look, stages, &InstallOptions::default())?;
    if plan.writes.is_empty() {
        return Ok(format!("gapboot {} is up to date", stages.version));
    }
    if !plan.has_overlay {
        return Ok(
            "not updated: there is no room for the overlay; `gapboot install` says why".to_owned(),
        );
    }
    look.again()?;
    write::write_all(&plan.writes, &mut disk)?;
    write::verify(&plan.writes, &disk.reopen()?)?;
    Ok(format!("{}; read back and compared", plan.outcome()))
}

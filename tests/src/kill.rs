//! `./x kill`: a machine that loses its power at any moment of a boot.
//!
//! QEMU gets SIGKILL again and again on one disk: half of the times at a random
//! moment between the firmware's jump to stage1 and the kernel's end, half of the
//! times around the loader's last write. Each of these boots would
//! write twice: it counts an attempt, and takes a one-shot entry out of the
//! state file. Data that QEMU has given to the host is not lost by a SIGKILL, so the cuts
//! lie between the loader's writes and inside QEMU, in each of its cache modes.
//! `boot/tests/disk/power_cuts.rs` tests what a disk's own cache may lose or reorder.

use crate::MIB;
use crate::data::random;
use crate::gapboot::{built, install, type1};
use crate::images::{Disk, Fat, Partition, Volume};
use crate::kernels::probe::{Kernel, Report};
use crate::machines::qemu::{Guest, Machine};
use crate::tool::run;
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

/// The seed of the random kills.
pub const SEED: u64 = 20_261_127;

/// QEMU's cache modes, which take turns.
const CACHES: [&str; 4] = ["writeback", "writethrough", "none", "unsafe"];

/// The counted entries, and the counters that they begin with: a name that needs
/// few slots in its directory, one that needs many, one that becomes longer.
const COUNTED: [(&str, &str); 3] = [
    ("brief", "+9-0"),
    (
        "a-distribution-6.12.57+deb13-amd64-with-a-name-of-many-slots",
        "+9-0",
    ),
    ("longer-by-one-attempt", "+9"),
];
const STEADY: &str = "steady";

/// The largest distance of a kill from the last write. A busy host moves both. No check
/// depends on the moment of a kill, except that enough kills must fall near the write.
const AROUND: Duration = Duration::from_millis(10);

/// The text that the firmware writes to its debug console when it jumps to stage1.
const JUMP: &str = "Booting from 0000:7c00";

/// How the kills of a run were spread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Kills before the attempt was counted.
    pub before: u32,
    /// Kills after that, until the kernel printed something.
    pub counted: u32,
    /// Kills of the kernel.
    pub kernel: u32,
}

impl Display for Figures {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        let Self {
            before,
            counted,
            kernel,
        } = self;
        write!(
            f,
            "{} kills: {before} before the attempt was counted, {counted} between that and the \
             kernel, {kernel} in the kernel; all clean, all bootable",
            before + counted + kernel
        )
    }
}

/// The durations of a boot, from stage1 on.
#[derive(Clone, Copy, Debug)]
struct Boot {
    /// Until the loader's last write.
    written: Duration,
    /// Until the kernel's end.
    whole: Duration,
}

impl Boot {
    /// A moment in such a boot: anywhere in it, or around the last write.
    fn moment(&self, kill: u32, number: u64) -> Duration {
        let fraction = (number >> 11) as f64 / (1_u64 << 53) as f64;
        match kill % 2 {
            0 => self.whole.mul_f64(fraction),
            _ => self.written.saturating_sub(AROUND) + (2 * AROUND).mul_f64(fraction),
        }
    }
}

/// Kills a machine `kills` times.
pub fn run_times(kernel: &Kernel, kills: u32, seed: u64) -> Result<Figures> {
    let directory = crate::scratch()?;
    let victim = Victim::new(directory.path(), kernel)?;
    let mut figures = Figures::default();
    let mut last = victim.boot()?;
    let numbers = random(seed, kills as usize * 8);
    for (number, kill) in numbers.as_chunks::<8>().0.iter().zip(0..) {
        let number = u64::from_le_bytes(*number);
        let moment = last.moment(kill, number);
        victim
            .kill(&mut figures, kill, number, moment)
            .with_context(|| format!("kill {kill} of seed {seed}, after {moment:?}"))?;
        last = victim.boot()?;
    }
    Ok(figures)
}

/// The number of attempts that an entry has left, and the number of those made.
type Counter = (u32, u32);

/// The disk of the killed machines.
struct Victim {
    image: PathBuf,
    firmware: PathBuf,
    volume: Volume,
}

impl Victim {
    fn new(directory: &Path, kernel: &Kernel) -> Result<Self> {
        let image = directory.join("disk.img");
        // Small clusters: the directory lies in several pieces.
        let mut esp = Partition::esp(Fat::new(32).cluster(512)).file("kernel", kernel.bytes());
        let steady = (STEADY, "");
        for (base, counter) in COUNTED.into_iter().chain([steady]) {
            let path = format!("loader/entries/{base}{counter}.conf");
            esp = esp.file(&path, text(base));
        }
        Disk::new(40 * MIB).partition(esp).build(&image)?;
        install(&image)?;
        Ok(Self {
            volume: Volume::open(&image, 1)?,
            firmware: directory.join("firmware"),
            image,
        })
    }

    /// Kills one boot, and fails unless the disk is clean, with every entry on
    /// it once and no attempt more than before, and boots.
    fn kill(&self, figures: &mut Figures, kill: u32, number: u64, moment: Duration) -> Result<()> {
        self.rearm()?;
        let (base, _) = COUNTED[number as usize % COUNTED.len()];
        let mut set = Command::new(built("gapboot")?);
        set.args(["set", "one-shot", &format!("{base}.conf")]);
        run(set.arg(&self.image))?;
        let before = self.counters()?;

        let (guest, start) = self.start(CACHES[kill as usize / 2 % CACHES.len()])?;
        // No event marks this moment: it is a random one.
        std::thread::sleep((start + moment).saturating_duration_since(Instant::now()));
        let serial = guest.kill()?;

        self.check()?;
        let after = self.counters()?;
        let counted = attempted(&before, base)?;
        match () {
            () if serial.contains("PROBE") => figures.kernel += 1,
            () if after == counted => figures.counted += 1,
            () => figures.before += 1,
        }
        ensure!(
            after == counted || after == before && !serial.contains("PROBE"),
            "{base}: {before:?} became {after:?}"
        );
        Ok(())
    }

    /// Boots to the end.
    fn boot(&self) -> Result<Boot> {
        let before = self.counters()?;
        let (guest, start) = self.start(CACHES[0])?;
        let outcome = guest.finish()?;
        let whole = start.elapsed();
        let written = fs::metadata(&self.image)?.modified()?;
        let since = SystemTime::now().duration_since(written)?;
        let written = start.elapsed().saturating_sub(since);
        let report = Report::parse(&outcome.serial)?;
        let line = report.command_line();
        let base = line.strip_prefix("entry=");
        let base = base.with_context(|| format!("another command line: {line}"))?;
        self.check()?;
        let after = self.counters()?;
        ensure!(
            after == attempted(&before, base)?,
            "{base}: {before:?} became {after:?}"
        );
        Ok(Boot { written, whole })
    }

    /// Starts the machine, and waits until its firmware jumps to stage1.
    fn start(&self, cache: &'static str) -> Result<(Guest, Instant)> {
        // The log of the boot before.
        fs::write(&self.firmware, "")?;
        let console = format!("file,id=firmware,path={}", self.firmware.display());
        let mut guest = Machine::new(&self.image)
            .writable()
            .cache(cache)
            .timeout(Duration::from_secs(30))
            .arguments(&["-chardev", &console])
            .arguments(&["-device", "isa-debugcon,iobase=0x402,chardev=firmware"])
            .start()?;
        let end = Instant::now() + Duration::from_secs(30);
        while Instant::now() < end {
            let said = fs::read(&self.firmware).unwrap_or_default();
            if String::from_utf8_lossy(&said).contains(JUMP) {
                return Ok((guest, Instant::now()));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        bail!("the firmware started nothing: {}", guest.screen()?.text())
    }

    fn check(&self) -> Result<()> {
        self.volume.check()?;
        let status = run(Command::new(built("gapboot")?)
            .arg("status")
            .arg(&self.image))?;
        ensure!(!status.contains("damaged"), "{status}");
        Ok(())
    }

    /// The counters by name.
    ///
    /// # Errors
    ///
    /// An entry is missing or there twice, or has an illegal name or another text.
    fn counters(&self) -> Result<BTreeMap<&'static str, Counter>> {
        let mut counters = BTreeMap::new();
        let names = self.volume.names("loader/entries")?;
        ensure!(names.len() == COUNTED.len() + 1, "{names:?}");
        for name in &names {
            let found = COUNTED.iter().find_map(|(base, _)| {
                let rest = name.strip_prefix(base)?;
                Some((*base, counter(rest)?))
            });
            let base = match found {
                Some((base, counter)) => {
                    ensure!(counters.insert(base, counter).is_none(), "{names:?}");
                    base
                }
                None if *name == format!("{STEADY}.conf") => STEADY,
                None => bail!("not a legal name: {name}"),
            };
            let read = self.volume.read(&format!("loader/entries/{name}"))?;
            ensure!(read == text(base).into_bytes(), "{name} has other bytes");
        }
        Ok(counters)
    }

    /// Gives entries that have few attempts left all of them back.
    fn rearm(&self) -> Result<()> {
        for (base, (left, _)) in self.counters()? {
            if left < 3 {
                let names = self.volume.names("loader/entries")?;
                let old = names.iter().find(|name| name.starts_with(base));
                let old = old.context("just seen")?;
                let (_, fresh) = COUNTED[COUNTED.iter().position(|(b, _)| *b == base).unwrap_or(0)];
                let path = format!("loader/entries/{old}");
                self.volume.rename(&path, &format!("{base}{fresh}.conf"))?;
            }
        }
        Ok(())
    }
}

fn text(base: &str) -> String {
    type1("Probe", "/kernel", &[], &format!("entry={base}"))
}

/// The counter in the end of a file's name: `+9-0.conf`, `+9.conf`.
fn counter(rest: &str) -> Option<Counter> {
    let digits = rest.strip_prefix('+')?.strip_suffix(".conf")?;
    let (left, done) = digits.split_once('-').unwrap_or((digits, "0"));
    Some((left.parse().ok()?, done.parse().ok()?))
}

/// The counters after an attempt to boot this entry.
fn attempted(
    before: &BTreeMap<&'static str, Counter>,
    base: &str,
) -> Result<BTreeMap<&'static str, Counter>> {
    let mut after = before.clone();
    if let Some((left, done)) = after.get_mut(base) {
        *left = left.checked_sub(1).context("no attempts were left")?;
        *done += 1;
    }
    Ok(after)
}

//! The usage of `./x`.

/// The text that `./x help` prints.
pub(crate) const USAGE: &str = "\
usage: ./x COMMAND

  demo        boot Debian's kernel in QEMU, down to a shell in the terminal
                --check   the same unattended, with a report
                --screen  in a window
                --kvm     with KVM, where it works for real mode
                --bridge  a system that the BIOS cannot see, by the bridge
  dist        build everything into dist/
  package     the same, and a package for Debian and an archive of what people install
  test        build, and run every test and check
                --quick   those of three minutes: unit tests, the emulator, some boots
  v86         boots in v86, an emulator for node; installs node and npm if they are missing
  heavy       the tests that take minutes: images of 600 MiB, long runs beside systemd-boot
  fuzz        hostile input for every parser: [SECONDS of each] [TARGET...]
  kill        cut a machine's power [TIMES] at random moments of a boot (100)
  coverage    which lines of the boot loader its tests run
  bench       measure how fast gapboot, GRUB and SYSLINUX load a kernel
  pack-search look for better numbers of stage2's packer, in [ATTEMPTS]
  check       formatting, lints, licences, documentation, circles of imports
  clippy      the lints alone
  size        where the bytes of stage1, stage2 and the overlay go
  pictures    make the pictures of the documents anew
  release     check that version, changelog and documents agree, and make the files of a release
  reproduce   build once more elsewhere and compare with dist/

Each command first installs what it needs from Debian, as root or by sudo.";

/// The command line is wrong: exit status 2, and [`USAGE`] is printed.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "unknown command `{}`", self.0)
    }
}

impl std::error::Error for Usage {}

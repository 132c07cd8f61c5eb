//! Why a file cannot start.

/// A reason why a file cannot start. Each has a text of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The table of sections is not one that `gapboot uki` writes.
    Damaged,
    /// There is no `.linux`, or it is not a bzImage.
    NoKernel,
    /// The inner kernel cannot be moved to where memory is free.
    NotRelocatable,
    /// The command line asks for a profile that is not in the file.
    NoProfile,
    /// The command line is longer than the kernel takes.
    CommandLineTooLong,
    /// There is no room for the kernel.
    NoRoomForKernel,
    /// There is no room for the initrds.
    NoRoomForInitrd,
    /// The inner kernel's real-mode part does not fit below the heap's end.
    NoRoomForSetup,
    /// There are more ranges to be kept than the stub has room for.
    TooManyRanges,
    /// The stub was entered in 64-bit mode, but the inner kernel has no such
    /// entry.
    No64BitEntry,
    /// An address from the loader or from the table lies inside the stub, or
    /// where it cannot reach.
    BadAddress,
}

impl Problem {
    /// The problem and its remedy, to follow a colon, without a full stop.
    pub fn text(self) -> &'static str {
        match self {
            Self::Damaged => {
                "the table of its sections is damaged; make it again with `gapboot uki`"
            }
            Self::NoKernel => "there is no kernel in it; make it again with `gapboot uki`",
            Self::NotRelocatable => {
                "its kernel is not relocatable; use a kernel built with CONFIG_RELOCATABLE"
            }
            Self::NoProfile => "it has no such profile; correct @N in the command line",
            Self::CommandLineTooLong => "the command line is too long for its kernel; shorten it",
            Self::NoRoomForKernel => "no free memory is large enough for its kernel; add memory",
            Self::NoRoomForInitrd => "no free memory is large enough for its initrd; add memory",
            Self::NoRoomForSetup => {
                "its kernel needs more low memory than the boot loader leaves; use the 32-bit protocol \
                 (in GRUB, `linux` in place of `linux16`)"
            }
            Self::TooManyRanges => {
                "the boot loader hands over too many pieces of data; use another loader"
            }
            Self::No64BitEntry => {
                "its kernel has no 64-bit entry; use a loader that enters in 32 bits"
            }
            Self::BadAddress => {
                "it, or what the boot loader hands over, has an address that cannot be right; make it \
                 again with `gapboot uki`, or use another loader"
            }
        }
    }
}

//! The targets.

pub mod adapt;
pub mod companions;
pub mod conf;
pub mod counter;
pub mod disk;
pub mod entry;
pub mod fat;
pub mod glob;
pub mod gpt;
pub mod grub_legacy;
pub mod grub_menu;
pub mod grub_syntax;
pub mod iso9660;
pub mod kernel;
pub mod mbr;
pub mod memory_map;
pub(crate) mod menu_files;
pub mod multiboot;
pub mod partitions;
pub mod rename;
pub mod state;
pub mod syslinux;
pub mod uki;
pub mod version;

use crate::Target;

macro_rules! targets {
    ($($name:ident: $longest:literal,)*) => {
        pub(crate) const ALL: &[Target] = &[$(Target {
            name: stringify!($name),
            longest: $longest,
            run: $name::run,
            seeds: $name::seeds,
        },)*];
    };
}

targets! {
    adapt: 27137,
    companions: 512,
    conf: 2048,
    counter: 128,
    disk: 1024,
    entry: 2048,
    fat: 20480,
    glob: 64,
    gpt: 4096,
    grub_legacy: 2048,
    grub_menu: 1024,
    grub_syntax: 512,
    iso9660: 12288,
    kernel: 1100,
    mbr: 1280,
    memory_map: 512,
    multiboot: 1024,
    partitions: 32769,
    rename: 18432,
    state: 640,
    syslinux: 2048,
    uki: 1024,
    version: 96,
}

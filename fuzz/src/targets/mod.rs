//! The targets.

pub mod companions;
pub mod conf;
pub mod counter;
pub mod disk;
pub mod entry;
pub mod fat;
pub mod glob;
pub mod gpt;
pub mod kernel;
pub mod mbr;
pub mod memory_map;
pub mod multiboot;
pub mod rename;
pub mod state;
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
    companions: 512,
    conf: 2048,
    counter: 128,
    disk: 1024,
    entry: 2048,
    fat: 20480,
    glob: 64,
    gpt: 4096,
    kernel: 1100,
    mbr: 1280,
    memory_map: 512,
    multiboot: 1024,
    rename: 18432,
    state: 640,
    uki: 1024,
    version: 96,
}

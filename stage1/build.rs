//! Hands the linker its script, and the numbers of `layout` in it.

use layout::{disk, memory};

fn main() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../linker/stage1.ld");
    println!("cargo:rerun-if-changed={script}");
    for (name, number) in [
        ("STAGE1", memory::STAGE1.start as usize),
        ("STAGE1_CODE", disk::STAGE1_CODE),
    ] {
        println!("cargo:rustc-link-arg-bins=--defsym={name}={number}");
    }
    println!("cargo:rustc-link-arg-bins=-T{script}");
}

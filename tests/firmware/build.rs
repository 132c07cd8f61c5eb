//! Hands the linker its script.

fn main() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../linker/firmware.ld");
    println!("cargo::rerun-if-changed={script}");
    println!("cargo::rustc-link-arg-bins=-T{script}");
}

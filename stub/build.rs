//! Hands the linker its script, and the file offsets in it.

use layout::uki;

fn main() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../linker/stub.ld");
    println!("cargo:rerun-if-changed={script}");
    println!("cargo:rustc-link-arg-bins=-T{script}");
    for (name, offset) in [
        ("SETUP_HEADER_END", uki::SETUP_HEADER_END),
        ("PE_HEADER", uki::PE_HEADER),
        ("LOADER", uki::LOADER),
        ("VERSION", uki::VERSION),
        ("PROTECTED_MODE", uki::PROTECTED_MODE),
    ] {
        println!("cargo:rustc-link-arg-bins=--defsym={name}={offset:#x}");
    }
}

//! What `./x dist` leaves.

use tests::gapboot::built;
use tests::tool::{command, run};

/// Both programs start where there is no library, as in an initrd, and at any address.
#[test]
fn the_programs_are_static_and_position_independent() {
    for program in ["gapboot", "bootloader_emu"] {
        let program = built(program).unwrap();
        let libraries = run(command("ldd").arg(&program)).unwrap();
        assert_eq!(libraries.trim(), "statically linked", "{program:?}");
        let header = run(command("objdump").arg("--file-headers").arg(&program)).unwrap();
        assert!(header.contains("DYNAMIC"), "{program:?}: {header}");
    }
}

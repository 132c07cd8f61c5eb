//! Kernel headers, and the places of kernel and initrd. An input is the sizes of
//! the kernel's file, of the initrd and of the memory, and the kernel's first 1,024
//! bytes.

use crate::input::Input;
use boot::load::bzimage::{HEAD, SetupHeader};
use boot::load::place::place;
use emu::memory::machine_map;
use layout::memory::{KERNEL, KERNEL_SETUP};

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let (size, initrd, memory) = (input.double(), input.double(), input.word());
    let mut head = [0; HEAD];
    let bytes = input.take(HEAD);
    head[..bytes.len()].copy_from_slice(bytes);
    let header = SetupHeader::of(&mut head).expect("1,024 bytes hold a header");
    header.xloadflags();
    let Ok(kernel) = header.check(size) else {
        return;
    };
    assert!((1024..=KERNEL_SETUP.size()).contains(&kernel.setup_size));
    assert!(
        kernel.size > 0 && u64::from(kernel.setup_size) + u64::from(kernel.size) <= size.into()
    );
    assert!(kernel.runtime_start >= KERNEL);
    let map = machine_map(u32::from(memory).max(4));
    let Ok(address) = place(&kernel, &map, initrd) else {
        return;
    };
    assert!(map.is_usable(KERNEL, kernel.size));
    assert!(map.is_usable(kernel.runtime_start, kernel.init_size));
    assert_eq!(address == 0, initrd == 0);
    if initrd > 0 {
        assert!(map.is_usable(address, initrd) && address.is_multiple_of(4096));
        assert!(u64::from(address) >= u64::from(KERNEL) + u64::from(kernel.size));
        let end = u64::from(kernel.runtime_start) + u64::from(kernel.init_size);
        assert!(u64::from(address) >= end);
        assert!(address + (initrd - 1) <= kernel.initrd_addr_max);
    }
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let kernel = crate::kernel::image(0);
    let mut old = kernel.clone();
    old[0x206..0x208].copy_from_slice(&[2, 2]);
    let make = |size: u32, initrd: u32, memory: u16, kernel: &[u8]| {
        [
            &size.to_le_bytes()[..],
            &initrd.to_le_bytes(),
            &memory.to_le_bytes(),
            kernel,
        ]
        .concat()
    };
    vec![
        make(2048, 1 << 20, 512, &kernel),
        make(9 << 20, 64 << 20, 4096, &kernel),
        make(2 << 20, 5, 64, &old),
    ]
}

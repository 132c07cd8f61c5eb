//! SYSLINUX's configurations. An input is four files, each of which ends with a NUL, and
//! the first of which is the configuration.

use super::menu_files::{check, disks};
use menus::{Device, Location};

const PATHS: &[&str] = &[
    "/isolinux/isolinux.cfg",
    "/isolinux/b.cfg",
    "/c/c.cfg",
    "/pxelinux.cfg/default",
];

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let device = Device(2);
    let memory = disks(data, device, PATHS);
    for first in [PATHS[0], PATHS[3]] {
        if let Some(config) = Location::new(device, first) {
            check(&memory, &menus::syslinux::read(&memory, &config));
        }
    }
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let files = [
        "path x\nprompt 0\ninclude b.cfg\ndefault vesamenu.c32\ntimeout 300\nontimeout k x\n\0\
         label install\ndefault install\n\tmenu label ^Install\n\tmenu default\n\tkernel k\n\
         \tappend vga=788 initrd=a,b --- quiet\nmenu begin advanced\nmenu title A\nlabel x\n\
         menu exit\nmenu end\nlabel help\ntext help\nx\nendtext\nconfig /c/c.cfg /c\n\0\
         ui menu.c32\nmenu passwd x\nlabel y\nmenu goto .top\ninclude ~ tag\n",
        "label a\ncom32 ifcpu64.c32\nappend b -- c\nlabel b\nkernel mboot.c32\n\
         append -solaris x y --- z w\nlabel c\nkernel linux.c32\nappend k initrd=a initrd+=b\n\
         label d\nkernel chain.c32\nappend hd1,2 guid=0000abcd-01 mbr:abcd file=x swap\n\
         label e\nlocalboot 0x81\nlabel f\nkernel menu.c32\nappend b.cfg ~\nsysappend 2\n",
        "append g\nlabel a\nappend -\ninitrd a,b\nmenu hide\nlabel a\nmenu disable\nmenu quit\n\
         label a\nmenu passwd\nkernel .linux x.0 y\nmenu separator\nmenu save\ntotaltimeout 9\n\
         \0label z\n\0\0default z\nlabel z\nkernel pxe.0\nlabel w\nkernel http://x/y\n",
    ];
    files.map(|file| file.as_bytes().to_vec()).to_vec()
}

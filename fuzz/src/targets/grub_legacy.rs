//! GRUB Legacy's configurations. An input is four files, each of which ends with a NUL:
//! the menu, another one, the saved default and the map of devices.

use super::menu_files::{check, disks};
use menus::{Device, Location};

const PATHS: &[&str] = &[
    "/boot/grub/menu.lst",
    "/m",
    "/boot/grub/default",
    "/boot/grub/device.map",
];

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let device = Device(3);
    let memory = disks(data, device, PATHS);
    if let Some(config) = Location::new(device, PATHS[0]) {
        check(&memory, &menus::grub_legacy::read(&memory, &config));
    }
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let files = [
        "default saved\nfallback 1\ntimeout=5\npassword --md5 x\ntitle a\nroot (hd0,0)\n\
         kernel --type=linux /k ro vga=1\ninitrd /i\nsavedefault\ntitle b\nlock\n\
         configfile (hd0,1)/m\n\0default 1\ntitle x\nkernel /k\nmodule /m y\ntitle y\nhalt\n\0\
         1\n#\n\0(hd0)\t/dev/sda\n(hd1) /dev/sdb\n",
        "title a\nrootnoverify (hd1)\nmakeactive\nmap (hd0) (hd1)\nchainloader --force +1\n\
         title b\nuuid uuid1\nkernel \\\n /k x\ntitle c\nfind --set-root /m\nchainloader /x\n\
         title d\nroot (hd7,0)\nkernel (hd1,2,a)/k\ntitle e\nreboot\ntitle f\nsetup (hd0)\n",
    ];
    files.map(|file| file.as_bytes().to_vec()).to_vec()
}

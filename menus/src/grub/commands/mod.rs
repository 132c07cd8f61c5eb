//! GRUB's commands.
//!
//! | module | commands |
//! |---|---|
//! | `variables` | `set`, `unset`, `export`, `load_env`, `save_env`, ... |
//! | `flow` | `if`'s `true` and `false`, `break`, `return`, `source`, `configfile`, `boot`, ... |
//! | `text` | `echo`, `test`, `regexp` |
//! | `find` | `search`, `probe`, `loopback` |
//! | `linux` | `linux`, `initrd` |
//! | `load` | `multiboot`, `module`, `chainloader`, and what cannot be started here |
//! | `entries` | `menuentry`, `submenu`, `blscfg` |

mod entries;
mod find;
mod flow;
mod linux;
mod load;
mod text;
mod variables;

use super::machine::{BAD_ARGUMENT, Known, Machine, Status};

/// The command of this name.
pub(super) fn find(name: &str) -> Option<Known> {
    Some(Known::Run(match name {
        "set" => variables::set,
        "unset" => variables::unset,
        "export" => variables::export,
        "load_env" => variables::load_env,
        "save_env" => variables::save_env,
        "list_env" => variables::list_env,
        "increment" | "decrement" => variables::count,
        "read" | "getenv" | "smbios" | "rdmsr" | "inb" | "inw" | "inl" => variables::unknown,
        "hwmatch" => variables::hwmatch,
        "true" | ":" => flow::is_true,
        "false" | "keystatus" => flow::is_false,
        "break" | "continue" => flow::leave_loop,
        "return" => flow::give_back,
        "shift" => flow::shift,
        "setparams" => flow::set_arguments,
        "eval" => flow::eval,
        "source" | "." => flow::source,
        "configfile" | "normal" => flow::open_menu,
        "boot" | "halt" | "reboot" | "exit" | "normal_exit" | "fwsetup" => flow::end,
        "echo" => text::echo,
        "test" | "[" => text::test,
        "regexp" => text::regexp,
        "search" | "search.fs_uuid" | "search.fs_label" | "search.file" => find::search,
        "probe" => find::probe,
        "loopback" => find::loopback,
        "linux" | "linux16" | "linuxefi" => linux::linux,
        "initrd" | "initrd16" | "initrdefi" => linux::initrd,
        "multiboot" | "multiboot2" => load::multiboot,
        "module" | "module2" => load::module,
        "chainloader" => load::chainloader,
        "cryptomount" | "acpi" | "devicetree" | "fdtdump" | "drivemap" | "parttool" | "outb"
        | "outw" | "outl" | "wrmsr" | "setpci" | "hdparm" | "sendkey" | "gptsync" | "zfskey"
        | "trust" | "distrust" | "verify_detached" => load::left_out,
        _ if load::other_system(name).is_some() => load::other,
        "menuentry" => entries::menuentry,
        "submenu" => entries::submenu,
        "blscfg" => entries::blscfg,
        "insmod" => load::insmod,
        _ if IGNORED.contains(&name) => return Some(Known::Ignored),
        _ => return None,
    }))
}

/// Commands that change nothing of what an entry boots.
const IGNORED: &[&str] = &[
    "authenticate",
    "background_color",
    "background_image",
    "badram",
    "cat",
    "clear",
    "cls",
    "cmp",
    "cpuid",
    "crc",
    "cutmem",
    "date",
    "displaytest",
    "dump",
    "efi-watchdog",
    "fakebios",
    "gettext",
    "hello",
    "help",
    "hexdump",
    "keymap",
    "list_trusted",
    "loadbios",
    "loadfont",
    "ls",
    "lsacpi",
    "lsapm",
    "lscoreboot",
    "lsefi",
    "lsefimmap",
    "lsefisystab",
    "lsfonts",
    "lsmmap",
    "lsmod",
    "lspci",
    "lssal",
    "md5sum",
    "mmap",
    "nativedisk",
    "net_bootp",
    "password",
    "password_pbkdf2",
    "play",
    "rmmod",
    "serial",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "sleep",
    "terminal_input",
    "terminal_output",
    "terminfo",
    "time",
    "usb",
    "videoinfo",
    "videotest",
    "vbeinfo",
    "vbetest",
    "xnu_splash",
];

impl Machine<'_> {
    /// The command's arguments are wrong.
    fn refuse(&mut self, message: &str) -> Status {
        self.complain(message);
        BAD_ARGUMENT
    }
}

//! Process 1: from the first mount to the kernel that is started.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use boot::machine::Console;
use boot::menu::Timeout;
use rustix::system::{RebootCommand, uname};

use crate::console::{Screen, Terminal, Terminals, choice};
use crate::devices::Devices;
use crate::devices::settle::{Known, Wait, is_busy};
use crate::log::{self, Log};
use crate::menu::{Answer, Showing, Starts, show};
use crate::modules::index::Index;
use crate::modules::loader::{Loader, insert};
use crate::offers::Offers;
use crate::options::BUILT_IN;
use crate::process;
use crate::session::{Session, text};
use crate::shell::{self, End};

/// The system.
const ROOT: &str = "/";

/// There after a start by UEFI.
const EFI: &str = "sys/firmware/efi";

/// Runs the bridge, which never ends but in another kernel.
pub fn run(offers: &mut dyn Offers) -> ! {
    process::mount_kernel();
    log::move_kernel_messages();
    loop {
        // Without process 1 the machine would stop.
        let stopped = catch_unwind(AssertUnwindSafe(|| bridge(offers)));
        if stopped.is_err() {
            report_panic();
        }
    }
}

/// Says that something went wrong in the bridge itself, and waits for a key.
fn report_panic() {
    let index = Index::default();
    let loader = Loader::new(&index, &insert);
    let mut devices = Devices::without_messages(loader, Log::default());
    let mut terminals = open(&text("/proc/cmdline"), &[]);
    let mut screen = Screen::new(&mut terminals, &mut devices, false);
    screen.new_line();
    screen.line(
        "gapboot: the bridge has stopped, by a mistake in itself. Press a key to start it again.",
    );
    screen.key(None);
}

/// The terminals that there are.
fn open(cmdline: &str, more: &[String]) -> Terminals {
    let nodes = choice::nodes(Path::new(ROOT), cmdline, more);
    let terminals = nodes.iter().filter_map(|node| Terminal::open(node).ok());
    Terminals::new(terminals.collect())
}

/// One run of the bridge.
fn bridge(offers: &mut dyn Offers) {
    let root = Path::new(ROOT);
    let cmdline = text("/proc/cmdline");
    let mut session = Session::new(offers, cmdline.clone(), text(BUILT_IN));
    let mut terminals = open(&cmdline, &session.options.consoles);
    let release = uname().release().to_string_lossy().into_owned();
    let index = Index::read(&root.join("lib/modules").join(release)).unwrap_or_default();
    let log = Log::new(session.options.debug);
    let mut devices = Devices::new(Loader::new(&index, &insert), log);
    devices.keeps_text_mode = session.options.text_mode;
    {
        let mut screen = Screen::new(&mut terminals, &mut devices, false);
        screen.clear();
        let version = env!("CARGO_PKG_VERSION");
        screen.line(&format!("gapboot bridge {version}: looking for disks"));
        screen.flush();
        for (name, parameters) in session.options.modules.clone() {
            screen.devices().load(&name, &parameters);
        }
        screen.devices().coldplug(root);
        if root.join(EFI).exists() {
            screen.devices().load("fs-efivarfs", "");
            process::mount_efi_variables();
        }
        settle(&mut session, &mut screen);
        session.look(root, &mut screen);
    }
    menus(&mut session, &mut terminals, &mut devices);
}

/// Waits until what was asked for is there, or until everything is.
fn settle(session: &mut Session, screen: &mut Screen) {
    let root = Path::new(ROOT);
    let wait = Wait {
        since: Instant::now(),
        limit: session.options.wait,
    };
    loop {
        screen.devices().take();
        let known = Known {
            last: screen.devices().last(),
            is_there: session.is_there(root),
            is_busy: is_busy(root),
        };
        match wait.left(Instant::now(), &known) {
            None => return,
            // Somebody does not want to wait.
            Some(left) if screen.idle(left) => return,
            Some(_) => {}
        }
    }
}

/// Shows the menu again and again.
fn menus(session: &mut Session, terminals: &mut Terminals, devices: &mut Devices) {
    let root = Path::new(ROOT);
    let since = Instant::now();
    let mut message = String::new();
    let mut selected = String::new();
    let mut is_touched = false;
    loop {
        let (items, default) = session.items();
        let chosen = items
            .iter()
            .position(|item| item.id == selected && !selected.is_empty());
        let timeout = match default {
            Some(_) if !is_touched && message.is_empty() => session.options.timeout,
            _ => Timeout::Forced,
        };
        if timeout == Timeout::Forced && message.is_empty() {
            message = session.messages.first().cloned().unwrap_or_default();
        }
        let mut screen = Screen::new(terminals, devices, true);
        let answer = match (timeout, default) {
            _ if items.is_empty() => Answer::Shell,
            (Timeout::Hidden | Timeout::Disabled, Some(item)) if !screen.idle(Duration::ZERO) => {
                Answer::Start {
                    item,
                    cmdline: None,
                }
            }
            _ => {
                let showing = Showing {
                    timeout,
                    since,
                    selected: chosen.or(default).unwrap_or(0),
                    message: &message,
                };
                show(&mut screen, &items, &showing)
            }
        };
        message.clear();
        is_touched |= screen.is_touched;
        let mut screen = Screen::new(terminals, devices, false);
        match answer {
            Answer::Start { item, cmdline } => {
                let Some(item) = items.get(item) else {
                    continue;
                };
                is_touched = true;
                selected.clone_from(&item.id);
                if item.starts == Starts::Messages {
                    shell::page(&mut screen, &session.messages);
                    continue;
                }
                screen.line(&format!("Starting {}", item.title));
                screen.flush();
                let payload = session.prepared(item, cmdline.as_deref(), &mut screen);
                let started = payload.and_then(|payload| session.start(&payload, root));
                message = started.err().unwrap_or_default();
            }
            Answer::PowerOff => message = ended(RebootCommand::PowerOff),
            Answer::Reboot => message = ended(RebootCommand::Restart),
            Answer::Shell => {
                let is_empty = items.is_empty();
                match shell::run(session, &mut screen, &items, is_empty) {
                    End::Menu => is_touched = true,
                    End::Look => session.look(root, &mut screen),
                    End::Start(payload) => {
                        message = session.start(&payload, root).err().unwrap_or_default();
                    }
                    End::PowerOff => message = ended(RebootCommand::PowerOff),
                    End::Reboot => message = ended(RebootCommand::Restart),
                }
            }
            Answer::Look => session.look(root, &mut screen),
        }
        // What was unmounted or counted for a kernel that did not start.
        if session.disks.is_empty() || session.is_stale {
            session.look(root, &mut screen);
        }
    }
}

/// Ends the machine; the reason why it goes on.
fn ended(command: RebootCommand) -> String {
    match process::end(command) {
        Ok(()) => String::new(),
        Err(error) => format!("Linux goes on: {error}."),
    }
}

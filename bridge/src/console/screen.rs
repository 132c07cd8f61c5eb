//! All terminals as one console, for the menu and the shell: the same is shown on all, and
//! each may answer.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use boot::machine::{Console, Input};
use boot::menu::ansi;
use boot::text::character;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::terminal::Terminal;
use crate::devices::Devices;
use crate::process;

/// Thousandths of ticks in a second: 18.2.
const MILLITICKS: u64 = 18_200;
/// The key that leaves the menu, where [`Screen::left`] says why.
const LEAVE: u8 = b'Q';
/// The key that opens the shell from the menu.
const SHELL: u8 = b'c';
const ESC: u8 = 0x1b;

/// All terminals.
#[derive(Default)]
pub struct Terminals {
    terminals: Vec<Terminal>,
    /// What was typed and not yet taken.
    typed: VecDeque<u8>,
}

/// Why the menu was left, where it was not left by a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Somebody wants the shell.
    Shell,
    /// Disks came or went.
    News,
}

/// The terminals and the devices, while something is shown.
pub struct Screen<'s, 'd> {
    terminals: &'s mut Terminals,
    devices: &'s mut Devices<'d>,
    started: Instant,
    /// It is the menu's.
    is_menu: bool,
    /// Text is being edited.
    has_cursor: bool,
    /// A key begins with ESC, and this is what follows.
    is_escaped: bool,
    /// Why the menu is to be left.
    pub left: Option<Left>,
    /// Somebody pressed a key.
    pub is_touched: bool,
    /// What is shown is left when disks come or go, though it is not the menu.
    pub may_leave: bool,
    /// Nothing is lost by that now.
    is_idle: bool,
}

impl Terminals {
    /// These terminals.
    #[must_use]
    pub fn new(terminals: Vec<Terminal>) -> Self {
        Self {
            terminals,
            typed: VecDeque::new(),
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        for terminal in &mut self.terminals {
            terminal.write(bytes);
        }
    }

    fn flush(&mut self) {
        self.terminals.iter_mut().for_each(Terminal::flush);
    }

    /// Waits for input, for messages about devices, or for the time to be over.
    fn wait(&mut self, devices: &mut Devices, time: Option<Duration>) {
        let time = time.and_then(|time| Timespec::try_from(time).ok());
        let mut wait: Vec<_> = self
            .terminals
            .iter()
            .map(|terminal| PollFd::new(terminal, PollFlags::IN))
            .collect();
        let socket = devices.socket();
        wait.extend(socket.map(|socket| PollFd::from_borrowed_fd(socket, PollFlags::IN)));
        if poll(&mut wait, time.as_ref()).is_err() {
            return;
        }
        let ready: Vec<_> = wait.iter().map(|wait| !wait.revents().is_empty()).collect();
        let mut ready = ready.into_iter();
        let typed = &mut self.typed;
        // A terminal that is gone is left out from now on.
        self.terminals.retain_mut(|terminal| {
            let is_ready = ready.next().unwrap_or(false);
            match is_ready.then(|| terminal.read()) {
                None => true,
                Some(Ok(bytes)) => {
                    typed.extend(bytes);
                    true
                }
                Some(Err(_)) => false,
            }
        });
        devices.take();
        process::reap();
    }
}

impl<'s, 'd> Screen<'s, 'd> {
    /// Shows something on these terminals, for the menu, which is left when disks come or
    /// go, or for anything else.
    pub fn new(terminals: &'s mut Terminals, devices: &'s mut Devices<'d>, is_menu: bool) -> Self {
        Self {
            terminals,
            devices,
            started: Instant::now(),
            is_menu,
            has_cursor: true,
            is_escaped: false,
            left: None,
            is_touched: false,
            may_leave: false,
            is_idle: false,
        }
    }

    /// The devices.
    pub fn devices(&mut self) -> &mut Devices<'d> {
        self.devices
    }

    /// Writes a line where text flows.
    pub fn line(&mut self, text: &str) {
        self.write(text.as_bytes());
        self.new_line();
    }

    /// Waits until the devices say something or somebody types, at most so long. True if
    /// somebody typed.
    pub fn idle(&mut self, time: Duration) -> bool {
        self.terminals.flush();
        self.terminals.wait(self.devices, Some(time));
        !self.terminals.typed.is_empty()
    }

    /// Nothing is lost if what is shown is left now, or something is.
    pub fn leaves_for_news(&mut self, is_idle: bool) {
        self.is_idle = is_idle;
    }

    /// The next character goes to the start of the line.
    pub fn start_of_line(&mut self) {
        self.terminals.write(b"\r");
    }

    /// Lets all that was written get out.
    pub fn flush(&mut self) {
        self.terminals.flush();
    }

    /// The menu is shown, and no text is being edited, of which keys and news are no part.
    fn is_menu_shown(&self) -> bool {
        self.is_menu && !self.has_cursor
    }

    /// When the menu is to be left by itself.
    fn news(&self) -> Option<Duration> {
        let news = self.devices.news();
        news.filter(|_| self.is_menu_shown() || (self.may_leave && self.is_idle))
    }

    /// A byte that somebody typed.
    fn typed(&mut self, byte: u8) -> u8 {
        self.is_touched = true;
        let is_escaped = std::mem::replace(&mut self.is_escaped, byte == ESC);
        if self.is_menu_shown() && byte == SHELL && !is_escaped {
            self.left = Some(Left::Shell);
            return LEAVE;
        }
        byte
    }
}

impl Console for Screen<'_, '_> {
    fn write(&mut self, mut text: &[u8]) {
        while let Some((shown, rest)) = character(text) {
            self.terminals.write(shown);
            text = rest;
        }
    }

    fn new_line(&mut self) {
        self.terminals.write(b"\r\n");
    }

    fn beep(&mut self) {
        self.terminals.write(b"\x07");
    }

    fn size(&self) -> (usize, usize) {
        let sizes = self.terminals.terminals.iter().map(Terminal::size);
        let smallest = sizes.reduce(|one, other| (one.0.min(other.0), one.1.min(other.1)));
        let (columns, lines) = smallest.unwrap_or((80, 24));
        (columns.clamp(40, 250), lines.clamp(10, 250))
    }

    fn resize(&mut self, _: u8) {}

    fn clear(&mut self) {
        self.terminals.write(ansi::CLEAR);
    }

    fn move_to(&mut self, column: usize, line: usize) {
        let terminals = &mut self.terminals;
        ansi::move_to(column, line, &mut |bytes| terminals.write(bytes));
    }

    fn clear_to_end(&mut self) {
        self.terminals.write(ansi::CLEAR_TO_END);
    }

    fn highlight(&mut self, on: bool) {
        self.terminals.write(ansi::highlight(on));
    }

    fn cursor(&mut self, visible: bool) {
        self.has_cursor = visible;
        self.terminals.write(ansi::cursor(visible));
    }

    fn key(&mut self, ticks: Option<u32>) -> Option<Input> {
        self.terminals.flush();
        let since = Instant::now();
        let limit = ticks.map(|ticks| {
            let milliseconds = u64::from(ticks).saturating_mul(1_000_000);
            Duration::from_millis(milliseconds.div_euclid(MILLITICKS))
        });
        loop {
            if let Some(byte) = self.terminals.typed.pop_front() {
                return Some(Input::Serial(self.typed(byte)));
            }
            let news = self.news();
            if news == Some(Duration::ZERO) {
                self.left = Some(Left::News);
                return Some(Input::Serial(LEAVE));
            }
            let left = limit.map(|limit| limit.saturating_sub(since.elapsed()));
            let time = [left, news].into_iter().flatten().min();
            self.terminals.wait(self.devices, time);
            if self.terminals.typed.is_empty() && left == Some(Duration::ZERO) {
                return None;
            }
        }
    }

    fn ticks(&self) -> u32 {
        let milliseconds = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(0);
        let ticks = milliseconds
            .saturating_mul(MILLITICKS)
            .div_euclid(1_000_000);
        u32::try_from(ticks).unwrap_or(u32::MAX)
    }
}

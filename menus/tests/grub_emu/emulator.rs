//! grub-emu: GRUB as a program, on a terminal that `script` makes.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use tests::debian::package;
use tests::tool::{command, missing, run};

/// Lines of the terminal: more than a menu has entries.
const ROWS: u32 = 50;
/// Columns for a menu: more than a title has characters.
pub(crate) const MENU: u32 = 120;
/// Columns for output: more than a line has characters.
pub(crate) const OUTPUT: u32 = 30_000;

/// How long GRUB may be silent before a test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// After how much silence it is asked to go on.
const PAUSE: Duration = Duration::from_millis(100);

/// The key for the first entry.
const HOME: &str = "\x01";

/// The program, and where the library is that it is linked to and does not need.
struct Program {
    binary: PathBuf,
    library: PathBuf,
}

/// Unpacks grub-emu, and makes the library.
fn program() -> &'static Program {
    static PROGRAM: OnceLock<Program> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let binary = package("grub-emu").unwrap().join("usr/bin/grub-emu");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("grub-emu");
        fs::create_dir_all(&library).unwrap();
        // Windows are for graphics alone: these always fail.
        let names = [
            "Flip",
            "GetError",
            "Init",
            "Quit",
            "SetColors",
            "SetVideoMode",
        ];
        let functions = names.map(|name| format!("int SDL_{name}(void) {{ return -1; }}\n"));
        let source = library.join("sdl.c");
        fs::write(&source, functions.concat()).unwrap();
        let built = tempfile::NamedTempFile::new_in(&library)
            .unwrap()
            .into_temp_path();
        run(command("cc")
            .args(["-shared", "-o"])
            .arg(&built)
            .arg(&source))
        .unwrap();
        fs::rename(&built, library.join("libSDL-1.2.so.0")).unwrap();
        Program { binary, library }
    })
}

/// A GRUB that runs.
pub(crate) struct Emulator {
    child: Child,
    keys: ChildStdin,
    bytes: Receiver<Vec<u8>>,
    /// What GRUB said and was not looked at.
    said: Vec<u8>,
}

impl Emulator {
    /// Starts GRUB with the `grub.cfg` of this directory, on so many columns.
    pub(crate) fn start(directory: &Path, columns: u32) -> Self {
        let program = program();
        // GRUB goes on without a terminal: it has to end with `script`.
        let line = format!(
            "stty rows {ROWS} cols {columns}; exec setpriv --pdeathsig KILL '{}' -d '{}'",
            program.binary.display(),
            directory.display()
        );
        let mut script = command("script");
        script.args(["-q", "-e", "-f", "-c", &line, "/dev/null"]);
        script
            .env("TERM", "dumb")
            .env("LD_LIBRARY_PATH", &program.library);
        script
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = script
            .spawn()
            .unwrap_or_else(|error| panic!("{}", missing("script".as_ref(), error)));
        let mut output = child.stdout.take().unwrap();
        let (sender, bytes) = channel();
        thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            while let Ok(count) = output.read(&mut buffer) {
                if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let keys = child.stdin.take().unwrap();
        Self {
            child,
            keys,
            bytes,
            said: Vec::new(),
        }
    }

    /// Waits until GRUB has said this. What it said up to there, since the last time.
    fn wait_for(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self
                .said
                .windows(text.len())
                .position(|said| said == text.as_bytes());
            if let Some(at) = found {
                let rest = self.said.split_off(at + text.len());
                let said = std::mem::replace(&mut self.said, rest);
                return String::from_utf8_lossy(&said).into_owned();
            }
            // GRUB may keep the last bytes of a menu until a key comes. `Home` does no harm,
            // because whoever chooses an entry begins there.
            let bytes = match self.bytes.recv_timeout(PAUSE) {
                Ok(bytes) => bytes,
                Err(RecvTimeoutError::Timeout) if Instant::now() < deadline => {
                    // It may have ended meanwhile: what it said last comes next.
                    let _ = self.keys.write_all(HOME.as_bytes());
                    continue;
                }
                Err(_) => {
                    let said = String::from_utf8_lossy(&self.said);
                    let last: Vec<char> = said.chars().rev().take(300).collect();
                    let last: String = last.into_iter().rev().collect();
                    panic!("GRUB does not say {text:?}; it ends with {last:?}");
                }
            };
            self.said.extend(bytes);
        }
    }

    /// What the configuration printed, up to this line.
    pub(crate) fn output(&mut self, last: &str) -> String {
        let said = plain(&self.wait_for(&format!("{last}\r\n")));
        let (_, output) = said.split_once("Welcome to GRUB!\n\n").unwrap();
        output
            .strip_suffix(&format!("{last}\n"))
            .unwrap()
            .to_string()
    }

    /// The titles of the menu that GRUB draws next.
    pub(crate) fn titles(&mut self) -> Vec<String> {
        self.wait_for("GNU GRUB  version");
        // The frame is drawn first, from the top to this corner.
        let frame = self.wait_for("┗");
        let (_, corner) = frame.rsplit_once("\x1b[").unwrap();
        let bottom: u32 = corner.split_once(';').unwrap().0.parse().unwrap();
        // Then the entries, with empty ones up to the corner. After each the cursor goes to
        // its end.
        let said = self.wait_for(&format!("\x1b[{};{}H", bottom - 1, MENU - 2));
        let mut rows = BTreeMap::new();
        for piece in said.split("\x1b[").filter(|piece| piece.contains(";3H")) {
            let (row, text) = piece.split_once(";3H").unwrap();
            if let (Ok(row), Some(title)) = (row.parse::<u32>(), text.get(1..)) {
                rows.insert(row, title.trim_end().to_string());
            }
        }
        rows.into_values()
            .filter(|title| !title.is_empty())
            .collect()
    }

    /// Chooses an entry by its number.
    pub(crate) fn choose(&mut self, number: usize) {
        let down = "\x0e";
        let keys = format!("{HOME}{}\n", down.repeat(number));
        self.keys.write_all(keys.as_bytes()).unwrap();
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Without what moves the cursor and sets colours, and with lines that end as ours do.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\r' => {}
            '\x1b' => drop(characters.find(char::is_ascii_alphabetic)),
            c => plain.push(c),
        }
    }
    plain
}

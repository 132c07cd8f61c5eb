//! `loader.conf`. An input is the file.

use crate::input::Input;
use boot::settings::conf::Conf;
use boot::text::Text;

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut conf = Conf::without_file();
    for line in lines(data) {
        conf.line(line);
        for pattern in [conf.default(), conf.preferred()].into_iter().flatten() {
            assert!(pattern.len() <= Text::MAX);
            assert!(!pattern.starts_with(b"@") || pattern.eq_ignore_ascii_case(b"@saved"));
        }
        assert!(matches!(conf.lines(), None | Some(25 | 50)));
    }
}

/// The lines of an input that is a file.
pub(super) fn lines(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = Input(data).text();
    text.split(|byte| matches!(byte, b'\n' | b'\r'))
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let files = [
        "timeout 5\ndefault debian-*\neditor no\n",
        "timeout menu-force\r\npreferred \"@saved\"\r\nconsole-mode max\r\n",
        "#\nbeep yes\nauto-reboot 1\nauto-poweroff off\nlog-level debug\nreboot-on-error auto\n",
        "default @saved\ntimeout 4294967295\n",
    ];
    files.map(|file| file.as_bytes().to_vec()).to_vec()
}

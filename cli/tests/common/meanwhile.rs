//! `gapboot`, and another program that changes the same disk meanwhile.

use std::io::{self, Write};

use super::{Run, with_overlay};

/// Standard error, at the first line of which something else happens.
struct Meanwhile<'a> {
    text: Vec<u8>,
    then: Option<Box<dyn FnOnce() + 'a>>,
}

impl Write for Meanwhile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(then) = self.then.take() {
            then();
        }
        self.text.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs `gapboot`, and `then` when it has made its plan.
pub fn gapboot_while(arguments: &[&str], then: impl FnOnce()) -> Run {
    let mut out = Vec::new();
    let mut err = Meanwhile {
        text: Vec::new(),
        then: Some(Box::new(then)),
    };
    let stages = with_overlay("0.1.0", 1);
    let arguments = arguments.iter().map(Into::into);
    let status = cli::run(arguments, Ok(stages), &mut out, &mut err);
    assert!(
        err.then.is_none(),
        "nothing was printed before the first write"
    );
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run {
        status,
        out: text(out),
        err: text(err.text),
    }
}

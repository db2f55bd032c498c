//! The two streams: stdout carries the result, stderr progress and everything else. The only place
//! that writes. Must not know what is written.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Mutex;

use anstream::{AutoStream, ColorChoice};

use super::theme::{BAD, FAINT, paint};
use crate::cli::When;
use crate::failure::Failure;
use crate::settings::Settings;

/// Where things are written.
#[derive(Debug)]
pub(crate) struct Shell {
    out: Mutex<AutoStream<io::Stdout>>,
    err: Mutex<AutoStream<io::Stderr>>,
    picture: bool,
    colour: bool,
}

impl Shell {
    /// The streams of this process.
    pub(crate) fn new(settings: &Settings) -> Self {
        let choice = match settings.color {
            When::Auto => ColorChoice::Auto,
            When::Always => ColorChoice::Always,
            When::Never => ColorChoice::Never,
        };
        let err = AutoStream::new(io::stderr(), choice);
        Self {
            picture: io::stderr().is_terminal() && !settings.lines_only && !settings.quiet,
            colour: err.current_choice() != ColorChoice::Never,
            out: Mutex::new(AutoStream::new(io::stdout(), choice)),
            err: Mutex::new(err),
        }
    }

    /// Whether progress may be drawn in place on stderr.
    pub(crate) fn draws_pictures(&self) -> bool {
        self.picture
    }

    /// Whether stderr shows colour.
    pub(crate) fn is_coloured(&self) -> bool {
        self.colour
    }

    /// Writes to stdout. Nobody reads a closed pipe: what cannot be written is not an error.
    pub(crate) fn out(&self, text: &str) {
        write(&self.out, text);
    }

    /// Writes to stderr.
    pub(crate) fn err(&self, text: &str) {
        write(&self.err, text);
    }

    /// Writes the bytes of an output as they came to stdout.
    pub(crate) fn raw(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// Says why the command failed, with the exit code where a script would look for it.
    pub(crate) fn failure(&self, failure: &Failure) {
        if failure.message.is_empty() {
            return;
        }
        let code = paint(FAINT, format!("(exit {})", failure.code));
        let mut text = format!("{}: {}  {code}\n", paint(BAD, "error"), failure.message);
        for line in &failure.lines {
            text.push_str(format!("  {line}").trim_end());
            text.push('\n');
        }
        self.err(&text);
    }
}

fn write<S: anstream::stream::RawStream + anstream::stream::AsLockedWrite>(
    stream: &Mutex<AutoStream<S>>,
    text: &str,
) {
    let mut stream = stream.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}

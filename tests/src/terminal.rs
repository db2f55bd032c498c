//! A real pseudo-terminal with a screen, and a person's hands and eyes.
//! Must not know the command that runs in it.
//!
//! The command is the leader of a session whose controlling terminal this is, as it is in an
//! operator's terminal: `/dev/tty`, Ctrl-C and the size work as they do there.

use std::fs::File;
use std::io::Write as _;
use std::num::NonZeroU16;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command};
use std::time::Duration;

use rustix::process::{Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::keys::{Key, Size};
use crate::lifeline::lifeline;
use crate::program::{handle, has_ended, held};
use crate::stream::{LIMIT, Stream};

/// How many lines that left the screen are kept.
const SCROLLBACK: usize = 10_000;

/// What the screen shows, and the bytes that made it so.
#[derive(Debug)]
struct Shown {
    parser: ParserBox,
    raw: Vec<u8>,
}

/// The emulator, which has no `Debug` of its own.
struct ParserBox(vt100::Parser);

impl std::fmt::Debug for ParserBox {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Parser({:?})", self.0.screen().size())
    }
}

/// A terminal in which a command runs. Dropping it hangs up and kills the command.
#[derive(Debug)]
pub struct Terminal {
    master: File,
    child: Child,
    handle: OwnedFd,
    shown: Stream<Shown>,
    code: Option<i32>,
}

impl Terminal {
    /// Starts a command in a new terminal. Its environment and directory count; `TERM` is set.
    #[must_use]
    pub fn start(command: &Command, size: Size) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).expect("the machine has pseudo-terminals");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("the terminal is ours");
        tcsetwinsize(&master, winsize(size)).expect("a terminal has a size");
        let other = ioctl_tiocgptpeer(&master, flags).expect("the terminal is unlocked");
        let child = spawn(command, &other);
        drop(other);
        let master = File::from(master);
        let shown = Shown {
            parser: ParserBox(vt100::Parser::new(
                nonzero(size.rows),
                nonzero(size.columns),
                SCROLLBACK,
            )),
            raw: Vec::new(),
        };
        let reader = master.try_clone().expect("a descriptor can be duplicated");
        let shown = Stream::follow(reader, shown, |shown, piece| {
            shown.parser.0.process(piece);
            shown.raw.extend_from_slice(piece);
        });
        Self { master, handle: handle(&child), child, shown, code: None }
    }

    /// The process id of the command.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Types text as it stands.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn type_text(&self, text: &str) {
        (&self.master).write_all(text.as_bytes()).expect("the terminal is open");
    }

    /// Types text and Enter.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn type_line(&self, text: &str) {
        self.type_text(&format!("{text}\r"));
    }

    /// Presses a key.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn press(&self, key: Key) {
        self.type_text(&key.sequence());
    }

    /// Gives the window another size; the command is told.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn resize(&self, size: Size) {
        self.shown.look(|shown| {
            shown.parser.0.set_size(nonzero(size.rows), nonzero(size.columns));
        });
        tcsetwinsize(&self.master, winsize(size)).expect("a terminal has a size");
    }

    /// What the screen shows now.
    #[must_use]
    pub fn screen(&self) -> String {
        self.shown.look(|shown| shown.parser.0.screen().contents())
    }

    /// What left the screen at the top, and the screen.
    #[must_use]
    pub fn transcript(&self) -> String {
        self.shown.look(transcript)
    }

    /// Every byte that was written to the terminal.
    #[must_use]
    pub fn raw(&self) -> Vec<u8> {
        self.shown.look(|shown| shown.raw.clone())
    }

    /// Waits until the screen shows `text`.
    ///
    /// # Panics
    /// When the command ends first, or the screen does not show it in time, with the screen.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        let found =
            self.shown.wait_until(LIMIT, |shown| shown.parser.0.screen().contents().contains(text));
        assert!(found, "the screen did not show {text:?}. It shows:\n{}", self.framed());
    }

    /// Waits until the screen is as it should be; `what` says how that is.
    ///
    /// # Panics
    /// As [`Self::wait_for`].
    #[track_caller]
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let found =
            self.shown.wait_until(LIMIT, |shown| is_so(&shown.parser.0.screen().contents()));
        assert!(found, "the screen did not show {what}. It shows:\n{}", self.framed());
    }

    /// Waits until the screen no longer shows `text`.
    ///
    /// # Panics
    /// When it still does in the end, with the screen.
    #[track_caller]
    pub fn wait_until_gone(&self, text: &str) {
        let gone = self
            .shown
            .wait_until(LIMIT, |shown| !shown.parser.0.screen().contents().contains(text));
        assert!(gone, "the screen still shows {text:?}:\n{}", self.framed());
    }

    /// Waits until the screen or what left it at the top shows `text`.
    ///
    /// # Panics
    /// As [`Self::wait_for`].
    #[track_caller]
    pub fn wait_for_in_transcript(&self, text: &str) {
        let found = self.shown.wait_until(LIMIT, |shown| transcript(shown).contains(text));
        assert!(found, "the terminal did not show {text:?}. It shows:\n{}", self.framed());
    }

    /// Waits for the end of the command, and until the screen shows its last words.
    ///
    /// # Panics
    /// When it does not end in time, with the screen.
    #[track_caller]
    pub fn wait_for_exit(&mut self) -> i32 {
        assert!(self.ended_within(LIMIT), "the command did not end:\n{}", self.framed());
        // a child of it may hold the terminal open: its own last words are there all the same
        self.shown.wait_for_end(Duration::from_secs(1));
        self.code.expect("it has ended")
    }

    /// Sends a signal to the command itself, not to its group.
    pub fn signal(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.handle, signal);
    }

    /// Stops the command as Ctrl-Z does in a shell, and waits until it stands still.
    pub fn suspend(&self) {
        self.signal(Signal::STOP);
        let either = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let _ = waitid(WaitId::PidFd(self.handle.as_fd()), either);
    }

    fn ended_within(&mut self, limit: Duration) -> bool {
        if self.code.is_none() && has_ended(&self.handle, limit) {
            let status = self.child.wait().expect("a child can be waited for once");
            lifeline().release(self.child.id());
            // as a shell says it
            let code = status.code().or(status.signal().map(|signal| 128 + signal));
            self.code = Some(code.unwrap_or(-1));
        }
        self.code.is_some()
    }

    fn framed(&self) -> String {
        let (columns, screen) = self.shown.look(|shown| {
            let screen = shown.parser.0.screen();
            (usize::from(screen.size().1.get()), screen.contents())
        });
        let edge = "─".repeat(columns);
        format!("{edge}\n{screen}\n{edge}")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        self.ended_within(LIMIT);
    }
}

/// Starts the command as the leader of a session with this terminal. `setsid` does what would
/// need unsafe code between fork and exec here.
fn spawn(command: &Command, terminal: &OwnedFd) -> Child {
    let mut leader = Command::new("setsid");
    leader.arg("--ctty").arg(command.get_program()).args(command.get_args());
    if let Some(directory) = command.get_current_dir() {
        leader.current_dir(directory);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => leader.env(name, value),
            None => leader.env_remove(name),
        };
    }
    leader.env("TERM", "xterm-256color");
    let mut held = held(&leader);
    let end = || terminal.try_clone().expect("a descriptor can be duplicated");
    held.stdin(end()).stdout(end()).stderr(end());
    held.spawn().unwrap_or_else(|error| panic!("cannot start a command in a terminal: {error}"))
}

fn transcript(shown: &mut Shown) -> String {
    let screen = shown.parser.0.screen_mut();
    let mut text = String::new();
    for above in (1..=screen.scrollback_len()).rev() {
        screen.set_scrollback(above);
        let (_, columns) = screen.size();
        text += screen.rows(0, columns.get()).next().unwrap_or_default().trim_end();
        text.push('\n');
    }
    screen.set_scrollback(0);
    text + &screen.contents()
}

fn winsize(size: Size) -> Winsize {
    Winsize { ws_row: size.rows, ws_col: size.columns, ws_xpixel: 0, ws_ypixel: 0 }
}

fn nonzero(length: u16) -> NonZeroU16 {
    NonZeroU16::new(length).expect("a terminal has at least one row and column")
}

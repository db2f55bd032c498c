//! Asking at the terminal: the device itself is read, never standard input, and what was typed
//! before the question is thrown away. Must not know what is asked.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, PipeReader, Read as _};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process;
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;

use super::shell::Shell;
use super::theme::{LIVE, paint};

/// The longest line that is read.
const LONGEST: usize = 4096;

/// The terminal a person sits at.
#[derive(Clone, Debug)]
pub(crate) struct Tty {
    device: Arc<File>,
}

impl Tty {
    /// The terminal of this process, if someone can be asked at it: there is one, the questions can
    /// be seen in it, and standard input does not say that nobody is there.
    pub(crate) fn of_a_person() -> Option<Self> {
        if !io::stderr().is_terminal() || stdin_is_null() {
            return None;
        }
        let device = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
        Some(Self { device: Arc::new(device) })
    }

    /// Puts a question and reads the line that answers it; `None` when the terminal is gone or the
    /// end of input was typed. When it is dropped nobody reads any more.
    pub(crate) async fn line(&self, shell: &Shell) -> Option<String> {
        // what was typed before the question is no answer to it
        tcflush(&*self.device, QueueSelector::IFlush).ok()?;
        let prompt = format!(" {} ", paint(LIVE, ">"));
        let line = Box::pin(self.typed(shell, &prompt)).await;
        if line.is_none() {
            shell.err("\n");
        }
        line
    }

    /// Puts the prompt, and waits for the line that is typed. Woken after it was stopped, it puts it again: the shell
    /// wrote over it, and what was typed half-way is gone.
    async fn typed(&self, shell: &Shell, prompt: &str) -> Option<String> {
        // listened to before there is anything to be seen and stopped at
        let mut woken = signal(SignalKind::from_raw(process::Signal::CONT.as_raw())).ok()?;
        shell.err(prompt);
        let (dropped, _until_dropped) = io::pipe().ok()?;
        let device = Arc::clone(&self.device);
        let mut reading = spawn_blocking(move || read_line(&device, &dropped));
        loop {
            tokio::select! {
                line = &mut reading => return line.ok().flatten(),
                Some(()) = woken.recv() => {
                    tcflush(&*self.device, QueueSelector::IFlush).ok()?;
                    shell.err(&format!("\n{prompt}"));
                }
            }
        }
    }
}

impl Tty {
    /// Lends the terminal to a program until that ends; then it is as it was before.
    pub(crate) async fn lend(&self, mut command: Command) -> io::Result<ExitStatus> {
        let end = || io::Result::Ok(Stdio::from(self.device.try_clone()?));
        command.stdin(end()?).stdout(end()?).stderr(end()?);
        let _as_before = Modes::of(&self.device)?;
        command.status().await
    }
}

/// How a terminal is set; it is set so again when this is dropped.
struct Modes<'a> {
    device: &'a File,
    modes: Termios,
}

impl<'a> Modes<'a> {
    fn of(device: &'a File) -> io::Result<Self> {
        Ok(Self { device, modes: tcgetattr(device)? })
    }
}

impl Drop for Modes<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.device, OptionalActions::Now, &self.modes);
    }
}

/// The next line, unless the other end of the pipe is closed first.
fn read_line(device: &File, dropped: &PipeReader) -> Option<String> {
    let mut line = vec![];
    while !line.ends_with(b"\n") && line.len() < LONGEST {
        let mut either = [PollFd::new(device, PollFlags::IN), PollFd::new(dropped, PollFlags::IN)];
        match poll(&mut either, None) {
            Err(rustix::io::Errno::INTR) => continue,
            polled => polled.ok()?,
        };
        if !either[1].revents().is_empty() {
            return None;
        }
        // a terminal in line mode is readable when a whole line is: this does not wait
        let mut piece = [0; 512];
        let mut device = device;
        let read = device.read(&mut piece).ok().filter(|read| *read > 0)?;
        line.extend_from_slice(&piece[..read]);
    }
    Some(String::from_utf8_lossy(&line).trim().to_owned())
}

/// `</dev/null` is how a script says that nobody is there.
fn stdin_is_null() -> bool {
    match (rustix::fs::stat("/dev/null"), rustix::fs::fstat(io::stdin())) {
        (Ok(null), Ok(stdin)) => null.st_rdev == stdin.st_rdev,
        _ => false,
    }
}

//! Child processes: started under the lifeline, their output collected, ended with their owner.
//! Must not know what they are.

use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::finished::Finished;
use crate::lifeline::lifeline;
use crate::stream::{LIMIT, Stream};

/// A running program. Dropping it kills it and waits for its end.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    handle: OwnedFd,
    stdout: Stream<Vec<u8>>,
    stderr: Stream<Vec<u8>>,
    status: Option<ExitStatus>,
}

/// What a program reads.
#[derive(Debug, Clone, Copy, Default)]
pub enum Input<'text> {
    /// Nothing: it is at its end from the start.
    #[default]
    Nothing,
    /// This text, then the end.
    Text(&'text str),
}

impl Program {
    /// Starts a command with nothing to read.
    #[must_use]
    pub fn start(name: &str, command: &Command) -> Self {
        Self::start_with(name, command, Input::Nothing)
    }

    /// Starts a command; `name` is what the lab calls it when something is wrong. Environment and
    /// directory of the command count, its streams do not.
    #[must_use]
    pub fn start_with(name: &str, command: &Command, input: Input<'_>) -> Self {
        let mut held = held(command);
        held.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // a group of its own, so that Ctrl-C at the test runner is answered by Drop alone
        held.process_group(0);
        let mut child = held.spawn().unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        give(&mut child, input);
        let stdout = child.stdout.take().expect("stdout was asked to be a pipe");
        let stderr = child.stderr.take().expect("stderr was asked to be a pipe");
        let append = |all: &mut Vec<u8>, piece: &[u8]| all.extend_from_slice(piece);
        Self {
            name: name.to_owned(),
            handle: handle(&child),
            child,
            stdout: Stream::follow(stdout, Vec::new(), append),
            stderr: Stream::follow(stderr, Vec::new(), append),
            status: None,
        }
    }

    /// Runs a command to its end.
    #[must_use]
    pub fn run(name: &str, command: &Command) -> Finished {
        Self::start(name, command).wait()
    }

    /// Its process id, until it has been waited for.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has written `text`, to either stream.
    ///
    /// # Panics
    /// When it ends first, or does not say it in time, with everything it said.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        let said = |all: &mut Vec<u8>| String::from_utf8_lossy(all).contains(text);
        // servers speak on stderr; what is on stdout was there before it ended, or never comes
        let found = self.stderr.wait_until(LIMIT, said) || self.stdout.look(said);
        assert!(found, "{} did not say {text:?}. It said:\n{}", self.name, self.said());
    }

    /// Waits until it has written `text` to standard output.
    ///
    /// # Panics
    /// As [`Self::wait_for`].
    #[track_caller]
    pub fn wait_for_stdout(&self, text: &str) {
        let found =
            self.stdout.wait_until(LIMIT, |all| String::from_utf8_lossy(all).contains(text));
        assert!(found, "{} did not print {text:?}. It said:\n{}", self.name, self.said());
    }

    /// How many bytes it has written to standard error so far.
    pub(crate) fn stderr_length(&self) -> usize {
        self.stderr.look(|all| all.len())
    }

    /// Waits until it has written `text` to standard error after the first `from` bytes.
    #[track_caller]
    pub(crate) fn wait_for_after(&self, from: usize, text: &str) {
        let found = self
            .stderr
            .wait_until(LIMIT, |all| String::from_utf8_lossy(&all[from..]).contains(text));
        assert!(found, "{} did not say {text:?}. It said:\n{}", self.name, self.said());
    }

    /// Everything it has said so far, both streams.
    #[must_use]
    pub fn said(&self) -> String {
        let text = |all: &mut Vec<u8>| String::from_utf8_lossy(all).into_owned();
        self.stdout.look(text) + &self.stderr.look(text)
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        self.ended_within(Duration::ZERO).is_none()
    }

    /// Sends a signal. Nothing happens when it has ended.
    pub fn signal(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.handle, signal);
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end in time, with everything it said.
    #[track_caller]
    #[must_use]
    pub fn wait(mut self) -> Finished {
        let Some(status) = self.ended_within(LIMIT) else {
            panic!("{} did not end within {LIMIT:?}. It said:\n{}", self.name, self.said());
        };
        // a child of it may hold the streams open: what it wrote itself is there all the same
        let limit = Duration::from_secs(1);
        self.stdout.wait_for_end(limit);
        self.stderr.wait_for_end(limit);
        let text = |all: &mut Vec<u8>| String::from_utf8_lossy(all).into_owned();
        Finished {
            code: status.code(),
            signal: status.signal(),
            stdout: self.stdout.look(text),
            stderr: self.stderr.look(text),
        }
    }

    /// Sends a signal and waits for the end; a program that ignores it is killed.
    pub fn end(&mut self, signal: Signal, limit: Duration) {
        self.signal(signal);
        if self.ended_within(limit).is_none() {
            self.signal(Signal::KILL);
            self.ended_within(LIMIT);
        }
    }

    fn ended_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        if self.status.is_none() && has_ended(&self.handle, limit) {
            let status = self.child.wait().expect("a child can be waited for once");
            lifeline().release(self.child.id());
            self.status = Some(status);
        }
        self.status
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end(Signal::KILL, LIMIT);
    }
}

/// The command under the lifeline, with its environment and directory.
pub(crate) fn held(command: &Command) -> Command {
    let mut held = lifeline().hold(command);
    if let Some(directory) = command.get_current_dir() {
        held.current_dir(directory);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => held.env(name, value),
            None => held.env_remove(name),
        };
    }
    held
}

/// A handle on a child that stays its own when the number is used again.
pub(crate) fn handle(child: &Child) -> OwnedFd {
    pidfd_open(Pid::from_child(child), PidfdFlags::empty())
        .expect("a child that nobody waited for has a handle")
}

/// Whether the process behind a handle has ended, waiting for it up to `limit`.
pub(crate) fn has_ended(handle: &OwnedFd, limit: Duration) -> bool {
    let limit = Timespec::try_from(limit).expect("the lab's limits are short");
    let mut waited = [PollFd::new(handle, PollFlags::IN)];
    poll(&mut waited, Some(&limit)).is_ok_and(|ended| ended > 0)
}

/// Writes the input on a thread of its own: a program may write before it reads.
fn give(child: &mut Child, input: Input<'_>) {
    let mut stdin = child.stdin.take().expect("stdin was asked to be a pipe");
    if let Input::Text(text) = input {
        let text = text.to_owned();
        std::thread::spawn(move || {
            // a program need not read it all
            let _ = stdin.write_all(text.as_bytes());
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn streams_code_and_signal_are_kept_apart() {
        let finished = Program::run("shell", &shell("echo out; echo err >&2; exit 7"));
        assert_eq!((finished.code, finished.signal), (Some(7), None));
        assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("out\n", "err\n"));
        assert_eq!(Program::run("shell", &shell("kill -9 $$")).signal, Some(9));
    }

    #[test]
    fn the_process_id_is_that_of_the_program() {
        let program = Program::start("shell", &shell("echo $$; exec sleep 60"));
        program.wait_for_stdout("\n");
        assert_eq!(program.said().trim(), program.pid().to_string());
    }

    #[test]
    fn input_reaches_the_program_with_its_end() {
        let program = Program::start_with("cat", &Command::new("cat"), Input::Text("one\ntwo"));
        assert_eq!(program.wait().stdout, "one\ntwo");
    }

    #[test]
    fn a_dropped_program_has_ended_and_is_no_longer_held() {
        let program = Program::start("sleep", &shell("exec sleep 60"));
        let pid = program.pid();
        program.signal(Signal::STOP);
        drop(program);
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
        assert!(!lifeline().root().join("held").join(pid.to_string()).exists());
    }
}

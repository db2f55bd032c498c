//! The protocol over one command of a link: a long-lived shell on the host that runs one attached
//! program at a time, streams its output and says how it ended. Knows nothing of jobs, steps, or
//! of the way to the host.
//!
//! The only command that is ever opened is [`Door::command`], constant but for the interpreter and
//! the user; the program of the supervisor and everything it is asked to run go over its stdin. A
//! program starts only when its whole body and the token after it have arrived, and it is killed
//! when that stdin ends.

mod body;
pub(crate) mod nonce;
pub(super) mod programs;
mod trailer;
#[cfg(test)]
mod truncation;

use std::time::Duration;

use futures_util::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

pub use body::Unsendable;
pub(super) use body::decode;
use body::{Purpose, encode, quote};
use nonce::Nonces;
use trailer::Cutter;

use super::{Channel, Link, OpenError, Pending, Reader, Said, Writer, awake};
use crate::plan::Command;

/// What is run on the host before anything else; one line without `'`, `\` or `!`, so that every
/// login shell hands it on unchanged. It reads the supervisor as one line, which counts only when
/// the nonce before it comes again behind it.
const BOOTSTRAP: &str = "unset B E H N; N=$(echo; echo .); N=${N%.}; read -r H && IFS= read -r B \
    && IFS= read -r E && [ \"$E\" = \"$H\" ] && eval \"$B\"";

/// How long a started supervisor may take to greet: login shells with heavy rc files are slow.
const GREETING: Duration = Duration::from_secs(30);
/// How long a stopped program's trailer may take: its grace of two seconds, and the way.
const STOPPING: Duration = Duration::from_secs(10);
/// The most that a login script may print before the greeting.
const NOISE: usize = 1 << 20;

/// Where the output of an attempt goes, while it comes.
pub trait OutputSink: Send {
    /// The next bytes of its standard output.
    fn stdout(&mut self, bytes: &[u8]);
    /// The next bytes of its standard error.
    fn stderr(&mut self, bytes: &[u8]);
    /// So many of the next bytes of its standard output and of its standard error will not come:
    /// they were more than its host keeps.
    fn dropped(&mut self, _stdout: u64, _stderr: u64) {}
}

/// Keeps everything; for output that is known to be small.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// The standard output.
    pub stdout: Vec<u8>,
    /// The standard error.
    pub stderr: Vec<u8>,
}

impl OutputSink for Collected {
    fn stdout(&mut self, bytes: &[u8]) {
        self.stdout.extend_from_slice(bytes);
    }
    fn stderr(&mut self, bytes: &[u8]) {
        self.stderr.extend_from_slice(bytes);
    }
}

/// Which shell answers on the host, and as whom.
#[derive(Clone, Debug)]
pub(super) struct Door {
    /// The interpreter of the supervisor and of `sh` scripts: `/bin/sh`.
    pub(super) sh: String,
    /// The user to become through `sudo -n`; none is the one we are connected as.
    pub(super) user: Option<String>,
}

impl Door {
    /// The command to open.
    pub(super) fn command(&self) -> String {
        self.around(BOOTSTRAP)
    }

    /// The same with nothing to do: whether the door opens at all.
    pub(super) fn probe(&self) -> String {
        self.around(":")
    }

    fn around(&self, program: &str) -> String {
        let sh = &self.sh;
        match &self.user {
            None => format!("exec {sh} -c '{program}'"),
            // Our directory may be closed to that user.
            Some(user) => format!("cd / && exec sudo -n -H -u {user} -- {sh} -c '{program}'"),
        }
    }
}

/// What an attached program is run with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Terms<'a> {
    /// After this long it is killed.
    pub(super) timeout: Option<Duration>,
    /// Whether it gets a scratch directory.
    pub(super) scratch: bool,
    /// What marks its processes; empty for our own programs.
    pub(super) mark: &'a str,
}

/// What the supervisor says of a program that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trailer {
    /// The status as a shell reports it.
    pub(super) status: u8,
    /// What became of it.
    pub(super) fate: Fate,
    /// Whether its group outlived it.
    pub(super) left_behind: bool,
}

/// What became of an attached program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It ran to its end.
    Ran,
    /// It was killed, since we asked.
    Killed,
    /// It did not start: its directory cannot be entered.
    NoDirectory,
    /// It did not start: its scratch directory cannot be made.
    NoScratch,
}

/// Why there is no supervisor.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("no shell answered: {0}")]
    Silent(Said),
}

/// Why there is no trailer.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    /// It cannot be sent to any host.
    #[error(transparent)]
    Unsendable(#[from] Unsendable),
    /// The link was lost before the last byte of the body left: provably not started.
    #[error("the connection was lost before it was sent: {0}")]
    NotSent(String),
    /// The link was lost: it may have run.
    #[error("the connection was lost: {0}")]
    Lost(String),
}

/// One long-lived shell on the host. Dropping it kills what it runs.
pub(super) struct Supervisor {
    stdin: Writer,
    stdout: Reader,
    stderr: Reader,
    /// Kept, since letting go of it closes the channel.
    end: Pending<'static, super::End>,
    sh: String,
    /// How a program is started in a session of its own; empty where the host cannot.
    pub(super) session_starter: String,
    /// What the preface printed.
    pub(super) words: String,
    /// Whether nothing else writes into its streams, so that another program may follow.
    pub(super) reusable: bool,
}

impl Supervisor {
    /// Opens the door and waits for the greeting, which carries the words that `preface` prints: a
    /// program that is run before anything else can be asked for.
    pub(super) async fn start(
        link: &dyn Link,
        door: &Door,
        preface: &str,
        nonces: &Nonces,
    ) -> Result<Self, StartError> {
        let mut program = programs::SUPERVISOR.clone();
        if !preface.is_empty() {
            program.insert_str(0, &format!("set -- $(\n{preface}\n)\n"));
        }
        let program = lines(&program, &[], "the supervisor").expect("a program of ours has no NUL");
        let (mut supervisor, greeting) = Self::open(link, door, nonces, &program).await?;
        let Some((words, starter)) = parse_greeting(&greeting) else {
            return Err(StartError::Silent(Said::new(greeting.as_bytes())));
        };
        words.clone_into(&mut supervisor.words);
        starter.clone_into(&mut supervisor.session_starter);
        Ok(supervisor)
    }

    /// Opens the door for a program that greets with the nonce, and hears what it says with it.
    pub(super) async fn open(
        link: &dyn Link,
        door: &Door,
        nonces: &Nonces,
        program: &str,
    ) -> Result<(Self, String), StartError> {
        let Channel { stdin, stdout, stderr, end } = link.open(&door.command()).await?;
        let mut supervisor = Self {
            stdin,
            stdout,
            stderr,
            end,
            sh: door.sh.clone(),
            session_starter: String::new(),
            words: String::new(),
            reusable: true,
        };
        let nonce = format!("~{}", nonces.word());
        let mut noise = Noise::default();
        let greeting = supervisor.greet(&nonce, program, &mut noise);
        match timeout(GREETING, greeting).await.unwrap_or_default() {
            Some(answer) => Ok((supervisor, answer)),
            None => Err(StartError::Silent(Said::new(&noise.0))),
        }
    }

    async fn greet(&mut self, nonce: &str, program: &str, noise: &mut Noise) -> Option<String> {
        // A shell that is not there closes its stdin; what it said is on stderr all the same.
        let _ = self.send(format!("{nonce}\n{program}\n{nonce}\n").as_bytes()).await;
        self.receive(nonce, noise).await
    }

    /// Gives the program a line.
    pub(super) async fn tell(&mut self, line: &str) {
        let _ = self.send(format!("{line}\n").as_bytes()).await;
    }

    /// Waits until the program is gone; what it says until then is dropped.
    pub(super) async fn silence(&mut self) {
        let mut dropped = [0; 1024];
        while self.stdout.read(&mut dropped).await.is_ok_and(|length| length > 0) {}
    }

    /// Tells the program that nothing more comes, and waits until it has ended.
    pub(super) async fn dismiss(mut self) {
        // Let go of, not shut down: not every kind of pipe ends by that.
        self.stdin = Box::new(futures_util::io::sink());
        self.silence().await;
        self.end.await;
    }

    async fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stdin.write_all(bytes).await?;
        self.stdin.flush().await
    }

    /// Runs one program to its end and hands its output to the sink.
    pub(super) async fn run(
        &mut self,
        command: &Command,
        terms: Terms<'_>,
        nonces: &Nonces,
        sink: &mut dyn OutputSink,
    ) -> Result<Trailer, RunError> {
        let purpose =
            Purpose { sh: &self.sh, mark: terms.mark, scratch: terms.scratch, script_file: false };
        let body = encode(command, purpose)?;
        let token = format!("~{}", nonces.word());
        self.reusable = false;
        let frame = format!("run {token}\n{body}\n{token}\n");
        // What was not taken whole has no end, without which nothing runs.
        let not_sent = |error: std::io::Error| RunError::NotSent(error.to_string());
        self.stdin.write_all(frame.as_bytes()).await.map_err(not_sent)?;
        // From here on nobody knows, unless a trailer says so.
        let lost = || RunError::Lost("no end of it was heard".to_owned());
        self.stdin.flush().await.map_err(|_| lost())?;
        let answer = self.attend(&token, terms.timeout, sink).await.ok_or_else(lost)?;
        let trailer = parse(&answer).ok_or_else(lost)?;
        self.reusable &= !trailer.left_behind;
        Ok(trailer)
    }

    /// Waits for the trailer; over the limit asks for a stop and waits a little longer.
    async fn attend(
        &mut self,
        token: &str,
        limit: Option<Duration>,
        sink: &mut dyn OutputSink,
    ) -> Option<String> {
        let Some(limit) = limit else { return self.receive(token, sink).await };
        let mut streams = Streams::new(token);
        tokio::select! {
            biased;
            heard = streams.receive(&mut self.stdout, &mut self.stderr, sink) => {
                self.reusable = streams.is_clean();
                return heard;
            }
            () = awake::sleep(limit) => {}
        }
        self.send(b"stop\n").await.ok()?;
        let heard = streams.receive(&mut self.stdout, &mut self.stderr, sink);
        timeout(STOPPING, heard).await.ok()?
    }

    async fn receive(&mut self, token: &str, sink: &mut dyn OutputSink) -> Option<String> {
        let mut streams = Streams::new(token);
        let heard = streams.receive(&mut self.stdout, &mut self.stderr, sink).await;
        self.reusable = streams.is_clean();
        heard
    }
}

/// Both outputs of one program, each up to its token. What was read survives a receive that was
/// dropped half-way.
struct Streams {
    out: Cutter,
    err: Cutter,
    buffers: (Vec<u8>, Vec<u8>),
}

impl Streams {
    fn new(token: &str) -> Self {
        let buffer = || vec![0; 64 * 1024];
        Self { out: Cutter::new(token), err: Cutter::new(token), buffers: (buffer(), buffer()) }
    }

    fn is_clean(&self) -> bool {
        self.out.is_clean() && self.err.is_clean()
    }

    /// The rest of the token's line on stdout; nothing when a stream ended before its token.
    async fn receive(
        &mut self,
        stdout: &mut Reader,
        stderr: &mut Reader,
        sink: &mut dyn OutputSink,
    ) -> Option<String> {
        let (out_buffer, err_buffer) = (&mut self.buffers.0, &mut self.buffers.1);
        let (mut out_open, mut err_open) = (true, true);
        loop {
            let (out_done, err_done) = (self.out.trailer().is_some(), self.err.trailer().is_some());
            if out_done && err_done {
                return self.out.trailer().map(str::to_owned);
            }
            // Both are drained before the loss is told: the last words are often on stderr.
            if (!out_open || out_done) && (!err_open || err_done) {
                return None;
            }
            tokio::select! {
                read = stdout.read(out_buffer), if out_open && !out_done => {
                    let length = read.unwrap_or(0);
                    out_open = length > 0;
                    self.out.push(&out_buffer[..length], |bytes| sink.stdout(bytes));
                }
                read = stderr.read(err_buffer), if err_open && !err_done => {
                    let length = read.unwrap_or(0);
                    err_open = length > 0;
                    self.err.push(&err_buffer[..length], |bytes| sink.stderr(bytes));
                }
            }
        }
    }
}

/// What was printed before the greeting: the beginning of it, for an error.
#[derive(Default)]
struct Noise(Vec<u8>);

impl OutputSink for Noise {
    fn stdout(&mut self, bytes: &[u8]) {
        let room = NOISE.saturating_sub(self.0.len());
        self.0.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
    fn stderr(&mut self, bytes: &[u8]) {
        self.stdout(bytes);
    }
}

/// The words of the preface, and what starts sessions there.
fn parse_greeting(greeting: &str) -> Option<(&str, &str)> {
    let (words, starter) = greeting.strip_prefix('[')?.split_once("] ")?;
    Some((words, if starter == "-" { "" } else { starter }))
}

fn parse(trailer: &str) -> Option<Trailer> {
    let mut words = trailer.split(' ');
    let status = words.next()?.parse().ok()?;
    let fate = match words.next()? {
        "ran" => Fate::Ran,
        "killed" => Fate::Killed,
        "directory" => Fate::NoDirectory,
        "scratch" => Fate::NoScratch,
        _ => return None,
    };
    let left_behind = words.next()? != "0";
    words.next().is_none().then_some(Trailer { status, fate, left_behind })
}

/// A program and its arguments as the one line that the bootstrap evaluates.
fn lines(program: &str, arguments: &[&str], what: &str) -> Result<String, Unsendable> {
    let mut line = String::new();
    if !arguments.is_empty() {
        line.push_str("set --");
        for argument in arguments {
            line.push(' ');
            quote(&mut line, argument, what)?;
        }
        line.push_str("; ");
    }
    line.push_str("eval ");
    quote(&mut line, program, what)?;
    Ok(line)
}

/// The line that takes a lock and holds it.
pub(super) fn lease_program(arguments: &[&str]) -> Result<String, Unsendable> {
    lines(&programs::LEASE, arguments, "the lock")
}

/// The body of a job: the same line, with its script in a file.
pub(super) fn job_body(
    command: &Command,
    sh: &str,
    mark: &str,
    scratch: bool,
) -> Result<String, Unsendable> {
    encode(command, Purpose { sh, mark, scratch, script_file: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_login_shell_hands_on_the_constant_command() {
        assert!(!BOOTSTRAP.contains(['\'', '\\', '!', '\n']), "{BOOTSTRAP}");
    }

    #[test]
    fn a_trailer_that_is_cut_or_strange_is_none() {
        let whole = Trailer { status: 137, fate: Fate::Killed, left_behind: false };
        assert_eq!(parse("137 killed 0"), Some(whole));
        for bad in ["", "137", "137 killed", "256 ran 0", "0 run 0", "0 ran 0 1"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}

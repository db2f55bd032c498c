//! The host's half of the protocol over one channel: what the supervisor's shell does, without a
//! shell. Knows nothing of what the programs mean.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures_io::AsyncWrite;

use super::machine::{Machine, Reply};
use super::wire::{Pipe, Wire, lock};
use super::world::Answer;
use crate::transport::supervisor::decode;

/// A channel's stdin as we hold it: what is written is understood at once.
pub(super) struct Session {
    machine: Arc<Mutex<Machine>>,
    speaker: Arc<Speaker>,
    noise: String,
    /// What came of a line that has not ended.
    begun: Vec<u8>,
    /// The lines of a frame that is not whole.
    frame: Vec<String>,
    greeted: bool,
    /// The token of the program that waits for a stop.
    waits: Option<String>,
}

/// The channel's outputs.
#[derive(Debug)]
pub(super) struct Speaker {
    pub(super) wire: Arc<Wire>,
    pub(super) stdout: Arc<Pipe>,
    pub(super) stderr: Arc<Pipe>,
}

impl Speaker {
    fn say(&self, answer: &Answer) {
        self.wire.send(&self.stdout, answer.stdout.as_bytes());
        self.wire.send(&self.stderr, answer.stderr.as_bytes());
    }

    fn end(&self, token: &str, status: u8, fate: &str) {
        self.wire.send(&self.stdout, format!("{token} {status} {fate} 0\n").as_bytes());
        self.wire.send(&self.stderr, format!("{token}\n").as_bytes());
    }
}

/// Somebody who waits for a job's end.
#[derive(Debug)]
pub(super) struct Follower {
    speaker: Arc<Speaker>,
    token: String,
}

impl Follower {
    /// The job has ended.
    pub(super) fn end(&self) {
        self.speaker.end(&self.token, 0, "ran");
    }
}

impl Session {
    pub(super) fn new(machine: Arc<Mutex<Machine>>, speaker: Arc<Speaker>, noise: String) -> Self {
        Self {
            machine,
            speaker,
            noise,
            begun: Vec::new(),
            frame: Vec::new(),
            greeted: false,
            waits: None,
        }
    }

    fn line(&mut self, line: String) {
        self.frame.push(line);
        if !self.greeted {
            if let [nonce, program, again] = self.frame.as_slice()
                && nonce == again
            {
                // Only the program of a lock has arguments; nobody else holds it here.
                let answer = match program.starts_with("set -- ") {
                    true => "held /run/lock/runbook/scripted".to_owned(),
                    false => {
                        let words = lock(&self.machine).identity().replace('\n', " ");
                        format!("[{words}] setsid --")
                    }
                };
                let greeting = format!("{}{nonce} {answer}\n", self.noise);
                self.speaker.wire.send(&self.speaker.stdout, greeting.as_bytes());
                let greeting = format!("{}{nonce}\n", self.noise);
                self.speaker.wire.send(&self.speaker.stderr, greeting.as_bytes());
                self.greeted = true;
                self.frame.clear();
            }
            return;
        }
        match self.frame.as_slice() {
            [word] if word == "stop" => {
                if let Some(token) = self.waits.take() {
                    self.speaker.end(&token, 143, "killed");
                }
                self.frame.clear();
            }
            [run, body, again] => {
                if run.strip_prefix("run ") == Some(again) {
                    let (body, token) = (body.clone(), again.clone());
                    self.run(&body, token);
                }
                self.frame.clear();
            }
            _ => {}
        }
    }

    fn run(&mut self, body: &str, token: String) {
        let Some(command) = decode(body) else { return };
        let mut machine = lock(&self.machine);
        match machine.run(command) {
            Reply::Ended(answer) => {
                self.speaker.say(&answer);
                self.speaker.end(&token, answer.exit, "ran");
            }
            Reply::Waits(answer) => {
                self.speaker.say(&answer);
                self.waits = Some(token);
            }
            Reply::Follows(job, answer) => {
                self.speaker.say(&answer);
                let speaker = Arc::clone(&self.speaker);
                machine.attend(&job, Arc::new(Follower { speaker, token }));
            }
        }
    }
}

impl AsyncWrite for Session {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.speaker.wire.is_cut() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let arrives = self.speaker.wire.receive(bytes.len());
        for byte in &bytes[..arrives] {
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.begun);
                self.line(String::from_utf8_lossy(&line).into_owned());
            } else {
                self.begun.push(*byte);
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

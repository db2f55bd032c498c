//! Where the output of an attempt goes while it comes: to its file, to whoever watches, and as far
//! as a check or a capture may use it, to memory. Knows nothing of hosts.

use std::sync::{Arc, Mutex, PoisonError};

use crate::journal::{OutputFile, Outputs};
use crate::plan::Output;
use crate::report::{Reporter, Stream};
use crate::run::{AttemptId, OutputDigest};
use crate::transport::OutputSink;

/// Who watches, shared by everything that runs.
#[derive(Clone)]
pub(super) struct Watcher(Arc<Mutex<Box<dyn Reporter>>>);

impl Watcher {
    pub(super) fn new(reporter: Box<dyn Reporter>) -> Self {
        Self(Arc::new(Mutex::new(reporter)))
    }

    /// Tells them something. One that panicked once is told all the same.
    pub(super) fn tell(&self, what: impl FnOnce(&mut dyn Reporter)) {
        what(&mut **self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Where outputs go.
#[derive(Clone)]
pub(super) struct Outlets {
    pub(super) outputs: Option<Outputs>,
    pub(super) watcher: Watcher,
}

impl Outlets {
    /// The sink of an attempt.
    pub(super) fn of(&self, attempt: &AttemptId) -> Sink {
        let kept = |stream: Stream| match &self.outputs {
            Some(outputs) => outputs.begin(attempt, &stream.to_string()),
            None => OutputFile::nowhere(),
        };
        self.sink(attempt, kept(Stream::Stdout), kept(Stream::Stderr))
    }

    /// The sink of an attempt that was heard before: it goes on behind what was kept of it then.
    pub(super) fn again(&self, attempt: &AttemptId) -> Sink {
        let Some(outputs) = &self.outputs else { return self.of(attempt) };
        let mut sink = self.silent(attempt);
        for (stream, pipe) in
            [(Stream::Stdout, &mut sink.stdout), (Stream::Stderr, &mut sink.stderr)]
        {
            let Some((file, kept)) = outputs.go_on(attempt, &stream.to_string()) else {
                pipe.kept = outputs.begin(attempt, &stream.to_string());
                continue;
            };
            pipe.head.take(&kept.head);
            pipe.head.truncated |= kept.bytes > kept.head.len() as u64;
            pipe.bytes = kept.bytes;
            pipe.kept = file;
        }
        sink
    }

    /// A sink into which nothing more comes; what was kept of the attempt stays.
    pub(super) fn silent(&self, attempt: &AttemptId) -> Sink {
        self.sink(attempt, OutputFile::nowhere(), OutputFile::nowhere())
    }

    fn sink(&self, attempt: &AttemptId, stdout: OutputFile, stderr: OutputFile) -> Sink {
        let pipe = |kept| Pipe { kept, head: Head::default(), bytes: 0 };
        Sink {
            attempt: attempt.clone(),
            watcher: self.watcher.clone(),
            stdout: pipe(stdout),
            stderr: pipe(stderr),
        }
    }
}

/// Both outputs of an attempt.
pub(super) struct Sink {
    attempt: AttemptId,
    watcher: Watcher,
    pub(super) stdout: Pipe,
    pub(super) stderr: Pipe,
}

impl OutputSink for Sink {
    fn stdout(&mut self, bytes: &[u8]) {
        self.stdout.take(bytes);
        self.watcher.tell(|reporter| reporter.output(&self.attempt, Stream::Stdout, bytes));
    }

    fn stderr(&mut self, bytes: &[u8]) {
        self.stderr.take(bytes);
        self.watcher.tell(|reporter| reporter.output(&self.attempt, Stream::Stderr, bytes));
    }

    fn dropped(&mut self, stdout: u64, stderr: u64) {
        self.stdout.miss(stdout);
        self.stderr.miss(stderr);
    }
}

/// One of them.
pub(super) struct Pipe {
    kept: OutputFile,
    head: Head,
    bytes: u64,
}

impl Pipe {
    fn take(&mut self, bytes: &[u8]) {
        self.kept.write(bytes);
        self.head.take(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// So many of the next bytes will not come.
    fn miss(&mut self, bytes: u64) {
        if bytes > 0 {
            self.kept.miss(bytes);
            self.head.truncated = true;
            self.bytes += bytes;
        }
    }

    /// How many bytes have come, or will not.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Its beginning, and the digest of all of it.
    pub(super) fn finish(self) -> (Output, OutputDigest) {
        (self.head.finish(), self.kept.finish())
    }
}

/// What a check or a capture may use of an output that nobody else wants.
#[derive(Default)]
pub(super) struct Heads {
    stdout: Head,
    stderr: Head,
}

#[derive(Default)]
struct Head {
    bytes: Vec<u8>,
    truncated: bool,
}

impl Head {
    fn take(&mut self, bytes: &[u8]) {
        let room = Output::LIMIT.saturating_sub(self.bytes.len());
        // Nothing is put behind a gap.
        let room = if self.truncated { 0 } else { room };
        self.bytes.extend_from_slice(&bytes[..room.min(bytes.len())]);
        self.truncated |= bytes.len() > room;
    }

    fn finish(self) -> Output {
        let text = String::from_utf8_lossy(&self.bytes).into_owned();
        Output { text, truncated: self.truncated }
    }
}

impl OutputSink for Heads {
    fn stdout(&mut self, bytes: &[u8]) {
        self.stdout.take(bytes);
    }

    fn stderr(&mut self, bytes: &[u8]) {
        self.stderr.take(bytes);
    }
}

impl Heads {
    /// Standard output and standard error.
    pub(super) fn finish(self) -> (Output, Output) {
        (self.stdout.finish(), self.stderr.finish())
    }
}

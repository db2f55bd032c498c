//! What these tests stand on: plans out of texts, this machine as several hosts, a log of what was
//! written down and what was sent, in the order in which it happened.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};
use indexmap::IndexMap;
use runbook_core::base::{HostName, RoleName, Source};
use runbook_core::confirm::{Answering, Asked, Confirmer, Reply};
use runbook_core::document::RunbookDocument;
use runbook_core::drive::{Engine, Finished, Parts};
use runbook_core::journal::{
    CountingClock, Durability, Journal, JournalError, MemoryJournal, Outputs,
};
use runbook_core::plan::{self, Environment, ExpectedIdentity, Host, Plan, RunFacts};
use runbook_core::probe::Network;
use runbook_core::report::{Reporter, Stream};
use runbook_core::run::{Answer, AttemptId, Event, Options, Question, Record};
use runbook_core::runbook::Runbook;
use runbook_core::transport::local::Local;
use runbook_core::transport::{
    Address, Channel, ConnectError, Destination, Duplex, Link, OpenError, Pending, Transport,
};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for what must come.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it comes")
}

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    /// Facts were appended.
    Written(Vec<Event>, Durability),
    /// An append was refused.
    Refused,
    /// Bytes left on a channel, by its number.
    Sent(usize, Vec<u8>),
}

/// What happened, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Seen>>>);

impl Log {
    fn push(&self, seen: Seen) {
        self.0.lock().unwrap().push(seen);
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.0.lock().unwrap().clone()
    }

    /// Where a text had left for the first time.
    pub(crate) fn sent(&self, text: &str) -> Option<usize> {
        let mut channels: IndexMap<usize, Vec<u8>> = IndexMap::new();
        self.seen().iter().position(|seen| {
            let Seen::Sent(channel, bytes) = seen else { return false };
            let sent = channels.entry(*channel).or_default();
            sent.extend_from_slice(bytes);
            sent.windows(text.len()).any(|window| window == text.as_bytes())
        })
    }

    /// Where a fact of this sort was synced for the first time.
    pub(crate) fn synced(&self, wanted: impl Fn(&Event) -> bool) -> Option<usize> {
        self.seen().iter().position(|seen| match seen {
            Seen::Written(facts, Durability::Synced) => facts.iter().any(&wanted),
            _ => false,
        })
    }
}

/// A journal that writes to the log, and refuses the append of this number.
pub(crate) struct LoggedJournal {
    inner: MemoryJournal,
    log: Log,
    left: Option<usize>,
}

impl LoggedJournal {
    pub(crate) fn new(log: &Log, refuses: Option<usize>) -> Self {
        let inner = MemoryJournal::new(CountingClock::default());
        Self { inner, log: log.clone(), left: refuses }
    }
}

impl Journal for LoggedJournal {
    fn append(
        &mut self,
        facts: Vec<Event>,
        durability: Durability,
    ) -> Result<Vec<Record>, JournalError> {
        if let Some(left) = &mut self.left {
            if *left == 0 {
                self.log.push(Seen::Refused);
                let source = io::Error::from(io::ErrorKind::StorageFull);
                let path = PathBuf::from("journal.jsonl");
                return Err(JournalError::Io { path, doing: "write", source });
            }
            *left -= 1;
        }
        self.log.push(Seen::Written(facts.clone(), durability));
        self.inner.append(facts, durability)
    }

    fn append_last(&mut self, _: Event) -> Result<Record, JournalError> {
        Err(JournalError::Poisoned { path: PathBuf::from("journal.jsonl") })
    }
}

/// This machine, with everything that is sent to it in the log, and a switch that cuts every
/// connection there is.
#[derive(Clone)]
pub(crate) struct Spied {
    inner: Arc<Local>,
    log: Log,
    channels: Arc<AtomicUsize>,
    cut: Arc<Mutex<Arc<Cut>>>,
    impostor: Arc<AtomicBool>,
}

impl Spied {
    pub(crate) fn new(home: &Path, log: &Log) -> Self {
        let variables = [
            ("PATH".to_owned(), std::env::var("PATH").unwrap()),
            ("HOME".to_owned(), home.display().to_string()),
            ("TMPDIR".to_owned(), home.display().to_string()),
        ];
        let inner = Arc::new(Local::new(variables, &[] as &[&str]));
        let log = log.clone();
        let (channels, cut, impostor) = Default::default();
        Self { inner, log, channels, cut, impostor }
    }

    /// From now on another host seems to answer over the same connections.
    pub(crate) fn be_another(&self) {
        self.impostor.store(true, Ordering::SeqCst);
    }

    /// Cuts what is open. What is opened later works.
    pub(crate) fn cut(&self) {
        let mut current = self.cut.lock().unwrap();
        current.happen();
        *current = Arc::default();
    }
}

/// Whether the connections of a time are cut, and who waits at them.
#[derive(Default)]
struct Cut {
    happened: AtomicBool,
    waiting: Mutex<Vec<Waker>>,
}

impl Cut {
    fn happen(&self) {
        self.happened.store(true, Ordering::SeqCst);
        self.waiting.lock().unwrap().drain(..).for_each(Waker::wake);
    }

    fn happened(&self) -> bool {
        self.happened.load(Ordering::SeqCst)
    }
}

impl Transport for Spied {
    fn connect<'a>(
        &'a self,
        destination: &'a Destination,
    ) -> Pending<'a, Result<Box<dyn Link>, ConnectError>> {
        Box::pin(async move {
            let link = self.inner.connect(destination).await?;
            let cut = Arc::clone(&self.cut.lock().unwrap());
            Ok(Box::new(SpiedLink { link, spied: self.clone(), cut }) as Box<dyn Link>)
        })
    }
}

struct SpiedLink {
    link: Box<dyn Link>,
    spied: Spied,
    cut: Arc<Cut>,
}

impl Link for SpiedLink {
    fn open<'a>(&'a self, command: &'a str) -> Pending<'a, Result<Channel, OpenError>> {
        Box::pin(async move {
            if self.cut.happened() {
                return Err(OpenError::Lost(runbook_core::transport::Said::new(b"cut")));
            }
            let Channel { stdin, stdout, stderr, end } = self.link.open(command).await?;
            let number = self.spied.channels.fetch_add(1, Ordering::SeqCst);
            let log = self.spied.log.clone();
            let wire = |cut: &Arc<Cut>| Arc::clone(cut);
            let other = || Arc::clone(&self.spied.impostor);
            Ok(Channel {
                stdin: Box::new(Out { inner: stdin, log, number, cut: wire(&self.cut) }),
                stdout: Box::new(In { inner: stdout, cut: wire(&self.cut), impostor: other() }),
                stderr: Box::new(In { inner: stderr, cut: wire(&self.cut), impostor: other() }),
                end,
            })
        })
    }

    fn forward<'a>(
        &'a self,
        address: &'a Address,
    ) -> Pending<'a, Result<Box<dyn Duplex>, OpenError>> {
        self.link.forward(address)
    }

    fn fingerprint(&self) -> Option<String> {
        None
    }
}

struct Out<W> {
    inner: W,
    log: Log,
    number: usize,
    cut: Arc<Cut>,
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Out<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.cut.happened() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        if let Poll::Ready(Ok(length)) = &written {
            self.log.push(Seen::Sent(self.number, bytes[..*length].to_vec()));
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(context)
    }
}

struct In<R> {
    inner: R,
    cut: Arc<Cut>,
    impostor: Arc<AtomicBool>,
}

impl<R: AsyncRead + Unpin> AsyncRead for In<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.cut.waiting.lock().unwrap().push(context.waker().clone());
        if self.cut.happened() {
            return Poll::Ready(Ok(0));
        }
        let read = Pin::new(&mut self.inner).poll_read(context, buffer);
        if let Poll::Ready(Ok(length)) = read
            && self.impostor.load(Ordering::SeqCst)
        {
            hide_name(&mut buffer[..length]);
        }
        read
    }
}

/// Takes the host's name out of what it says of itself.
fn hide_name(bytes: &mut [u8]) {
    const LINE: &[u8] = b"hostname ";
    if let Some(place) = bytes.windows(LINE.len()).position(|window| window == LINE) {
        bytes[place] = b'H';
    }
}

/// A person who agrees to everything, word by word, or whose answers are given in advance.
#[derive(Default)]
pub(crate) struct Agreeable(pub(crate) Mutex<VecDeque<Answer>>);

impl Confirmer for Agreeable {
    fn ask<'a>(&'a self, asked: &'a Asked) -> Answering<'a> {
        let given = self.0.lock().unwrap().pop_front();
        let answer = given.unwrap_or_else(|| match &asked.question {
            Question::Destroy(card) => {
                Answer::Typed(card.hosts.iter().map(|host| host.confirm.clone()).collect())
            }
            Question::Failure(_) => Answer::Quit,
            _ => Answer::Yes,
        });
        Box::pin(std::future::ready(Reply { answer, by: "ana".to_owned() }))
    }
}

/// A reporter that passes on what programs print.
pub(crate) struct Ears(UnboundedSender<String>);

impl Reporter for Ears {
    fn observe(&mut self, _: &Record) {}

    fn output(&mut self, _: &AttemptId, _: Stream, chunk: &[u8]) {
        let _ = self.0.send(String::from_utf8_lossy(chunk).into_owned());
    }
}

/// Waits until something has printed this.
pub(crate) async fn printed(heard: &mut UnboundedReceiver<String>, wanted: &str) {
    let mut all = String::new();
    while !all.contains(wanted) {
        all.push_str(&soon(heard.recv()).await.expect("the run goes on"));
    }
}

/// A home for a test, and what a run in it is made of.
pub(crate) struct Bench {
    pub(crate) home: TempDir,
    pub(crate) log: Log,
    pub(crate) way: Spied,
    pub(crate) heard: Option<UnboundedReceiver<String>>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let log = Log::default();
        let way = Spied::new(home.path(), &log);
        Self { home, log, way, heard: None }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The parts of a run, with a person who agrees.
    pub(crate) fn parts(&mut self) -> Parts {
        let (ears, heard) = unbounded_channel();
        self.heard = Some(heard);
        Parts {
            ssh: Arc::new(self.way.clone()),
            local: Arc::new(self.way.clone()),
            probe: Arc::new(Network::default()),
            journal: Box::new(LoggedJournal::new(&self.log, None)),
            outputs: Some(Outputs::in_directory(self.path("output"))),
            locks: vec![self.path("locks")],
            plans: None,
            confirmer: Arc::new(Agreeable::default()),
            signers: None,
            reporter: Box::new(Ears(ears)),
            attended: false,
        }
    }

    /// Runs a text to its end, with a person who agrees.
    pub(crate) async fn run(&mut self, text: &str) -> Finished {
        let parts = self.parts();
        soon(Engine::new(parts).run(self.plan(text), with_person())).await
    }

    /// The plan of a text in which `HOME` stands for the home of the test.
    pub(crate) fn plan(&self, text: &str) -> Arc<Plan> {
        plan(&text.replace("HOME", &self.home.path().display().to_string()))
    }
}

pub(crate) fn with_person() -> Options {
    Options { person: true, ..Options::default() }
}

/// The plan of a text; every role has the hosts `a1` and `a2`, both this machine, and without a role
/// everything is here.
pub(crate) fn plan(text: &str) -> Arc<Plan> {
    let here = if text.contains("[role.") { "" } else { "[defaults]\non = \"local\"\n" };
    let text = format!("format = 1\ntitle = \"A test\"\n{text}\n{here}");
    let parsed = RunbookDocument::parse(Source::new("test.toml", text.clone()));
    let (runbook, rules) = Runbook::validate(&parsed, "test");
    let complaints: Vec<_> =
        parsed.diagnostics.iter().chain(rules.iter()).map(ToString::to_string).collect();
    let runbook = Arc::new(runbook.unwrap_or_else(|| panic!("{complaints:#?}\n{text}")));
    let names: Vec<HostName> = ["a1", "a2"].iter().map(|name| name.parse().unwrap()).collect();
    let host = |name: &HostName| Host {
        name: name.clone(),
        destination: plan::Destination::Local,
        vars: IndexMap::new(),
        expect: ExpectedIdentity::default(),
    };
    let roles: IndexMap<RoleName, Vec<HostName>> =
        runbook.roles.keys().map(|role| (role.clone(), names.clone())).collect();
    let used = if roles.is_empty() { Vec::new() } else { names };
    Arc::new(Plan {
        run: RunFacts {
            id: "t35t".parse().unwrap(),
            started: jiff::Timestamp::UNIX_EPOCH,
            operator: "ana".to_owned(),
        },
        environment: Environment::default(),
        hosts: used.iter().map(|name| (name.clone(), host(name))).collect(),
        roles,
        values: IndexMap::new(),
        runbook,
    })
}

//! A scripted world on a clock of its own: it answers by what a program says, and remembers what was
//! sent, asked and shown. Knows nothing of the rules.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use runbook_core::base::{Digest, HostName, Source, StepId, Value, ValueName};
use runbook_core::document::{HostsDocument, RunbookDocument};
use runbook_core::plan::bind::Request;
use runbook_core::plan::{
    Command, Exit, Given, Identity, Inventory, Observed, Output, Plan, Program, RunFacts, Verdict,
    capture,
};
use runbook_core::run::{
    Action, Advance, Answer, AttemptId, Effect, Event, Foreseen, Found, Input, JobBase, Loss,
    Options, Order, Outcome, OutputDigest, Part, Payload, Preview, Question, QuestionId,
    RenderedProbe, Run, StepStatus,
};
use runbook_core::runbook::Runbook;

const INVENTORY: &str = r#"
format = 1
[env.prod]
roles = { web = ["app1", "app2", "app3"], db = ["db1"] }
"#;

/// How the world answers a program or a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// It prints that and exits 0; of a request, 200 and this body.
    Prints(&'static str),
    /// It exits so.
    Exits(i32),
    /// A request is answered with this status.
    Status(u16),
    /// A request is not answered.
    Unanswered,
    /// It did not come back.
    Lost(Loss),
    /// Like the other, but after so long.
    After(u64, Box<Reply>),
}

pub(crate) use Reply::{Exits, Prints, Status};

struct Expected {
    part: &'static str,
    host: Option<&'static str>,
    times: usize,
    reply: Reply,
}

/// A run to be told about; what nobody says otherwise succeeds and prints nothing.
pub(crate) struct World {
    text: String,
    inventory: String,
    params: Vec<(String, String)>,
    pub(crate) options: Options,
    expected: Vec<Expected>,
    answers: VecDeque<Answer>,
    down: Vec<&'static str>,
    told: Vec<(u64, Input)>,
    held_lock: Option<&'static str>,
    lock_lost: Option<(u64, Option<&'static str>)>,
    used: Option<&'static str>,
    machines: Vec<(&'static str, Identity)>,
    no_base: bool,
    found: Vec<(&'static str, Found)>,
    interrupt_at: Vec<u64>,
    limits: Vec<String>,
    thinks: VecDeque<u64>,
}

/// What happened.
pub(crate) struct Story {
    pub(crate) run: Run,
    pub(crate) code: u8,
    pub(crate) sentence: String,
    pub(crate) events: Vec<Event>,
    /// Everything that was sent as an attempt, in order.
    pub(crate) orders: Vec<Order>,
    /// Every probe, with the second at which it was sent.
    pub(crate) probes: Vec<(u64, String, String)>,
    pub(crate) commands: Vec<Command>,
    pub(crate) questions: Vec<Question>,
    /// Whose jobs a place was chosen for, in order.
    pub(crate) bases: Vec<String>,
    /// Attempts and probes of both kinds, in the order in which they left.
    pub(crate) log: Vec<String>,
}

/// A runbook on `web`, with these steps.
pub(crate) fn book(rest: &str) -> String {
    format!("format = 1\ntitle = \"t\"\n{rest}")
}

impl World {
    /// A person is there, and agrees to changes.
    pub(crate) fn of(rest: &str) -> Self {
        Self {
            text: book(rest),
            inventory: INVENTORY.to_owned(),
            params: Vec::new(),
            options: Options { person: true, ..Options::default() },
            expected: Vec::new(),
            answers: VecDeque::new(),
            down: Vec::new(),
            told: Vec::new(),
            held_lock: None,
            lock_lost: None,
            used: None,
            machines: Vec::new(),
            no_base: false,
            found: Vec::new(),
            interrupt_at: Vec::new(),
            limits: Vec::new(),
            thinks: VecDeque::new(),
        }
    }

    pub(crate) fn inventory(mut self, text: &str) -> Self {
        self.inventory = format!("format = 1\n{text}");
        self
    }

    /// Only these hosts.
    pub(crate) fn only(mut self, hosts: &str) -> Self {
        self.limits.push(hosts.to_owned());
        self
    }

    pub(crate) fn param(mut self, name: &str, text: &str) -> Self {
        self.params.push((name.to_owned(), text.to_owned()));
        self
    }

    /// What has `part` in its text is answered so, everywhere and always.
    pub(crate) fn when(self, part: &'static str, reply: Reply) -> Self {
        self.expect(part, None, usize::MAX, reply)
    }

    pub(crate) fn when_on(self, host: &'static str, part: &'static str, reply: Reply) -> Self {
        self.expect(part, Some(host), usize::MAX, reply)
    }

    /// The next time only.
    pub(crate) fn once(self, part: &'static str, reply: Reply) -> Self {
        self.expect(part, None, 1, reply)
    }

    pub(crate) fn times(self, times: usize, part: &'static str, reply: Reply) -> Self {
        self.expect(part, None, times, reply)
    }

    pub(crate) fn times_on(
        self,
        host: &'static str,
        times: usize,
        part: &'static str,
        reply: Reply,
    ) -> Self {
        self.expect(part, Some(host), times, reply)
    }

    fn expect(
        mut self,
        part: &'static str,
        host: Option<&'static str>,
        times: usize,
        reply: Reply,
    ) -> Self {
        self.expected.push(Expected { part, host, times, reply });
        self
    }

    /// What has `part` in its text is answered so, whatever was said of it before.
    pub(crate) fn before(mut self, part: &'static str, reply: Reply) -> Self {
        self.expected.insert(0, Expected { part, host: None, times: usize::MAX, reply });
        self
    }

    pub(crate) fn before_on(
        mut self,
        host: &'static str,
        part: &'static str,
        reply: Reply,
    ) -> Self {
        self.expected.insert(0, Expected { part, host: Some(host), times: usize::MAX, reply });
        self
    }

    /// What the person says next to anything but the changes of the plan.
    pub(crate) fn says(mut self, answer: Answer) -> Self {
        self.answers.push_back(answer);
        self
    }

    pub(crate) fn types(self, words: &[&str]) -> Self {
        self.says(Answer::Typed(words.iter().map(|word| (*word).to_owned()).collect()))
    }

    /// The person takes so many seconds for the next of what they are asked.
    pub(crate) fn thinks(mut self, seconds: u64) -> Self {
        self.thinks.push_back(seconds);
        self
    }

    /// Someone signs, whose signature was found good.
    pub(crate) fn signs(self, by: &str, key: &str) -> Self {
        let signature = serde_json::json!({"by": by, "key": key, "text": format!("{by} {key}")});
        let signature = serde_json::from_value(signature).expect("a signature is text");
        self.says(Answer::Signed(signature))
    }

    /// A destroy was approved in advance.
    pub(crate) fn approved(mut self, advance: Advance) -> Self {
        self.options.approvals.insert(advance.outlook.step.clone(), advance);
        self
    }

    pub(crate) fn alone(mut self) -> Self {
        self.options.person = false;
        self
    }

    pub(crate) fn yes(mut self) -> Self {
        self.options.yes = true;
        self
    }

    pub(crate) fn chooses(mut self, step: &str, key: &str) -> Self {
        self.options.choices.insert(step.parse().unwrap(), key.to_owned());
        self
    }

    pub(crate) fn down(mut self, host: &'static str) -> Self {
        self.down.push(host);
        self
    }

    /// A signal comes at that second.
    pub(crate) fn stop_at(self, second: u64) -> Self {
        self.tells_at(second, Input::StopAsked { how: "SIGTERM".to_owned() })
    }

    /// The run is told that at that second.
    pub(crate) fn tells_at(mut self, second: u64, input: Input) -> Self {
        self.told.push((second, input));
        self
    }

    pub(crate) fn locked_by(mut self, holder: &'static str) -> Self {
        self.held_lock = Some(holder);
        self
    }

    /// app1 loses the lock `deploy` at that second; from then on it is held by that one, if any.
    pub(crate) fn lock_lost_at(mut self, second: u64, to: Option<&'static str>) -> Self {
        self.lock_lost = Some((second, to));
        self
    }

    /// It executes the plan file that a preview came to.
    pub(crate) fn foreseen(mut self, planned: &Story) -> Self {
        self.options.foreseen = Some(Foreseen {
            plan: Digest::of("plan"),
            written: Timestamp::UNIX_EPOCH,
            expires: Timestamp::MAX,
            premises: planned.run.premises(),
        });
        self
    }

    /// The plan file cannot be used.
    pub(crate) fn used(mut self, why: &'static str) -> Self {
        self.used = Some(why);
        self
    }

    /// A host says that it is that one.
    pub(crate) fn machine(
        mut self,
        host: &'static str,
        change: impl FnOnce(&mut Identity),
    ) -> Self {
        let mut machine = identity(&host.parse().unwrap());
        change(&mut machine);
        self.machines.push((host, machine));
        self
    }

    /// No directory on any host can keep a job.
    pub(crate) fn without_base(mut self) -> Self {
        self.no_base = true;
        self
    }

    /// What a host says, the next time, of an attempt whose name begins so; of others, that they
    /// never started.
    pub(crate) fn found(mut self, attempt: &'static str, found: Found) -> Self {
        self.found.push((attempt, found));
        self
    }

    /// Ctrl-C is typed at that second.
    pub(crate) fn interrupt_at(mut self, second: u64) -> Self {
        self.interrupt_at.push(second);
        self
    }

    /// The complaints of loading, by code; empty when it loads.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let parsed = RunbookDocument::parse(Source::new("test.toml", self.text.clone()));
        let (_, found) = Runbook::validate(&parsed, "test");
        let all = parsed.diagnostics.iter().chain(found.iter());
        all.map(|one| format!("{}: {}", one.code, one.message)).collect()
    }

    pub(crate) fn plan(&self) -> Plan {
        let parsed = RunbookDocument::parse(Source::new("test.toml", self.text.clone()));
        let (runbook, found) = Runbook::validate(&parsed, "test");
        let complaints = || (parsed.diagnostics.clone(), found.clone(), &self.text);
        let runbook = runbook.unwrap_or_else(|| panic!("{:#?}", complaints()));
        let hosts = HostsDocument::parse(Source::new("hosts.toml", self.inventory.clone()));
        let inventory = Inventory::validate(&hosts.document).0.expect("an inventory");
        let given = Given { command_line: self.params.clone(), ..Given::default() };
        Plan::bind(Request {
            runbook: Arc::new(runbook),
            inventory: Some(&inventory),
            env: Some("prod"),
            hosts: &[],
            local: false,
            limits: &self.limits,
            given: &given,
            run: RunFacts {
                id: "r8F3".parse().unwrap(),
                started: Timestamp::UNIX_EPOCH,
                operator: "ada".to_owned(),
            },
        })
        .unwrap()
    }

    /// Only the preview.
    pub(crate) fn plan_only(mut self) -> Story {
        self.options.preview_only = true;
        self.run()
    }

    pub(crate) fn run(self) -> Story {
        let run = Run::new(Arc::new(self.plan()), self.options.clone());
        Teller::new(self, run).tell(Input::Begin)
    }

    /// Another process goes on with what was recorded.
    pub(crate) fn resume(self, recorded: &[Event]) -> Story {
        let run = Run::replay(Arc::new(self.plan()), Options::default(), recorded);
        assert_eq!(run.may_resume(), Ok(()));
        let options = self.options.clone();
        Teller::new(self, run).tell(Input::Resume { by: "ben".to_owned(), options })
    }
}

/// What comes next.
enum Due {
    News(Box<Input>),
    /// A person comes to it when those before it are answered.
    Question(QuestionId, Box<Question>),
}

/// Carries out the actions, on a clock that jumps to the next thing that happens.
struct Teller {
    world: World,
    mirror: Run,
    now: u64,
    due: BTreeMap<(u64, u64), Due>,
    sequence: u64,
    closed: bool,
    story: Story,
}

impl Teller {
    fn new(world: World, run: Run) -> Self {
        let story = Story {
            run: run.clone(),
            code: 0,
            sentence: String::new(),
            events: Vec::new(),
            orders: Vec::new(),
            probes: Vec::new(),
            commands: Vec::new(),
            questions: Vec::new(),
            bases: Vec::new(),
            log: Vec::new(),
        };
        let mut teller = Self {
            world,
            mirror: run,
            now: 0,
            due: BTreeMap::new(),
            sequence: 0,
            closed: false,
            story,
        };
        for (second, input) in std::mem::take(&mut teller.world.told) {
            teller.later(second * 1000, input);
        }
        if let Some((second, _)) = teller.world.lock_lost {
            let (name, host) = ("deploy".to_owned(), "app1".parse().unwrap());
            teller.later(second * 1000, Input::LockLost { name, host });
        }
        for second in teller.world.interrupt_at.clone() {
            let how = "SIGINT".to_owned();
            teller.later(second * 1000, Input::Interrupted { how, decided: None });
        }
        teller
    }

    fn later(&mut self, after: u64, input: Input) {
        self.then(after, Due::News(Box::new(input)));
    }

    fn then(&mut self, after: u64, due: Due) {
        self.sequence += 1;
        self.due.insert((self.now + after, self.sequence), due);
    }

    fn tell(mut self, first: Input) -> Story {
        self.accept(first);
        for _ in 0..10_000 {
            if self.closed {
                assert_eq!(self.mirror.state(), self.story.run.state(), "a replay is the same");
                return self.story;
            }
            let Some(((at, _), due)) = self.due.pop_first() else {
                panic!("stands still: {:#?}\n{:#?}", self.story.log, self.story.run.state());
            };
            self.now = at;
            match due {
                Due::News(input) => self.accept(*input),
                Due::Question(question, what) => {
                    let answer = self.answer(&what);
                    self.story.questions.push(*what);
                    self.accept(Input::Answered { question, answer, by: "ana".to_owned() });
                }
            }
        }
        panic!("does not end: {:#?}", self.story.log);
    }

    fn accept(&mut self, input: Input) {
        let at = Timestamp::from_millisecond(self.now.cast_signed()).unwrap();
        let turn = self.story.run.accept(input, at);
        for event in turn.events {
            self.mirror.follow(&event);
            if let Event::Ended { code, sentence } = &event {
                self.story.code = *code;
                self.story.sentence.clone_from(sentence);
            }
            self.story.events.push(event);
        }
        for action in turn.actions {
            self.carry_out(action);
        }
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::TakeLock { name, host } => {
                let since = |(second, to)| if self.now >= second * 1000 { to } else { None };
                let holder = self.world.held_lock.or(self.world.lock_lost.and_then(since));
                let input = match holder {
                    Some(holder) => Input::LockRefused { name, host, holder: holder.to_owned() },
                    None => Input::LockTaken { name, host },
                };
                self.later(0, input);
            }
            Action::TakePlan { plan } => {
                self.story.log.push("uses the plan up".to_owned());
                let input = match self.world.used {
                    Some(why) => Input::PlanRefused { plan, why: why.to_owned() },
                    None => Input::PlanTaken { plan },
                };
                self.later(0, input);
            }
            Action::Connect { host } => {
                let input = if self.world.down.contains(&host.as_str()) {
                    Input::Unreachable { host, why: "no route".to_owned() }
                } else {
                    let mut known = self.world.machines.iter();
                    let machine = known.find(|(name, _)| *name == host.as_str());
                    let identity = machine.map_or_else(|| identity(&host), |(_, it)| it.clone());
                    Input::Connected { identity, host }
                };
                self.later(0, input);
            }
            Action::Probe(order) => {
                let text = probe_text(&order.probe);
                if let RenderedProbe::Read(command) = &order.probe {
                    self.story.commands.push(command.clone());
                }
                let host = order.id.host.to_string();
                self.story.probes.push((self.now / 1000, text.clone(), host.clone()));
                self.story.log.push(format!("? {text} {host}"));
                let (after, reply) = self.reply(&text, &order.id.host);
                let request = !matches!(order.probe, RenderedProbe::Read(_));
                let verdict = match observed(&reply, request) {
                    Ok(observed) => order.expect.judge(&observed),
                    Err(loss) => Verdict::Error { why: format!("{loss:?}") },
                };
                self.later(after, Input::ProbeAnswered { probe: order.id, verdict });
            }
            Action::Start(order) => self.start(order),
            Action::Destroy(approved) => self.start(approved.order().clone()),
            Action::SetTimer { timer, after } => {
                self.later(millis(after), Input::TimerFired { timer });
            }
            Action::Ask { id, question } => {
                let thinks = match question {
                    Question::Changes { .. } => 0,
                    _ => self.world.thinks.pop_front().unwrap_or(0),
                };
                self.then(thinks * 1000, Due::Question(id, Box::new(question)));
            }
            Action::ChooseBase { keeper } => {
                self.story.bases.push(keeper.to_string());
                let base = JobBase { path: "/jobs".to_owned(), in_memory: false };
                let input = match self.world.no_base {
                    true => Input::BaseRefused { keeper, why: "the disk is full".to_owned() },
                    false => Input::BaseChosen { keeper, base, passed_over: Vec::new() },
                };
                self.later(0, input);
            }
            Action::Seek { attempt, .. } => {
                self.story.log.push(format!("seeks {attempt}"));
                let name = attempt.to_string();
                let said = self.world.found.iter().position(|(of, _)| name.starts_with(of));
                let found = said.map(|at| self.world.found.remove(at).1);
                let found = found.unwrap_or(Found::NotStarted);
                self.later(0, Input::Found { attempt, found });
            }
            Action::Follow(order) => self.follow(&order),
            Action::Cancel { attempt } => {
                self.story.log.push(format!("cancels {attempt}"));
                self.due.retain(|_, due| !is_end_of(due, &attempt));
                self.later(1, Input::Exited { attempt, outcome: cancelled() });
            }
            Action::Withdraw { id } => self
                .due
                .retain(|_, due| !matches!(due, Due::Question(question, _) if *question == id)),
            Action::Close { .. } => self.closed = true,
            _ => {}
        }
    }

    /// It ends as its program does; nothing is sent.
    fn follow(&mut self, order: &Order) {
        self.story.log.push(format!("follows {}", order.id));
        let (after, reply) = self.reply(&payload_text(&order.payload), &order.id.host);
        let attempt = order.id.clone();
        let input = match observed(&reply, false) {
            Err(loss) => Input::Lost { attempt, loss },
            Ok(observed) => Input::Exited { attempt, outcome: outcome(order, &observed) },
        };
        self.later(after, input);
    }

    fn start(&mut self, order: Order) {
        let text = payload_text(&order.payload);
        self.story.log.push(order.id.to_string());
        if let Payload::Command(command) = &order.payload {
            self.story.commands.push(command.clone());
        }
        let (after, reply) = self.reply(&text, &order.id.host);
        let request = matches!(order.payload, Payload::Request(_));
        let attempt = order.id.clone();
        let input = match observed(&reply, request) {
            Err(loss) => Input::Lost { attempt, loss },
            Ok(observed) => Input::Exited { attempt, outcome: outcome(&order, &observed) },
        };
        self.story.orders.push(order);
        self.later(after, input);
    }

    fn reply(&mut self, text: &str, host: &HostName) -> (u64, Reply) {
        let found = self.world.expected.iter_mut().find(|expected| {
            expected.times > 0
                && text.contains(expected.part)
                && expected.host.is_none_or(|wanted| wanted == host.as_str())
        });
        let Some(expected) = found else { return (0, Prints("")) };
        expected.times = expected.times.saturating_sub(1);
        match &expected.reply {
            Reply::After(seconds, reply) => (seconds * 1000, (**reply).clone()),
            reply => (0, reply.clone()),
        }
    }

    fn answer(&mut self, question: &Question) -> Answer {
        match question {
            Question::Changes { type_instead: Some(word), .. } => Answer::Typed(vec![word.clone()]),
            Question::Changes { .. } => Answer::Yes,
            question => {
                let answer = self.world.answers.pop_front();
                answer.unwrap_or_else(|| panic!("nobody said what to answer: {question:#?}"))
            }
        }
    }
}

fn is_end_of(due: &Due, wanted: &AttemptId) -> bool {
    match due {
        Due::News(input) => {
            matches!(&**input, Input::Exited { attempt, .. } if attempt == wanted)
        }
        Due::Question(..) => false,
    }
}

fn cancelled() -> Outcome {
    let nothing = OutputDigest { bytes: 0, sha256: Digest::of("") };
    Outcome {
        exit: Some(Exit::Cancelled),
        failure: Some("it was cancelled".to_owned()),
        captured: Vec::new(),
        items: None,
        stdout: nothing,
        stderr: nothing,
        took: Duration::from_millis(1),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap()
}

fn identity(host: &HostName) -> Identity {
    Identity {
        hostname: host.to_string(),
        machine_id: "1".to_owned(),
        boot_id: "1".to_owned(),
        user: "root".to_owned(),
        fingerprint: None,
    }
}

fn observed(reply: &Reply, request: bool) -> Result<Observed, Loss> {
    let output = |text: &str| Output { text: text.to_owned(), truncated: false };
    let program = |code, text: &str| Observed::Program {
        exit: Exit::Code(code),
        stdout: output(text),
        stderr: output(""),
    };
    let http =
        |status, text: &str| Observed::Http { status, headers: Vec::new(), body: output(text) };
    Ok(match reply {
        Prints(text) if request => http(200, text),
        Prints(text) => program(0, text),
        Exits(code) => program(*code, ""),
        Status(status) => http(*status, ""),
        Reply::Unanswered => Observed::Unanswered("connection refused".to_owned()),
        Reply::Lost(loss) => return Err(loss.clone()),
        Reply::After(_, reply) => return observed(reply, request),
    })
}

/// As the driver judges it.
fn outcome(order: &Order, observed: &Observed) -> Outcome {
    let verdict = order.expect.judge_step(observed);
    let mut failure = (!verdict.held()).then(|| verdict.line().to_owned());
    let mut captured = Vec::new();
    for (name, wanted) in &order.captures {
        if failure.is_some() {
            break;
        }
        match capture::take(wanted, observed) {
            Ok(value) => captured.push((name.clone(), value)),
            Err(error) => failure = Some(format!("`{name}`: {error}")),
        }
    }
    let nothing = OutputDigest { bytes: 0, sha256: Digest::of("") };
    let (exit, stdout) = match observed {
        Observed::Program { exit, stdout, .. } => (Some(*exit), stdout.text.as_str()),
        _ => (None, ""),
    };
    let lists = matches!(order.id.part, Part::Items | Part::Suggest(_));
    let lines = || stdout.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    Outcome {
        exit,
        items: (lists && failure.is_none()).then(lines),
        captured: if failure.is_some() { Vec::new() } else { captured },
        failure,
        stdout: nothing,
        stderr: nothing,
        took: Duration::from_millis(1),
    }
}

fn command_text(command: &Command) -> String {
    let mut text = match &command.program {
        Program::Script { text, .. } => text.trim().to_owned(),
        Program::Argv(words) => words.join(" "),
    };
    for word in &command.args {
        text.push(' ');
        text.push_str(word);
    }
    text
}

fn payload_text(payload: &Payload) -> String {
    match payload {
        Payload::Command(command) => command_text(command),
        Payload::Request(request) => format!("{} {}", request.method, request.url),
    }
}

fn probe_text(probe: &RenderedProbe) -> String {
    match probe {
        RenderedProbe::Read(command) => command_text(command),
        RenderedProbe::Http(request) => format!("{} {}", request.method, request.url),
        RenderedProbe::Tcp(address) => address.clone(),
    }
}

impl Story {
    /// What people were asked to do by hand.
    pub(crate) fn by_hand(&self) -> Vec<&str> {
        let texts = self.questions.iter().filter_map(|question| match question {
            Question::Manual { text, .. } => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// Every attempt, in order: `STEP.HOST.N`.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.orders.iter().map(|order| order.id.to_string()).collect()
    }

    /// What was recorded before this fact, and the first such fact itself.
    pub(crate) fn until(&self, last: impl Fn(&Event) -> bool) -> Vec<Event> {
        let at = self.events.iter().position(last).expect("the fact was recorded");
        self.events[..=at].to_vec()
    }

    /// What was recorded up to the intent of an attempt whose name begins so.
    pub(crate) fn until_intent(&self, name: &str) -> Vec<Event> {
        self.until(|event| {
            matches!(event, Event::Intended { attempt, .. } if attempt.to_string().starts_with(name))
        })
    }

    /// The attempts that change something.
    pub(crate) fn changes(&self) -> Vec<String> {
        let changing = self.orders.iter().filter(|order| order.effect > Effect::Read);
        changing.map(|order| order.id.to_string()).collect()
    }

    pub(crate) fn status(&self, step: &str) -> Option<StepStatus> {
        self.run.state().status(&step.parse::<StepId>().unwrap())
    }

    pub(crate) fn on(&self, step: &str, host: &str) -> Option<StepStatus> {
        let turn = self.run.state().turn(&step.parse().unwrap(), &host.parse().unwrap())?;
        turn.ended.as_ref().map(|(status, _)| *status)
    }

    pub(crate) fn why(&self, step: &str) -> String {
        let state = self.run.state().steps.get(&step.parse::<StepId>().unwrap());
        let ended = state.and_then(|state| state.ended.clone());
        ended.and_then(|(_, why)| why).unwrap_or_default()
    }

    /// The command whose text has `part` in it.
    pub(crate) fn command(&self, part: &str) -> &Command {
        let found = self.commands.iter().find(|command| command_text(command).contains(part));
        found.unwrap_or_else(|| panic!("no command has `{part}`: {:#?}", self.log))
    }

    pub(crate) fn asked(&self, part: &str) -> usize {
        self.probes.iter().filter(|(_, text, _)| text.contains(part)).count()
    }

    /// The seconds at which a probe with `part` was sent.
    pub(crate) fn seconds(&self, part: &str) -> Vec<u64> {
        let of = self.probes.iter().filter(|(_, text, _)| text.contains(part));
        of.map(|(at, _, _)| *at).collect()
    }

    pub(crate) fn preview(&self) -> Preview {
        self.run.preview()
    }

    pub(crate) fn what(&self, step: &str) -> runbook_core::run::What {
        let preview = self.preview();
        preview.steps.into_iter().find(|shown| shown.id == step).unwrap().what
    }

    pub(crate) fn value(&self, name: &str) -> Option<String> {
        use runbook_core::run::state::Delivered;
        match self.run.state().values.get(&name.parse::<ValueName>().unwrap())? {
            Delivered::One(value) => Some(value.as_ref().map_or("none".to_owned(), Value::text)),
            Delivered::PerHost(map) => Some(format!("{map:?}")),
        }
    }

    pub(crate) fn cards(&self) -> Vec<&runbook_core::run::Card> {
        let cards = self.questions.iter().filter_map(|question| match question {
            Question::Destroy(card) => Some(card),
            _ => None,
        });
        cards.collect()
    }

    pub(crate) fn failure_cards(&self) -> Vec<&runbook_core::run::FailureCard> {
        let cards = self.questions.iter().filter_map(|question| match question {
            Question::Failure(card) => Some(card),
            _ => None,
        });
        cards.collect()
    }

    /// The place in the log of what has `part` in it.
    pub(crate) fn place(&self, part: &str) -> usize {
        let found = self.log.iter().position(|line| line.contains(part));
        found.unwrap_or_else(|| panic!("`{part}` did not happen: {:#?}", self.log))
    }
}

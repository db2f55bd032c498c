//! A host of a world between its connections: its jobs, what ran on it, and its half of our own
//! programs. Knows nothing of wires.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::session::Follower;
use super::world::{Answer, Ends, Host};
use crate::plan::{Command, Program};
use crate::transport::supervisor::{decode, programs};

/// What a program of the host came to.
pub(super) enum Reply {
    /// It ended.
    Ended(Answer),
    /// It waits for a stop; this is what it said before.
    Waits(Answer),
    /// It waits for this job's end.
    Follows(String, Answer),
}

/// A host that lives on when its connections do not.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) host: Host,
    name: String,
    connections: usize,
    used: BTreeMap<usize, u32>,
    jobs: BTreeMap<String, Job>,
    ran: Vec<Command>,
}

#[derive(Debug)]
struct Job {
    answer: Answer,
    /// Its line in `exit`, once it ended.
    exit: Option<String>,
    void: bool,
    followers: Vec<Arc<Follower>>,
}

impl Machine {
    pub(super) fn new(name: &str, host: Host) -> Self {
        let name = name.to_owned();
        let (used, jobs) = (BTreeMap::new(), BTreeMap::new());
        Self { host, name, connections: 0, used, jobs, ran: Vec::new() }
    }

    /// What was run on it, in order: each read, and each job when it started.
    pub(super) fn ran(&self) -> &[Command] {
        &self.ran
    }

    /// The faults of the next connection.
    pub(super) fn connect(&mut self) -> super::Faults {
        let faults = self.host.connections.get(self.connections).cloned();
        self.connections += 1;
        faults.unwrap_or_default()
    }

    /// Runs a program.
    pub(super) fn run(&mut self, command: Command) -> Reply {
        let args: Vec<&str> = command.args.iter().map(String::as_str).collect();
        match own_program(&command) {
            Some(Own::Identity) => says(self.identity()),
            Some(Own::Base) => says("base DISK /jobs-of-the-world\n".to_owned()),
            Some(Own::Launch) => {
                let body = command.stdin.as_deref().and_then(decode);
                says(self.launch(args[1], body))
            }
            Some(Own::Follow) => self.follow(args[0], args[1], args[2]),
            Some(Own::Cancel) => says(self.cancel(args[0])),
            Some(Own::Inspect) => says(self.inspect(args[1])),
            Some(Own::Void) => says(self.void(args[1])),
            None => {
                let answer = self.answer(&command);
                self.ran.push(command);
                match answer.ends {
                    Ends::ByItself => Reply::Ended(answer),
                    Ends::Never | Ends::TimedOut => Reply::Waits(answer),
                }
            }
        }
    }

    fn machine_id(&self) -> String {
        let made = || crate::base::Digest::of(&self.name).to_string()[..32].to_owned();
        self.host.machine_id.clone().unwrap_or_else(made)
    }

    fn boot_id(&self) -> &str {
        self.host.boot_id.as_deref().unwrap_or("first-boot")
    }

    /// Who it is, as it says.
    pub(super) fn identity(&self) -> String {
        let hostname = self.host.hostname.as_deref().unwrap_or(&self.name);
        let user = self.host.user.as_deref().unwrap_or("operator");
        let (machine, boot) = (self.machine_id(), self.boot_id());
        format!("machine {machine}\nboot {boot}\nhostname {hostname}\nuid 1000\nuser {user}\n")
    }

    fn answer(&mut self, command: &Command) -> Answer {
        for (number, answer) in self.host.answers.iter().enumerate() {
            let used = self.used.entry(number).or_default();
            if answer.times.is_none_or(|times| *used < times) && matches(answer, command) {
                *used += 1;
                return answer.clone();
            }
        }
        let stderr = "nothing in this world answers to it\n".to_owned();
        Answer { exit: 127, stderr, ..Answer::default() }
    }

    fn launch(&mut self, name: &str, body: Option<Command>) -> String {
        if self.jobs.contains_key(name) {
            return "taken\n".to_owned();
        }
        let Some(command) = body else { return "void it does not read\n".to_owned() };
        let answer = self.answer(&command);
        self.ran.push(command);
        let job = match answer.ends {
            Ends::ByItself => Job::ended(answer, "exited"),
            Ends::TimedOut => Job::ended(answer, "timed_out"),
            Ends::Never => Job { answer, exit: None, void: false, followers: Vec::new() },
        };
        self.jobs.insert(name.to_owned(), job);
        format!("started {}\n", 1000 + self.jobs.len())
    }

    fn follow(&mut self, directory: &str, out: &str, err: &str) -> Reply {
        let name = directory.rsplit('/').next().unwrap_or_default();
        let Some(job) = self.jobs.get(name) else {
            return Reply::Ended(Answer { exit: 11, ..Answer::default() });
        };
        let rest = |text: &str, from: &str| {
            let from = from.parse().unwrap_or(usize::MAX);
            text.get(from..).unwrap_or_default().to_owned()
        };
        let (stdout, stderr) = (rest(&job.answer.stdout, out), rest(&job.answer.stderr, err));
        let said = Answer { stdout, stderr, ..Answer::default() };
        match job.exit {
            Some(_) => Reply::Ended(said),
            None => Reply::Follows(name.to_owned(), said),
        }
    }

    /// Tells this follower when the job ends.
    pub(super) fn attend(&mut self, job: &str, follower: Arc<Follower>) {
        if let Some(job) = self.jobs.get_mut(job) {
            job.followers.push(follower);
        }
    }

    fn cancel(&mut self, directory: &str) -> String {
        let name = directory.rsplit('/').next().unwrap_or_default();
        let Some(job) = self.jobs.get_mut(name).filter(|job| !job.void) else {
            return "none\n".to_owned();
        };
        if job.exit.is_some() {
            return "ended\n".to_owned();
        }
        job.end("cancelled", 143);
        job.followers.drain(..).for_each(|follower| follower.end());
        "asked\n".to_owned()
    }

    fn inspect(&self, name: &str) -> String {
        let (machine, boot) = (self.machine_id(), self.boot_id());
        let mut facts = format!("machine {machine}\nboot {boot}\nbase there\n");
        let Some(job) = self.jobs.get(name) else { return facts };
        facts.push_str("claimed yes\nfence yes\n");
        if job.void {
            facts.push_str("void yes\n");
            return facts;
        }
        facts.push_str(&format!("runner 1001 1 {boot} {machine}\n"));
        match &job.exit {
            Some(exit) => facts.push_str(&format!("exit {exit}\n")),
            None => facts.push_str("alive yes\n"),
        }
        facts
    }

    fn void(&mut self, name: &str) -> String {
        let void = || Job { answer: Answer::default(), exit: None, void: true, followers: vec![] };
        let job = self.jobs.entry(name.to_owned()).or_insert_with(void);
        if job.void { "voided\n".to_owned() } else { "running\n".to_owned() }
    }
}

impl Job {
    fn ended(answer: Answer, reason: &str) -> Self {
        let status = answer.exit;
        let mut job = Self { answer, exit: None, void: false, followers: Vec::new() };
        job.end(reason, status);
        job
    }

    fn end(&mut self, reason: &str, status: u8) {
        let (out, err) = (self.answer.stdout.len(), self.answer.stderr.len());
        self.exit = Some(format!("{reason} {status} {out} {err} 0"));
    }
}

fn says(stdout: String) -> Reply {
    Reply::Ended(Answer { stdout, ..Answer::default() })
}

fn matches(answer: &Answer, command: &Command) -> bool {
    let (script, argv) = match &command.program {
        Program::Script { text, .. } => (Some(text), None),
        Program::Argv(words) => (None, Some([words.as_slice(), &command.args].concat())),
    };
    let whole = script.cloned().or_else(|| argv.as_ref().map(|words| words.join(" ")));
    answer.script.as_ref().is_none_or(|text| script == Some(text))
        && answer.argv.as_ref().is_none_or(|words| argv.as_ref() == Some(words))
        && answer.contains.as_ref().is_none_or(|part| whole.is_some_and(|text| text.contains(part)))
}

/// Our own programs.
#[derive(Clone, Copy)]
enum Own {
    Identity,
    Base,
    Launch,
    Follow,
    Cancel,
    Inspect,
    Void,
}

fn own_program(command: &Command) -> Option<Own> {
    let Program::Script { text, .. } = &command.program else { return None };
    let ours: [(&str, Own); 7] = [
        (&programs::IDENTITY, Own::Identity),
        (&programs::BASE, Own::Base),
        (&programs::LAUNCH, Own::Launch),
        (&programs::FOLLOW, Own::Follow),
        (&programs::CANCEL, Own::Cancel),
        (&programs::INSPECT, Own::Inspect),
        (&programs::VOID, Own::Void),
    ];
    ours.into_iter().find(|(program, _)| program == text).map(|(_, own)| own)
}

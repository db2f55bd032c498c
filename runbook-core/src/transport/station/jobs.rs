//! Durable jobs: what goes on when the connection, or this process, does not. Knows nothing of
//! journals; the driver writes its intent before it launches, and the base and name stand in it.

use std::time::Duration;

use super::cksum::cksum;
use super::{Base, Counted, Lane, ReachError, ReadError, Station};
use crate::base::Digest;
use crate::plan::Command;
use crate::transport::supervisor::{RunError, Terms, job_body, programs};
use crate::transport::{
    Collected, Evidence, Expected, Finished, JobName, JobState, OutputSink, Said, Unsendable,
};

/// The most that is kept on the host of each output.
const CAP: u64 = 64 << 20;
/// How long a launch may take to be answered, the upload included.
const LAUNCHING: Duration = Duration::from_secs(120);
/// The exit codes of `follow.sh`.
const RUNNER_GONE: Option<u8> = Some(10);
const NO_DIRECTORY: Option<u8> = Some(11);
const DROPPED: Option<u8> = Some(12);

/// What a job is run with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobTerms {
    /// When its time is up, by the host's own clock; none lets it run.
    pub deadline: Option<Deadline>,
    /// Between TERM and KILL, in whole seconds.
    pub grace: Duration,
    /// Whether it gets `$runbook_tmp`.
    pub scratch: bool,
    /// The most that is kept on the host of each output, in bytes.
    pub cap: u64,
    /// The file of the run's lock on the host, which its runner keeps locked; where it is gone, the
    /// lock is no longer the run's and the job does not start.
    pub lock: Option<String>,
}

impl Default for JobTerms {
    fn default() -> Self {
        Self {
            deadline: None,
            grace: Duration::from_secs(10),
            scratch: false,
            cap: CAP,
            lock: None,
        }
    }
}

/// When a job's time is up, and what then. Kept on the host: it holds with the link down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// So long after its start, in whole seconds.
    pub after: Duration,
    /// What is done.
    pub then: OnDeadline,
}

/// What is done with a job whose time is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDeadline {
    /// TERM, the grace, KILL of its group: a change.
    Kill,
    /// Nothing but a note; it goes on until a person decides: a destroy.
    Note,
}

/// A job that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launched {
    /// Its runner on the host.
    pub pid: u32,
}

/// Why a job does not run, or may.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// It did not start and never will under this name; nothing was done.
    #[error("not started: {0}")]
    NotStarted(String),
    /// Nobody is there to run it; it did not start.
    #[error("not started: {0}")]
    Reach(#[from] ReachError),
    /// No host can be given it; it did not start.
    #[error("not started: {0}")]
    Unsendable(#[from] Unsendable),
    /// The name was taken before: by this very job, sent twice. Inspect it.
    #[error("the job was there already")]
    Taken,
    /// The connection was lost on the way: it may run. Inspect it.
    #[error("nobody knows whether it started: {0}")]
    Unknown(String),
}

/// How much of a job's output is known already, in bytes from its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offsets {
    /// Of its standard output.
    pub stdout: u64,
    /// Of its standard error.
    pub stderr: u64,
}

/// Why a job is no longer followed; it may still run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// The connection was lost: connect again and go on from the offsets that were seen.
    #[error(transparent)]
    Lost(#[from] ReadError),
    /// Its runner is gone and nobody wrote how it ended: inspect it.
    #[error("the job has no runner any more")]
    RunnerGone,
    /// There is no such job under that base: inspect it.
    #[error("the job's directory is not there")]
    NoDirectory,
}

/// What came of asking a job to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cancelled {
    /// Its runner was told; follow it to its end.
    Asked,
    /// It had ended before.
    HadEnded,
    /// Its runner was dead; what it had left was stopped, and nothing of it lives.
    Stopped,
    /// NOT KILLED: these processes live on.
    Alive(Vec<u32>),
    /// There is no such job, or it never started.
    NoJob,
}

/// What came of voiding a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Voided {
    /// It can never run.
    Voided,
    /// It had started.
    Started,
}

impl Station {
    /// Starts a job: at most once under its name, whatever is cut, repeated or killed.
    ///
    /// # Errors
    /// It did not start, or nobody knows; the error says which.
    pub async fn launch(
        &self,
        base: &Base,
        job: &JobName,
        command: &Command,
        terms: &JobTerms,
    ) -> Result<Launched, LaunchError> {
        let pool = &self.shared.pool;
        let mark = pool.nonces.word();
        let body = job_body(command, pool.sh(), &mark, terms.scratch)?;
        let mut loan = pool.borrow(base.user.as_deref(), Lane::Control).await?;
        let starter = loan.supervisor.session_starter.clone();
        if starter.is_empty() {
            let missing = "the host has none of setsid, perl and python3, one of which is needed \
                           for a job to outlive the connection";
            return Err(LaunchError::NotStarted(missing.to_owned()));
        }
        let (limit, late) = match terms.deadline {
            None => (String::new(), "ask"),
            Some(Deadline { after, then }) => {
                let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
                (seconds.to_string(), if then == OnDeadline::Kill { "kill" } else { "ask" })
            }
        };
        let mut launch = Command::script(programs::LAUNCH.as_str());
        launch.args = [base.path.as_str(), job.as_str(), &programs::RUNNER, &starter, pool.sh()]
            .into_iter()
            .map(str::to_owned)
            .chain([Digest::of(&body).to_string(), cksum(body.as_bytes())])
            .chain([limit, late.to_owned(), terms.grace.as_secs().to_string()])
            .chain([terms.cap.to_string(), terms.lock.clone().unwrap_or_default()])
            .collect();
        launch.stdin = Some(body);
        let own = Terms { timeout: Some(LAUNCHING), ..Terms::default() };
        let mut said = Collected::default();
        match loan.supervisor.run(&launch, own, &pool.nonces, &mut said).await {
            Ok(_) => loan.give_back(),
            Err(RunError::Unsendable(error)) => return Err(error.into()),
            Err(RunError::NotSent(why)) => return Err(LaunchError::NotStarted(why)),
            Err(RunError::Lost(why)) => return Err(LaunchError::Unknown(why)),
        }
        started(&said)
    }

    /// Streams a job's output from these offsets and waits for its end, however long that takes.
    ///
    /// # Errors
    /// The end was not heard; the job is not touched by that, nor by dropping the future.
    pub async fn follow(
        &self,
        base: &Base,
        job: &JobName,
        from: Offsets,
        sink: &mut dyn OutputSink,
    ) -> Result<Finished, FollowError> {
        let mut follow = Command::script(programs::FOLLOW.as_str());
        let directory = format!("{}/jobs/{job}", base.path);
        follow.sudo.clone_from(&base.user);
        let mut counted = Counted { sink, stdout: from.stdout, stderr: from.stderr };
        let mut dropped_bytes = 0;
        loop {
            let (stdout, stderr) = (counted.stdout, counted.stderr);
            follow.args = vec![directory.clone(), stdout.to_string(), stderr.to_string()];
            let end = self.run(&follow, Terms::default(), Lane::Attached, &mut counted).await?;
            match end.ending.code() {
                Some(0) => break,
                DROPPED => {
                    let evidence = self.inspect(base, job).await?;
                    let stdout = missing(counted.stdout, &evidence.stdout_dropped);
                    let stderr = missing(counted.stderr, &evidence.stderr_dropped);
                    dropped_bytes += stdout + stderr;
                    counted.dropped(stdout, stderr);
                }
                RUNNER_GONE => return Err(FollowError::RunnerGone),
                NO_DIRECTORY => return Err(FollowError::NoDirectory),
                _ => return Err(lost("following it ended by itself").into()),
            }
        }
        let evidence = self.inspect(base, job).await?;
        let finished = evidence.exit.ok_or_else(|| lost("its end cannot be read"))?;
        // Of an old job nothing but its end is kept.
        let stdout = finished.stdout_bytes.saturating_sub(counted.stdout);
        let stderr = finished.stderr_bytes.saturating_sub(counted.stderr);
        if stdout + stderr > 0 {
            dropped_bytes += stdout + stderr;
            counted.dropped(stdout, stderr);
        }
        Ok(Finished { dropped_bytes, ..finished })
    }

    /// Asks a job to stop: TERM to its group, KILL after the grace. Asked twice, KILL at once.
    ///
    /// # Errors
    /// The host could not be asked; the job may run on.
    pub async fn cancel(
        &self,
        base: &Base,
        job: &JobName,
        grace: Duration,
    ) -> Result<Cancelled, ReadError> {
        let directory = format!("{}/jobs/{job}", base.path);
        let grace = grace.as_secs().to_string();
        let user = base.user.as_deref();
        let answer = self.ask(user, &programs::CANCEL, &[&directory, &grace]).await?;
        let mut words = answer.split_whitespace();
        match words.next() {
            Some("asked") => Ok(Cancelled::Asked),
            Some("ended") => Ok(Cancelled::HadEnded),
            Some("stopped") => Ok(Cancelled::Stopped),
            Some("none") => Ok(Cancelled::NoJob),
            Some("alive") => Ok(Cancelled::Alive(words.filter_map(|w| w.parse().ok()).collect())),
            _ => Err(lost("no answer to the cancel")),
        }
    }

    /// What the host still knows of a job.
    ///
    /// # Errors
    /// The host could not be asked.
    pub async fn inspect(&self, base: &Base, job: &JobName) -> Result<Evidence, ReadError> {
        let user = base.user.as_deref();
        let args = [base.path.as_str(), job.as_str()];
        Ok(Evidence::parse(&self.ask(user, &programs::INSPECT, &args).await?))
    }

    /// What became of a job that was sent to the host its intent describes.
    ///
    /// # Errors
    /// The host could not be asked: unknown until it can.
    pub async fn state(
        &self,
        base: &Base,
        job: &JobName,
        expected: &Expected,
    ) -> Result<JobState, ReadError> {
        Ok(JobState::of(&self.inspect(base, job).await?, expected))
    }

    /// Makes sure that a job which did not start never will, by taking its claim and its fence.
    ///
    /// # Errors
    /// The host could not be asked, or its base cannot be written.
    pub async fn void(&self, base: &Base, job: &JobName) -> Result<Voided, ReadError> {
        let user = base.user.as_deref();
        let args = [base.path.as_str(), job.as_str()];
        match self.ask(user, &programs::VOID, &args).await?.trim() {
            "voided" => Ok(Voided::Voided),
            "running" => Ok(Voided::Started),
            _ => Err(lost("the job's directory cannot be written")),
        }
    }
}

/// How much of what was dropped is still to come for one who has seen so much.
fn missing(seen: u64, dropped: &std::ops::Range<u64>) -> u64 {
    if dropped.contains(&seen) { dropped.end - seen } else { 0 }
}

fn lost(why: &str) -> ReadError {
    ReadError::Lost(why.to_owned())
}

fn started(said: &Collected) -> Result<Launched, LaunchError> {
    let answer = String::from_utf8_lossy(&said.stdout);
    let (word, rest) = answer.trim_end().split_once(' ').unwrap_or((answer.trim_end(), ""));
    match word {
        "started" => {
            let pid = rest.parse().map_err(|_| LaunchError::Unknown(format!("`{rest}`")))?;
            Ok(Launched { pid })
        }
        "taken" => Err(LaunchError::Taken),
        "void" => Err(LaunchError::NotStarted(Said::new(rest.as_bytes()).to_string())),
        "refused" => Err(LaunchError::NotStarted(Said::new(&said.stderr).to_string())),
        _ => Err(LaunchError::Unknown("its runner did not answer".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_was_cut_is_not_a_no() {
        let answer = |stdout: &str, stderr: &str| {
            started(&Collected { stdout: stdout.into(), stderr: stderr.into() })
        };
        assert_eq!(answer("started 41\n", "").unwrap(), Launched { pid: 41 });
        assert!(matches!(answer("taken\n", ""), Err(LaunchError::Taken)));
        assert!(matches!(answer("void the disk is full\n", ""), Err(LaunchError::NotStarted(_))));
        assert!(matches!(answer("refused\n", "no space"), Err(LaunchError::NotStarted(_))));
        for cut in ["", "\n", "start", "started", "started x"] {
            assert!(matches!(answer(cut, ""), Err(LaunchError::Unknown(_))), "{cut}");
        }
    }
}

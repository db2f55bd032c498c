//! An attempt that is more than a read: a durable job on its host, sent at most once, and followed
//! through every loss of the connection until it is known what became of it, or that nobody knows.
//!
//! Both doors take their order as a [`Durable`] one; a destroy is moreover asked for by the host
//! that was shown, over the same connection.

#![expect(
    clippy::disallowed_methods,
    reason = "an attempt is timed, and waited for, by this machine"
)]

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::attempt::{answer, keep_body, wants_scratch};
use super::outcome;
use super::output::Sink;
use super::requests::{Reply, ask};
use super::stations::Connected;
use super::world::World;
use super::write_ahead::Durable;
use crate::base::HostName;
use crate::plan::{Command, HttpRequest, Observed};
use crate::run::{
    ApprovedOrder, AttemptId, Effect, Found, Input, JobBase, Keeper, Loss, Order, Outcome, Part,
    Payload, Place,
};
use crate::transport::station::{
    Base, Deadline, FollowError, JobTerms, LaunchError, Offsets, OnDeadline, Voided,
};
use crate::transport::{Doubt, Expected, Finished, JobName, JobState, awake};

/// Between TERM and KILL.
const GRACE: Duration = Duration::from_secs(10);
/// How much longer than its own time a job is asked for when its host is not heard.
const PATIENCE: Duration = Duration::from_secs(60);
/// The first pause before a host that is gone is connected to again; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Makes a change.
pub(super) async fn change(world: &World, order: Durable<Order>, cancel: Arc<Notify>) -> Input {
    let done = send(world, &order, &cancel).await;
    answer(order.id.clone(), done)
}

/// Follows an attempt that another process started, from where it was heard last.
pub(super) async fn follow(world: &World, order: Order, cancel: Arc<Notify>) -> Input {
    let done = reattach(world, &order, &cancel).await;
    answer(order.id.clone(), done)
}

async fn reattach(world: &World, order: &Order, cancel: &Notify) -> Result<Outcome, Loss> {
    let unplaced = || Loss::Unknown("it is not known where its job is".to_owned());
    let place = order.place.as_ref().ok_or_else(unplaced)?;
    let job = Job::of(world, order);
    let mut sink = world.outlets.again(&order.id);
    let sent = Sent::of(place);
    let connected = job.find(&sent, "runbook ended while it ran").await?;
    let finished = job.follow(&sent, connected, &mut sink, cancel).await?;
    outcome::of_program(order, &finished, sink, job.began.elapsed())
}

/// Asks a host what became of an attempt, and makes sure that one which did not start never will.
pub(super) async fn seek(world: &World, attempt: AttemptId, place: Place) -> Input {
    let found = match sought(world, &attempt, &place).await {
        Ok(found) => found,
        Err(why) => Found::Unknown(format!("the host cannot say what became of it: {why}")),
    };
    Input::Found { attempt, found }
}

async fn sought(world: &World, attempt: &AttemptId, place: &Place) -> Result<Found, String> {
    let connected = world.stations.station(&attempt.host).await?;
    let (station, sent, name) = (&connected.station, Sent::of(place), name(world, attempt));
    let state = station.state(&sent.base, &name, &sent.expected).await;
    Ok(match state.map_err(|error| error.to_string())? {
        JobState::Running { .. } => Found::Running,
        JobState::Ended(_) => Found::Ended,
        JobState::Voided => Found::NotStarted,
        JobState::Unknown(doubt) => Found::Unknown(sentence(&doubt)),
        JobState::NotStarted => match station.void(&sent.base, &name).await {
            Ok(Voided::Voided) => Found::NotStarted,
            Ok(Voided::Started) => Found::Running,
            Err(error) => return Err(error.to_string()),
        },
    })
}

/// Chooses where the jobs of a user are kept on a host.
pub(super) async fn choose_base(world: &World, keeper: Keeper) -> Input {
    let chosen = async {
        let connected = world.stations.station(&keeper.host).await?;
        let base = connected.station.base(keeper.user.as_deref(), None).await;
        base.map_err(|error| error.to_string())
    };
    match chosen.await {
        Ok(Base { path, in_memory, passed_over, .. }) => {
            Input::BaseChosen { keeper, base: JobBase { path, in_memory }, passed_over }
        }
        Err(why) => Input::BaseRefused { keeper, why },
    }
}

/// Makes a destroy that was approved.
pub(super) async fn destroy(
    world: &World,
    approved: Durable<ApprovedOrder>,
    cancel: Arc<Notify>,
) -> Input {
    let order = approved.order();
    let done = send(world, order, &cancel).await;
    answer(order.id.clone(), done)
}

async fn send(world: &World, order: &Order, cancel: &Notify) -> Result<Outcome, Loss> {
    match &order.payload {
        Payload::Command(command) => {
            let job = Job::of(world, order);
            let mut sink = world.outlets.of(&order.id);
            let finished = job.run(command, &mut sink, cancel).await?;
            outcome::of_program(order, &finished, sink, job.began.elapsed())
        }
        Payload::Request(request) => request_once(world, order, request).await,
    }
}

/// A request is sent once, and one that was not answered may have been heard.
async fn request_once(
    world: &World,
    order: &Order,
    request: &HttpRequest,
) -> Result<Outcome, Loss> {
    let host = &order.id.host;
    let mut sink = world.outlets.of(&order.id);
    let began = Instant::now();
    if order.effect == Effect::Destroy && !world.stations.is_here(host) {
        let connected = world.stations.station(host).await.map_err(Loss::NotStarted)?;
        assert_identity(world, host, &connected).await?;
    }
    match ask(world, host, request, order.timeout).await {
        Reply::Answered(Observed::Unanswered(why)) => Err(Loss::Unknown(why)),
        Reply::Answered(observed) => {
            keep_body(&observed, &mut sink);
            Ok(outcome::of_request(order, &observed, sink, began.elapsed()))
        }
        Reply::Unconnected(why) | Reply::Unsendable(why) | Reply::NoWay(why) => {
            Err(Loss::NotStarted(why))
        }
    }
}

async fn assert_identity(
    world: &World,
    host: &HostName,
    connected: &Connected,
) -> Result<(), Loss> {
    world.stations.assert(host, connected).await.map_err(Loss::NotStarted)
}

/// A job, and what is known of it.
struct Job<'a> {
    world: &'a World,
    order: &'a Order,
    host: &'a HostName,
    name: JobName,
    began: Instant,
}

/// A job that was sent: where it is, and who must be asked about it.
struct Sent {
    base: Base,
    expected: Expected,
}

impl Sent {
    /// What the intent says.
    fn of(place: &Place) -> Self {
        let known = |text: &String| (!text.is_empty()).then(|| text.clone());
        let JobBase { path, in_memory } = place.base.clone();
        Self {
            base: Base {
                path,
                in_memory,
                user: place.keeper.user.clone(),
                passed_over: Vec::new(),
            },
            expected: Expected {
                machine: known(&place.machine_id),
                boot: known(&place.boot_id),
                in_memory,
            },
        }
    }
}

/// The name of an attempt's job on its host.
fn name(world: &World, id: &AttemptId) -> JobName {
    // In capitals, which no id of a step has.
    let step = match id.part {
        Part::Undo => format!("{}.UNDO", id.step),
        _ => id.step.to_string(),
    };
    JobName::new(&world.run, &step, &id.host, id.number)
}

impl<'a> Job<'a> {
    fn of(world: &'a World, order: &'a Order) -> Self {
        let id = &order.id;
        Self { world, order, host: &id.host, name: name(world, id), began: Instant::now() }
    }

    async fn run(
        &self,
        command: &Command,
        sink: &mut Sink,
        cancel: &Notify,
    ) -> Result<Finished, Loss> {
        let connected = self.world.stations.station(self.host).await.map_err(Loss::NotStarted)?;
        let station = &connected.station;
        let unplaced = || Loss::NotStarted("no place was chosen for its job".to_owned());
        let mut sent = Sent::of(self.order.place.as_ref().ok_or_else(unplaced)?);
        if self.order.effect == Effect::Destroy {
            assert_identity(self.world, self.host, &connected).await?;
        }
        // The host may have been rebooted since its place was chosen; it is the same machine.
        sent.expected.boot.clone_from(&station.identity().boot_id);
        let launched = station.launch(&sent.base, &self.name, command, &self.terms(command)).await;
        match launched {
            Ok(_) => self.follow(&sent, connected, sink, cancel).await,
            // Each attempt is launched once, so the job that is there is another's.
            Err(LaunchError::Taken) => Err(Loss::Unknown(format!(
                "a job named {} was there already: has another run the same id?",
                self.name
            ))),
            Err(LaunchError::Unknown(why)) => {
                self.world.stations.lost(self.host, &connected).await;
                let connected = self.find(&sent, &why).await?;
                self.follow(&sent, connected, sink, cancel).await
            }
            Err(error) => Err(Loss::NotStarted(error.to_string())),
        }
    }

    fn terms(&self, command: &Command) -> JobTerms {
        let then = match self.order.effect {
            Effect::Destroy => OnDeadline::Note,
            Effect::Read | Effect::Change => OnDeadline::Kill,
        };
        let deadline = Some(Deadline { after: self.order.timeout, then });
        let lock = self.world.leases.file(self.host);
        JobTerms { deadline, scratch: wants_scratch(command), lock, ..JobTerms::default() }
    }

    /// Follows it over this connection, and what becomes of it over later ones.
    async fn follow(
        &self,
        sent: &Sent,
        mut connected: Connected,
        sink: &mut Sink,
        cancel: &Notify,
    ) -> Result<Finished, Loss> {
        loop {
            let from = Offsets { stdout: sink.stdout.bytes(), stderr: sink.stderr.bytes() };
            let station = &connected.station;
            let followed = tokio::select! {
                followed = station.follow(&sent.base, &self.name, from, sink) => followed,
                () = cancel.notified() => {
                    // It goes on being followed: to its end, or to where nobody knows. Asked again,
                    // it is killed at once.
                    let _ = station.cancel(&sent.base, &self.name, GRACE).await;
                    continue;
                }
            };
            let why = match followed {
                Ok(finished) => return Ok(finished),
                Err(error) => {
                    if matches!(error, FollowError::Lost(_)) {
                        self.world.stations.lost(self.host, &connected).await;
                    }
                    error.to_string()
                }
            };
            connected = self.find(sent, &why).await?;
        }
    }

    /// Asks the host what became of the job until it says so: the connection to follow it over, or
    /// that there is nothing to follow.
    async fn find(&self, sent: &Sent, why: &str) -> Result<Connected, Loss> {
        // Where this machine stood still past the deadline, the host is asked all the same.
        let patience = self.order.timeout.saturating_sub(self.began.elapsed()) + PATIENCE;
        let mut silence = "it did not answer in time".to_owned();
        let asking = async {
            let mut pause = FIRST_PAUSE;
            loop {
                match self.ask_once(sent).await {
                    Ok(found) => return found,
                    Err(why) => silence = why,
                }
                awake::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        };
        awake::timeout(patience, asking).await.unwrap_or_else(|| {
            let host = self.host;
            Err(Loss::Unknown(format!(
                "{why}; {host} cannot be asked what became of it: {silence}"
            )))
        })
    }

    /// The outer error is that the host could not be asked.
    async fn ask_once(&self, sent: &Sent) -> Result<Result<Connected, Loss>, String> {
        let connected = self.world.stations.station(self.host).await?;
        let station = &connected.station;
        let state = match station.state(&sent.base, &self.name, &sent.expected).await {
            Ok(state) => state,
            Err(error) => {
                self.world.stations.lost(self.host, &connected).await;
                return Err(error.to_string());
            }
        };
        match state {
            JobState::Ended(_) | JobState::Running { .. } => Ok(Ok(connected)),
            JobState::Voided => Ok(Err(voided())),
            // A late copy may still come: first it is made sure that it cannot run.
            JobState::NotStarted => match station.void(&sent.base, &self.name).await {
                Ok(Voided::Voided) => Ok(Err(voided())),
                Ok(Voided::Started) => Ok(Ok(connected)),
                Err(error) => Err(error.to_string()),
            },
            JobState::Unknown(doubt) => Ok(Err(Loss::Unknown(sentence(&doubt)))),
        }
    }
}

fn voided() -> Loss {
    Loss::NotStarted("the connection was lost before it started; it can no longer start".to_owned())
}

fn sentence(doubt: &Doubt) -> String {
    match doubt {
        Doubt::OtherMachine => "another machine answers now".to_owned(),
        Doubt::BaseGone => "the directory of its job is gone".to_owned(),
        Doubt::Rebooted => "the host rebooted while it ran".to_owned(),
        Doubt::Orphan(processes) => {
            let processes: Vec<_> = processes.iter().map(u32::to_string).collect();
            format!(
                "who watched it was killed; these processes of it live: {}",
                processes.join(", ")
            )
        }
        Doubt::Killed => "it was killed, and nobody wrote how it ended".to_owned(),
    }
}

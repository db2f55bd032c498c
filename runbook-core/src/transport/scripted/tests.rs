//! The station over worlds, with every byte of a connection as the place where it breaks.

use super::{Ends, Scripted, World};
use crate::base::AttemptNumber;
use crate::plan::{Command, Program};
use crate::transport::station::{
    Cancelled, JobTerms, LaunchError, Offsets, ReadTerms, StationError, Voided,
};
use crate::transport::{
    Base, Collected, ConnectError, Destination, Ending, Expected, Finished, JobName, JobState,
    Station,
};

const WORLD: &str = r#"
[hosts.db1]
fingerprint = "SHA256:x"

[[hosts.db1.answers]]
argv = ["uptime", "-p"]
stdout = "up\n"

[[hosts.db1.answers]]
contains = "often"
times = 1
exit = 3

[[hosts.db1.answers]]
contains = "often"

[[hosts.db1.answers]]
contains = "forever"
stdout = "begun\n"
ends = "never"

[[hosts.db1.answers]]
script = "change it"
stdout = "changed\n"
"#;

fn world(faults: &str) -> Scripted {
    Scripted::new(toml::from_str::<World>(&format!("{WORLD}\n{faults}")).unwrap())
}

fn db1() -> Destination {
    Destination::new("db1".parse().unwrap())
}

async fn connect(world: &Scripted) -> Result<Station, StationError> {
    Station::connect(world, &db1()).await
}

async fn read(station: &Station, command: &Command) -> (Finished, String) {
    let mut output = Collected::default();
    let finished = station.read(command, ReadTerms::default(), &mut output).await.unwrap();
    (finished, String::from_utf8(output.stdout).unwrap())
}

fn name(attempt: u32) -> JobName {
    let run = "R1".parse().unwrap();
    JobName::new(&run, "change", &"db1".parse().unwrap(), AttemptNumber(attempt))
}

#[tokio::test]
async fn a_world_answers_what_it_says() {
    let world = world("[[hosts.db1.connections]]\nnoise = \"Welcome!\\n\"");
    let station = connect(&world).await.unwrap();
    assert_eq!(station.identity().hostname, "db1");
    assert_eq!(station.identity().fingerprint.as_deref(), Some("SHA256:x"));
    let mut uptime = Command::new(Program::Argv(vec!["uptime".into()]));
    uptime.args.push("-p".into());
    assert_eq!(read(&station, &uptime).await.1, "up\n");
    let often = Command::script("how often\nis it");
    assert_eq!(read(&station, &often).await.0.ending, Ending::Exited(3));
    assert_eq!(read(&station, &often).await.0.ending, Ending::Exited(0));
    let unknown = Command::script("unknown");
    assert_eq!(read(&station, &unknown).await.0.ending, Ending::Exited(127));
    assert_eq!(world.ran("db1"), [uptime, often.clone(), often, unknown]);
}

#[tokio::test]
async fn refusals_are_those_of_a_host() {
    let world = world(
        "[[hosts.db1.connections]]\nrefuse = \"authentication\"\n\
         [[hosts.db1.connections]]\nrefuse = \"host_key\"",
    );
    let refused = connect(&world).await.unwrap_err();
    assert!(matches!(refused, StationError::Connect(ConnectError::Authentication { .. })));
    let refused = connect(&world).await.unwrap_err();
    assert!(matches!(refused, StationError::Connect(ConnectError::HostKey { .. })));
    connect(&world).await.unwrap();
    let nowhere = Destination::new("db2".parse().unwrap());
    assert!(Station::connect(&world, &nowhere).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_never_ends_is_stopped_at_its_time_or_when_asked() {
    let station = connect(&world("")).await.unwrap();
    let forever = Command::script("run forever");
    let timeout = Some(std::time::Duration::from_secs(5));
    let terms = ReadTerms { timeout, ..ReadTerms::default() };
    let mut output = Collected::default();
    let finished = station.read(&forever, terms, &mut output).await.unwrap();
    assert_eq!((finished.ending, output.stdout), (Ending::TimedOut, b"begun\n".to_vec()));
    let base = station.base(None, None).await.unwrap();
    station.launch(&base, &name(1), &forever, &JobTerms::default()).await.unwrap();
    let (job, mut output) = (name(1), Collected::default());
    let following = station.follow(&base, &job, Offsets::default(), &mut output);
    let cancelling = station.cancel(&base, &job, std::time::Duration::ZERO);
    let (finished, cancelled) = tokio::join!(following, cancelling);
    assert_eq!(cancelled.unwrap(), Cancelled::Asked);
    assert_eq!(finished.unwrap().ending, Ending::Cancelled);
}

/// One change, as a driver would do it, over connections that break; true when it was told done.
async fn change(world: &Scripted) -> Result<bool, StationError> {
    let change = Command::script("change it");
    let Ok(station) = connect(world).await else { return Ok(false) };
    let Ok(base) = station.base(None, None).await else { return Ok(false) };
    match station.launch(&base, &name(1), &change, &JobTerms::default()).await {
        Ok(_) | Err(LaunchError::Taken) => {}
        Err(_) => return Ok(false),
    }
    let mut output = Collected::default();
    let followed = station.follow(&base, &name(1), Offsets::default(), &mut output).await;
    Ok(followed.is_ok_and(|finished| {
        assert_eq!(finished.ending, Ending::Exited(0));
        assert_eq!(output.stdout, b"changed\n");
        true
    }))
}

#[tokio::test]
async fn wherever_a_connection_breaks_the_change_runs_once() {
    for direction in ["cut_after", "cut_after_received"] {
        let mut survived = 0;
        let mut place = 0;
        while survived < 3 {
            let world = world(&format!("[[hosts.db1.connections]]\n{direction} = {place}"));
            if change(&world).await.unwrap() {
                survived += 1;
            } else {
                survived = 0;
                let again = connect(&world).await.unwrap();
                let state = state(&again, &name(1)).await;
                let ran = world.ran("db1").len();
                match state {
                    JobState::NotStarted => {
                        assert_eq!(ran, 0, "{direction} {place}");
                        let base = again.base(None, None).await.unwrap();
                        assert_eq!(again.void(&base, &name(1)).await.unwrap(), Voided::Voided);
                    }
                    JobState::Ended(_) => assert_eq!(ran, 1, "{direction} {place}"),
                    other => panic!("{direction} {place}: {other:?}"),
                }
            }
            assert!(world.ran("db1").len() <= 1, "{direction} {place}");
            place += 7;
        }
    }
}

async fn state(station: &Station, job: &JobName) -> JobState {
    let base: Base = station.base(None, None).await.unwrap();
    let machine = station.identity().machine_id.clone();
    let expected = Expected { machine, ..Expected::default() };
    station.state(&base, job, &expected).await.unwrap()
}

#[tokio::test]
async fn a_replaced_host_is_noticed_in_the_same_connection() {
    let world = world("");
    let station = connect(&world).await.unwrap();
    let expected = station.identity().clone();
    station.assert_identity(&expected).await.unwrap();
    world.change("db1", |host| host.machine_id = Some("another".into()));
    assert!(station.assert_identity(&expected).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_frozen_connection_is_lost_in_the_end() {
    let world = world("[[hosts.db1.connections]]\nfreeze_after = 500");
    let station = connect(&world).await.unwrap();
    let terms =
        ReadTerms { timeout: Some(std::time::Duration::from_secs(60)), ..ReadTerms::default() };
    let mut lost = false;
    for _ in 0..20 {
        let mut output = Collected::default();
        let uptime = Command::new(Program::Argv(vec!["uptime".into(), "-p".into()]));
        lost |= station.read(&uptime, terms, &mut output).await.is_err();
    }
    assert!(lost);
}

#[test]
fn a_world_with_a_wrong_word_is_refused() {
    let wrong = "[hosts.db1]\nanswer = []\n";
    assert!(toml::from_str::<World>(wrong).unwrap_err().to_string().contains("unknown field"));
    assert_eq!(Ends::default(), Ends::ByItself);
}

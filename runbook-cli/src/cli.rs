//! The command line: verbs, flags, and nothing of what they do.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Run declarative runbooks over SSH: previewed truthfully, confirmed by a person, recorded.
#[derive(Debug, Parser)]
#[command(name = "runbook", version, max_term_width = 80, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// What to do; without one, the runbooks there are.
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
    /// Flags of every verb.
    #[command(flatten)]
    pub(crate) everywhere: Everywhere,
}

/// Flags of every verb.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Everywhere {
    /// What stdout carries: text, one JSON document, or a JSON line an event
    #[arg(short, long, global = true, value_enum, default_value_t = OutputForm::Human)]
    pub(crate) output: OutputForm,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    pub(crate) color: When,
    /// Ask nothing, even in a terminal
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Show results and failures only
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Show more of what happens (never a secret); twice for the engine's own log
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Where runs are recorded, instead of the user's state directory
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Given to ssh as `-F`; also RUNBOOK_SSH_CONFIG
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ssh_config: Option<PathBuf>,
}

/// What stdout carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputForm {
    /// Text for a person.
    #[default]
    Human,
    /// One JSON document at the end.
    Json,
    /// A JSON line an event, as it happens.
    Jsonl,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Check runbooks and inventories; nothing is executed
    Check(Check),
    /// Show what a run would do: its reads are run, nothing is changed
    Plan(Plan),
    /// Run a runbook
    Run(Run),
    /// Go on with a run whose command ended: look what became of it, then finish it
    Resume(Resume),
    /// Say how a run stands
    Status(Status),
    /// Approve what another person asks for, by signing it
    Approve(Approve),
    /// Ask the command that drives a run to stop
    Stop(Stop),
    /// List the runbooks there are
    List(List),
    /// Show a runbook, or what a plan file holds
    Show(Show),
    /// Print the JSON Schema of a file, for an editor
    Schema(Schema),
    /// List the runs that were recorded
    History(History),
    /// Show what the steps of a run printed
    Logs(Logs),
    /// Check what was recorded of a run: its chain, its order, what was kept with it
    Audit(Audit),
    /// Look at this machine, and at hosts, before a run does; reads only
    Doctor(Doctor),
}

/// `runbook check`
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Files, folders or names of runbooks [default: ./runbooks and ./hosts.toml]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// `runbook plan`
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// What to plan.
    #[command(flatten)]
    pub(crate) target: Target,
    /// How to show it.
    #[command(flatten)]
    pub(crate) view: View,
}

/// How a plan is shown.
#[derive(Debug, Default, Args)]
pub(crate) struct View {
    /// Connect to nothing: show the graph with what is known
    #[arg(long, conflicts_with = "out")]
    pub(crate) offline: bool,
    /// Show every command with its values
    #[arg(long)]
    pub(crate) diff: bool,
    /// Write the plan to a file, for `run` within 15 minutes, once, if nothing changes
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Exit 0 when the goal is already met, 20 for changes, 21 for a destroy
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
}

/// `runbook run`
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// What to run.
    #[command(flatten)]
    pub(crate) target: Target,
    /// Agree to the changes in advance; never to a destroy
    #[arg(long)]
    pub(crate) yes: bool,
    /// Approve a destroy in advance, by the code that `plan` printed
    #[arg(long, value_name = "STEP=CODE")]
    pub(crate) approve: Vec<String>,
    /// The same as `plan`
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `runbook resume`
#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// The run [default: the newest that can be gone on with]
    pub(crate) run: Option<String>,
    /// Agree to the changes in advance; never to a destroy, nor to what is unknown
    #[arg(long)]
    pub(crate) yes: bool,
    /// Answer a choice in advance
    #[arg(long, value_name = "STEP=KEY")]
    pub(crate) choose: Vec<String>,
    /// Only show how the files the run was made of differ from those that are there now
    #[arg(long)]
    pub(crate) diff: bool,
}

/// `runbook status`
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The run [default: the newest]
    pub(crate) run: Option<String>,
    /// Go on showing what happens until the run ends
    #[arg(long)]
    pub(crate) follow: bool,
}

/// `runbook approve`
#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The request that was handed over: its file, `-` for standard input, or its run
    pub(crate) request: String,
    /// The key to sign with; also RUNBOOK_SIGNING_KEY [default: the one ssh would take]
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
}

/// `runbook stop`
#[derive(Debug, Args)]
pub(crate) struct Stop {
    /// The run
    pub(crate) run: String,
    /// Stop what runs on its hosts, too: TERM, then KILL
    #[arg(long)]
    pub(crate) kill: bool,
}

/// A runbook, its values and where it acts.
#[derive(Debug, Default, Args)]
pub(crate) struct Target {
    /// A runbook's name, its file, or a plan file
    pub(crate) name: String,
    /// Values of its parameters; repeat one for a list
    #[arg(value_name = "KEY=VALUE")]
    pub(crate) values: Vec<String>,
    /// The environment of the inventory
    #[arg(short, long, value_name = "ENV")]
    pub(crate) env: Option<String>,
    /// Only these hosts, of every role or of one
    #[arg(long, value_name = "[ROLE=]HOST,…")]
    pub(crate) limit: Vec<String>,
    /// The inventory [default: ./hosts.toml, then the user's]
    #[arg(long, value_name = "FILE")]
    pub(crate) inventory: Option<PathBuf>,
    /// The hosts of a role, without an inventory
    #[arg(long, value_name = "ROLE=DEST,…", conflicts_with_all = ["inventory", "env"])]
    pub(crate) host: Vec<String>,
    /// Every role is this machine
    #[arg(long, conflicts_with_all = ["inventory", "env", "host"])]
    pub(crate) local: bool,
    /// A TOML file with values of parameters
    #[arg(long, value_name = "FILE")]
    pub(crate) param_file: Option<PathBuf>,
    /// Answer a choice in advance
    #[arg(long, value_name = "STEP=KEY")]
    pub(crate) choose: Vec<String>,
}

/// `runbook list`
#[derive(Debug, Default, Args)]
pub(crate) struct List {
    /// Only those with this tag
    #[arg(long)]
    pub(crate) tag: Option<String>,
}

/// `runbook show`
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A runbook's name, its file, or a plan file
    pub(crate) name: String,
}

/// `runbook schema`
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Of which file
    #[arg(value_enum, default_value_t = SchemaOf::Runbook)]
    pub(crate) of: SchemaOf,
}

/// The files that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// A runbook.
    Runbook,
    /// The inventory.
    Hosts,
}

/// `runbook history`
#[derive(Debug, Args)]
pub(crate) struct History {
    /// Only runs that started within this time, such as `7d`
    #[arg(long, value_name = "DURATION")]
    pub(crate) since: Option<String>,
}

/// `runbook audit`
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// The run [default: the newest]
    pub(crate) run: Option<String>,
}

/// `runbook logs`
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// The run [default: the newest]
    pub(crate) run: Option<String>,
    /// Only this step
    pub(crate) step: Option<String>,
    /// Only this host
    #[arg(long)]
    pub(crate) host: Option<String>,
    /// The bytes as they came, for a file or a pipe
    #[arg(long)]
    pub(crate) raw: bool,
}

/// `runbook doctor`
#[derive(Debug, Default, Args)]
pub(crate) struct Doctor {
    /// Look at the hosts of the inventory too
    #[arg(long)]
    pub(crate) hosts: bool,
    /// Only those of this environment
    #[arg(short, long, value_name = "ENV", requires = "hosts")]
    pub(crate) env: Option<String>,
    /// The inventory [default: ./hosts.toml, then the user's]
    #[arg(long, value_name = "FILE", requires = "hosts")]
    pub(crate) inventory: Option<PathBuf>,
    /// These hosts, without an inventory
    #[arg(long, value_name = "ROLE=DEST,…", requires = "hosts", conflicts_with_all = ["inventory", "env"])]
    pub(crate) host: Vec<String>,
    /// This machine as a host
    #[arg(long, requires = "hosts", conflicts_with_all = ["inventory", "env", "host"])]
    pub(crate) local: bool,
    /// Whether this user can be had there with `sudo -n`
    #[arg(long, value_name = "USER", requires = "hosts")]
    pub(crate) sudo: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn values_follow_the_name_and_flags_stand_anywhere() {
        let cli = Cli::parse_from([
            "runbook", "plan", "rollback", "tag=v1", "-e", "prod", "size=3", "--diff", "-o", "json",
        ]);
        let Some(Verb::Plan(plan)) = cli.verb else { panic!("it is a plan") };
        assert_eq!(plan.target.name, "rollback");
        assert_eq!(plan.target.values, ["tag=v1", "size=3"]);
        assert_eq!(plan.target.env.as_deref(), Some("prod"));
        assert!(plan.view.diff);
        assert_eq!(cli.everywhere.output, OutputForm::Json);
    }
}

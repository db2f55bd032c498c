//! Binds a runbook to hosts and values. Where these came from, and who is asked for what is
//! missing, is not known here.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::inventory::Inventory;
use super::model::{Plan, RunFacts};
use super::{selection, values};
use crate::base::ValueName;
use crate::runbook::Runbook;

/// What a runbook is bound to, as it was asked for.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The runbook.
    pub runbook: Arc<Runbook>,
    /// The inventory, where there is one.
    pub inventory: Option<&'a Inventory>,
    /// `-e ENV`
    pub env: Option<&'a str>,
    /// `--host ROLE=DEST[,DEST]`, each as written.
    pub hosts: &'a [String],
    /// `--local`: every role is this machine.
    pub local: bool,
    /// `--limit HOSTS` or `--limit ROLE=HOSTS`, each as written.
    pub limits: &'a [String],
    /// Values for the parameters.
    pub given: &'a Given,
    /// Which execution it is for.
    pub run: RunFacts,
}

/// Values as texts, by where they came from; the first of these wins (rule 8), and what the
/// inventory and the defaults say comes after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// `name=text` of the command line, and answers to questions; repeated for a list.
    pub command_line: Vec<(String, String)>,
    /// A file of parameters: one text, or the items of a list.
    pub file: IndexMap<String, Vec<String>>,
    /// `RUNBOOK_PARAM_NAME`, by what follows the prefix; a list is one item a line.
    pub environment: IndexMap<String, String>,
}

/// One thing that is wrong with what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, a lowercase fragment.
    pub what: String,
    /// Ways out, each one line; may be empty.
    pub help: Vec<String>,
}

impl Problem {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), help: Vec::new() }
    }

    pub(super) fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help.extend(help.into());
        self
    }
}

/// Everything that is wrong with what was asked for, at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", problems.iter().map(|problem| problem.what.as_str()).collect::<Vec<_>>().join("; "))]
pub struct BindError {
    /// Every problem, that of missing parameters last.
    pub problems: Vec<Problem>,
    /// The parameters without a value, in the order of the runbook. They are one of the problems;
    /// where that is the only one, a person may be asked for them.
    pub missing: Vec<ValueName>,
}

impl BindError {
    /// Whether nothing is wrong but that parameters have no value.
    #[must_use]
    pub fn only_missing(&self) -> bool {
        !self.missing.is_empty() && self.problems.len() == 1
    }
}

impl Plan {
    /// Binds a runbook to hosts and values.
    ///
    /// # Errors
    /// Everything that is wrong with the request, at once.
    pub fn bind(request: Request<'_>) -> Result<Self, BindError> {
        let (plan, mut problems, missing) = Self::assembled(request);
        if !missing.is_empty() {
            problems.push(values::missing(&plan.runbook, &missing));
        }
        if problems.is_empty() { Ok(plan) } else { Err(BindError { problems, missing }) }
    }

    /// The same as far as it is known: a parameter without a value is left out of the plan. Only
    /// what helps to find the missing values is done with it.
    ///
    /// # Errors
    /// Everything else that is wrong with the request, at once.
    pub fn so_far(request: Request<'_>) -> Result<Self, BindError> {
        let (plan, problems, missing) = Self::assembled(request);
        if problems.is_empty() { Ok(plan) } else { Err(BindError { problems, missing }) }
    }

    fn assembled(request: Request<'_>) -> (Self, Vec<Problem>, Vec<ValueName>) {
        let mut problems = Vec::new();
        let selection = selection::select(&request, &mut problems);
        let bound = values::bind(&request, &selection, &mut problems);
        let plan = Self {
            run: request.run,
            runbook: request.runbook,
            environment: selection.environment,
            hosts: selection.hosts,
            roles: selection.roles,
            values: bound.values,
        };
        (plan, problems, bound.missing)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::runbook;
    use super::super::parameter::tests::param;
    use super::*;
    use crate::base::{HostName, RoleName, Source, Value, ValueType};
    use crate::document::HostsDocument;
    use crate::plan::{Bound, Destination};
    use crate::runbook::{Param, Role};
    use crate::template::Template;

    const INVENTORY: &str = r#"
format = 1
[env.prod]
protect = true
approvals = 2
vars = { dir = "/opt/prod", port = 80 }
roles = { web = ["app1", "app2"], db = ["db1"] }
[env.empty]
[host.app1]
vars = { port = 8081, only = "here" }
[host.db1]
ssh = "db1.prod"
"#;

    fn inventory() -> Inventory {
        let parsed = HostsDocument::parse(Source::new("hosts.toml", INVENTORY));
        Inventory::validate(&parsed.document).0.unwrap()
    }

    fn role(min: Option<u32>, max: Option<u32>) -> Role {
        Role { help: None, min, max }
    }

    /// What is asked for; each test changes what it is about.
    struct Case {
        runbook: Runbook,
        inventory: Option<Inventory>,
        env: Option<&'static str>,
        hosts: Vec<String>,
        local: bool,
        limits: Vec<String>,
        given: Given,
    }

    impl Case {
        fn new() -> Self {
            Self {
                runbook: runbook(&[("db", role(None, None)), ("web", role(None, None))]),
                inventory: Some(inventory()),
                env: Some("prod"),
                hosts: Vec::new(),
                local: false,
                limits: Vec::new(),
                given: Given::default(),
            }
        }

        fn with(params: &[(&str, Param)]) -> Self {
            let mut case = Self::new();
            let named = |(name, param): &(&str, Param)| (name.parse().unwrap(), param.clone());
            case.runbook.params = params.iter().map(named).collect();
            case
        }

        fn say(mut self, name: &str, text: &str) -> Self {
            self.given.command_line.push((name.to_owned(), text.to_owned()));
            self
        }

        fn bind(&self) -> Result<Plan, BindError> {
            Plan::bind(Request {
                runbook: Arc::new(self.runbook.clone()),
                inventory: self.inventory.as_ref(),
                env: self.env,
                hosts: &self.hosts,
                local: self.local,
                limits: &self.limits,
                given: &self.given,
                run: RunFacts {
                    id: "r8F3".parse().unwrap(),
                    started: "2026-03-01T03:00:00Z".parse().unwrap(),
                    operator: "ada".to_owned(),
                },
            })
        }

        fn value(&self, name: &str) -> Bound {
            self.bind().unwrap().values[name].clone()
        }

        /// Every problem, with its ways out.
        fn problems(&self) -> Vec<String> {
            let problems = self.bind().unwrap_err().problems;
            problems.into_iter().map(|p| [vec![p.what], p.help].concat().join(" | ")).collect()
        }
    }

    fn strings(all: &[&str]) -> Vec<String> {
        all.iter().map(|text| (*text).to_owned()).collect()
    }

    fn names(hosts: &[HostName]) -> Vec<&str> {
        hosts.iter().map(HostName::as_str).collect()
    }

    fn on(plan: &Plan, role: &str) -> Vec<String> {
        plan.role(&role.parse::<RoleName>().unwrap()).iter().map(ToString::to_string).collect()
    }

    fn text(text: &str) -> Bound {
        Bound::One(Value::Text(text.to_owned()))
    }

    fn with_default(kind: ValueType, default: &str) -> Param {
        Param { default: Template::parse(default).ok(), ..param(kind) }
    }

    #[test]
    fn an_environment_says_who_has_which_role() {
        let plan = Case::new().bind().unwrap();
        assert_eq!(on(&plan, "web"), ["app1", "app2"]);
        let order: Vec<HostName> = plan.hosts.keys().cloned().collect();
        assert_eq!(names(&order), ["app1", "app2", "db1"], "in the order of the inventory");
        assert_eq!(plan.hosts["db1"].destination, Destination::Ssh("db1.prod".to_owned()));
        assert!(plan.environment.protect && plan.environment.approvals == 2);
        assert_eq!(plan.environment.name.unwrap(), "prod");
    }

    #[test]
    fn an_environment_only_raises_approvals() {
        let environment = Case::new().bind().unwrap().environment;
        let people = [None, Some(1), Some(3)].map(|own| environment.approvals_for(own));
        assert_eq!(people, [2, 2, 3]);
    }

    #[test]
    fn hosts_of_the_command_line_need_no_inventory_and_keep_what_it_knows() {
        let hosts = strings(&["web=root@10.0.0.7,app1", "db=db1"]);
        let case = Case { hosts, env: None, ..Case::new() };
        let plan = case.bind().unwrap();
        assert_eq!(on(&plan, "web"), ["root@10.0.0.7", "app1"]);
        assert_eq!(plan.hosts["db1"].destination, Destination::Ssh("db1.prod".to_owned()));
        assert_eq!(plan.environment.name, None);
        let alone = Case { inventory: None, ..case }.bind().unwrap();
        assert_eq!(alone.hosts["db1"].destination, Destination::Ssh("db1".to_owned()));
    }

    #[test]
    fn local_makes_every_role_this_machine() {
        let plan = Case { local: true, env: None, inventory: None, ..Case::new() }.bind().unwrap();
        assert_eq!((on(&plan, "web"), on(&plan, "db")), (strings(&["local"]), strings(&["local"])));
        assert_eq!(plan.hosts.len(), 1);
        assert_eq!(plan.hosts["local"].destination, Destination::Local);
    }

    #[test]
    fn a_role_without_hosts_names_the_ways_out() {
        let nowhere = Case { env: None, ..Case::new() };
        assert_eq!(
            nowhere.problems(),
            ["nothing says which hosts `db`, `web` are | `-e ENV`, one of `prod` | \
              `--host db=DEST --host web=DEST`, each anything `ssh` accepts | \
              `--local`: every role is this machine"]
        );
        let empty = Case { env: Some("empty"), ..Case::new() }.problems();
        assert!(empty[0].starts_with("the environment `empty` has no hosts for `db`, `web`"));
        let mut unused = nowhere;
        unused.runbook.steps.clear();
        assert!(unused.bind().is_ok(), "a role that nothing is on needs no hosts");
    }

    #[test]
    fn rule_16_a_step_that_may_remain_without_hosts_needs_none() {
        let mut case = Case { env: Some("empty"), ..Case::new() };
        for step in &mut case.runbook.steps {
            step.exactly.min = 0;
        }
        assert!(case.bind().is_ok());
    }

    #[test]
    fn every_slip_is_reported_at_once_with_what_may_be_meant() {
        let mut case = Case::with(&[("tag", param(ValueType::Version))]).say("tga", "v1");
        case.env = Some("pord");
        case.hosts = strings(&["wbe=a", "web", "web=-oProxyCommand=x", "db=local"]);
        let problems = case.problems();
        assert_eq!(problems[0], "there is no environment `pord` | did you mean `prod`?");
        assert_eq!(problems[1], "the runbook has no role `wbe` | did you mean `web`?");
        assert!(problems[2].starts_with("`--host web` is not"));
        assert!(problems[3].contains("never begins with `-`"));
        assert!(problems[4].contains("say `--local`"));
        assert_eq!(problems[5], "the runbook has no parameter `tga` | did you mean `tag`?");
        assert_eq!(problems.len(), 6, "and not what only follows: {problems:?}");
        let no_inventory = Case { inventory: None, ..Case::new() }.problems();
        assert!(no_inventory[0].starts_with("there is no inventory"));
        let both = Case { local: true, hosts: strings(&["web=a"]), ..Case::new() }.problems();
        assert!(both[0].starts_with("`--local` and `--host`"));
    }

    #[test]
    fn a_role_has_as_many_hosts_as_it_says() {
        let mut case = Case::new();
        case.runbook.roles["web"] = role(Some(3), None);
        case.runbook.roles["db"] = role(None, Some(0));
        let problems = case.problems();
        assert!(problems[0].starts_with("`db` has 1 hosts, and at most 0"));
        assert_eq!(problems[1], "`web` has 2 hosts, and at least 3 are needed");
    }

    #[test]
    fn a_limit_only_takes_hosts_away() {
        let limited = |limits: &[&str]| Case { limits: strings(limits), ..Case::new() };
        let plan = limited(&["app2,db1"]).bind().unwrap();
        assert_eq!((on(&plan, "web"), on(&plan, "db")), (strings(&["app2"]), strings(&["db1"])));
        assert!(!plan.hosts.contains_key("app1"), "no host outside of the roles");
        assert_eq!(on(&limited(&["web=app1"]).bind().unwrap(), "web"), ["app1"]);
        assert_eq!(
            on(&limited(&["web=app1", "web=app2"]).bind().unwrap(), "web"),
            ["app1", "app2"]
        );
        assert_eq!(on(&limited(&["app1,app2,db1", "web=app2"]).bind().unwrap(), "web"), ["app2"]);
    }

    #[test]
    fn a_limit_that_empties_a_needed_role_or_names_a_stranger_is_an_error() {
        let problems = |limits: &[&str]| Case { limits: strings(limits), ..Case::new() }.problems();
        assert_eq!(
            problems(&["app1"]),
            ["`--limit` leaves no host for `db` | `--limit ROLE=HOST` limits one role only"]
        );
        assert_eq!(
            problems(&["ap1,db1"]),
            ["`--limit`: no role has a host `ap1` | did you mean `app1`?"]
        );
        assert_eq!(
            problems(&["web=db1"])[0].split(" | ").next(),
            Some("`--limit`: `web` has no host `db1`")
        );
        assert_eq!(
            problems(&["wbe=app1"]),
            ["the runbook has no role `wbe` | did you mean `web`?"]
        );
    }

    #[test]
    fn rule_8_the_first_source_wins() {
        let dir = || with_default(ValueType::Path, "/default");
        let mut case = Case::with(&[("dir", dir())]);
        case.env = None;
        case.local = true;
        assert_eq!(case.value("dir"), text("/default"));
        case = Case::with(&[("dir", dir())]);
        assert_eq!(case.value("dir"), text("/opt/prod"));
        let hosts = INVENTORY.replace("only", "dir");
        let parsed = HostsDocument::parse(Source::new("hosts.toml", hosts));
        case.inventory = Inventory::validate(&parsed.document).0;
        let Bound::PerHost(by_host) = case.value("dir") else { panic!("not per host") };
        assert_eq!(by_host["app1"].text(), "here");
        assert_eq!(by_host["app2"].text(), "/opt/prod");
        case.given.environment.insert("DIR".to_owned(), "/variable".to_owned());
        assert_eq!(case.value("dir"), text("/variable"));
        case.given.file.insert("dir".to_owned(), strings(&["/file"]));
        assert_eq!(case.value("dir"), text("/file"));
        assert_eq!(case.say("dir", "/said").value("dir"), text("/said"));
    }

    #[test]
    fn a_parameter_filled_by_a_host_is_a_value_per_host() {
        let case = Case::with(&[
            ("port", param(ValueType::Int)),
            ("url", with_default(ValueType::Url, "http://localhost:{{ port }}/")),
        ]);
        let Bound::PerHost(ports) = case.value("port") else { panic!("not per host") };
        assert_eq!((&ports["app1"], &ports["db1"]), (&Value::Int(8081), &Value::Int(80)));
        let Bound::PerHost(urls) = case.value("url") else { panic!("not per host") };
        assert_eq!(urls["app1"].text(), "http://localhost:8081/");
        assert_eq!(urls["app2"].text(), "http://localhost:80/");
        let partial = Case::with(&[("only", param(ValueType::String))]).problems();
        assert_eq!(partial, ["`only`: some hosts have a value, `app2` has none"]);
        let optional = Param { optional: true, ..param(ValueType::String) };
        let Bound::PerHost(some) = Case::with(&[("only", optional)]).value("only") else {
            panic!("not per host")
        };
        assert_eq!(some.len(), 1);
    }

    #[test]
    fn defaults_use_what_stands_above_the_environment_and_the_run() {
        let case = Case::with(&[
            ("tag", with_default(ValueType::Version, "v1")),
            ("hold", with_default(ValueType::Duration, "90s")),
            ("again", with_default(ValueType::Duration, "{{ hold }}")),
            ("name", with_default(ValueType::String, "{{ env }}-{{ tag }}-{{ run.id }}")),
        ]);
        assert_eq!(case.value("name"), text("prod-v1-r8F3"));
        assert_eq!(case.value("again"), case.value("hold"), "a duration stays one");
        let below = Case::with(&[("a", with_default(ValueType::String, "{{ b }}"))]).problems();
        assert!(below[0].starts_with("`a`: its default: cannot compute"), "{below:?}");
    }

    #[test]
    fn missing_parameters_are_one_problem_with_the_flag_for_each() {
        let tag = Param {
            help: Some("the tag to go back to".to_owned()),
            example: Some("v1.3.9".to_owned()),
            ..param(ValueType::Version)
        };
        let optional = Param { optional: true, ..param(ValueType::Int) };
        let follows = with_default(ValueType::String, "after {{ tag }}");
        let case = Case::with(&[
            ("tag", tag),
            ("count", param(ValueType::Int)),
            ("limit", optional),
            ("note", follows),
        ]);
        let error = case.bind().unwrap_err();
        assert_eq!(
            error.missing.iter().map(ValueName::as_str).collect::<Vec<_>>(),
            ["tag", "count"]
        );
        assert!(error.only_missing());
        assert_eq!(
            case.problems(),
            ["no value for `tag`, `count` | tag=v1.3.9  the tag to go back to | count=INT"]
        );
        let plan = case.say("tag", "v1").say("count", "3").bind().unwrap();
        assert_eq!(plan.values["limit"], Bound::None);
        assert_eq!(plan.values["note"], text("after v1"));
    }

    #[test]
    fn values_are_typed_and_lists_repeated() {
        let list = || param(ValueType::List(Box::new(ValueType::Name)));
        let both = vec![Value::Text("a".to_owned()), Value::Text("b".to_owned())];
        let said = Case::with(&[("of", list())]).say("of", "a").say("of", "b");
        assert_eq!(said.value("of"), Bound::One(Value::List(both.clone())));
        let mut variable = Case::with(&[("of", list())]);
        variable.given.environment.insert("OF".to_owned(), "a\nb".to_owned());
        assert_eq!(variable.value("of"), Bound::One(Value::List(both)));
        let twice =
            Case::with(&[("tag", param(ValueType::Version))]).say("tag", "1").say("tag", "2");
        assert_eq!(twice.problems(), ["`tag`: it is one version, and 2 were given"]);
        let wrong = Case::with(&[("count", param(ValueType::Int))]).say("count", "many");
        assert_eq!(wrong.problems(), ["`count`: `many` is not a whole number"]);
        assert!(!wrong.bind().unwrap_err().only_missing());
    }

    #[test]
    fn a_variable_that_no_parameter_takes_is_a_slip() {
        let mut case = Case::with(&[("tag", with_default(ValueType::Version, "v1"))]);
        case.given.environment.insert("TGA".to_owned(), "v2".to_owned());
        assert_eq!(
            case.problems(),
            [
                "`RUNBOOK_PARAM_TGA` is set, and the runbook has no such parameter | did you mean `tag`?"
            ]
        );
    }

    #[test]
    fn a_host_parameter_is_of_its_role() {
        let host = || Param { role: "db".parse().ok(), ..param(ValueType::Host) };
        assert_eq!(Case::with(&[("from", host())]).say("from", "db1").value("from"), text("db1"));
        let stranger = Case::with(&[("from", host())]).say("from", "app1");
        assert_eq!(stranger.problems(), ["`from`: `app1` is no `db` of this run"]);
    }
}

//! Whether what came back is the answer that is needed: held, not met, or no answer at all.

use super::brief::{brief, brief_cause};
use super::condition::{Comparand, Condition};
use super::expectation::{Expectation, alternatives};
use super::observed::{Exit, Observed, Output, Verdict};
use super::subject::{Subject, judge_conditions};

/// Whose result it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asker {
    Probe,
    Step,
}

impl Expectation {
    /// Judges what a check's probe got.
    #[must_use]
    pub fn judge(&self, observed: &Observed) -> Verdict {
        self.judge_for(observed, Asker::Probe)
    }

    /// Judges what a step itself did: an exit that is not expected is simply not met, whichever it
    /// is. Not met and error both fail the step.
    #[must_use]
    pub fn judge_step(&self, observed: &Observed) -> Verdict {
        self.judge_for(observed, Asker::Step)
    }

    fn judge_for(&self, observed: &Observed, asker: Asker) -> Verdict {
        match observed {
            Observed::Program { exit, stdout, stderr } => {
                self.judge_exit(*exit, stderr, asker).unwrap_or_else(|| {
                    let saw = match brief(&stdout.text) {
                        nothing if nothing.is_empty() => exit_line(*exit),
                        line => line,
                    };
                    self.judge_output(self.conditions.iter(), stdout, None, saw)
                })
            }
            Observed::Http { status, headers, body } => self.judge_http(*status, headers, body),
            Observed::Connected => Verdict::Held { saw: "connected".to_owned() },
            Observed::Unanswered(why) => Verdict::NotMet { saw: brief_cause(why) },
        }
    }

    /// What is wrong with how a program ended, if anything is.
    fn judge_exit(&self, exit: Exit, stderr: &Output, asker: Asker) -> Option<Verdict> {
        let error = |why| Some(Verdict::Error { why });
        let Exit::Code(code) = exit else { return error(exit_line(exit)) };
        if code != 0
            && let Some(name) = unset_variable(&stderr.text)
        {
            return error(format!("exit {code}: the variable `{}` is not set", brief(name)));
        }
        if self.exit.contains(&code) || (self.exit.is_empty() && code == 0) {
            return None;
        }
        let mut saw = exit_line(exit);
        if !stderr.text.trim().is_empty() {
            saw = format!("{saw}: {}", brief_cause(&stderr.text));
        }
        if !self.exit.is_empty() {
            saw = format!("{saw}, wanted exit {}", brief(&alternatives(&self.exit)));
        }
        let is_answer = asker == Asker::Step || code == 1 || !self.exit.is_empty();
        if is_answer { Some(Verdict::NotMet { saw }) } else { error(saw) }
    }

    /// A bare number is the status, unless `status` says that; then it is what the body holds.
    fn judge_http(&self, status: u16, headers: &[(String, String)], body: &Output) -> Verdict {
        let bare = |condition: &Condition| match condition {
            Condition::Equals(Comparand::Number(number)) if self.status.is_empty() => Some(*number),
            _ => None,
        };
        let wanted: Vec<f64> = self.conditions.iter().filter_map(bare).collect();
        let expected = match (&*self.status, &*wanted) {
            ([], []) => (200..300).contains(&status),
            ([], bare) => bare.iter().all(|number| *number == f64::from(status)),
            (listed, _) => listed.contains(&status),
        };
        let saw = status_line(status);
        if expected {
            let others = self.conditions.iter().filter(|condition| bare(condition).is_none());
            return self.judge_output(others, body, Some(headers), saw);
        }
        let wanted = match (&*self.status, &*wanted) {
            ([], []) => "2xx".to_owned(),
            ([], bare) => alternatives(bare),
            (listed, _) => alternatives(listed),
        };
        Verdict::NotMet { saw: format!("{saw}, wanted {}", brief(&wanted)) }
    }

    /// Judges the output itself; `saw` is what is said where nothing is asked of it.
    fn judge_output<'a>(
        &self,
        conditions: impl Iterator<Item = &'a Condition> + Clone,
        output: &Output,
        headers: Option<&[(String, String)]>,
        saw: String,
    ) -> Verdict {
        let reads_output = conditions.clone().any(|c| !matches!(c, Condition::Header(_)));
        if output.truncated && reads_output {
            let why = format!("the output is longer than {} KiB", Output::LIMIT / 1024);
            return Verdict::Error { why };
        }
        let subject = Subject::output(&output.text, headers);
        judge_conditions(conditions, &subject).unwrap_or(Verdict::Held { saw })
    }
}

fn exit_line(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit {code}"),
        Exit::Signal(signal) => format!("killed by signal {signal}"),
        Exit::TimedOut => "timed out".to_owned(),
        Exit::Cancelled => "cancelled".to_owned(),
    }
}

fn status_line(status: u16) -> String {
    let known = http::StatusCode::from_u16(status).ok();
    match known.and_then(|status| status.canonical_reason()) {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    }
}

/// The name a shell complains of when `set -u` ends it. Its exit code says no more than that
/// something failed (2 in dash, 1 or 127 in bash), and would else be taken for an answer.
fn unset_variable(stderr: &str) -> Option<&str> {
    let last = stderr.trim_end().lines().next_back()?;
    let before = [": parameter not set", ": unbound variable"]
        .iter()
        .find_map(|complaint| last.trim_end().strip_suffix(complaint))?;
    let name = before.rsplit(": ").next()?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (is_name && before.len() > name.len()).then_some(name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::base::Value;
    use crate::runbook::{Expect, Literal, Pattern, Test};
    use crate::template::{Known, Template};

    fn template(text: &str) -> Template {
        Template::parse(text).unwrap()
    }

    fn text(text: &str) -> Literal {
        Literal::Text(template(text))
    }

    fn tests(tests: impl IntoIterator<Item = Test>) -> Expect {
        Expect { tests: tests.into_iter().collect(), ..Expect::default() }
    }

    fn render(expect: &Expect) -> Expectation {
        Expectation::render(expect, &BTreeMap::new()).unwrap()
    }

    fn output(text: &str) -> Output {
        Output { text: text.to_owned(), truncated: false }
    }

    fn program(exit: Exit, stdout: &str, stderr: &str) -> Observed {
        Observed::Program { exit, stdout: output(stdout), stderr: output(stderr) }
    }

    fn printed(stdout: &str) -> Observed {
        program(Exit::Code(0), stdout, "")
    }

    fn http(status: u16, body: &str) -> Observed {
        let headers = vec![("etag".to_owned(), "a1".to_owned())];
        Observed::Http { status, headers, body: output(body) }
    }

    /// `held: line`, `not met: line` or `error: line`.
    fn line(expect: &Expect, observed: &Observed) -> String {
        show(&render(expect).judge(observed))
    }

    fn show(verdict: &Verdict) -> String {
        let word = match verdict {
            Verdict::Held { .. } => "held",
            Verdict::NotMet { .. } => "not met",
            Verdict::Error { .. } => "error",
        };
        format!("{word}: {}", verdict.line())
    }

    fn json(pointer: &str, of: Expect) -> Expect {
        tests([Test::Json(vec![(pointer.to_owned(), of)])])
    }

    #[test]
    fn rule_20_how_a_program_ended_is_an_answer_or_none() {
        let plain = Expect::default();
        let cases = [
            (Exit::Code(0), "held: exit 0"),
            (Exit::Code(1), "not met: exit 1: no such row…"),
            (Exit::Code(2), "error: exit 2: no such row…"),
            (Exit::Code(127), "error: exit 127: no such row…"),
            (Exit::Signal(9), "error: killed by signal 9"),
            (Exit::TimedOut, "error: timed out"),
            (Exit::Cancelled, "error: cancelled"),
        ];
        for (exit, wanted) in cases {
            assert_eq!(line(&plain, &program(exit, "", "no such row\nat line 1")), wanted);
        }
    }

    #[test]
    fn rule_20_where_exits_are_listed_any_other_is_not_met() {
        let listed = Expect { exit: vec![1, 3], ..Expect::default() };
        let exit = |code| line(&listed, &program(Exit::Code(code), "", ""));
        assert_eq!(exit(1), "held: exit 1");
        assert_eq!(exit(3), "held: exit 3");
        assert_eq!(exit(0), "not met: exit 0, wanted exit 1 or 3");
        assert_eq!(exit(2), "not met: exit 2, wanted exit 1 or 3");
        assert!(line(&listed, &program(Exit::Signal(1), "", "")).starts_with("error"));
    }

    #[test]
    fn rule_20_an_unset_variable_is_no_answer_whatever_exit_is_wanted() {
        let listed = Expect { exit: vec![1, 2, 127], ..Expect::default() };
        for stderr in [
            "sh: 1: tag: parameter not set",
            "noise\nbash: line 3: tag: unbound variable\n",
            "/tmp/script: line 1: 1: unbound variable",
        ] {
            for code in [1, 2, 127] {
                let verdict = line(&listed, &program(Exit::Code(code), "", stderr));
                assert!(verdict.starts_with("error: exit"), "{verdict}");
            }
        }
        let said = program(Exit::Code(1), "", "warning: an unbound variable");
        assert_eq!(line(&listed, &said), "held: exit 1");
    }

    #[test]
    fn rule_20_a_step_that_exits_otherwise_failed_and_that_is_all() {
        let plain = render(&Expect::default());
        let ended = |code| show(&plain.judge_step(&program(Exit::Code(code), "", "")));
        assert_eq!(ended(0), "held: exit 0");
        assert_eq!(ended(1), "not met: exit 1");
        assert_eq!(ended(7), "not met: exit 7");
    }

    #[test]
    fn rule_20_the_exit_is_judged_before_the_output() {
        let lacks = tests([Test::Lacks(vec![template("x")])]);
        assert_eq!(line(&lacks, &printed("y")), "held: y");
        assert_eq!(line(&lacks, &printed("xyz")), "not met: xyz, wanted without `x`");
        let dead = program(Exit::Code(125), "", "cannot connect to the Docker daemon");
        assert!(line(&lacks, &dead).starts_with("error: exit 125"));
        assert!(line(&lacks, &program(Exit::Code(1), "", "")).starts_with("not met"));
    }

    #[test]
    fn rule_20_a_request_is_answered_with_2xx_or_not_met() {
        let plain = Expect::default();
        assert_eq!(line(&plain, &http(204, "")), "held: 204 No Content");
        assert_eq!(line(&plain, &http(502, "x")), "not met: 502 Bad Gateway, wanted 2xx");
        assert_eq!(line(&plain, &http(799, "")), "not met: 799, wanted 2xx");
        let refused = Observed::Unanswered("connection refused".to_owned());
        assert_eq!(line(&plain, &refused), "not met: connection refused");
        assert_eq!(line(&plain, &Observed::Connected), "held: connected");
    }

    #[test]
    fn rule_20_a_bare_number_is_the_status_and_listed_ones_are_alternatives() {
        let bare = tests([Test::Equals(Literal::Number(404.0))]);
        assert_eq!(line(&bare, &http(404, "")), "held: 404 Not Found");
        assert_eq!(line(&bare, &http(200, "404")), "not met: 200 OK, wanted 404");
        let listed = Expect { status: vec![200, 404], ..Expect::default() };
        assert_eq!(line(&listed, &http(404, "")), "held: 404 Not Found");
        assert_eq!(
            line(&listed, &http(500, "")),
            "not met: 500 Internal Server Error, wanted 200 or 404"
        );
        let tests = vec![Test::Equals(Literal::Number(3.0))];
        let body = Expect { status: vec![200], tests, ..Expect::default() };
        assert_eq!(line(&body, &http(200, "3\n")), "held: 3");
    }

    #[test]
    fn rule_20_output_that_was_cut_is_no_answer() {
        let cut = |exit| Observed::Program {
            exit: Exit::Code(exit),
            stdout: Output { text: "ok".to_owned(), truncated: true },
            stderr: Output::default(),
        };
        let contains = tests([Test::Contains(vec![template("ok")])]);
        assert_eq!(line(&contains, &cut(0)), "error: the output is longer than 64 KiB");
        assert_eq!(line(&Expect::default(), &cut(0)), "held: ok", "nothing is asked of it");
        assert!(line(&contains, &cut(1)).starts_with("not met"));
    }

    #[test]
    fn rule_20_output_that_is_not_what_was_asked_for_is_no_answer() {
        let number = tests([Test::Equals(Literal::Number(3.0))]);
        let below = tests([Test::Less(template("80%"))]);
        for (expect, wanted) in [
            (&number, "error: n/a, which is no number, wanted 3"),
            (&below, "error: n/a, which is no number or quantity, wanted < 80%"),
            (&json("/a", Expect::default()), "error: n/a, which is no JSON"),
            (
                &tests([Test::Differs(Literal::Bool(true))]),
                "error: n/a, which is no `true` or `false`, wanted not true",
            ),
        ] {
            assert_eq!(line(expect, &printed("n/a")), wanted);
        }
        assert!(line(&number, &printed("")).starts_with("error: nothing"));
    }

    #[test]
    fn rule_22_a_string_compares_as_text_and_a_number_as_one() {
        let equals = |literal| tests([Test::Equals(literal)]);
        assert_eq!(line(&equals(text("1.10")), &printed(" 1.10\n")), "held: 1.10");
        assert_eq!(line(&equals(text("1.10")), &printed("1.1")), "not met: 1.1, wanted 1.10");
        assert_eq!(
            line(&equals(text("12e3456")), &printed("13e3456")).split(':').next(),
            Some("not met")
        );
        assert_eq!(line(&equals(Literal::Number(1.1)), &printed("1.10")), "held: 1.10");
        assert_eq!(line(&equals(Literal::Bool(true)), &printed("true")), "held: true");
        let differs = tests([Test::Differs(Literal::Number(1.1))]);
        assert_eq!(line(&differs, &printed("1.10")), "not met: 1.10, wanted not 1.1");
        let one_of = tests([Test::OneOf(vec![text("none"), Literal::Number(0.0)])]);
        assert_eq!(line(&one_of, &printed("0.0")), "held: 0.0");
        assert_eq!(line(&one_of, &printed("some")), "not met: some, wanted none or 0");
        let numbers = tests([Test::OneOf(vec![Literal::Number(1.0), Literal::Number(2.0)])]);
        assert!(line(&numbers, &printed("some")).starts_with("error"));
    }

    #[test]
    fn rule_22_order_compares_quantities() {
        assert_eq!(line(&tests([Test::Less(template("80%"))]), &printed("79%")), "held: 79%");
        assert_eq!(
            line(&tests([Test::Less(template("80"))]), &printed("83")),
            "not met: 83, wanted < 80"
        );
        assert_eq!(
            line(&tests([Test::AtLeast(template("2 GiB"))]), &printed("2147483648")),
            "held: 2147483648"
        );
        assert_eq!(line(&tests([Test::AtMost(template("2m"))]), &printed("120")), "held: 120");
        assert!(line(&tests([Test::Greater(template("5"))]), &printed("5")).starts_with("not met"));
    }

    #[test]
    fn rule_20_no_number_never_holds() {
        let nan = Comparand::Number(f64::NAN);
        for condition in [
            Condition::Equals(nan.clone()),
            Condition::Differs(nan.clone()),
            Condition::OneOf(vec![nan]),
        ] {
            let expectation = Expectation { conditions: vec![condition], ..Expectation::default() };
            assert!(!expectation.judge(&printed("1")).held());
            assert!(!expectation.judge(&printed("NaN")).held());
        }
        assert!(line(&tests([Test::AtLeast(template("0"))]), &printed("nan")).starts_with("error"));
        let literal = tests([Test::Differs(Literal::Number(f64::NAN))]);
        assert!(Expectation::render(&literal, &BTreeMap::new()).is_err());
    }

    #[test]
    fn rule_20_an_absent_pointer_is_not_met_and_a_star_needs_an_element() {
        let body = r#"{"status": "degraded", "nodes": [{"up": true}, {"up": false}], "none": [], "old": [{}]}"#;
        let at = |pointer, of| line(&json(pointer, of), &http(200, body));
        let up = || tests([Test::Equals(Literal::Bool(true))]);
        let absent = || tests([Test::Absent(true)]);
        assert_eq!(
            at("/status", tests([Test::Equals(text("degraded"))])),
            "held: /status is degraded"
        );
        assert_eq!(
            at("/status", tests([Test::Equals(text("ok"))])),
            "not met: /status is degraded, wanted ok"
        );
        assert_eq!(
            at("/version", tests([Test::Differs(text("1"))])),
            "not met: /version is absent, wanted not 1"
        );
        assert_eq!(
            at("/version", Expect::default()),
            "not met: /version is absent, wanted present"
        );
        assert_eq!(at("/version", absent()), "held: /version is absent");
        assert_eq!(at("/status", absent()), "not met: /status is degraded, wanted absent");
        assert_eq!(at("/nodes/*/up", up()), "not met: /nodes/*/up is false, wanted true");
        assert_eq!(at("/none/*", up()), "not met: /none/* has no element");
        assert_eq!(at("/none/*/up", absent()), "not met: /none/*/up has no element");
        assert_eq!(at("/old/*/up", absent()), "held: /old/*/up is absent");
        assert_eq!(at("/nodes/1", json("/up", up())), "not met: /up is false, wanted true");
    }

    #[test]
    fn headers_are_judged_by_name_and_only_where_there_are_some() {
        let etag = |of| tests([Test::Header(vec![("etag".to_owned(), of)])]);
        let is = |value| etag(tests([Test::Equals(text(value))]));
        assert_eq!(line(&is("a1"), &http(200, "")), "held: header etag is a1");
        assert_eq!(line(&is("b2"), &http(200, "")), "not met: header etag is a1, wanted b2");
        assert!(line(&is("a1"), &printed("a1")).starts_with("error"));
        assert!(line(&etag(tests([Test::Absent(true)])), &http(200, "")).starts_with("not met"));
    }

    #[test]
    fn rule_23_all_must_hold_and_no_answer_outweighs_a_no() {
        let both = tests([
            Test::Contains(vec![template("b")]),
            Test::Less(template("1")),
            Test::Matches(Pattern(regex::Regex::new("^a").unwrap())),
        ]);
        assert!(line(&both, &printed("abc")).starts_with("error"));
        assert_eq!(line(&both, &printed("2")).split(':').next(), Some("not met"));
    }

    #[test]
    fn rule_9_nothing_is_compared_with_what_has_no_value() {
        let names = BTreeMap::from([
            ("nothing".to_owned(), Known::None),
            ("empty".to_owned(), Known::Value(Value::Text(String::new()))),
            ("count".to_owned(), Known::Value(Value::Int(3))),
        ]);
        let fails = |test| Expectation::render(&tests([test]), &names).is_err();
        assert!(fails(Test::Equals(text("{{ nothing }}"))));
        assert!(fails(Test::Equals(text("{{ unknown }}"))));
        assert!(fails(Test::Lacks(vec![template("{{ empty }}")])));
        assert!(fails(Test::Less(template("many"))));
        let count = Expectation::render(&tests([Test::Equals(text("{{ count }}"))]), &names);
        assert!(count.unwrap().judge(&printed("3")).held());
    }

    #[test]
    fn an_expectation_survives_being_written_down() {
        let expect = Expect {
            exit: vec![0, 2],
            status: vec![200],
            tests: vec![
                Test::Equals(text("x")),
                Test::OneOf(vec![Literal::Number(0.1), Literal::Bool(false)]),
                Test::Matches(Pattern(regex::Regex::new("^v\\d+$").unwrap())),
                Test::AtMost(template("5 GiB")),
                Test::Json(vec![("/a/*".to_owned(), tests([Test::Absent(true)]))]),
            ],
        };
        let expectation = render(&expect);
        let written = serde_json::to_string(&expectation).unwrap();
        assert_eq!(serde_json::from_str::<Expectation>(&written).unwrap(), expectation);
        assert_eq!(
            expectation.wanted(),
            "exit 0 or 2, 200, x, 0.1 or false, a match of `^v\\d+$`, <= 5 GiB, /a/* absent"
        );
    }

    fn any_condition() -> impl Strategy<Value = Condition> {
        use super::super::condition::Order;
        let comparand = prop_oneof![
            "[0-9a-z.]{0,4}".prop_map(Comparand::Text),
            any::<f64>().prop_map(Comparand::Number),
            any::<bool>().prop_map(Comparand::Bool),
        ];
        let leaf = prop_oneof![
            comparand.clone().prop_map(Condition::Equals),
            comparand.clone().prop_map(Condition::Differs),
            prop::collection::vec(comparand, 0..3).prop_map(Condition::OneOf),
            "\\PC{0,6}".prop_map(|limit| Condition::Compares(Order::AtLeast, limit)),
            prop::collection::vec("\\PC{0,2}", 0..3).prop_map(Condition::Contains),
            prop::collection::vec("\\PC{0,2}", 0..3).prop_map(Condition::Lacks),
            any::<bool>().prop_map(Condition::Absent),
        ];
        leaf.prop_recursive(3, 8, 3, |inner| {
            let places = ("[/a-b0*]{0,4}", prop::collection::vec(inner, 0..3)).prop_map(
                |(place, conditions)| {
                    vec![(place, Expectation { conditions, ..Expectation::default() })]
                },
            );
            prop_oneof![
                places.clone().prop_map(Condition::Json),
                places.prop_map(Condition::Header)
            ]
        })
    }

    fn any_observed() -> impl Strategy<Value = Observed> {
        let output = (prop_oneof!["\\PC{0,40}", "[\\[\\]{}\":,ab0-9. \n]{0,30}"], any::<bool>())
            .prop_map(|(text, truncated)| Output { text, truncated });
        let exit = prop_oneof![
            (-1..256).prop_map(Exit::Code),
            (1..64).prop_map(Exit::Signal),
            Just(Exit::TimedOut),
        ];
        prop_oneof![
            (exit, output.clone(), output.clone())
                .prop_map(|(exit, stdout, stderr)| Observed::Program { exit, stdout, stderr }),
            (any::<u16>(), output).prop_map(|(status, body)| Observed::Http {
                status,
                headers: vec![("a".to_owned(), body.text.clone())],
                body,
            }),
            "\\PC{0,20}".prop_map(Observed::Unanswered),
            Just(Observed::Connected),
        ]
    }

    proptest! {
        #[test]
        fn any_answer_is_judged_in_one_short_line(
            conditions in prop::collection::vec(any_condition(), 0..3),
            exit in prop::collection::vec(0..3, 0..2),
            observed in any_observed(),
        ) {
            let expectation = Expectation { exit, status: Vec::new(), conditions };
            let verdict = expectation.judge(&observed);
            prop_assert!(!verdict.line().contains(['\n', '\r']));
            prop_assert!(verdict.line().chars().count() < 300, "{}", verdict.line());
            let step = expectation.judge_step(&observed);
            prop_assert_eq!(verdict.held(), step.held(), "a step and a probe differ in errors only");
        }

        #[test]
        fn equal_and_different_never_hold_both(stdout in "\\PC{0,8}", wanted in any::<f64>()) {
            let of = |condition| Expectation { conditions: vec![condition], ..Expectation::default() };
            let equals = of(Condition::Equals(Comparand::Number(wanted))).judge(&printed(&stdout));
            let differs = of(Condition::Differs(Comparand::Number(wanted))).judge(&printed(&stdout));
            prop_assert!(!(equals.held() && differs.held()));
            prop_assert_eq!(equals.is_error(), differs.is_error(), "negation changes no error");
        }
    }
}

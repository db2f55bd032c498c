//! Every rule: its code, how bad it is, and what it says in a line. `docs/rules.md` says the rest.

use crate::base::Severity;
use crate::base::Severity::{Error, Warning};

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, as `check` prints it and `allow` answers it.
    pub code: &'static str,
    /// A warning may be answered by `allow`, an error may not.
    pub severity: Severity,
    /// What it says.
    pub summary: &'static str,
}

const fn error(code: &'static str, summary: &'static str) -> Rule {
    Rule { code, severity: Error, summary }
}

const fn warning(code: &'static str, summary: &'static str) -> Rule {
    Rule { code, severity: Warning, summary }
}

/// Every rule about what a runbook means. Those about its form are the reader's.
pub const RULES: &[Rule] = &[
    warning("all-hosts-down", "every host is changed before a later step puts any right again"),
    error("ambiguous-exit", "only failures are expected of a script of several commands"),
    error("ask-out-of-place", "a person is asked where only machines can answer"),
    error("bad-count", "a number of hosts, lines or tries is not one"),
    error("bad-expression", "an expression does not parse"),
    error("bad-method", "there is no such HTTP method"),
    error("bad-name", "a name has characters that it may not have"),
    error("bad-pattern", "a regular expression does not compile, or lacks a group"),
    error("bad-pointer", "a JSON pointer does not begin with `/`"),
    error("bad-quantity", "a duration, size, number or date is not one"),
    error("bad-range", "the least value is greater than the greatest"),
    error("bad-source", "a capture reads from something that is not there"),
    error("bad-status", "an HTTP status is not one"),
    error("bad-template", "a template does not parse"),
    error("bad-url", "a url or `host:port` is not one"),
    warning("change-without-verify", "nothing shows that a change worked"),
    warning("counted-absence", "`grep -c` compared with 0 exits 1"),
    error("cycle", "steps need each other"),
    error("defined-twice", "a name or a step id is defined twice"),
    error("destroy-without-card", "a destroy does not say who is affected or how it is undone"),
    error("empty-expect", "an expectation expects nothing"),
    error("empty-program", "an argv has no program"),
    error("empty-text", "a text that must say something is empty"),
    warning("hidden-failure", "a pipeline under `sh` hides that its producer failed"),
    error("invisible-character", "the file has characters that cannot be seen"),
    warning("local-lock", "a lock is held on this machine only"),
    warning("local-tool", "a local script calls a tool that acts on the caller's environment"),
    warning("looks-destructive", "text that is no destroy looks like the loss of something"),
    error("may-be-none", "a value that may be missing is used as if it were there"),
    warning("may-be-undelivered", "a name is used whose step may be skipped or fail"),
    error("missing-key", "a key that every such table has is missing"),
    error("negated-check", "`!` turns the error of a check into success"),
    warning("negated-command", "`set -e` does not see a command behind `!`"),
    error("nested-program", "a value stands inside the program of another interpreter"),
    warning("no-evidence", "the first change comes before any evidence was kept"),
    error("no-goal", "`goal = true` where there is no goal to ask"),
    error("no-kind", "a step or an undo does nothing"),
    error("no-options", "a `choose` has no answers"),
    error("no-place", "it is not said where something runs"),
    error("no-probe", "a check asks nothing"),
    error("no-such-undo", "an undo points at a step without one"),
    error("not-a-choice", "a comparison with a word that the name never is"),
    error("not-a-truth", "a condition that is not true or false"),
    error("not-before", "a step goes back to one that does not come before it"),
    error("not-for-this-kind", "a key belongs to another kind of step, check or value"),
    error("not-known-there", "a name comes from a step that is not upstream"),
    error("operand-types", "the operands are of two types"),
    error("per-host-name", "a name with one value a host where there is no host"),
    warning("proof-may-be-skipped", "a step that proves something may be skipped"),
    error("read-changes", "a request of a read uses a method that changes something"),
    error("reserved-name", "a name already means something else"),
    error("retry-not-idempotent", "a change is tried again that is not idempotent"),
    error("shell-syntax", "the shell cannot read a script"),
    error("suggest-on-several", "what is offered for an asked value is read on several hosts"),
    error("two-kinds", "a step or an undo is two things"),
    error("two-of-one", "two keys say what only one may say"),
    error("type-does-not-fit", "a value is not of the type that is wanted"),
    error("unknown-filter", "an expression uses a filter, test or function that is not there"),
    error("unknown-format", "there is no such format"),
    error("unknown-name", "a template or expression uses a name that is not there"),
    error("unknown-role", "there is no such role"),
    error("unknown-rule", "`allow` answers a rule that is not there, or an error"),
    error("unknown-step", "there is no such step"),
    error("unknown-type", "there is no such type"),
    error("unordered", "values without an order are ordered"),
    warning("unquoted-variable", "the shell splits a variable that is not quoted"),
    warning("unused-items", "a script does not use its items"),
    warning("unused-parameter", "nothing uses a parameter"),
    warning("useless-key", "a key says nothing where it stands"),
];

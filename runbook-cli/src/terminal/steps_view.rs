//! The steps of a preview: a table of what each became or would become, and on request the exact
//! commands. Must not know of the runbook beyond that.

use indexmap::IndexMap;
use runbook_core::base::{HostName, SafeText, Value, ValueName};
use runbook_core::run::{Payload, PreviewStep, StepStatus, What};

use super::layout::{WIDTH, count, cut, hosts, pad, wrap};
use super::payload;
use super::theme::{BAD, FAINT, GOOD, STRONG, WARN, paint};

/// How many items of a list are shown before `--diff` is asked for.
const ITEMS_SHOWN: usize = 12;

/// The widths of the columns.
struct Columns {
    id: usize,
    place: usize,
}

impl Columns {
    const VERB: usize = 8;

    fn of(steps: &[PreviewStep]) -> Self {
        let widest = |width: fn(&PreviewStep) -> usize| steps.iter().map(width).max().unwrap_or(0);
        Self {
            id: widest(|step| step.id.as_str().len()).clamp(4, 18) + 2,
            place: widest(|step| place(step).chars().count()).clamp(5, 14) + 2,
        }
    }

    fn before_what(&self) -> usize {
        6 + self.id + Self::VERB + self.place
    }
}

/// A line a step, and below it what a person should know of it.
pub(crate) fn table(steps: &[PreviewStep]) -> String {
    let columns = Columns::of(steps);
    let head = format!(
        "   #  {:id$}{:verb$}{:place$}what",
        "step",
        "effect",
        "where",
        id = columns.id,
        verb = Columns::VERB,
        place = columns.place,
    );
    let rows: String = steps.iter().map(|step| row(&columns, step)).collect();
    format!("{}\n{rows}", paint(FAINT, head))
}

fn row(columns: &Columns, step: &PreviewStep) -> String {
    let mark = mark(step);
    let margin = columns.before_what();
    let room = WIDTH.saturating_sub(margin + console::measure_text_width(&mark) + 2).max(20);
    let what = wrap(&what(step), room);
    let (first, rest) = what.split_first().map_or(("", &[][..]), |(first, rest)| (first, rest));
    let line = format!(
        "{:>4}  {}{}{}{}  {mark}",
        step.number,
        pad(&cut(step.id.as_str(), columns.id - 1), columns.id),
        pad(&verb(step.verb), Columns::VERB),
        pad(&cut(&place(step), columns.place - 1), columns.place),
        pad(first, room),
    );
    let below = below(step);
    let below = below.iter().flat_map(|text| wrap(text, WIDTH - margin - 2));
    let below = below.map(|line| format!("  {line}"));
    let under = rest.iter().cloned().chain(below);
    under.fold(line.trim_end().to_owned() + "\n", |row, line| {
        row + &" ".repeat(margin) + &line + "\n"
    })
}

fn verb(verb: &str) -> String {
    match verb {
        "destroy" => paint(BAD, "DESTROY"),
        "change" => paint(STRONG, verb),
        _ => verb.to_owned(),
    }
}

/// Where it acts: `app1-3 ∥` all at once, `app1→2→3` one after the other.
fn place(step: &PreviewStep) -> String {
    if matches!(step.verb, "manual" | "choose") {
        return "you".to_owned();
    }
    let names = step.hosts.iter().map(HostName::as_str);
    let several = step.hosts.len() > 1;
    let acts = matches!(step.verb, "change" | "destroy");
    let listed = hosts(names, several && acts && step.at_once == 1);
    if several && acts && step.at_once >= step.hosts.len() { listed + " ∥" } else { listed }
}

/// What it does, or why it does not.
fn what(step: &PreviewStep) -> String {
    let after = |after: &Option<runbook_core::base::StepId>| {
        after.as_ref().map_or_else(String::new, |step| format!(": after {step}"))
    };
    match &step.what {
        What::Waits { why } => SafeText::line(why).to_string(),
        What::NotRun { after: step } => format!("not run{}", after(step)),
        What::NotKnown { after: step } => format!("not known yet{}", after(step)),
        What::Ran { status: StepStatus::Skipped, why: Some(why), .. } => {
            format!("skipped: {}", SafeText::line(why))
        }
        _ => title(step),
    }
}

fn title(step: &PreviewStep) -> String {
    let only_id = step.title.is_empty() || step.id == step.title.as_str();
    match step.payloads.first() {
        Some((_, payload)) if only_id => payload::brief(payload),
        _ => SafeText::line(&step.title).to_string(),
    }
}

/// How it ended, or how it is made safe.
fn mark(step: &PreviewStep) -> String {
    match &step.what {
        What::Ran { status, .. } => match status {
            StepStatus::Done => paint(GOOD, "ran ✓"),
            StepStatus::Failed => paint(BAD, "failed ✗"),
            StepStatus::Unknown => paint(BAD, "UNKNOWN"),
            StepStatus::Skipped => paint(FAINT, "-"),
            status => paint(FAINT, status),
        },
        What::Would => {
            let undo = match step.undo {
                Some(true) => "undo ✓",
                Some(false) => "no undo",
                None => "",
            };
            let verify = if step.verify { "verify ✓" } else { "" };
            format!("{undo} {verify}").trim().to_owned()
        }
        _ => String::new(),
    }
}

/// What stands below its line.
fn below(step: &PreviewStep) -> Vec<String> {
    let mut below = vec![];
    if let What::Ran { status, why, captured } = &step.what {
        if let (true, Some(why)) = (*status != StepStatus::Skipped, why) {
            below.push(format!("why: {}", SafeText::line(why)));
        }
        below.extend(values(captured));
    }
    let is_over = matches!(
        step.what,
        What::Ran { status: StepStatus::NotNeeded | StepStatus::Cancelled, .. }
    );
    if is_over {
        return below;
    }
    if let Some(affects) = &step.affects {
        below.push(format!("affects: {}", SafeText::line(affects)));
    }
    below.extend(step.items.iter().flat_map(|(host, items)| listed(host, items)));
    below
}

/// `tag = v1.4.0`; where the hosts differ, which has what.
fn values(captured: &[(ValueName, Option<HostName>, Option<Value>)]) -> Vec<String> {
    let mut lines: IndexMap<&ValueName, Vec<OnHost<'_>>> = IndexMap::new();
    for (name, host, value) in captured {
        let text = value.as_ref().map_or_else(|| "none".to_owned(), Value::text);
        let text = SafeText::line(text.replace('\n', ", ")).to_string();
        lines.entry(name).or_default().push((host.as_ref(), text));
    }
    lines.iter().map(|(name, values)| format!("{name} = {}", together(values))).collect()
}

/// A value, and the host it is the value of.
type OnHost<'a> = (Option<&'a HostName>, String);

fn together(values: &[OnHost<'_>]) -> String {
    let first = &values[0].1;
    if values.iter().all(|(_, value)| value == first) {
        let on_all =
            if values.len() > 1 { format!("   on {}/{0}", values.len()) } else { String::new() };
        return format!("{first}{on_all}");
    }
    let one = |(host, value): &OnHost<'_>| {
        host.map_or_else(|| value.clone(), |host| format!("{value} on {host}"))
    };
    values.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What would be acted on.
fn listed(host: &HostName, items: &[String]) -> Vec<String> {
    if items.is_empty() {
        return vec![format!("nothing to act on at {host}, as of now")];
    }
    let mut lines =
        vec![paint(WARN, format!("acts on {} of {host}, as of now:", count(items.len(), "item")))];
    let shown = items.iter().take(ITEMS_SHOWN);
    lines.extend(shown.map(|item| format!("  {}", SafeText::line(item))));
    if items.len() > ITEMS_SHOWN {
        lines.push(format!("  … and {} more (--diff)", items.len() - ITEMS_SHOWN));
    }
    lines
}

/// Every command with its values; hosts that get the same bytes stand together.
pub(crate) fn commands(steps: &[PreviewStep]) -> String {
    let known = steps.iter().filter(|step| !step.payloads.is_empty());
    known.fold(String::new(), |drawn, step| {
        same_bytes(&step.payloads).iter().fold(drawn, |drawn, (on, payload)| {
            let head = format!("{} {} · {} · {}", step.number, step.id, step.verb, on.join(" "));
            drawn + "\n " + &paint(STRONG, head) + "\n" + &payload::draw(payload, 3)
        }) + &all_items(step)
    })
}

fn all_items(step: &PreviewStep) -> String {
    let long = step.items.iter().filter(|(_, items)| items.len() > ITEMS_SHOWN);
    long.fold(String::new(), |drawn, (host, items)| {
        items.iter().fold(drawn + &format!("   items on {host}:\n"), |drawn, item| {
            drawn + &format!("     {}\n", SafeText::line(item))
        })
    })
}

fn same_bytes(payloads: &[(HostName, Payload)]) -> Vec<(Vec<&str>, &Payload)> {
    let mut groups: Vec<(Vec<&str>, &Payload)> = vec![];
    for (host, payload) in payloads {
        match groups.iter_mut().find(|(_, known)| *known == payload) {
            Some((on, _)) => on.push(host.as_str()),
            None => groups.push((vec![host.as_str()], payload)),
        }
    }
    groups
}

//! What exactly would be sent, for a person to read: the author's text byte for byte, its values,
//! where and as whom. Must not know of steps.

use runbook_core::base::SafeText;
use runbook_core::plan::{Command, HttpRequest, Program};
use runbook_core::run::Payload;

use super::layout::first_line;
use super::theme::{FAINT, LIVE, paint};
use crate::command_line::quote;

/// All of it, each line indented by `indent` spaces.
pub(crate) fn draw(payload: &Payload, indent: usize) -> String {
    let lines = match payload {
        Payload::Command(command) => of_command(command),
        Payload::Request(request) => of_request(request),
    };
    let margin = " ".repeat(indent);
    lines.iter().map(|line| format!("{margin}{line}").trim_end().to_owned() + "\n").collect()
}

/// Its first line.
pub(crate) fn brief(payload: &Payload) -> String {
    first_line(&text(payload))
}

/// What runs, without its values.
pub(crate) fn text(payload: &Payload) -> String {
    let text = match payload {
        Payload::Command(command) => program(&command.program),
        Payload::Request(request) => format!("{} {}", request.method, request.url),
    };
    SafeText::of(text).to_string()
}

fn program(program: &Program) -> String {
    match program {
        Program::Script { text, .. } => text.trim_end().to_owned(),
        Program::Argv(words) => words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "),
    }
}

fn of_command(command: &Command) -> Vec<String> {
    let mut lines = marked("$", &program(&command.program));
    let args: Vec<String> = command.args.iter().map(|arg| quote(arg)).collect();
    let values = command.env.iter().map(|(name, value)| format!("{name}={}", quote(value)));
    let beside = [("in", command.cwd.clone()), ("as", command.sudo.clone())];
    for (label, value) in beside.into_iter().filter_map(|(l, value)| Some((l, value?))) {
        lines.extend(labelled(label, &value));
    }
    lines.extend(values.flat_map(|value| labelled("with", &value)));
    if !args.is_empty() {
        lines.extend(labelled("on", &args.join(" ")));
    }
    if let Some(stdin) = &command.stdin {
        lines.extend(marked("<", stdin));
    }
    lines
}

fn of_request(request: &HttpRequest) -> Vec<String> {
    let mut lines = marked("$", &format!("{} {}", request.method, request.url));
    for (name, value) in &request.headers {
        lines.extend(labelled("with", &format!("{name}: {value}")));
    }
    if let Some(ca) = &request.ca {
        lines.extend(labelled("trust", ca));
    }
    if let Some(body) = &request.body {
        lines.extend(marked("<", body));
    }
    lines
}

fn marked(mark: &str, text: &str) -> Vec<String> {
    let text = SafeText::of(text).to_string();
    let mark = paint(LIVE, mark);
    let first = |index| if index == 0 { mark.as_str() } else { " " };
    text.lines().enumerate().map(|(index, line)| format!("{} {line}", first(index))).collect()
}

fn labelled(label: &str, text: &str) -> Vec<String> {
    vec![format!("  {} {}", paint(FAINT, format!("{label:<5}")), SafeText::line(text))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_sent_is_shown() {
        let mut command = Command::script("set -x\ndocker compose pull\n");
        command.cwd = Some("/opt/app".to_owned());
        command.sudo = Some("root".to_owned());
        command.env.insert("tag".to_owned(), "v1 \u{1b}[31m".to_owned());
        command.args = vec!["a b".to_owned(), "c".to_owned()];
        command.stdin = Some("one\ntwo".to_owned());
        let drawn = draw(&Payload::Command(command), 3);
        insta::assert_snapshot!(anstream::adapter::strip_str(&drawn).to_string());
    }

    #[test]
    fn an_argv_reads_as_a_shell_would_take_it() {
        let argv = ["psql", "-c", "select 'x'", ""].map(str::to_owned).to_vec();
        let payload = Payload::Command(Command::new(Program::Argv(argv)));
        assert_eq!(brief(&payload), r"psql -c 'select '\''x'\''' ''");
    }
}

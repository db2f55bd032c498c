//! What is sent of one program: a line of shell code that sets its directory, stdin, scratch
//! directory and mark, and defines the function that becomes it. Knows nothing of channels.
//!
//! Values are single-quoted words of that line, so that no shell ever looks into them; a newline is
//! written as `$N`, which holds one, since the line is read by `read -r`. Nothing of it is an
//! argument of any process before the program itself is started.

use crate::plan::{Command, Program, Shell};

/// The longest single argument or variable that Linux takes (`MAX_ARG_STRLEN`, with its end).
const LONGEST_WORD: usize = 128 * 1024 - 1;

/// Why a command cannot be handed to any host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsendable {
    /// No program can be given a NUL.
    #[error("{0} holds a NUL byte, which no program can be given")]
    Nul(String),
    /// A shell could not set it.
    #[error("`{0}` cannot be the name of a variable: letters, digits and `_`, no digit first")]
    VariableName(String),
    /// One word of it is longer than the host takes.
    #[error("{what} is {length} bytes long; a host takes at most 128 KiB in one piece")]
    TooLong {
        /// Which word.
        what: String,
        /// How long it is.
        length: usize,
    },
    /// There is no program.
    #[error("the argv is empty")]
    Empty,
}

/// What the body is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purpose<'a> {
    /// The interpreter of `sh` scripts, as words of a shell line.
    pub(super) sh: &'a str,
    /// What marks every process of the attempt; empty for our own programs.
    pub(super) mark: &'a str,
    /// Whether it gets a scratch directory.
    pub(super) scratch: bool,
    /// Whether a script is kept in a file of the job rather than in an argument.
    pub(super) script_file: bool,
}

/// The line for this command.
pub(super) fn encode(command: &Command, purpose: Purpose<'_>) -> Result<String, Unsendable> {
    let mut code = String::new();
    let cwd = command.cwd.as_deref().unwrap_or_default();
    let cwd = if cwd.starts_with('-') { format!("./{cwd}") } else { cwd.to_owned() };
    set(&mut code, 'X', &cwd, "the directory")?;
    set(&mut code, 'I', command.stdin.as_deref().unwrap_or_default(), "the stdin")?;
    set(&mut code, 'M', purpose.mark, "the mark")?;
    if purpose.scratch {
        code.push_str("D=${TMPDIR:-/tmp}/runbook-$M; ");
    } else {
        code.push_str("D=; ");
    }
    let script = match &command.program {
        Program::Script { text, .. } if purpose.script_file => text.as_str(),
        _ => "",
    };
    set(&mut code, 'Q', script, "the script")?;
    // The words that depend on our own names come before the author's variables are set.
    code.push_str("P() { set -f; set -- $J; set +f; set -- \"$@\"");
    push_program(&mut code, command, purpose)?;
    code.push_str("; ");
    push_exports(&mut code, command, purpose)?;
    code.push_str("exec \"$@\"");
    for arg in &command.args {
        push_word(&mut code, arg, "an argument")?;
    }
    code.push_str("; }");
    Ok(code)
}

fn push_program(
    code: &mut String,
    command: &Command,
    purpose: Purpose<'_>,
) -> Result<(), Unsendable> {
    match &command.program {
        Program::Script { text, shell } => {
            let (interpreter, name) = match shell {
                Shell::Sh => (format!("{} -eu", purpose.sh), "sh"),
                // bash takes a shell that sshd started for one that wants the user's own settings
                Shell::Bash => ("bash --norc -eu -o pipefail".to_owned(), "bash"),
            };
            code.push(' ');
            code.push_str(&interpreter);
            if purpose.script_file {
                code.push_str(" \"$job/script\"");
            } else {
                code.push_str(" -c");
                push_word(code, text, "the script")?;
                code.push(' ');
                code.push_str(name);
            }
        }
        Program::Argv(words) => {
            if words.first().is_none_or(String::is_empty) {
                return Err(Unsendable::Empty);
            }
            for word in words {
                push_word(code, word, "an argument")?;
            }
        }
    }
    Ok(())
}

fn push_exports(
    code: &mut String,
    command: &Command,
    purpose: Purpose<'_>,
) -> Result<(), Unsendable> {
    if purpose.mark.is_empty() && command.env.is_empty() && !purpose.scratch {
        return Ok(());
    }
    code.push_str("export");
    if purpose.scratch {
        code.push_str(" runbook_tmp=\"$D\"");
    }
    if !purpose.mark.is_empty() {
        code.push_str(" RUNBOOK_ATTEMPT=\"$M\"");
    }
    for (name, value) in &command.env {
        let mut bytes = name.bytes();
        let fits = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !fits {
            return Err(Unsendable::VariableName(name.clone()));
        }
        let what = format!("the variable `{name}`");
        if name.len() + 1 + value.len() > LONGEST_WORD {
            return Err(Unsendable::TooLong { what, length: value.len() });
        }
        code.push(' ');
        code.push_str(name);
        code.push('=');
        quote(code, value, &what)?;
    }
    // A variable that the host's shell keeps for itself must not be silently another one.
    code.push_str(" || exit 126; ");
    Ok(())
}

fn set(code: &mut String, name: char, value: &str, what: &str) -> Result<(), Unsendable> {
    code.push(name);
    code.push('=');
    quote(code, value, what)?;
    code.push_str("; ");
    Ok(())
}

fn push_word(code: &mut String, word: &str, what: &str) -> Result<(), Unsendable> {
    if word.len() > LONGEST_WORD {
        return Err(Unsendable::TooLong { what: what.to_owned(), length: word.len() });
    }
    code.push(' ');
    quote(code, word, what)
}

/// Appends the text as one word of a shell line, which stays one line.
pub(super) fn quote(code: &mut String, text: &str, what: &str) -> Result<(), Unsendable> {
    code.push('\'');
    for character in text.chars() {
        match character {
            '\0' => return Err(Unsendable::Nul(what.to_owned())),
            '\'' => code.push_str("'\\''"),
            '\n' => code.push_str("'\"$N\"'"),
            other => code.push(other),
        }
    }
    code.push('\'');
    Ok(())
}

/// A word of a line that [`encode`] wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// Written as it stands: ours.
    Bare(String),
    /// Quoted: the author's.
    Quoted(String),
    /// The end of a command.
    End,
}

impl Token {
    fn text(self) -> Option<String> {
        match self {
            Self::Bare(text) | Self::Quoted(text) => Some(text),
            Self::End => None,
        }
    }
}

/// The command of a line that [`encode`] wrote: what a host would do, for a world without shells.
/// Nothing for a line that it did not write.
pub(crate) fn decode(line: &str) -> Option<Command> {
    let mut commands: Vec<Vec<Token>> =
        tokens(line)?.split(|token| *token == Token::End).map(<[Token]>::to_vec).collect();
    let variable = |commands: &[Vec<Token>], at: usize, name: &str| {
        let text = commands.get(at)?.first()?.clone().text()?;
        text.strip_prefix(name).map(str::to_owned)
    };
    let cwd = variable(&commands, 0, "X=")?;
    let stdin = variable(&commands, 1, "I=")?;
    let kept_script = variable(&commands, 4, "Q=")?;
    // `P() { set -f`, `set -- $J`, `set +f`, then the program, the variables and the arguments.
    let program = commands.get_mut(8)?.split_off(3);
    let mut rest = commands.into_iter().skip(9);
    let mut last = rest.next()?;
    let mut env = indexmap::IndexMap::new();
    if last.first() == Some(&Token::Bare("export".to_owned())) {
        for assignment in last.into_iter().skip(1).map_while(Token::text) {
            let Some((name, value)) = assignment.split_once('=') else { break };
            if !matches!(name, "runbook_tmp" | "RUNBOOK_ATTEMPT") {
                env.insert(name.to_owned(), value.to_owned());
            }
        }
        last = rest.next()?;
    }
    let args = last.into_iter().skip(2).map_while(Token::text).collect();
    let given = |text: String| (!text.is_empty()).then_some(text);
    Some(Command {
        program: decode_program(program, kept_script)?,
        args,
        env,
        cwd: given(cwd),
        sudo: None,
        stdin: given(stdin),
    })
}

fn decode_program(words: Vec<Token>, kept_script: String) -> Option<Program> {
    let Token::Bare(interpreter) = words.first()?.clone() else {
        return Some(Program::Argv(words.into_iter().map_while(Token::text).collect()));
    };
    let shell = if interpreter == "bash" { Shell::Bash } else { Shell::Sh };
    let quoted = words.into_iter().find(|word| matches!(word, Token::Quoted(_)));
    let text = quoted.and_then(Token::text).unwrap_or(kept_script);
    Some(Program::Script { text, shell })
}

fn tokens(line: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut word: Option<(String, bool)> = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' => tokens.extend(word.take().map(finish)),
            ';' => {
                tokens.extend(word.take().map(finish));
                tokens.push(Token::End);
            }
            '\'' => {
                let (text, quoted) = word.get_or_insert_default();
                *quoted = true;
                text.extend(characters.by_ref().take_while(|c| *c != '\''));
            }
            '"' => {
                let (text, _) = word.get_or_insert_default();
                let name: String = characters.by_ref().take_while(|c| *c != '"').collect();
                text.push_str(if name == "$N" { "\n" } else { &name });
            }
            '\\' => word.get_or_insert_default().0.push(characters.next()?),
            other => word.get_or_insert_default().0.push(other),
        }
    }
    tokens.extend(word.map(finish));
    Some(tokens)
}

fn finish((text, quoted): (String, bool)) -> Token {
    if quoted { Token::Quoted(text) } else { Token::Bare(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Purpose<'_> =
        Purpose { sh: "/bin/sh", mark: "m1", scratch: false, script_file: false };

    #[test]
    fn a_script_with_values_is_one_line() {
        let mut command = Command::script("echo \"$a\"\necho 'x'");
        command.env.insert("a".into(), "$(id)".into());
        command.args.push("-n".into());
        assert_eq!(
            encode(&command, READ).unwrap(),
            "X=''; I=''; M='m1'; D=; Q=''; P() { set -f; set -- $J; set +f; set -- \"$@\" \
             /bin/sh -eu -c 'echo \"$a\"'\"$N\"'echo '\\''x'\\''' sh; \
             export RUNBOOK_ATTEMPT=\"$M\" a='$(id)' || exit 126; exec \"$@\" '-n'; }"
        );
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let mut command = Command::script("echo 'x'; exec \"$a\"\n\\ ;");
        command.env.insert("a".into(), "b=';\n\"$N\" \\".into());
        command.args = vec!["-n".into(), ";".into(), String::new()];
        command.stdin = Some("one\ntwo\n".into());
        command.cwd = Some("/tmp/a b".into());
        let kept = Purpose { script_file: true, scratch: true, ..READ };
        for purpose in [READ, kept, Purpose { mark: "", sh: "busybox sh", ..READ }] {
            let line = encode(&command, purpose).unwrap();
            assert_eq!(decode(&line).as_ref(), Some(&command), "{line}");
        }
        let argv = Command::new(Program::Argv(vec!["bash".into(), "-c".into(), "'".into()]));
        assert_eq!(decode(&encode(&argv, READ).unwrap()), Some(argv));
        let mut bash = Command::script("true");
        bash.program = Program::Script { text: "true".into(), shell: Shell::Bash };
        assert_eq!(decode(&encode(&bash, READ).unwrap()), Some(bash));
        assert_eq!(decode("X='"), None);
    }

    #[test]
    fn what_no_program_can_be_given_is_refused() {
        let with = |change: fn(&mut Command)| {
            let mut command = Command::script("true");
            change(&mut command);
            encode(&command, READ).unwrap_err().to_string()
        };
        insta::assert_snapshot!(with(|c| c.stdin = Some("a\0b".into())), @"the stdin holds a NUL byte, which no program can be given");
        insta::assert_snapshot!(with(|c| { c.env.insert("a-b".into(), String::new()); }), @"`a-b` cannot be the name of a variable: letters, digits and `_`, no digit first");
        insta::assert_snapshot!(with(|c| c.args.push("x".repeat(200_000))), @"an argument is 200000 bytes long; a host takes at most 128 KiB in one piece");
        insta::assert_snapshot!(with(|c| c.program = Program::Argv(vec![])), @"the argv is empty");
    }
}

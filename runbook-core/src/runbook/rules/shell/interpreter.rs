//! Programs inside programs: which words of a command another interpreter reads as its text.

use super::command::basename;

/// A word that is a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::runbook) struct Program {
    /// Its place among the words.
    pub(in crate::runbook) at: usize,
    /// Who reads it, `sh -c`.
    pub(in crate::runbook) interpreter: String,
}

/// How an interpreter is told its program.
enum Told {
    /// By the word after a flag with this letter.
    Flag(&'static [char], &'static [&'static str]),
    /// By every word after its first operand.
    AfterOperand,
    /// By every word after it.
    Rest,
}

fn told(name: &str) -> Option<Told> {
    Some(match name {
        "sh" | "bash" | "dash" | "ash" | "ksh" | "zsh" | "su" | "runuser" => {
            Told::Flag(&['c'], &["--command"])
        }
        "psql" => Told::Flag(&['c'], &["--command"]),
        "perl" => Told::Flag(&['e', 'E'], &[]),
        "ruby" => Told::Flag(&['e'], &[]),
        "node" => Told::Flag(&['e', 'p'], &["--eval", "--print"]),
        "php" => Told::Flag(&['r'], &[]),
        "mysql" | "mariadb" => Told::Flag(&['e'], &["--execute"]),
        "ssh" | "sqlite3" => Told::AfterOperand,
        "eval" => Told::Rest,
        _ if name.starts_with("python") => Told::Flag(&['c'], &[]),
        _ => return None,
    })
}

/// Flags of `ssh` that take a word.
const SSH_FLAGS: &str = "BbcDEeFIiJLlmOopQRSWw";

/// The words of a command that are programs. An interpreter counts wherever it stands, since
/// `sudo`, `xargs` and `docker exec` run what follows them.
pub(in crate::runbook) fn program_words(words: &[&str]) -> Vec<Program> {
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let name = basename(word);
        match told(name) {
            Some(Told::Flag(short, long)) => found.extend(after_flag(words, at, name, short, long)),
            Some(Told::AfterOperand) if at == 0 || is_wrapped(words, at) => {
                let first = after_operand(words, at, name);
                let interpreter = || name.to_owned();
                found.extend(
                    (first..words.len()).map(|at| Program { at, interpreter: interpreter() }),
                );
            }
            Some(Told::Rest) if at == 0 => {
                let interpreter = || name.to_owned();
                found.extend(
                    (at + 1..words.len()).map(|at| Program { at, interpreter: interpreter() }),
                );
            }
            _ => {}
        }
    }
    found
}

/// The interpreter that reads its standard input as a program, if the command is one.
pub(super) fn program_reads_stdin<'a>(words: &[&'a str]) -> Option<&'a str> {
    if !program_words(words).is_empty() {
        return None;
    }
    words
        .iter()
        .map(|word| basename(word))
        .find(|name| told(name).is_some() && !matches!(*name, "eval" | "su" | "runuser"))
}

fn is_wrapped(words: &[&str], at: usize) -> bool {
    matches!(basename(words[0]), "sudo" | "timeout" | "env" | "exec" | "command" | "nice" | "xargs")
        && at > 0
}

fn after_flag(
    words: &[&str],
    at: usize,
    name: &str,
    short: &[char],
    long: &[&str],
) -> Vec<Program> {
    let mut found = Vec::new();
    for (flag_at, flag) in words.iter().enumerate().skip(at + 1) {
        let is_long = long.iter().any(|long| flag == long);
        let joined = long
            .iter()
            .any(|long| flag.strip_prefix(long).is_some_and(|rest| rest.starts_with('=')));
        let letters = flag.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
        let is_short = letters.is_some_and(|letters| {
            letters.chars().all(|c| c.is_ascii_alphanumeric()) && letters.ends_with(short)
        });
        let interpreter = format!("{name} {flag}");
        if joined {
            let interpreter = format!("{name} {}", long[0]);
            found.push(Program { at: flag_at, interpreter });
        } else if (is_long || is_short) && flag_at + 1 < words.len() {
            found.push(Program { at: flag_at + 1, interpreter });
            if !matches!(name, "psql" | "mysql" | "mariadb" | "perl" | "ruby") {
                break;
            }
        }
    }
    found
}

fn after_operand(words: &[&str], at: usize, name: &str) -> usize {
    let mut next = at + 1;
    while let Some(flag) = words.get(next).filter(|word| word.starts_with('-')) {
        let takes = name == "ssh"
            && flag.len() == 2
            && flag.chars().nth(1).is_some_and(|letter| SSH_FLAGS.contains(letter));
        let takes =
            takes || (name == "sqlite3" && matches!(*flag, "-cmd" | "-separator" | "-init"));
        next += if takes { 2 } else { 1 };
    }
    next + 1
}

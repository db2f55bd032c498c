//! An argv: a template inside the program of an interpreter, and text that looks destructive.

use super::Use;
use super::expression::Complaint;
use super::script::{answers, local_ways_out, looks, ways_out};
use super::shell::{TOOLS, destructive_text, program_words};
use crate::base::Spanned;
use crate::document::List;
use crate::runbook::validate::{Scope, Validation};
use crate::template::Template;

/// Checks the words of an argv.
pub(in crate::runbook) fn argv(
    validation: &Validation<'_>,
    words: &List<String>,
    scope: &Scope<'_, '_>,
    use_: &Use,
) {
    let texts: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
    let complain = |at: usize, code, message, help| {
        let word = &words[at];
        let complaint = Complaint { code, range: 0..word.value.len(), message, help };
        let text = Spanned::new(word.value.as_str(), word.span);
        validation.report_part(scope.step(), text, complaint);
    };
    for program in program_words(&texts) {
        let Ok(template) = Template::parse(texts[program.at]) else { continue };
        let harmful = template.references().iter().find(|reference| {
            let inert = scope.entry(&reference.root).is_some_and(|(entry, _)| entry.inert);
            !inert && (reference.root != "run" || reference.rest != ["id"])
        });
        if let Some(name) = harmful {
            let message = format!(
                "`{name}` stands inside the program of `{}`: its text would be run as code",
                program.interpreter
            );
            complain(program.at, "nested-program", message, ways_out(&program.interpreter));
        }
    }
    if let (false, Some(what)) = (use_.destroys, destructive_text(&texts.join(" "))) {
        complain(0, "looks-destructive", looks(&what), answers());
    }
    let passed = !validation.document.local_env.is_absent();
    if use_.local && !passed && texts.first().is_some_and(|name| TOOLS.contains(name)) {
        let message = format!("`{}` acts on what the caller's variables point at", texts[0]);
        complain(0, "local-tool", message, local_ways_out());
    }
}

//! Complaints about what someone wrote, drawn over the text they wrote, all of them at once, and
//! their number at the end. Must not know any rule.

use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet,
};
use runbook_core::base::{Diagnostic, Diagnostics, Label, SafeText, Severity, Source, Span};

use super::layout::{WIDTH, count};

/// Draws every complaint about `source`, in the order of the text, then how many there are.
/// Nothing when there are none.
pub(crate) fn draw(source: &Source, diagnostics: Diagnostics) -> String {
    if diagnostics.is_empty() {
        return String::new();
    }
    let sums = sums(source, &diagnostics);
    let shown = Source::new(SafeText::line(&source.name), seen(&source.text));
    let drawn: String =
        diagnostics.sorted().iter().map(|diagnostic| one(&shown, diagnostic) + "\n\n").collect();
    drawn + &sums + "\n"
}

/// The text with every character that cannot be seen made visible, byte for byte at its place.
fn seen(text: &str) -> String {
    let character = |character: char| {
        let mut bytes = [0; 4];
        let itself = character.encode_utf8(&mut bytes);
        // control characters are drawn as their pictures already
        if character.is_ascii() || SafeText::of(&*itself).as_str() == itself {
            itself.to_owned()
        } else if itself.len() == char::REPLACEMENT_CHARACTER.len_utf8() {
            char::REPLACEMENT_CHARACTER.to_string()
        } else {
            "?".repeat(itself.len())
        }
    };
    text.chars().map(character).collect()
}

/// `runbooks/rollback.toml: 2 errors, 1 warning`
fn sums(source: &Source, diagnostics: &Diagnostics) -> String {
    let sorts = [(diagnostics.errors(), "error"), (diagnostics.warnings(), "warning")];
    let sums: Vec<String> = sorts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| count(*number, what))
        .collect();
    format!("{}: {}", SafeText::line(&source.name), sums.join(", "))
}

fn one(source: &Source, diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
    let group = title.elements(place(source, diagnostic)).elements(
        diagnostic.help.iter().map(|help| Element::from(Level::HELP.message(help.as_str()))),
    );
    Renderer::styled().term_width(WIDTH.max(120)).render(&[group as Group<'_>])
}

/// The text with its marks; of a complaint about the whole file, the file's name.
fn place<'a>(source: &'a Source, diagnostic: &'a Diagnostic) -> Option<Element<'a>> {
    let Some(primary) = &diagnostic.primary else {
        return Some(Origin::path(source.name.as_str()).into());
    };
    let others =
        diagnostic.secondary.iter().map(|label| mark(source, AnnotationKind::Context, label));
    let snippet = Snippet::source(source.text.as_str())
        .path(source.name.as_str())
        .annotation(mark(source, AnnotationKind::Primary, primary))
        .annotations(others);
    Some(snippet.into())
}

fn mark<'a>(source: &Source, kind: AnnotationKind, label: &'a Label) -> Annotation<'a> {
    let span = within_a_line(&source.text, label.span);
    let mark = kind.span(span.start..span.end);
    if label.text.is_empty() { mark } else { mark.label(label.text.as_str()) }
}

/// A place of several lines is shown by its first: a step's table is found by where it begins.
fn within_a_line(text: &str, span: Span) -> Span {
    let start = floor(text, span.start);
    let end = floor(text, span.end).max(start);
    let line = text[start..end].find('\n').map_or(end, |at| start + at);
    Span::new(start, start + text[start..line].trim_end().len())
}

fn floor(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "format = 1\ntitle = \"x\"\n\n[[step]]\nid = \"up\"\nchagne = \"docker compose up -d\"\n";

    fn drawn(diagnostics: impl IntoIterator<Item = Diagnostic>) -> String {
        let source = Source::new("runbooks/rollback.toml", TEXT);
        let drawn = draw(&source, diagnostics.into_iter().collect());
        anstream::adapter::strip_str(&drawn).to_string()
    }

    fn span_of(word: &str) -> Span {
        let start = TEXT.find(word).unwrap();
        Span::new(start, start + word.len())
    }

    #[test]
    fn all_of_them_in_the_order_of_the_text() {
        let later = Diagnostic::error("unknown-key", "`chagne` is not a key of a step")
            .at(span_of("chagne"), "help: did you mean `change`?")
            .also(span_of("[[step]]"), "of this step");
        let earlier = Diagnostic::warning("title-too-short", "a title says what the runbook does")
            .at(span_of("\"x\""), "")
            .help("say what is fixed by it");
        insta::assert_snapshot!(drawn([later, earlier]));
    }

    #[test]
    fn a_complaint_about_the_whole_file_has_no_place_but_the_file() {
        let missing =
            Diagnostic::error("missing-key", "a runbook has steps").help("add `[[step]]`");
        insta::assert_snapshot!(drawn([missing]));
    }

    #[test]
    fn a_place_of_several_lines_is_its_first() {
        let table = Diagnostic::error("no-kind", "this step does nothing")
            .at(Span::new(TEXT.find("[[step]]").unwrap(), TEXT.len()), "");
        insta::assert_snapshot!(drawn([table]));
    }

    #[test]
    fn what_cannot_be_seen_is_shown_at_its_place() {
        let text = "a = \"\u{200b}\u{202e}\u{ad}\u{1b}[31m\u{e0001}\"\n";
        let end = Diagnostic::error("x", "y").at(Span::new(text.len() - 2, text.len() - 1), "here");
        let drawn = draw(&Source::new("a\nb.toml", text), [end].into_iter().collect());
        let drawn = anstream::adapter::strip_str(&drawn).to_string();
        assert!(drawn.contains("a = \"\u{fffd}\u{fffd}??␛[31m????\""), "{drawn}");
        assert!(drawn.ends_with("a b.toml: 1 error\n"), "{drawn}");
    }

    #[test]
    fn a_place_outside_of_the_text_is_drawn_all_the_same() {
        let outside = Diagnostic::error("x", "y").at(Span::new(9_000, 9_001), "");
        assert!(drawn([outside]).contains("error[x]: y"));
        assert_eq!(drawn([]), "");
    }
}

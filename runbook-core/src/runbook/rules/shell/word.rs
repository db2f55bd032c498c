//! The expansions inside one word.

use brush_parser::ParserOptions;
use brush_parser::ast;
use brush_parser::word::{
    Parameter, ParameterExpr, SpecialParameter, WordPiece, WordPieceWithSource,
};

use super::Finding;
use super::walk::Walk;

/// Visits what `word` expands; where it `splits`, what is not in quotes is found unquoted.
pub(super) fn visit(walk: &mut Walk<'_>, word: &ast::Word, splits: bool) {
    if !word.value.contains(['$', '`']) {
        return;
    }
    let start = word.loc.as_ref().map_or(0, |loc| walk.range(loc).start - walk.base);
    for piece in &pieces(&word.value) {
        visit_piece(walk, piece, start, splits);
    }
}

/// The pieces of a word as written; none where it is not understood.
pub(super) fn pieces(word: &str) -> Vec<WordPieceWithSource> {
    brush_parser::word::parse(word, &ParserOptions::default()).unwrap_or_default()
}

fn visit_piece(walk: &mut Walk<'_>, piece: &WordPieceWithSource, start: usize, splits: bool) {
    let at = start + piece.start_index;
    match &piece.piece {
        WordPiece::DoubleQuotedSequence(inner) | WordPiece::GettextDoubleQuotedSequence(inner) => {
            inner.iter().for_each(|piece| visit_piece(walk, piece, start, false));
        }
        WordPiece::CommandSubstitution(text) => walk.substitution(text, at + 2),
        WordPiece::BackquotedCommandSubstitution(text) => walk.substitution(text, at + 1),
        WordPiece::ParameterExpansion(expression) => {
            if let Some((name, tolerated)) = expanded(expression) {
                if tolerated {
                    walk.facts.tolerated.insert(name.clone());
                }
                if is_argument(&name) {
                    walk.facts.uses_arguments = true;
                }
                let range = at + walk.base..start + piece.end_index + walk.base;
                walk.facts.expanded.push(Finding { range: range.clone(), text: name.clone() });
                if splits && !matches!(expression, ParameterExpr::ParameterLength { .. }) {
                    walk.facts.unquoted.push(Finding { range, text: name });
                }
            }
        }
        _ => {}
    }
}

/// Whether `name` is one of the arguments of the script.
fn is_argument(name: &str) -> bool {
    matches!(name, "@" | "*" | "#" | "item") || name.bytes().all(|b| b.is_ascii_digit())
}

/// The variables a word expands where it stands: not those of its command substitutions.
pub(super) fn variables(word: &str) -> Vec<String> {
    fn collect(pieces: &[WordPieceWithSource], names: &mut Vec<String>) {
        for piece in pieces {
            match &piece.piece {
                WordPiece::DoubleQuotedSequence(inner)
                | WordPiece::GettextDoubleQuotedSequence(inner) => collect(inner, names),
                WordPiece::ParameterExpansion(expression) => {
                    names.extend(expanded(expression).map(|(name, _)| name));
                }
                _ => {}
            }
        }
    }
    let mut names = Vec::new();
    collect(&pieces(word), &mut names);
    names
}

/// The variables that a here-document expands.
pub(super) fn document_variables(document: &str) -> Vec<String> {
    let pieces = brush_parser::word::parse_heredoc(document, &ParserOptions::default());
    let pieces = pieces.unwrap_or_default();
    let expansion = |piece: &WordPieceWithSource| match &piece.piece {
        WordPiece::ParameterExpansion(expression) => expanded(expression).map(|(name, _)| name),
        _ => None,
    };
    pieces.iter().filter_map(expansion).collect()
}

/// The variable an expansion reads, and whether unset is no error there. `$?`, `$$` and the like
/// are no variables.
fn expanded(expression: &ParameterExpr) -> Option<(String, bool)> {
    use ParameterExpr as E;
    let (parameter, tolerated) = match expression {
        E::UseDefaultValues { parameter, .. }
        | E::AssignDefaultValues { parameter, .. }
        | E::UseAlternativeValue { parameter, .. } => (parameter, true),
        E::Parameter { parameter, .. }
        | E::IndicateErrorIfNullOrUnset { parameter, .. }
        | E::ParameterLength { parameter, .. }
        | E::RemoveSmallestSuffixPattern { parameter, .. }
        | E::RemoveLargestSuffixPattern { parameter, .. }
        | E::RemoveSmallestPrefixPattern { parameter, .. }
        | E::RemoveLargestPrefixPattern { parameter, .. }
        | E::Substring { parameter, .. }
        | E::Transform { parameter, .. }
        | E::UppercaseFirstChar { parameter, .. }
        | E::UppercasePattern { parameter, .. }
        | E::LowercaseFirstChar { parameter, .. }
        | E::LowercasePattern { parameter, .. }
        | E::ReplaceSubstring { parameter, .. } => (parameter, false),
        E::VariableNames { .. } | E::MemberKeys { .. } => return None,
    };
    let name = match parameter {
        Parameter::Named(name)
        | Parameter::NamedWithIndex { name, .. }
        | Parameter::NamedWithAllIndices { name, .. } => name.clone(),
        Parameter::Positional(number) => number.to_string(),
        Parameter::Special(SpecialParameter::AllPositionalParameters { concatenate }) => {
            if *concatenate {
                "*".to_owned()
            } else {
                "@".to_owned()
            }
        }
        Parameter::Special(_) => return None,
    };
    Some((name, tolerated))
}

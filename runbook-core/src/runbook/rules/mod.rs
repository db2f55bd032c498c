//! The rules of the format, one file a rule or a small family of them.

mod expression;
mod shell;

/// `did you mean`, where something known is near.
pub(in crate::runbook) fn nearest<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let lower = word.to_lowercase();
    let near = known
        .into_iter()
        .map(|candidate| {
            (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate)
        })
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 4)
        .min();
    near.map(|(_, candidate)| format!("did you mean `{candidate}`?")).into_iter().collect()
}

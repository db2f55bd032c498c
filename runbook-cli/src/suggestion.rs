//! Did you mean: the nearest of the names there are. A suggestion is shown, never acted on.

/// How alike two names must be (by Jaro-Winkler) before one is suggested for the other.
const ALIKE: f64 = 0.8;

/// The name that is most like `word`, if any is like it.
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    names
        .into_iter()
        .map(|name| (likeness(&lower, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

/// A name that only adds to the word is as good as one that is spelled nearly the same.
fn likeness(word: &str, name: &str) -> f64 {
    let spelled = strsim::jaro_winkler(word, name);
    let part = word.len() >= 3 && name.split(['-', '_', '.']).any(|part| part == word);
    if part { spelled.max(0.9) } else { spelled }
}

/// The line that says so.
pub(crate) fn did_you_mean<'a>(
    word: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(word, names).map(|name| format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_and_nothing_far_fetched() {
        let names = ["rollback", "migration-check", "db-restore", "disk-full"];
        assert_eq!(nearest("rolback", names), Some("rollback"));
        assert_eq!(nearest("Rollback", names), Some("rollback"));
        assert_eq!(nearest("restore", names), Some("db-restore"));
        assert_eq!(nearest("disk_full", names), Some("disk-full"));
        assert_eq!(nearest("xyz", names), None);
        assert_eq!(nearest("", names), None);
    }
}

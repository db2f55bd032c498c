//! What was asked for as a command line that asks for it again, fit to be pasted.

use crate::cli::Target;

/// The words behind the verb.
pub(crate) fn command_line(target: &Target) -> String {
    let mut words = vec![quote(&target.name)];
    let path = |path: &std::path::PathBuf| path.display().to_string();
    let mut flag = |name: &str, value: &str| words.extend([name.to_owned(), quote(value)]);
    target.env.iter().for_each(|env| flag("-e", env));
    target.limit.iter().for_each(|limit| flag("--limit", limit));
    target.inventory.iter().for_each(|file| flag("--inventory", &path(file)));
    target.host.iter().for_each(|host| flag("--host", host));
    target.param_file.iter().for_each(|file| flag("--param-file", &path(file)));
    target.choose.iter().for_each(|choice| flag("--choose", choice));
    words.extend(target.local.then(|| "--local".to_owned()));
    words.extend(target.values.iter().map(|value| quote(value)));
    words.join(" ")
}

/// A word as a shell needs it, and only where it does.
pub(crate) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_can_be_pasted() {
        let target = Target {
            name: "rollback".to_owned(),
            values: vec!["tag=v1".to_owned(), "note=it's bad".to_owned()],
            env: Some("prod".to_owned()),
            limit: vec!["web=app1".to_owned()],
            ..Target::default()
        };
        let line = r"rollback -e prod --limit web=app1 tag=v1 'note=it'\''s bad'";
        assert_eq!(command_line(&target), line);
    }
}

//! Whether a job outlives the session it was started from: what the files of logind say together.
//! Pure.

use super::facts::Facts;
use super::finding::Finding;

/// The directories of its files, the one that wins first.
const DIRECTORIES: [&str; 4] =
    ["/etc/systemd/", "/run/systemd/", "/usr/local/lib/systemd/", "/usr/lib/systemd/"];

pub(super) fn finding(facts: &Facts) -> Finding {
    let about = "sessions";
    let setting = |key: &str| effective(facts, key);
    let (_, user) = facts.user();
    let kills = setting("KillUserProcesses").is_some_and(|value| is_yes(&value));
    let names = |key: &str, otherwise: &str| {
        let names = setting(key).unwrap_or_else(|| otherwise.to_owned());
        names.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let only = names("KillOnlyUsers", "");
    let spared = names("KillExcludeUsers", "root").iter().any(|name| name == user);
    let meant = !spared && (only.is_empty() || only.iter().any(|name| name == user));
    match (kills && meant, facts.first("in-session").is_some()) {
        (false, _) => Finding::fine(about, "a job outlives the session that started it"),
        (true, false) => Finding::note(
            about,
            "logind kills what a session leaves behind (KillUserProcesses=yes); this login is no \
             session of its",
            "nothing, as long as logins are not made sessions of logind (`UsePAM`)",
        ),
        (true, true) => Finding::fix(
            about,
            "logind kills what a session leaves behind (KillUserProcesses=yes): a change would die \
             with its connection",
            format!("`KillUserProcesses=no` or `KillExcludeUsers=root {user}` in logind.conf"),
        ),
    }
}

/// The value of a key: of the main files the first that is there counts, and over it the drop-ins
/// in the order of their names; of two with one name the directory that wins.
fn effective(facts: &Facts, key: &str) -> Option<String> {
    let mut files: Vec<&str> = facts.all("logind").filter_map(|f| f.split(' ').next()).collect();
    files.sort_by_key(|file| (is_drop_in(file), name(file).to_owned(), rank(file)));
    files.dedup_by_key(|file| (is_drop_in(file), name(file).to_owned()));
    let said = |file: &&str| {
        let lines = facts.all("logind").filter_map(|line| line.strip_prefix(*file));
        let value = |line: &'_ str| {
            let rest = line.trim().strip_prefix(key)?.trim_start();
            Some(rest.strip_prefix('=')?.trim().to_owned())
        };
        lines.filter_map(value).last()
    };
    files.iter().filter_map(said).next_back()
}

fn is_drop_in(file: &str) -> bool {
    file.contains(".conf.d/")
}

fn name(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

fn rank(file: &str) -> usize {
    DIRECTORIES.iter().position(|directory| file.starts_with(directory)).unwrap_or(usize::MAX)
}

fn is_yes(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "yes" | "y" | "true" | "t" | "on" | "1")
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    const ETC: &str = "logind /etc/systemd/logind.conf";

    fn level(user: &str, lines: &[&str]) -> Level {
        let text = format!("user 1000 {user}\n{}\n", lines.join("\n"));
        finding(&Facts::parse(&text)).level
    }

    #[test]
    fn the_last_word_counts_and_of_one_name_the_stronger_directory() {
        let etc = |value: &str| format!("{ETC} KillUserProcesses={value}");
        assert_eq!(level("ana", &[ETC, "in-session yes"]), Level::Fine);
        assert_eq!(level("ana", &[&etc("yes"), "in-session yes"]), Level::Fix);
        assert_eq!(level("ana", &[&etc("yes")]), Level::Note);
        assert_eq!(level("ana", &[&format!("{ETC} KillUserProcesses = yes")]), Level::Note);
        assert_eq!(level("root", &[&etc("yes"), "in-session yes"]), Level::Fine);
        let vendor = "logind /usr/lib/systemd/logind.conf KillUserProcesses=no";
        assert_eq!(level("ana", &[&etc("true"), vendor, "in-session yes"]), Level::Fix);
        let later = "logind /usr/lib/systemd/logind.conf.d/90-x.conf KillUserProcesses=no";
        assert_eq!(level("ana", &[&etc("yes"), later, "in-session yes"]), Level::Fine);
        let masked = "logind /etc/systemd/logind.conf.d/90-x.conf";
        assert_eq!(level("ana", &[&etc("yes"), later, masked, "in-session yes"]), Level::Fix);
    }

    #[test]
    fn users_are_spared_or_meant_by_name() {
        let yes = format!("{ETC} KillUserProcesses=yes");
        let spared = format!("{ETC} KillExcludeUsers=root ana");
        let only = format!("{ETC} KillOnlyUsers=ben");
        assert_eq!(level("ana", &[&yes, &spared, "in-session yes"]), Level::Fine);
        assert_eq!(level("ana", &[&yes, &only, "in-session yes"]), Level::Fine);
        assert_eq!(level("ben", &[&yes, &only, "in-session yes"]), Level::Fix);
        let told = finding(&Facts::parse(&format!("user 1000 ben\n{yes}\nin-session yes\n")));
        let way = told.way_out.unwrap();
        assert_eq!(way, "`KillUserProcesses=no` or `KillExcludeUsers=root ben` in logind.conf");
    }
}

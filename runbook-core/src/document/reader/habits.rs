//! Keys that people bring from other tools, or write one table too high, and what to say instead.

/// What to write instead of a key, where its spelling would not tell.
pub(super) fn instead_of(kind: &str, key: &str) -> Option<&'static str> {
    HABITS.iter().find(|habit| habit.kind == kind && habit.keys.contains(&key)).map(|h| h.instead)
}

struct Habit {
    kind: &'static str,
    keys: &'static [&'static str],
    instead: &'static str,
}

const HABITS: &[Habit] = &[
    Habit {
        kind: "Step",
        keys: &["run", "cmd", "command", "commands", "script", "exec", "action", "effect"],
        instead: "a step says its effect: `read`, `change` or `destroy`",
    },
    Habit { kind: "Step", keys: &["name"], instead: "write `id`, and `title` for people" },
    Habit {
        kind: "Step",
        keys: &["host", "hosts", "role", "roles", "target", "targets"],
        instead: "write `on`, with the name of a role",
    },
    Habit {
        kind: "Step",
        keys: &["depends", "depends_on", "after", "requires"],
        instead: "write `needs`, an array of step ids",
    },
    Habit { kind: "Step", keys: &["if", "only_if"], instead: "write `when`" },
    Habit { kind: "Step", keys: &["unless", "creates", "not_if"], instead: "write `skip_if`" },
    Habit { kind: "Step", keys: &["rollback", "revert"], instead: "write `undo`" },
    Habit { kind: "Step", keys: &["register", "outputs", "output"], instead: "write `capture`" },
    Habit {
        kind: "Step",
        keys: &["confirmation", "approve", "prompt"],
        instead: "a `destroy` is confirmed by itself; `confirm` says what is typed",
    },
    Habit { kind: "Step", keys: &["user", "become", "become_user"], instead: "write `sudo`" },
    Habit {
        kind: "Step",
        keys: &["within", "every", "hold", "misses", "hint", "that", "http", "tcp", "goal"],
        instead: "it is a key of a check: write it inside `verify = { … }` or another check",
    },
    Habit {
        kind: "Check",
        keys: &["run", "cmd", "command", "script"],
        instead: "a check only looks: write `read`",
    },
    Habit { kind: "Check", keys: &["url"], instead: "write `http`" },
    Habit {
        kind: "Check",
        keys: &[
            "eq", "ne", "lt", "le", "gt", "ge", "matches", "contains", "lacks", "one_of", "exit",
            "status",
        ],
        instead: "write it inside `expect = { … }`",
    },
];

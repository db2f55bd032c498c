# Recipes for those who work on it; `just --list`. The test command of everybody is scripts/test.

[private]
default:
    @just --list

# write the format
fmt:
    cargo fmt --all

# format, clippy, the floors, and what is depended on
lint:
    scripts/test format lint floors deny

# everything, as CI runs it where the machine has it all
test:
    scripts/test

# the properties and the simulation
laws:
    scripts/test laws

# the command against real sshd, Docker and a registry
e2e:
    scripts/test e2e

# what the command costs beside its budget; needs what the end-to-end tests need
bench *which:
    cargo build --release -p runbook-cli
    cargo bench -p runbook-tests --bench budget -- {{which}}

# the documentation of the code, where a broken link is an error
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items

# print the schema of the format, from the command that knows it
schema:
    cargo run --quiet -p runbook-cli -- schema

# what the continuous integration runs
ci:
    .ci/run

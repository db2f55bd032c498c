//! A host that is not who the inventory says: nothing is sent to it.

use runbook_tests::{HostOptions, Need, Runbook, SshConfig, ready};

use crate::journal::Journal;
use crate::shop::assert_nothing_left;

const WRITE: &str = r#"
format = 1
title = "Write a file"
[role.db]
[[step]]
id = "write"
change = "touch written"
no_undo = "a file harms nothing"
verify = { read = "test -e written" }
"#;

#[test]
fn a_host_with_another_key_than_expected_is_sent_nothing() {
    if !ready(&[Need::Ssh]) {
        return;
    }
    let host = HostOptions::new().start("db1");
    let config = SshConfig::for_hosts(&[&host]);
    let operator = Runbook::new().ssh_config(&config);
    operator.write("runbooks/write.toml", WRITE);
    let expect = |key: &str| {
        let inventory = format!(
            "format = 1\n[env.lab]\nroles = {{ db = [\"db1\"] }}\n[host.db1]\nexpect = {{ fingerprint = \"{key}\" }}\n"
        );
        operator.write("hosts.toml", &inventory);
        operator.run(&["run", "write", "-e", "lab", "--yes"])
    };
    let real = host.fingerprint();
    let other = format!("SHA256:{}", "x".repeat(43));
    let refused = expect(&other);
    refused.assert_code(8);
    let told = format!("its host key is `{real}`");
    let words: Vec<&str> = refused.stdout.split_whitespace().collect();
    assert!(words.join(" ").contains(&told), "{refused}");
    assert!(!host.home().join("written").exists());
    Journal::newest(&operator).assert_only_reads();
    expect(&real).assert_code(0);
    assert!(host.home().join("written").exists());
    assert_nothing_left(&host);
}

//! Whose signatures count, as the real `ssh-keygen` says it.

#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "keys are made, and laid down, as people do"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use runbook_core::base::Digest;
use runbook_core::drive::{Signers, sign};
use runbook_core::run::HandedOver;

struct Desk {
    home: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A key, and its public half.
    fn key(&self, name: &str) -> String {
        let path = self.path(name);
        let mut made = Command::new("ssh-keygen");
        made.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path);
        assert!(made.status().unwrap().success());
        std::fs::read_to_string(path.with_extension("pub")).unwrap()
    }

    fn signers(&self, text: &str) -> Signers {
        let allowed = self.path("allowed");
        std::fs::write(&allowed, text).unwrap();
        Signers { allowed: vec![allowed], revoked: None, scratch: self.home.path().to_owned() }
    }

    async fn signed(&self, key: &str, request: Digest) -> HandedOver {
        sign(request, &self.path(key)).await.unwrap()
    }
}

fn file(path: &Path, text: &str) -> PathBuf {
    std::fs::write(path, text).unwrap();
    path.to_owned()
}

#[tokio::test]
async fn a_signature_is_of_whom_the_file_says_and_of_one_request() {
    let desk = Desk::new();
    let (ana, ben) = (desk.key("ana"), desk.key("ben"));
    let signers = desk.signers(&format!("ana@x {ana}ben@x {ben}"));
    let request = Digest::of("request");
    let handed = desk.signed("ben", request).await;
    let good = signers.signature(request, &handed.to_text()).await.unwrap();
    assert_eq!(good.by(), "ben@x");
    assert!(good.key().starts_with("SHA256:"));
    let other = signers.signature(Digest::of("other"), &handed.to_text()).await;
    assert!(other.unwrap_err().contains("another request"));
    let moved = HandedOver { request: Digest::of("other"), ..handed };
    let moved = signers.signature(Digest::of("other"), &moved.to_text()).await;
    assert!(moved.unwrap_err().contains("ssh-keygen does not accept"));
    let nothing = signers.signature(request, "yes").await;
    assert!(nothing.unwrap_err().contains("no whole answer"));
    let left: Vec<_> = std::fs::read_dir(desk.home.path()).unwrap().flatten().collect();
    assert!(left.iter().all(|file| file.path().extension().is_none_or(|e| e != "sig")));
}

#[tokio::test]
async fn a_key_that_is_revoked_expired_taken_out_or_for_something_else_does_not_count() {
    let desk = Desk::new();
    let ana = desk.key("ana");
    let request = Digest::of("request");
    let handed = desk.signed("ana", request).await.to_text();
    let good = desk.signers(&format!("ana@x {ana}"));
    assert!(good.signature(request, &handed).await.is_ok());
    let revoked = Signers { revoked: Some(file(&desk.path("revoked"), &ana)), ..good.clone() };
    assert!(revoked.signature(request, &handed).await.is_err(), "it is revoked");
    let gone = Signers { revoked: Some(desk.path("gone")), ..good.clone() };
    assert!(gone.signature(request, &handed).await.unwrap_err().contains("is not there"));
    let out = file(&desk.path("now"), "");
    let out = Signers { allowed: vec![good.allowed[0].clone(), out], ..good };
    assert!(out.signature(request, &handed).await.is_err(), "it was taken out");
    for options in ["valid-before=\"20200101\"", "valid-after=\"20400101\"", "namespaces=\"git\""] {
        let signers = desk.signers(&format!("ana@x {options} {ana}"));
        assert!(signers.signature(request, &handed).await.is_err(), "{options}");
    }
    let nobody = desk.signers("");
    assert!(nobody.signature(request, &handed).await.is_err(), "nobody is allowed");
}

#[tokio::test]
async fn whatever_is_changed_of_a_signature_it_is_not_accepted() {
    let times = if std::env::var_os("RUNBOOK_LONG").is_some_and(|long| !long.is_empty()) {
        2_000
    } else {
        200
    };
    let desk = Desk::new();
    let ana = desk.key("ana");
    let signers = desk.signers(&format!("ana@x {ana}"));
    let request = Digest::of("request");
    let whole = desk.signed("ana", request).await;
    let places: Vec<usize> = whole
        .signature
        .char_indices()
        .filter(|(at, sign)| {
            let line = whole.signature[..*at].lines().count();
            sign.is_ascii_alphanumeric() && !whole.signature[..*at].is_empty() && line > 1
        })
        .map(|(at, _)| at)
        .collect();
    let end = whole.signature.find("-----END").unwrap();
    let places: Vec<usize> = places.into_iter().filter(|at| *at < end).collect();
    let mut accepted = 0;
    for time in 0..times {
        let at = places[(time * 7919) % places.len()];
        let mut bytes = whole.signature.clone().into_bytes();
        let signs = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let other = signs[time % signs.len()];
        bytes[at] = if other == bytes[at] { b'+' } else { other };
        let changed = HandedOver { request, signature: String::from_utf8(bytes).unwrap() };
        let found = signers.signature(request, &changed.to_text()).await;
        accepted += usize::from(found.is_ok());
    }
    println!("{times} changed signatures, {accepted} accepted");
    assert_eq!(accepted, 0);
    assert!(signers.signature(request, &whole.to_text()).await.is_ok(), "as it is, it is accepted");
}

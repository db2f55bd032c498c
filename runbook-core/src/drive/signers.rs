//! Whose signatures count: `ssh-keygen` is asked, with the files that say so. Knows nothing of what a
//! request says.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "ssh-keygen reads files and is waited for"
)]

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::base::Digest;
use crate::run::{HandedOver, NAMESPACE, Signature, to_be_signed};

/// How long `ssh-keygen` may take to look at a signature.
const PATIENCE: Duration = Duration::from_secs(20);

/// The files that say whose signatures count.
#[derive(Clone, Debug)]
pub struct Signers {
    /// Files of allowed signers: each of them must allow a key, such as the file as it was when the run
    /// began, and as it is now.
    pub allowed: Vec<PathBuf>,
    /// A file of keys that do not count any more; it must be there.
    pub revoked: Option<PathBuf>,
    /// A private directory in which a signature is laid down for `ssh-keygen`.
    pub scratch: PathBuf,
}

impl Signers {
    /// Whether what was handed over is a good signature of this request, and whose.
    ///
    /// # Errors
    /// Why it does not count, for a person.
    pub async fn signature(&self, request: Digest, text: &str) -> Result<Signature, String> {
        let Some(handed) = HandedOver::parse(text) else {
            return Err("it is no whole answer: it is one line that begins with rba1.".to_owned());
        };
        if handed.request != request {
            return Err("it is an answer to another request, or to one that is too old".to_owned());
        }
        self.good(request, &handed.signature, None).await
    }

    /// Whether this is a good signature of a request, now or at that time, and whose.
    ///
    /// # Errors
    /// Why it does not count, for a person.
    pub async fn good(
        &self,
        request: Digest,
        signature: &str,
        at: Option<Timestamp>,
    ) -> Result<Signature, String> {
        let laid = Laid::down(&self.scratch, signature)?;
        let [first, others @ ..] = &self.allowed[..] else {
            return Err("no file says whose signatures count".to_owned());
        };
        let found = self.of_file(first, request, &laid, at).await?;
        for file in others {
            let other = self.of_file(file, request, &laid, at).await?;
            if other != found {
                return Err(format!("{} says that it is of {}", file.display(), other.0));
            }
        }
        let (by, key) = found;
        Ok(Signature::found_good(by, key, signature.to_owned()))
    }

    /// Who signed, and with which key, as one file has it.
    async fn of_file(
        &self,
        allowed: &Path,
        request: Digest,
        laid: &Laid,
        at: Option<Timestamp>,
    ) -> Result<(String, String), String> {
        let when = at.map(|at| format!("verify-time={}", at.strftime("%Y%m%d%H%M%SZ")));
        let ask = |what: &str| {
            let mut command = Command::new("ssh-keygen");
            command.args(["-Y", what, "-s"]).arg(&laid.0).arg("-f").arg(allowed);
            command.args(when.iter().flat_map(|when| ["-O", when]));
            command
        };
        let found = told(ask("find-principals"), "").await?;
        let found = String::from_utf8_lossy(&found.stdout).into_owned();
        let names = found.lines().map(str::trim).filter(|name| !name.is_empty());
        let mut why = format!(
            "{} does not allow the key that signed: it is not in it, or not at this time",
            allowed.display()
        );
        for name in names {
            let mut verify = ask("verify");
            verify.args(["-n", NAMESPACE, "-I", name]);
            if let Some(revoked) = &self.revoked {
                if !revoked.exists() {
                    return Err(format!("{} is not there, so no key counts", revoked.display()));
                }
                verify.arg("-r").arg(revoked);
            }
            let said = told(verify, &to_be_signed(request)).await?;
            let line = String::from_utf8_lossy(&said.stdout);
            if said.status.success()
                && let Some(key) = key_of(&line)
            {
                return Ok((name.to_owned(), key));
            }
            let complaint = String::from_utf8_lossy(&said.stderr);
            let complaint = complaint.lines().chain(line.lines()).next().unwrap_or_default();
            why = format!("ssh-keygen does not accept the signature of {name}: {complaint}");
        }
        Err(why)
    }
}

/// `Good "NAMESPACE" signature for NAME with ED25519 key SHA256:…`
fn key_of(line: &str) -> Option<String> {
    let good = line.strip_prefix(&format!("Good \"{NAMESPACE}\" signature for "))?;
    let key = good.trim_end().rsplit_once(" key ")?.1;
    key.starts_with("SHA256:").then(|| key.to_owned())
}

/// A signature laid down as a file, for as long as this is there.
struct Laid(PathBuf);

impl Laid {
    fn down(directory: &Path, signature: &str) -> Result<Self, String> {
        let path = directory.join(format!("{}.sig", super::nonce::drawn()));
        let cannot = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
        let mut file = fs::OpenOptions::new();
        let file = file.write(true).create_new(true).mode(0o600).open(&path);
        let mut file = file.map_err(cannot)?;
        let laid = Self(path.clone());
        std::io::Write::write_all(&mut file, signature.as_bytes()).map_err(cannot)?;
        Ok(laid)
    }
}

impl Drop for Laid {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// What `ssh-keygen` says that is told this.
async fn told(mut command: Command, text: &str) -> Result<Output, String> {
    command.env("LC_ALL", "C");
    match tokio::time::timeout(PATIENCE, output(command, text)).await {
        Ok(said) => said,
        Err(_) => Err("ssh-keygen did not answer".to_owned()),
    }
}

/// Runs `ssh-keygen`, however long a person takes, and gives it a text.
async fn output(mut command: Command, text: &str) -> Result<Output, String> {
    let cannot = |error: std::io::Error| format!("cannot run ssh-keygen: {error}");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().map_err(cannot)?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read ends, and says why.
        let _ = stdin.write_all(text.as_bytes()).await;
    }
    child.wait_with_output().await.map_err(cannot)
}

/// Signs a request with this key, as `ssh-keygen` does: it may ask for a passphrase at the terminal,
/// and takes a public key where an agent has the other half.
///
/// # Errors
/// It does not sign: what it says.
pub async fn sign(request: Digest, key: &Path) -> Result<HandedOver, String> {
    let mut command = Command::new("ssh-keygen");
    command.args(["-Y", "sign", "-n", NAMESPACE, "-f"]).arg(key);
    let output = output(command, &to_be_signed(request)).await?;
    let signature = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() && signature.starts_with("-----BEGIN SSH SIGNATURE-----") {
        return Ok(HandedOver { request, signature });
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    Err(format!("ssh-keygen does not sign with {}: {said}", key.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_of_a_good_signature_names_a_key() {
        let line = "Good \"runbook-approval\" signature for ana@x with ED25519 key SHA256:abc\n";
        assert_eq!(key_of(line).as_deref(), Some("SHA256:abc"));
        assert_eq!(key_of(&line.replace("runbook-approval", "git")), None);
        assert_eq!(key_of(&line.replace("Good", "Could not verify")), None);
        assert_eq!(key_of(""), None);
    }
}

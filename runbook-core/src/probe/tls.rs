//! TLS to a server whose name is in the url. Whom the machine trusts is asked once.

#![expect(
    clippy::disallowed_methods,
    reason = "an authority of the runbook is a file on this machine"
)]

use std::sync::{Arc, OnceLock};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

use super::ProbeError;

/// The authorities that this machine trusts.
#[derive(Debug, Default)]
pub(super) struct Trust {
    native: OnceLock<Arc<RootCertStore>>,
}

impl Trust {
    /// How to speak TLS, trusting the machine's authorities and those of the PEM file `extra`.
    pub(super) async fn connector(&self, extra: Option<&str>) -> Result<TlsConnector, ProbeError> {
        let mut roots = self.native.get_or_init(|| Arc::new(native())).clone();
        if let Some(path) = extra {
            let bad = |why: String| ProbeError::Authority { path: path.to_owned(), why };
            let pem = tokio::fs::read(path).await.map_err(|error| bad(error.to_string()))?;
            add(Arc::make_mut(&mut roots), &pem).map_err(bad)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider speaks the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

/// What the machine trusts; what cannot be read there is trusted less, not more.
fn native() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// Adds every certificate of a PEM file, of which there is at least one.
fn add(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), String> {
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.len() == before { Err("there is no certificate in it".to_owned()) } else { Ok(()) }
}

/// Proves that the other end is `host`. What went wrong is one short line.
pub(super) async fn secure<S: AsyncRead + AsyncWrite + Unpin>(
    connector: &TlsConnector,
    host: &str,
    stream: S,
) -> Result<TlsStream<S>, String> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| format!("TLS failed: `{host}` is no name to prove"))?;
    connector.connect(name, stream).await.map_err(|error| format!("TLS failed: {error}"))
}

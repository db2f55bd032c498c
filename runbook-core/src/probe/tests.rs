//! The probe against real servers on the loopback, well-behaved and not.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{Address, Network, Probe, ProbeError};
use crate::plan::{HttpRequest, Observed, Output};

fn get(url: impl Into<String>) -> HttpRequest {
    HttpRequest {
        method: "GET".to_owned(),
        url: url.into(),
        headers: Vec::new(),
        body: None,
        ca: None,
    }
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Reads up to the end of a request's head, and says what it was.
async fn head<S: AsyncRead + Unpin>(stream: &mut S) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => bytes.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Answers one request with these pieces, each sent on its own, and hangs up. A client that went
/// away is none of its business.
async fn reply<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, pieces: &[&[u8]]) -> String {
    let head = head(&mut stream).await;
    for piece in pieces {
        if stream.write_all(piece).await.is_err() || stream.flush().await.is_err() {
            return head;
        }
        tokio::task::yield_now().await;
    }
    stream.shutdown().await.ok();
    head
}

/// A server for one request; its handle yields what it was asked.
async fn server(pieces: Vec<Vec<u8>>) -> (SocketAddr, JoinHandle<String>) {
    let (listener, address) = listener().await;
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        reply(stream, &pieces.iter().map(Vec::as_slice).collect::<Vec<_>>()).await
    });
    (address, served)
}

/// What is observed of a server that answers so, and what it was asked.
async fn asked(request: impl Fn(SocketAddr) -> HttpRequest, answer: &[u8]) -> (Observed, String) {
    let (address, served) = server(vec![answer.to_vec()]).await;
    let observed = Network::default().http_from_here(&request(address)).await.unwrap();
    (observed, served.await.unwrap())
}

async fn observe(answer: &[u8]) -> Observed {
    asked(|address| get(format!("http://{address}/")), answer).await.0
}

fn unanswered(observed: Observed) -> String {
    match observed {
        Observed::Unanswered(why) => why,
        other => panic!("answered: {other:?}"),
    }
}

#[tokio::test]
async fn an_answer_is_status_headers_and_body() {
    let answer = b"HTTP/1.1 503 Busy\r\nX-Version: v1\r\nSet-Cookie: a\r\nset-cookie: b\r\n\
                   Content-Length: 5\r\n\r\nabcde";
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let Observed::Http { status, headers, body } = observe(answer).await else { panic!("none") };
    assert_eq!(status, 503);
    assert_eq!(
        headers,
        [
            pair("x-version", "v1"),
            pair("set-cookie", "a"),
            pair("set-cookie", "b"),
            pair("content-length", "5")
        ]
    );
    assert_eq!(body, Output { text: "abcde".to_owned(), truncated: false });
}

#[tokio::test]
async fn a_request_is_sent_as_it_is_written() {
    let post = |address| HttpRequest {
        method: "POST".to_owned(),
        headers: vec![("Content-Type".to_owned(), "text/plain".to_owned())],
        body: Some("hello".to_owned()),
        ..get(format!("http://{address}/hook?a=1%202"))
    };
    let (_, head) = asked(post, b"HTTP/1.1 204 No Content\r\n\r\n").await;
    assert!(head.starts_with("POST /hook?a=1%202 HTTP/1.1\r\nhost: 127.0.0.1:"), "{head}");
    assert!(head.contains("content-type: text/plain\r\n"), "{head}");
    assert!(head.contains("content-length: 5\r\n"), "{head}");
    let virtual_host = |address| HttpRequest {
        headers: vec![("Host".to_owned(), "app.example.org".to_owned())],
        ..get(format!("http://{address}/"))
    };
    let (_, head) = asked(virtual_host, b"HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(head.to_lowercase().matches("host:").count(), 1, "{head}");
    assert!(head.contains("app.example.org"), "{head}");
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let answer =
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    assert!(matches!(observe(answer).await, Observed::Http { status: 302, .. }));
}

#[tokio::test]
async fn a_chunked_answer_in_pieces_is_whole() {
    let pieces = [
        "HTTP/1.1 2",
        "00 OK\r\nTransfer-Enco",
        "ding: chunked\r\n\r\n3\r\nab",
        "c\r\n2;x=y\r\nde",
        "\r\n0\r\nTrailer: t\r\n",
        "\r\n",
    ];
    let (address, served) = server(pieces.map(|piece| piece.as_bytes().to_vec()).to_vec()).await;
    let request = get(format!("http://{address}/"));
    let observed = Network::default().http_from_here(&request).await.unwrap();
    let Observed::Http { body, .. } = observed else { panic!("{observed:?}") };
    assert_eq!(body.text, "abcde");
    served.await.unwrap();
}

#[tokio::test]
async fn a_body_without_a_length_ends_with_the_connection() {
    let Observed::Http { body, .. } = observe(b"HTTP/1.0 200 OK\r\n\r\nall of it").await else {
        panic!("no answer")
    };
    assert_eq!(body.text, "all of it");
}

#[tokio::test]
async fn a_body_at_the_limit_is_whole_and_one_beyond_it_is_cut() {
    for (size, truncated) in [(Output::LIMIT, false), (Output::LIMIT + 1, true)] {
        let mut answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n").into_bytes();
        answer.extend(vec![b'x'; size]);
        let Observed::Http { body, .. } = observe(&answer).await else { panic!("no answer") };
        assert_eq!((body.text.len(), body.truncated), (Output::LIMIT, truncated));
    }
}

#[tokio::test]
async fn the_rest_of_an_endless_body_is_not_waited_for() {
    let (listener, address) = listener().await;
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    });
    let request = get(format!("http://{address}/"));
    let observed = Network::default().http_from_here(&request).await.unwrap();
    assert!(matches!(observed, Observed::Http { body: Output { truncated: true, .. }, .. }));
    served.await.unwrap();
}

#[tokio::test]
async fn what_is_no_http_is_no_answer() {
    for garbage in [
        "SSH-2.0-OpenSSH_9.2\r\n",
        "\0\0\0\0\r\n\r\n",
        "HTTP/9.9 x\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
    ] {
        let why = unanswered(observe(garbage.as_bytes()).await);
        assert!(why.starts_with("the answer is no HTTP") && !why.contains('\n'), "{why}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_none() {
    for part in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ] {
        let why = unanswered(observe(part.as_bytes()).await);
        assert!(why.starts_with("the conn"), "{part}: {why}");
    }
}

#[tokio::test]
async fn endless_headers_are_refused() {
    let mut answer = b"HTTP/1.1 200 OK\r\n".to_vec();
    for number in 0..20_000 {
        answer.extend(format!("x-{number}: {}\r\n", "y".repeat(100)).bytes());
    }
    assert!(!unanswered(observe(&answer).await).is_empty());
}

#[tokio::test]
async fn bytes_that_are_no_text_are_replaced() {
    let answer = b"HTTP/1.1 200 OK\r\nx-odd: \xff\r\ncontent-length: 2\r\n\r\n\xffa";
    let Observed::Http { headers, body, .. } = observe(answer).await else { panic!("no answer") };
    assert_eq!((headers[0].1.as_str(), body.text.as_str()), ("\u{fffd}", "\u{fffd}a"));
}

#[tokio::test]
async fn rule_20_refused_is_an_answer_of_its_own_and_connected_another() {
    let (listener, address) = listener().await;
    let at = Address::parse(&address.to_string()).unwrap();
    let network = Network::default();
    assert_eq!(network.tcp(&at).await, Observed::Connected);
    drop(listener);
    let why = unanswered(network.tcp(&at).await);
    assert!(why.starts_with(&format!("cannot connect to {address}")), "{why}");
    let request = get(format!("http://{address}/"));
    assert!(unanswered(network.http_from_here(&request).await.unwrap()).contains("refused"));
}

#[tokio::test]
async fn a_request_that_is_dropped_hangs_up() {
    let (listener, address) = listener().await;
    let (came, comes) = oneshot::channel();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await;
        came.send(()).unwrap();
        stream.read(&mut [0; 16]).await.unwrap_or(0)
    });
    let asking = tokio::spawn(async move {
        let request = get(format!("http://{address}/slow"));
        Network::default().http_from_here(&request).await
    });
    comes.await.unwrap();
    asking.abort();
    assert_eq!(served.await.unwrap(), 0, "the connection is closed with nothing more said");
}

#[tokio::test]
async fn what_cannot_be_sent_is_an_error_before_anything_is() {
    let network = Network::default();
    let ftp = network.http_from_here(&get("ftp://127.0.0.1/")).await;
    assert!(matches!(ftp, Err(ProbeError::Address(_))));
    let (listener, address) = listener().await;
    let header = HttpRequest {
        headers: vec![("x".to_owned(), "a\r\nInjected: b".to_owned())],
        ..get(format!("http://{address}/"))
    };
    let served = tokio::spawn(async move { head(&mut listener.accept().await.unwrap().0).await });
    assert!(matches!(network.http_from_here(&header).await, Err(ProbeError::Request(_))));
    assert_eq!(served.await.unwrap(), "", "not a byte was sent");
}

/// An authority, as a PEM file.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: tempfile::NamedTempFile,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let mut pem = tempfile::NamedTempFile::new().unwrap();
        pem.write_all(params.self_signed(&key).unwrap().pem().as_bytes()).unwrap();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn path(&self) -> Option<String> {
        Some(self.pem.path().to_str().unwrap().to_owned())
    }

    /// Speaks TLS as `name`.
    fn acceptor(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let chain = vec![CertificateDer::from(certificate)];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// A server for one request that proves to be `name`; its handle yields what it was asked.
    async fn server(&self, name: &str) -> (SocketAddr, JoinHandle<Option<String>>) {
        let (listener, address) = listener().await;
        let acceptor = self.acceptor(name);
        let served = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let stream = acceptor.accept(stream).await.ok()?;
            let answer: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
            Some(reply(stream, &[answer]).await)
        });
        (address, served)
    }
}

#[tokio::test]
async fn tls_trusts_the_authority_it_is_given_and_no_other() {
    let (authority, other) = (Authority::new(), Authority::new());
    for (ca, answered) in [(authority.path(), true), (other.path(), false), (None, false)] {
        let (address, served) = authority.server("127.0.0.1").await;
        let request = HttpRequest { ca, ..get(format!("https://{address}/")) };
        let observed = Network::default().http_from_here(&request).await.unwrap();
        match answered {
            true => assert!(matches!(observed, Observed::Http { status: 200, .. })),
            false => assert!(unanswered(observed).starts_with("TLS failed: ")),
        }
        assert_eq!(served.await.unwrap().is_some(), answered);
    }
}

#[tokio::test]
async fn tls_proves_the_name_of_the_url_whatever_the_stream_leads_through() {
    let authority = Authority::new();
    for (name, answered) in [("app.example.org", true), ("other.example.org", false)] {
        let (address, served) = authority.server(name).await;
        let request =
            HttpRequest { ca: authority.path(), ..get("https://app.example.org:8443/health") };
        let network = Network::default();
        let through = Address::parse(&address.to_string()).unwrap();
        let stream = network.connect(&through).await.unwrap();
        let observed = network.http(&request, stream).await.unwrap();
        assert_eq!(matches!(observed, Observed::Http { status: 200, .. }), answered);
        let head = served.await.unwrap();
        assert_eq!(head.is_some_and(|head| head.contains("host: app.example.org:8443")), answered);
    }
}

#[tokio::test]
async fn tls_with_a_server_that_speaks_none_fails() {
    let (listener, address) = listener().await;
    let served = tokio::spawn(async move {
        let (mut stream, _): (TcpStream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let request = get(format!("https://{address}/"));
    let why = unanswered(Network::default().http_from_here(&request).await.unwrap());
    assert!(why.starts_with("TLS failed: ") && !why.contains('\n'), "{why}");
    served.await.unwrap();
}

#[tokio::test]
async fn an_authority_that_cannot_be_read_is_an_error() {
    let (listener, address) = listener().await;
    let mut empty = tempfile::NamedTempFile::new().unwrap();
    empty.write_all(b"no certificate").unwrap();
    for path in ["/nonexistent.pem", empty.path().to_str().unwrap()] {
        let request =
            HttpRequest { ca: Some(path.to_owned()), ..get(format!("https://{address}/")) };
        let error = Network::default().http_from_here(&request).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot read the authority `{path}`")), "{error}");
    }
    drop(listener);
}

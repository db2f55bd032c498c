//! One request over one connection, and its answer as far as a check or capture may use it.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper::{Request, Response};

use super::{ProbeError, Target};
use crate::plan::{HttpRequest, Observed, Output};

/// A request as it is sent. `Host` is that of the url unless the author said another.
pub(super) fn to_send(
    request: &HttpRequest,
    target: &Target,
) -> Result<Request<Full<Bytes>>, ProbeError> {
    let said = |name| request.headers.iter().any(|(header, _)| header.eq_ignore_ascii_case(name));
    let mut builder = Request::builder().method(request.method.as_str()).uri(&target.path);
    for (name, value) in [
        ("host", target.authority.as_str()),
        ("user-agent", concat!("runbook/", env!("CARGO_PKG_VERSION"))),
        ("accept", "*/*"),
    ] {
        if !said(name) {
            builder = builder.header(name, value);
        }
    }
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let body = request.body.clone().unwrap_or_default();
    builder.body(Full::from(body)).map_err(|error| ProbeError::Request(error.to_string()))
}

/// Sends a request and reads the answer. Nothing goes on after it is dropped.
pub(super) async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Observed
where
    S: Read + Write + Unpin,
{
    let (mut sender, connection) = match http1::handshake(stream).await {
        Ok(both) => both,
        Err(error) => return Observed::Unanswered(sentence(&error)),
    };
    let answer = async {
        let response = sender.send_request(request).await?;
        read(response).await
    };
    tokio::pin!(answer, connection);
    let answer = tokio::select! {
        biased;
        answer = &mut answer => answer,
        ended = &mut connection => match (answer.await, ended) {
            (Err(_), Err(cause)) => Err(cause),
            (answer, _) => answer,
        },
    };
    answer.unwrap_or_else(|error| Observed::Unanswered(sentence(&error)))
}

async fn read(response: Response<Incoming>) -> Result<Observed, hyper::Error> {
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let body = read_body(response.into_body()).await?;
    Ok(Observed::Http { status, headers, body })
}

/// The beginning of a body. The rest is not waited for.
async fn read_body(mut body: Incoming) -> Result<Output, hyper::Error> {
    let mut bytes = Vec::new();
    let mut truncated = false;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        let room = Output::LIMIT - bytes.len();
        bytes.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            truncated = true;
            break;
        }
    }
    Ok(Output { text: String::from_utf8_lossy(&bytes).into_owned(), truncated })
}

/// What went wrong, as one short line.
fn sentence(error: &hyper::Error) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    let what = if error.is_parse() {
        "the answer is no HTTP"
    } else if error.is_incomplete_message() {
        "the connection was closed before the whole answer came"
    } else {
        "the connection broke"
    };
    cause.map_or_else(|| what.to_owned(), |cause| format!("{what}: {cause}"))
}

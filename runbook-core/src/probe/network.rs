//! The probe that really asks.

use tokio::net::TcpStream;
use tokio_util::compat::{FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt};

use hyper_util::rt::TokioIo;

use super::answer::{exchange, to_send};
use super::tls::{Trust, secure};
use super::{Address, BoxStream, Pending, Probe, ProbeError, Target};
use crate::plan::{HttpRequest, Observed};

/// Asks over the network of this machine, or over whatever stream it is handed.
#[derive(Debug, Default)]
pub struct Network {
    trust: Trust,
}

impl Probe for Network {
    fn connect<'a>(&'a self, address: &'a Address) -> Pending<'a, Result<BoxStream, String>> {
        Box::pin(async move {
            match TcpStream::connect((address.host.as_str(), address.port)).await {
                Ok(stream) => Ok(Box::new(stream.compat()) as BoxStream),
                Err(error) => Err(format!("cannot connect to {address}: {error}")),
            }
        })
    }

    fn http<'a>(
        &'a self,
        request: &'a HttpRequest,
        stream: BoxStream,
    ) -> Pending<'a, Result<Observed, ProbeError>> {
        Box::pin(async move {
            let target = Target::of(request)?;
            let to_send = to_send(request, &target)?;
            if !target.tls {
                return Ok(exchange(TokioIo::new(stream.compat()), to_send).await);
            }
            let connector = self.trust.connector(request.ca.as_deref()).await?;
            Ok(match secure(&connector, &target.address.host, stream.compat()).await {
                Ok(stream) => exchange(TokioIo::new(stream), to_send).await,
                Err(why) => Observed::Unanswered(why),
            })
        })
    }
}

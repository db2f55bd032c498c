//! A stream through a master, asked for by the protocol of its multiplexer (`PROTOCOL.mux` of
//! OpenSSH): unlike a socket that it listens on, this says whether the host has connected. Knows
//! nothing of why it has not.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

const VERSION: u32 = 4;
const HELLO: u32 = 1;
const NEW_STDIO_FORWARD: u32 = 0x1000_0008;
const SESSION_OPENED: u32 = 0x8000_0006;
const PERMISSION_DENIED: u32 = 0x8000_0002;
const FAILURE: u32 = 0x8000_0003;
/// The longest answer that makes sense.
const LONGEST: u32 = 64 * 1024;

/// A stream to an address as the host sees it. The master ends it with its control connection.
#[derive(Debug)]
pub(super) struct Stream {
    data: Compat<UnixStream>,
    _control: UnixStream,
}

/// Opens a stream to a port through the master behind this socket; none when the host did not
/// connect.
pub(super) async fn open(socket: &Path, host: &str, port: u16) -> io::Result<Option<Stream>> {
    let mut control = UnixStream::connect(socket).await?;
    send(&mut control, &[HELLO, VERSION], &[]).await?;
    if receive(&mut control).await?[..2] != [HELLO, VERSION] {
        return Err(io::Error::other("the master speaks another version of its protocol"));
    }
    let mut target = Vec::new();
    for text in ["", host] {
        target.extend(u32::try_from(text.len()).map_err(io::Error::other)?.to_be_bytes());
        target.extend(text.as_bytes());
    }
    target.extend(u32::from(port).to_be_bytes());
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    send(&mut control, &[NEW_STDIO_FORWARD, 0], &target).await?;
    // What it reads, and what it writes.
    pass(&control, &theirs).await?;
    pass(&control, &theirs).await?;
    drop(theirs);
    match receive(&mut control).await?[0] {
        SESSION_OPENED => {
            let data = UnixStream::from_std(ours)?.compat();
            Ok(Some(Stream { data, _control: control }))
        }
        FAILURE | PERMISSION_DENIED => Ok(None),
        other => Err(io::Error::other(format!("the master answers {other:#x}"))),
    }
}

async fn send(control: &mut UnixStream, words: &[u32], rest: &[u8]) -> io::Result<()> {
    let length = u32::try_from(words.len() * 4 + rest.len()).map_err(io::Error::other)?;
    let mut packet = length.to_be_bytes().to_vec();
    words.iter().for_each(|word| packet.extend(word.to_be_bytes()));
    packet.extend(rest);
    control.write_all(&packet).await
}

/// The next packet, as words; at least two.
async fn receive(control: &mut UnixStream) -> io::Result<Vec<u32>> {
    let length = control.read_u32().await?;
    if !(8..=LONGEST).contains(&length) {
        return Err(io::Error::other("the master answers nonsense"));
    }
    let mut packet = vec![0; length as usize];
    control.read_exact(&mut packet).await?;
    let words = packet.chunks_exact(4);
    Ok(words.map(|word| u32::from_be_bytes(word.try_into().expect("four bytes"))).collect())
}

/// Hands a descriptor over, with the one byte that must go along.
async fn pass(control: &UnixStream, what: &impl AsFd) -> io::Result<()> {
    let sent = control.async_io(Interest::WRITABLE, || {
        let descriptors = [what.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut along = SendAncillaryBuffer::new(&mut space);
        along.push(SendAncillaryMessage::ScmRights(&descriptors));
        Ok(sendmsg(control, &[IoSlice::new(&[0])], &mut along, SendFlags::empty())?)
    });
    sent.await.map(drop)
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.data).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.data).poll_write(context, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.data).poll_flush(context)
    }
    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.data).poll_close(context)
    }
}

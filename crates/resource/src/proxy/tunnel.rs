//! Subscriptions: a WebSocket passes through, byte for byte.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Method;
use http::header::{CONNECTION, HeaderMap, HeaderName, HeaderValue, UPGRADE};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional};
use tokio::sync::{Notify, OwnedSemaphorePermit, watch};

use super::fault::GateFault;
use super::figures::Open;
use super::target;

/// What a client says to open a WebSocket (RFC 6455 section 4.1).
pub(super) struct Handshake(HeaderMap);

impl Handshake {
    /// Reads the wish to upgrade, if there is one.
    ///
    /// # Errors
    /// [`GateFault::UpgradeRefused`] for a wish that is not granted: another protocol, another method,
    /// another call.
    pub(super) fn read(
        headers: &HeaderMap,
        method: &Method,
        call: Option<&target::Method>,
    ) -> Result<Option<Self>, GateFault> {
        let Some(protocol) = headers.get(UPGRADE) else {
            return Ok(None);
        };
        let is_wanted = names(headers, &CONNECTION, "upgrade");
        let version = headers.get_all(VERSION).iter().collect::<Vec<_>>();
        let keys = headers.get_all(KEY).iter().collect::<Vec<_>>();
        let is_key = |key: &HeaderValue| key.len() == KEY_LENGTH;
        if is_wanted
            && method == Method::GET
            && protocol.as_bytes().eq_ignore_ascii_case(b"websocket")
            && version == ["13"]
            && keys.len() == 1
            && is_key(keys[0])
            && call.is_some_and(target::Method::is_subscription)
        {
            return Ok(Some(Self(selected(headers, &ASKED))));
        }
        Err(GateFault::UpgradeRefused)
    }

    pub(super) fn headers(&self) -> HeaderMap {
        self.0.clone()
    }
}

/// What the upstream answers to a handshake, as it is passed on.
pub(super) fn accepted(upstream: &HeaderMap) -> HeaderMap {
    let mut headers = selected(upstream, &ACCEPTED);
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers
}

fn selected(headers: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let mut selected = HeaderMap::new();
    for name in names {
        for value in headers.get_all(name) {
            selected.append(name, value.clone());
        }
    }
    selected
}

fn names(headers: &HeaderMap, header: &HeaderName, member: &str) -> bool {
    let lines = headers.get_all(header).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(member))
}

const KEY: HeaderName = HeaderName::from_static("sec-websocket-key");
const VERSION: HeaderName = HeaderName::from_static("sec-websocket-version");
const PROTOCOL: HeaderName = HeaderName::from_static("sec-websocket-protocol");
const EXTENSIONS: HeaderName = HeaderName::from_static("sec-websocket-extensions");
const ACCEPT: HeaderName = HeaderName::from_static("sec-websocket-accept");
const ASKED: [HeaderName; 4] = [KEY, VERSION, PROTOCOL, EXTENSIONS];
const ACCEPTED: [HeaderName; 3] = [ACCEPT, PROTOCOL, EXTENSIONS];
/// Sixteen bytes in base64.
const KEY_LENGTH: usize = 24;

/// Two connections that are one from now on.
pub(super) struct Tunnel {
    pub(super) client: OnUpgrade,
    pub(super) upstream: OnUpgrade,
    /// The place among those there are.
    pub(super) place: OwnedSemaphorePermit,
    pub(super) idle_max: Duration,
    /// Closes when the gate stops: subscribers come again with their cursor.
    pub(super) closed: watch::Receiver<()>,
}

impl Tunnel {
    /// Copies both ways until one side ends, both are silent for too long, or the gate stops.
    pub(super) async fn run(mut self) {
        let (Ok(client), Ok(upstream)) = tokio::join!(self.client, self.upstream) else {
            return;
        };
        let _open = Open::subscription();
        let moved = Arc::new(Notify::new());
        let mut client = Moving::new(client, moved.clone());
        let mut upstream = TokioIo::new(upstream);
        let silent = async {
            while tokio::time::timeout(self.idle_max, moved.notified())
                .await
                .is_ok()
            {}
        };
        tokio::select! {
            // how it ended is between the two
            _ = copy_bidirectional(&mut client, &mut upstream) => {}
            () = silent => {}
            _ = self.closed.changed() => {}
        }
        drop(self.place);
    }
}

/// The client's connection, which sees everything that moves either way.
struct Moving {
    stream: TokioIo<Upgraded>,
    moved: Arc<Notify>,
}

impl Moving {
    fn new(stream: Upgraded, moved: Arc<Notify>) -> Self {
        Self {
            stream: TokioIo::new(stream),
            moved,
        }
    }
}

impl AsyncRead for Moving {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() {
            self.moved.notify_one();
        }
        read
    }
}

impl AsyncWrite for Moving {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if written.is_ready() {
            self.moved.notify_one();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

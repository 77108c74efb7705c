//! What a host answers with, well-formed until a test changes one thing about it.

use std::io;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    framing: Framing,
    pace: Pace,
    gate: Option<watch::Receiver<bool>>,
}

/// How the answer says where its body ends.
#[derive(Clone, Copy, Debug)]
enum Framing {
    /// By its length.
    Length,
    /// By a length that is not its own.
    Promise(usize),
    /// In chunks of so many bytes.
    Chunks(usize),
    /// By the end of the connection.
    Close,
    /// It has no head: the body is all that is sent.
    Bare,
}

/// How the bytes come.
#[derive(Clone, Copy, Debug)]
enum Pace {
    AtOnce,
    /// The head at once, then one byte of the body after another.
    Drip(Duration),
    /// The body again and again, until nobody takes it any more.
    Endless,
    /// Everything, and then nothing more, on a connection that stays open.
    Unfinished,
    /// Nothing at all.
    Never,
}

impl Answer {
    /// 200 with a JSON body.
    pub fn json(body: &Value) -> Self {
        Self::text(&body.to_string())
    }

    /// 200 with this body, said to be JSON.
    pub fn text(body: &str) -> Self {
        Self::bytes("application/json", body.as_bytes())
    }

    /// 200 with these bytes of this type.
    pub fn bytes(content_type: &str, body: &[u8]) -> Self {
        Self::status(200)
            .header("content-type", content_type)
            .with_body(body)
    }

    /// Exactly these bytes.
    pub fn raw(bytes: &[u8]) -> Self {
        let mut answer = Self::status(200).with_body(bytes);
        answer.framing = Framing::Bare;
        answer
    }

    /// This status, and an empty body.
    pub const fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            framing: Framing::Length,
            pace: Pace::AtOnce,
            gate: None,
        }
    }

    /// Nothing, on a connection that stays open.
    pub const fn never() -> Self {
        let mut answer = Self::status(200);
        answer.pace = Pace::Never;
        answer
    }

    /// With another status.
    pub const fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With another body.
    pub fn with_body(mut self, body: &[u8]) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    /// With this header in the place of those of its name.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.without_header(name).also_header(name, value)
    }

    /// With one more header, whatever there is already.
    pub fn also_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without the header.
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// In chunks of so many bytes.
    pub const fn chunked(mut self, bytes: usize) -> Self {
        self.framing = Framing::Chunks(bytes);
        self
    }

    /// With a `content-length` of so many bytes, whatever the body has.
    pub const fn promising(mut self, bytes: usize) -> Self {
        self.framing = Framing::Promise(bytes);
        self
    }

    /// With neither length nor chunks.
    pub const fn until_closed(mut self) -> Self {
        self.framing = Framing::Close;
        self
    }

    /// A byte of the body at a time, with this pause before each.
    pub const fn dripping(mut self, pause: Duration) -> Self {
        self.pace = Pace::Drip(pause);
        self
    }

    /// The body again and again.
    pub const fn endless(mut self) -> Self {
        self.pace = Pace::Endless;
        self
    }

    /// Without an end of the connection; its framing says that more is to come.
    pub const fn unfinished(mut self) -> Self {
        self.pace = Pace::Unfinished;
        self
    }

    /// Held back until the sender says true.
    pub fn after(mut self, gate: &watch::Sender<bool>) -> Self {
        self.gate = Some(gate.subscribe());
        self
    }

    pub(super) async fn write_to(
        mut self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin + Send),
    ) -> io::Result<()> {
        if let Some(gate) = &mut self.gate {
            // a sender that was dropped lets everything through
            let _ = gate.wait_for(|open| *open).await;
        }
        if !matches!(self.pace, Pace::Never) {
            stream.write_all(self.head().as_bytes()).await?;
            stream.flush().await?;
        }
        let body = self.framed_body();
        match self.pace {
            Pace::AtOnce => stream.write_all(&body).await?,
            Pace::Drip(pause) => {
                for byte in body {
                    tokio::time::sleep(pause).await;
                    stream.write_all(&[byte]).await?;
                    stream.flush().await?;
                }
            }
            Pace::Endless => loop {
                stream.write_all(&body).await?;
            },
            Pace::Unfinished => {
                stream.write_all(&body).await?;
                stream.flush().await?;
                wait_until_gone(stream).await?;
            }
            Pace::Never => wait_until_gone(stream).await?,
        }
        stream.shutdown().await
    }

    fn head(&self) -> String {
        let framing = match self.framing {
            Framing::Bare => return String::new(),
            Framing::Length => format!("content-length: {}", self.body.len()),
            Framing::Promise(bytes) => format!("content-length: {bytes}"),
            Framing::Chunks(_) => "transfer-encoding: chunked".to_owned(),
            Framing::Close => String::new(),
        };
        let mut lines = vec![format!("HTTP/1.1 {} Whatever", self.status)];
        lines.extend(
            self.headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}")),
        );
        lines.extend([framing, "connection: close".to_owned()]);
        lines.retain(|line| !line.is_empty());
        lines.join("\r\n") + "\r\n\r\n"
    }

    fn framed_body(&self) -> Vec<u8> {
        let Framing::Chunks(bytes) = self.framing else {
            return self.body.clone();
        };
        let mut framed = Vec::new();
        for chunk in self.body.chunks(bytes) {
            framed.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            framed.extend_from_slice(chunk);
            framed.extend_from_slice(b"\r\n");
        }
        if matches!(self.pace, Pace::AtOnce | Pace::Drip(_)) {
            framed.extend_from_slice(b"0\r\n\r\n");
        }
        framed
    }
}

async fn wait_until_gone(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    stream.read_u8().await.map(|_| ())
}

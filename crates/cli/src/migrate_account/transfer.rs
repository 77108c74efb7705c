//! Files from a host and to it, piece by piece: a repository does not fit into memory, and need not.

use std::fs::File;
use std::io::{self, Read, Write as _};

use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_LENGTH;
use http::{Method, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use serde_json::Value;
use tempfile::NamedTempFile;

use super::fault::CallFault;
use super::folder::Folder;
use super::host::{Call, Host, kind_of};

/// What came, not kept yet.
pub(super) struct Downloaded {
    pub(super) file: NamedTempFile,
    /// What the host says it is.
    pub(super) kind: String,
    pub(super) bytes: u64,
}

impl Host<'_> {
    /// Takes an answer into a file of the folder, as long as it has no more than so many bytes.
    ///
    /// # Errors
    /// A [`CallFault`]; the file is gone then.
    pub(super) async fn download(
        &self,
        call: &Call<'_>,
        folder: &Folder,
        bytes_max: u64,
    ) -> Result<Downloaded, CallFault> {
        let request = self
            .request(Method::GET, call, None)
            .body(Full::<Bytes>::default());
        let request = request.map_err(|_| CallFault::Here(format!("{} cannot be asked that", self.url())))?;
        let answer = self
            .http()
            .send(request)
            .await
            .map_err(|fault| self.silent(call, &fault))?;
        if answer.status() != StatusCode::OK {
            let refused = self.understood(call, answer, &[]).await;
            let odd = || CallFault::Here(format!("{} answered {} with nothing", self.url(), call.method));
            return Err(refused.err().unwrap_or_else(odd));
        }
        let kind = kind_of(&answer);
        let mut file = folder.begin().map_err(here)?;
        let (mut body, mut bytes) = (answer.into_body(), 0_u64);
        while let Some(frame) = body.frame().await {
            let Ok(piece) = frame.map_err(|fault| self.silent(call, &fault))?.into_data() else {
                continue;
            };
            bytes = bytes.saturating_add(piece.len() as u64);
            if bytes > bytes_max {
                let why = format!(
                    "{} of {} is longer than {bytes_max} bytes",
                    call.method,
                    self.url()
                );
                return Err(CallFault::Here(why));
            }
            file.write_all(&piece).map_err(|error| here(error.into()))?;
        }
        Ok(Downloaded { file, kind, bytes })
    }

    /// Sends a file.
    ///
    /// # Errors
    /// A [`CallFault`].
    pub(super) async fn upload(&self, call: &Call<'_>, file: File, kind: &str) -> Result<Value, CallFault> {
        let bytes = file.metadata().map_err(|error| here(error.into()))?.len();
        let pieces = stream::try_unfold(file, |file| async { next_piece(file) });
        let request = self
            .request(Method::POST, call, Some(kind))
            .header(CONTENT_LENGTH, bytes)
            .body(StreamBody::new(Box::pin(pieces)));
        let request = request.map_err(|_| CallFault::Here(format!("{} cannot be sent that", self.url())))?;
        let answer = self
            .http()
            .send(request)
            .await
            .map_err(|fault| self.silent(call, &fault))?;
        self.understood(call, answer, &[]).await
    }
}

/// A piece of a file, and the file. It is on a disk of this machine, and the only thing the program does.
fn next_piece(mut file: File) -> io::Result<Option<(Frame<Bytes>, File)>> {
    let mut piece = vec![0; PIECE_BYTES];
    let read = file.read(&mut piece)?;
    piece.truncate(read);
    Ok((read > 0).then(|| (Frame::data(piece.into()), file)))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err has")]
fn here(error: anyhow::Error) -> CallFault {
    CallFault::Here(format!("{error:#}"))
}

/// Sent at once.
const PIECE_BYTES: usize = 64 * 1024;

//! A real listener, and bytes that no HTTP library would send.

use std::net::SocketAddr;
use std::time::Duration;

use entryway_server::Doors;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::server::TestServer;

/// The service on a loopback port. Stops when it is [stopped](Listening::stop) or the test ends.
#[derive(Debug)]
pub struct Listening {
    /// Where it listens.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Listening {
    /// Serves this instance.
    pub async fn on(server: &TestServer) -> Self {
        Self::at(([127, 0, 0, 1], 0).into(), server).await
    }

    /// Serves this instance where another one was served before.
    pub async fn at(address: SocketAddr, server: &TestServer) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let (router, doors) = (server.router().clone(), Doors::of(server.app()));
        let task = tokio::spawn(async move {
            entryway_server::serve(listener, router, doors, async { drop(stopped.await) }).await;
        });
        Self { address, stop, task }
    }

    /// Sends these bytes on a connection of their own, and gives what came back until it was closed or
    /// quiet for a while.
    pub async fn say(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // a peer that refuses may close before everything is sent
        let _ = stream.write_all(bytes).await;
        let (mut answer, mut patience) = (Vec::new(), PATIENCE);
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(Ok(read @ 1..)) = tokio::time::timeout(patience, stream.read(&mut buffer)).await {
            answer.extend_from_slice(&buffer[..read]);
            patience = QUIET;
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Says each of these at the same time, and gives the answers in the same order.
    pub async fn say_each(&self, messages: impl IntoIterator<Item = String>) -> Vec<String> {
        let said = messages
            .into_iter()
            .map(async |message| self.say(message.as_bytes()).await);
        join_all(said).await
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(self) {
        drop(self.stop);
        self.task.await.unwrap();
    }
}

/// How long an answer may take to begin.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it may pause.
const QUIET: Duration = Duration::from_secs(1);

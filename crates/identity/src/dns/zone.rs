//! A DNS server on this machine.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{RData, Record};
use tokio::net::UdpSocket;

/// A DNS server that knows a few names, and what it was asked.
pub(crate) struct Zone {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Zone {
    /// Answers for each name with what is found; names end with a dot.
    pub(crate) async fn serve(
        find: impl Fn(&str) -> Result<Vec<RData>, ResponseCode> + Send + 'static,
    ) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut bytes = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
                let question = Message::from_vec(&bytes[..length]).unwrap();
                let query = question.queries[0].clone();
                let kind = query.query_type();
                heard.lock().unwrap().push(format!("{} {kind}", query.name()));
                let mut answer = question.into_response();
                match find(&query.name().to_string()) {
                    Err(code) => answer.metadata.response_code = code,
                    Ok(found) => {
                        for data in found.into_iter().filter(|data| data.record_type() == kind) {
                            answer.add_answer(Record::from_rdata(query.name().clone(), 60, data));
                        }
                    }
                }
                socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
            }
        });
        Self { address, asked }
    }

    /// What was asked, each once and in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked.dedup();
        asked
    }
}

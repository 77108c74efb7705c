//! A call of the back channel, valid until a test changes one thing about it.

use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, Request};
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::client::Client;
use crate::key::{Key, NamedKey};
use crate::proof::Draft;
use crate::reply::Reply;
use crate::server::Endpoint;
use crate::service::Service;

/// How parameters travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the two the endpoints read")]
pub enum Encoding {
    Form,
    Json,
}

/// A request to PAR, token or revocation.
#[derive(Clone)]
pub struct Call {
    client: Client,
    endpoint: Endpoint,
    parameters: Vec<(String, String)>,
    encoding: Encoding,
    proofs: Proofs,
    /// Made when the call is, unless the parameters have one already.
    assertion: Option<(NamedKey, Change)>,
    headers: Vec<(HeaderName, HeaderValue)>,
    retries: bool,
}

#[derive(Clone)]
enum Proofs {
    None,
    Own(Key, Change),
    Given(Vec<HeaderValue>),
}

type Change = Arc<dyn Fn(&mut Draft) + Send + Sync>;

impl Call {
    /// A call with a valid proof, and with a valid assertion of a confidential client.
    pub(crate) fn new(client: &Client, endpoint: Endpoint, parameters: &[(&str, &str)]) -> Self {
        let assertion_type = client.assertion_key().map(|_| (ASSERTION_TYPE, JWT_BEARER));
        Self {
            client: client.clone(),
            endpoint,
            parameters: parameters
                .iter()
                .copied()
                .chain(assertion_type)
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            encoding: Encoding::Form,
            proofs: Proofs::Own(client.key().clone(), Arc::new(|_| ())),
            assertion: client
                .assertion_key()
                .map(|key| (key.clone(), Arc::new(|_: &mut Draft| ()) as Change)),
            headers: Vec::new(),
            retries: true,
        }
    }

    /// With this parameter, in the place of the one it had or added.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        match self.parameters.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.parameters.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// Without this parameter.
    pub fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(known, _)| known != name);
        self
    }

    /// With this parameter a second time, with the same value.
    #[track_caller]
    pub fn twice(self, name: &str) -> Self {
        let value = self.value(name).to_owned();
        self.also(name, &value)
    }

    /// With one more parameter, whatever there is already.
    pub fn also(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With the parameters in a JSON object.
    pub const fn encoded(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Without a proof.
    pub fn without_proof(mut self) -> Self {
        self.proofs = Proofs::None;
        self
    }

    /// With a valid proof of another key.
    pub fn signed_by(mut self, key: &Key) -> Self {
        self.proofs = Proofs::Own(key.clone(), Arc::new(|_| ()));
        self
    }

    /// With a proof that was changed before it was signed.
    pub fn proof(mut self, change: impl Fn(&mut Draft) + Send + Sync + 'static) -> Self {
        let key = match self.proofs {
            Proofs::Own(key, _) => key,
            Proofs::None | Proofs::Given(_) => self.client.key().clone(),
        };
        self.proofs = Proofs::Own(key, Arc::new(change));
        self
    }

    /// With exactly these `DPoP` headers.
    pub fn proofs_given(mut self, proofs: &[&str]) -> Self {
        self.proofs = Proofs::Given(
            proofs
                .iter()
                .map(|proof| HeaderValue::from_str(proof).unwrap())
                .collect(),
        );
        self
    }

    /// With an assertion that was changed before it was signed.
    pub fn assertion(mut self, change: impl Fn(&mut Draft) + Send + Sync + 'static) -> Self {
        let (key, _) = self.assertion.expect("a confidential client calls");
        self.assertion = Some((key, Arc::new(change)));
        self
    }

    /// With a valid assertion by this key.
    pub fn asserted_by(mut self, key: &NamedKey) -> Self {
        self.assertion = Some((key.clone(), Arc::new(|_| ())));
        self.with(ASSERTION_TYPE, JWT_BEARER)
    }

    /// With exactly this for an assertion.
    pub fn assertion_given(self, assertion: &str) -> Self {
        self.with(ASSERTION_TYPE, JWT_BEARER).with(ASSERTION, assertion)
    }

    /// Without an assertion.
    pub fn without_assertion(mut self) -> Self {
        self.assertion = None;
        self.without(ASSERTION_TYPE).without(ASSERTION)
    }

    /// With one more header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        ));
        self
    }

    /// Without the second try that a client makes when it is asked for a fresh nonce.
    pub const fn once(mut self) -> Self {
        self.retries = false;
        self
    }

    /// The value of a parameter it has.
    #[track_caller]
    pub fn value(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map_or_else(|| panic!("{self:?} has no {name}"), |(_, value)| value.as_str())
    }

    /// The names of its parameters, in order.
    pub fn names(&self) -> Vec<String> {
        self.parameters.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Makes the call, and once more with a fresh nonce if that is what is missing.
    pub async fn send(self, server: &impl Service) -> Reply {
        self.try_send(server).await.expect("the service is there")
    }

    /// Makes the call of a service that may go away: `None` if it did before it had answered.
    pub async fn try_send(self, server: &impl Service) -> Option<Reply> {
        let call = self.ready_for(server);
        let body = call.body();
        call.try_body(server, body).await
    }

    /// With its assertion among its parameters: the same for both tries, as stock clients have it.
    pub fn ready_for(mut self, server: &impl Service) -> Self {
        let given = self.parameters.iter().any(|(name, _)| name == ASSERTION);
        if let Some((key, change)) = self.assertion.take().filter(|_| !given) {
            let mut draft = Draft::assertion(&key, self.client.id(), server.issuer(), server.now());
            change(&mut draft);
            self.parameters.push((ASSERTION.to_owned(), draft.sign()));
        }
        self
    }

    /// Makes the call with this body in the place of its parameters.
    pub async fn send_body(self, server: &impl Service, body: Vec<u8>) -> Reply {
        self.try_body(server, body).await.expect("the service is there")
    }

    async fn try_body(self, server: &impl Service, body: Vec<u8>) -> Option<Reply> {
        let reply = self.attempt(server, &body).await?;
        let nonce_is_missing = reply.code() == 400
            && serde_json::from_slice::<Value>(&reply.body)
                .is_ok_and(|json| json["error"] == "use_dpop_nonce");
        if !(self.retries && nonce_is_missing) {
            return Some(reply);
        }
        self.attempt(server, &body).await
    }

    async fn attempt(&self, server: &impl Service, body: &[u8]) -> Option<Reply> {
        let content_type = match self.encoding {
            Encoding::Form => "application/x-www-form-urlencoded",
            Encoding::Json => "application/json",
        };
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(server.path(self.endpoint));
        let headers = request.headers_mut().unwrap();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        for proof in self.make_proofs(server) {
            headers.append("dpop", proof);
        }
        for (name, value) in &self.headers {
            // `content-type` takes the place of the usual one
            headers.insert(name, value.clone());
        }
        let reply = server
            .ask(request.body(Body::from(body.to_vec())).unwrap())
            .await?;
        self.client.learn_nonce(&reply);
        Some(reply)
    }

    fn make_proofs(&self, server: &impl Service) -> Vec<HeaderValue> {
        match &self.proofs {
            Proofs::None => Vec::new(),
            Proofs::Given(proofs) => proofs.clone(),
            Proofs::Own(key, change) => {
                let nonce = self.client.nonce();
                let mut draft = Draft::proof(key, &server.url(self.endpoint), server.now(), nonce.as_deref());
                change(&mut draft);
                vec![HeaderValue::from_str(&draft.sign()).unwrap()]
            }
        }
    }

    /// The parameters as they travel.
    pub fn body(&self) -> Vec<u8> {
        match self.encoding {
            Encoding::Form => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(&self.parameters).finish().into_bytes()
            }
            Encoding::Json => {
                let pairs = self.parameters.iter().map(|(name, value)| {
                    format!("{}:{}", Value::from(name.as_str()), Value::from(value.as_str()))
                });
                // by hand, since a map would lose what is there twice
                format!("{{{}}}", pairs.collect::<Vec<_>>().join(",")).into_bytes()
            }
        }
    }

    /// The parameters as a JSON object, for a test that sends other things than texts.
    pub fn json(&self) -> Map<String, Value> {
        self.parameters
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect()
    }
}

const ASSERTION: &str = "client_assertion";
const ASSERTION_TYPE: &str = "client_assertion_type";
/// RFC 7523 section 2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} with {:?}", self.endpoint, self.names())
    }
}

//! Making an account as a PDS behind an entryway does it: the entryway drives (contract section 2.3).

use axum::Json;
use axum::extract::State;
use entryway_identity::did::SigningKey;
use entryway_identity::plc::Operation;
use entryway_scope::{Did, Handle};
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::Pds;
use super::accounts::{AccountKey, AtIdentifier, Entry};
use crate::journal::{JournalFault, settle};
use crate::outbound;
use crate::xrpc::{Failure, Input};

/// `com.atproto.server.reserveSigningKey`: step 2. With a `did` the same key every time.
pub(super) async fn reserve_signing_key(
    State(pds): State<Pds>,
    mut input: Input,
) -> Result<Json<Value>, Failure> {
    let did = input.optional::<Did>("did")?;
    let fresh = pds.draw_key()?;
    let signing_key = settle(move || pds.reserve(did, fresh)).await?;
    Ok(Json(json!({ "signingKey": signing_key })))
}

/// `com.atproto.server.createAccount`: step 4.
///
/// As the reference does, it sees that the handle is taken only *after* the PLC directory took the operation, and
/// then breaks down: whoever wants no orphaned DID asks before (contract section 0, item 7). The two tokens of the
/// answer are worth nothing, there as here: the entryway mints its own.
pub(super) async fn create_account(
    State(pds): State<Pds>,
    headers: HeaderMap,
    mut input: Input,
) -> Result<Json<Value>, Failure> {
    if headers.contains_key(AUTHORIZATION) {
        let message = "expected no authorization header, the operation authorizes the call";
        return Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            "AuthenticationRequired",
            message,
        ));
    }
    let handle = input
        .required::<Handle>("handle")
        .map_err(|fault| fault.renamed("InvalidHandle"))?;
    let did = input.optional::<Did>("did")?;
    let operation = input.value("plcOp");
    let (Some(did), Some(operation)) = (did, operation) else {
        return Err(Failure::invalid_request(
            "non-entryway pds requires bringing a DID and plcOp",
        ));
    };
    let operation = serde_json::from_value(operation).map_err(|_| incompatible("invalid plc operation"))?;
    // to its end even when the client goes away: the directory may already know the DID
    let created = tokio::spawn(async move { pds.create(did, handle, operation).await });
    created
        .await
        .map_err(|_| Failure::internal("the account could not be made"))?
}

impl Pds {
    async fn create(self, did: Did, handle: Handle, operation: Operation) -> Result<Json<Value>, Failure> {
        let _turn = self.turn(&did).await;
        let key = self.check_operation(&did, &handle, &operation)?;
        if self.state().accounts.by_did(&did).is_some() {
            return Err(Failure::invalid_request("Repo already exists"));
        }
        self.submit_operation(&did, &operation).await?;
        let _naming = self.0.naming.lock().await;
        self.check_handle_free(&handle)?;
        let (pds, owner, name) = (self.clone(), did.clone(), handle.clone());
        settle(move || pds.store_account(owner, name, AccountKey(key))).await?;
        self.0.names.claim(&handle, &did);

        let state = self.state();
        let document = state
            .accounts
            .by_did(&did)
            .map(|account| account.document(&did, &self.settings().origin));
        Ok(Json(json!({
            "did": did,
            "handle": handle,
            "didDoc": document,
            "accessJwt": NO_TOKEN,
            "refreshJwt": NO_TOKEN,
        })))
    }

    /// The public half of the key that waits for the DID; of the fresh one, if none does.
    fn reserve(&self, did: Option<Did>, fresh: SigningKey) -> Result<String, JournalFault> {
        let mut state = self.state();
        let waiting = did.as_ref().and_then(|did| state.accounts.key_reserved_for(did));
        if let Some(waiting) = waiting {
            return Ok(waiting.public_key().to_did_key());
        }
        let public = fresh.public_key().to_did_key();
        let signing_key = AccountKey(fresh);
        state.store(Entry::Reserved { did, signing_key })?;
        Ok(public)
    }

    fn store_account(&self, did: Did, handle: Handle, signing_key: AccountKey) -> Result<(), JournalFault> {
        let now = (self.0.clock)();
        let mut state = self.state();
        let rev = state.tids.next(now);
        state.store(Entry::Account {
            did,
            handle,
            signing_key,
            rev,
        })
    }

    /// Sends the operation to the directory, and passes its refusal on.
    async fn submit_operation(&self, did: &Did, operation: &Operation) -> Result<(), Failure> {
        let settings = self.settings();
        let url = format!("{}/{did}", settings.plc);
        let answer = settings
            .http
            .post(url)
            .json(operation)
            .send()
            .await
            .map_err(|fault| {
                tracing::warn!(
                    error = &fault as &dyn std::error::Error,
                    "the PLC directory did not answer"
                );
                upstream_failure("the PLC directory did not answer")
            })?;
        if answer.status().is_success() {
            return Ok(());
        }
        if answer.status().is_server_error() {
            return Err(upstream_failure("the PLC directory failed"));
        }
        let reason = outbound::message(answer)
            .await
            .unwrap_or_else(|| "no reason given".to_owned());
        Err(Failure::invalid_request(format!(
            "the PLC directory refused the operation: {reason}"
        )))
    }

    /// Whether the operation is one this PDS may act on; the private half of the reserved key it names.
    fn check_operation(
        &self,
        did: &Did,
        handle: &Handle,
        operation: &Operation,
    ) -> Result<SigningKey, Failure> {
        let data = operation
            .data()
            .ok_or_else(|| incompatible("invalid plc operation"))?;
        let entryway = self.settings().entryway_rotation_key.to_did_key();
        if !data.rotation_keys.contains(&entryway) {
            return Err(incompatible("PLC DID does not include service rotation key"));
        }
        if operation.signer(&[entryway]).is_err() {
            return Err(incompatible("invalid plc operation"));
        }
        let named = data
            .signing_key()
            .ok_or_else(|| incompatible("invalid plc operation"))?;
        let reserved = {
            let state = self.state();
            let of_did = state.accounts.key_reserved_for(did);
            of_did.or_else(|| state.accounts.reserved_key(named)).cloned()
        };
        let reserved =
            reserved.ok_or_else(|| Failure::invalid_request("reserved signing key does not exist"))?;
        if data.also_known_as.first() != Some(&format!("at://{handle}")) {
            return Err(incompatible("provided handle does not match DID document handle"));
        }
        if data.pds_endpoint() != Some(&self.settings().origin) {
            return Err(incompatible(
                "DID document pds endpoint does not match service endpoint",
            ));
        }
        if reserved.public_key().to_did_key() != named {
            return Err(incompatible(
                "DID document signing key does not match service signing key",
            ));
        }
        Ok(reserved)
    }

    fn check_handle_free(&self, handle: &Handle) -> Result<(), Failure> {
        let state = self.state();
        match state.accounts.find(&AtIdentifier::Handle(handle.clone())) {
            None => Ok(()),
            Some(_) => Err(Failure::internal("Internal Server Error")),
        }
    }

    fn draw_key(&self) -> Result<SigningKey, Failure> {
        let mut bytes = [0; 32];
        (self.0.entropy)(&mut bytes);
        SigningKey::from_bytes(&bytes)
            .map_err(|_| Failure::internal("the source of random numbers is broken"))
    }
}

fn upstream_failure(message: &str) -> Failure {
    Failure::new(StatusCode::BAD_GATEWAY, "UpstreamFailure", message)
}

fn incompatible(message: &str) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "IncompatibleDidDoc", message)
}

/// In the place of tokens, which the lexicon demands.
const NO_TOKEN: &str = "a-PDS-behind-an-entryway-issues-no-sessions";

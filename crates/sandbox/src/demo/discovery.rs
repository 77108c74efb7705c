//! From the handle a person types to the authorization server that may sign them in.
//!
//! Handle, DID, DID document, PDS, authorization server: each document must name the next, and the last two
//! must name themselves, or somebody else's server could ask for this person's consent.

use http::StatusCode;
use oauth2::HttpResponse;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::{Url, form_urlencoded};

use super::Demo;
use super::outbound::Undelivered;
use super::problem::Problem;
use super::server::AuthorizationServer;
use super::trace::{Step, Trace};

/// Longest handle, in bytes (RFC 1035), which also bounds what may be typed.
const HANDLE_BYTES_MAX: usize = 253;

/// An account, and the servers it lives on.
#[derive(Debug, Clone)]
pub(super) struct Account {
    /// The permanent identifier.
    pub(super) did: String,
    /// The name its DID document claims, which is the one that was typed.
    pub(super) handle: String,
    /// Origin of the account's PDS.
    pub(super) pds: String,
    /// The server that PDS leaves sign-in to.
    pub(super) server: AuthorizationServer,
}

/// Finds the account behind what was typed.
pub(super) async fn find(demo: &Demo, trace: &Trace, typed: &str) -> Result<Account, Problem> {
    let handle = typed_handle(typed)?;
    let did = resolve_handle(demo, trace, &handle).await?;
    let pds = pds_of(demo, trace, &did, &handle).await?;
    let issuer = issuer_of(demo, trace, &pds).await?;
    let url = format!("{issuer}/.well-known/oauth-authorization-server");
    let server: AuthorizationServer =
        document(demo, trace, "Read the authorization server's metadata", &url).await?;
    server.check(&issuer)?;
    Ok(Account {
        did,
        handle,
        pds,
        server,
    })
}

/// Brings what was typed into the form of a handle: people type a leading `@`, capitals and spaces.
pub(super) fn typed_handle(typed: &str) -> Result<String, Problem> {
    let handle = typed.trim().trim_start_matches('@').to_ascii_lowercase();
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if handle.len() <= HANDLE_BYTES_MAX && handle.contains('.') && handle.split('.').all(label) {
        Ok(handle)
    } else {
        Err(Problem::HandleSyntax)
    }
}

#[derive(Deserialize)]
struct ResolvedHandle {
    did: String,
}

async fn resolve_handle(demo: &Demo, trace: &Trace, handle: &str) -> Result<String, Problem> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("handle", handle)
        .finish();
    let url = format!(
        "{}/xrpc/com.atproto.identity.resolveHandle?{query}",
        demo.handle_resolver
    );
    let title = "Ask the handle resolver for the DID";
    let answer = asked(demo, trace, title, &url).await?;
    // the resolver's way to say that nobody has this name
    if matches!(answer.status(), StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND) {
        return Err(Problem::HandleUnknown {
            handle: handle.to_owned(),
        });
    }
    let resolved: ResolvedHandle = read_as(StatusCode::OK, title, &url, &answer)?;
    let plausible = resolved.did.strip_prefix("did:plc:").is_some_and(|id| {
        (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    });
    if plausible {
        Ok(resolved.did)
    } else {
        Err(Problem::DidMethod { did: resolved.did })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DidDocument {
    id: String,
    #[serde(default)]
    also_known_as: Vec<String>,
    #[serde(default)]
    service: Vec<Service>,
}

#[derive(Deserialize)]
struct Service {
    id: String,
    r#type: String,
    #[serde(rename = "serviceEndpoint")]
    endpoint: String,
}

async fn pds_of(demo: &Demo, trace: &Trace, did: &str, handle: &str) -> Result<String, Problem> {
    let url = format!("{}/{did}", demo.plc_directory);
    let found: DidDocument = document(demo, trace, "Read the DID document", &url).await?;
    same("the DID document's id", did, &found.id)?;
    // a handle counts only if the DID claims it too, else anybody could name somebody else's account
    let claimed = format!("at://{handle}");
    if !found.also_known_as.contains(&claimed) {
        return Err(Problem::Mismatch {
            what: "the DID document's alsoKnownAs",
            expected: claimed,
            found: found.also_known_as.join(", "),
        });
    }
    let absolute = format!("{did}#atproto_pds");
    found
        .service
        .into_iter()
        .find(|service| {
            (service.id == "#atproto_pds" || service.id == absolute)
                && service.r#type == "AtprotoPersonalDataServer"
        })
        .map(|service| service.endpoint)
        .ok_or(Problem::PdsMissing)
}

#[derive(Deserialize)]
struct ResourceMetadata {
    resource: String,
    #[serde(default)]
    authorization_servers: Vec<String>,
}

async fn issuer_of(demo: &Demo, trace: &Trace, pds: &str) -> Result<String, Problem> {
    let url = format!("{pds}/.well-known/oauth-protected-resource");
    let found: ResourceMetadata =
        document(demo, trace, "Ask the PDS who signs people in for it", &url).await?;
    same("the PDS metadata's resource", pds, &found.resource)?;
    match found.authorization_servers.as_slice() {
        [issuer] => Ok(issuer.clone()),
        servers => Err(Problem::Mismatch {
            what: "the PDS metadata's authorization_servers",
            expected: "exactly one".to_owned(),
            found: servers.len().to_string(),
        }),
    }
}

/// Compares two identifiers byte for byte: no trailing slash, no other case, no default port is forgiven.
pub(super) fn same(what: &'static str, expected: &str, found: &str) -> Result<(), Problem> {
    if expected == found {
        Ok(())
    } else {
        Err(Problem::Mismatch {
            what,
            expected: expected.to_owned(),
            found: found.to_owned(),
        })
    }
}

async fn document<T: DeserializeOwned>(
    demo: &Demo,
    trace: &Trace,
    title: &'static str,
    url: &str,
) -> Result<T, Problem> {
    let answer = asked(demo, trace, title, url).await?;
    read_as(StatusCode::OK, title, url, &answer)
}

/// Sends a GET without any credentials and notes it.
pub(super) async fn asked(
    demo: &Demo,
    trace: &Trace,
    title: &'static str,
    url: &str,
) -> Result<HttpResponse, Problem> {
    let not_permitted = || Problem::Unanswered {
        step: title,
        url: url.to_owned(),
        reason: Undelivered::NotPermitted,
    };
    let parsed = Url::parse(url).map_err(|_| not_permitted())?;
    let request = http::Request::get(parsed.as_str())
        .header(http::header::ACCEPT, "application/json")
        .body(Vec::new())
        .map_err(|_| not_permitted())?;
    let step = Step::of_request(title, &request);
    match demo.outbound.send(request).await {
        Ok(answer) => {
            trace.note(step.answered(&answer));
            Ok(answer)
        }
        Err(reason) => {
            trace.note(step.failed(&reason));
            Err(Problem::Unanswered {
                step: title,
                url: url.to_owned(),
                reason,
            })
        }
    }
}

/// Reads the JSON of an answer with the status the protocol foresees.
pub(super) fn read_as<T: DeserializeOwned>(
    status: StatusCode,
    step: &'static str,
    url: &str,
    answer: &HttpResponse,
) -> Result<T, Problem> {
    let unexpected = |expected: String| Problem::UnexpectedAnswer {
        step,
        url: url.to_owned(),
        status: answer.status(),
        expected,
    };
    if answer.status() != status {
        return Err(unexpected(format!(
            "status {} with a JSON document",
            status.as_u16()
        )));
    }
    // serde's words name a member or a position, never the whole document
    serde_json::from_slice(answer.body())
        .map_err(|error| unexpected(format!("a JSON document of the right shape ({error})")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_read_the_way_people_type_it() {
        for typed in ["alice.test", " Alice.TEST ", "@alice.test"] {
            assert_eq!(typed_handle(typed).unwrap(), "alice.test", "{typed}");
        }
        for typed in [
            "",
            "alice",
            "alice..test",
            ".test",
            "a_b.test",
            "a/b.test",
            "-a.test",
            "ä.test",
            "a@b.test",
        ] {
            assert!(
                matches!(typed_handle(typed), Err(Problem::HandleSyntax)),
                "{typed}"
            );
        }
        assert!(typed_handle(&format!("{}.test", "a.".repeat(200))).is_err());
    }

    #[test]
    fn identifiers_are_compared_byte_for_byte() {
        assert!(same("issuer", "http://localhost:1", "http://localhost:1").is_ok());
        for other in ["http://localhost:1/", "http://LOCALHOST:1", "https://localhost:1"] {
            assert!(same("issuer", "http://localhost:1", other).is_err(), "{other}");
        }
    }
}

use std::path::Path;

use super::*;
use entryway_oauth::access_token::AccessTokenKey;
use entryway_oauth::secret::FeedToken;
use entryway_resource::Limits;
use entryway_resource::client::ClientSettings;
use entryway_resource::feed::FeedLimits;
use entryway_resource::proxy::{GateLimits, UpstreamCredentials};

use crate::config::SettingsFile;

const EXAMPLE: &str = include_str!("../../../../../deploy/gate.example.toml");

/// Understands settings in a directory that holds what the example names.
fn understand(text: &str) -> Result<GateFile, String> {
    let directory = tempfile::tempdir().unwrap();
    let token = FeedToken::from_entropy([7; 32]);
    std::fs::write(
        directory.path().join("feed.token"),
        format!("{}\n", token.expose()),
    )
    .unwrap();
    std::fs::write(
        directory.path().join("pds-jwt.secret"),
        "8d7a10c25fe94b36a1d2c3e4f5061728",
    )
    .unwrap();
    SettingsFile::parse(&directory.path().join("gate.toml"), text)
        .and_then(|file| file.understand(GateFile::read))
        .map_err(|error| {
            error
                .to_string()
                .replace(&directory.path().display().to_string(), "")
        })
}

/// The faults that a change to the example makes.
fn faults(from: &str, to: &str) -> Vec<String> {
    assert!(EXAMPLE.contains(from), "{from}");
    match understand(&EXAMPLE.replace(from, to)) {
        Ok(_) => Vec::new(),
        Err(told) => told.lines().skip(1).map(|line| line.trim().to_owned()).collect(),
    }
}

#[test]
fn an_issuer_with_a_fault_is_no_fault_of_its_hosts() {
    let told = faults("when_stale = \"refuse\"", "when_stale = \"maybe\"");
    assert_eq!(told, ["issuer[0].feed.when_stale: must be one of refuse, accept"]);
    let told = faults("token_file = \"feed.token\"\n", "");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("issuer[0].feed.token"), "{told:?}");
}

#[test]
fn the_example_is_good_and_its_bounds_are_the_defaults() {
    let file = understand(EXAMPLE).map_err(|told| panic!("{told}")).unwrap();
    assert_eq!(file.bounds.gate, GateLimits::default());
    assert_eq!(file.bounds.verifier, Limits::default());
    let (client, default) = (&file.bounds.client, ClientSettings::default());
    assert_eq!(format!("{client:?}"), format!("{default:?}"));
    assert_eq!(file.issuers.len(), 1);
    let feed = file.issuers[0].feed.as_ref().unwrap();
    assert_eq!(feed.url, "https://login.example.com/oauth/revocations");
    assert_eq!(feed.limits, FeedLimits::default());
    let [host] = &file.hosts[..] else {
        panic!("one host")
    };
    assert!(matches!(host.credentials, UpstreamCredentials::Session(_)));
    assert_eq!(host.issuer, file.issuers[0].url);
}

// a line that is commented out is a field too
#[test]
fn what_the_example_leaves_out_is_good_too() {
    let text = EXAMPLE.replace(
        "# dpop_secret_file = \"dpop.secret\"",
        &format!("dpop_secret = \"{}\"", "0a".repeat(32)),
    );
    assert!(understand(&text).is_ok_and(|file| file.hosts[0].nonces.is_some()));
}

#[test]
fn each_mistake_is_told_with_its_place_and_what_was_expected() {
    let weak = "jwt_secret = \"changeme-changeme-changeme-changeme\"";
    for (from, to, told) in [
        (
            "listen = \"127.0.0.1:2590\"\n",
            "",
            "listen: is missing, must be an address and a port such as 127.0.0.1:2590",
        ),
        (
            "listen = \"127.0.0.1:2590\"",
            "listen = \"localhost\"",
            "listen: must be an address and a port such as 127.0.0.1:2590",
        ),
        (
            "[\"127.0.0.1\"]",
            "[\"10.0.0.0/40\"]",
            "trusted_proxies[0]: must be an address or a range such as 10.0.0.0/8",
        ),
        (
            "url = \"https://login",
            "url = \"http://login",
            "issuer[0].url: must be an https origin such as https://pds.example.com, http takes development = true",
        ),
        (
            "keys = []",
            "keys = [\"02ab\"]",
            "issuer[0].keys[0]: must be a did:key, a JWK, or a secp256k1 point in hexadecimal digits",
        ),
        (
            "when_stale = \"refuse\"",
            "when_stale = \"maybe\"",
            "issuer[0].feed.when_stale: must be one of refuse, accept",
        ),
        (
            "staleness_max_seconds = 60",
            "staleness_max_seconds = 0",
            "issuer[0].feed.staleness_max_seconds: must be a whole number from 1 to 86400",
        ),
        (
            "upstream = \"http://127.0.0.1:3000\"",
            "upstream = \"http://127.0.0.1:3000/xrpc\"",
            "host[0].upstream: must be an http or https origin such as http://127.0.0.1:3000",
        ),
        (
            "upstream = \"http://127.0.0.1:3000\"",
            "upstream = \"http://10.0.0.7:3000\"",
            "host[0].upstream: must be https unless it is on this machine, or upstream_in_clear = true says \
             that nobody else hears what passes there",
        ),
        (
            "other_issuers = []",
            "other_issuers = [\"https://third.example.com\"]",
            "host[0].other_issuers[0]: must be the url of one of the tables [[issuer]]",
        ),
        (
            "own_methods = []",
            "own_methods = [\"a.b\"]",
            "host[0].own_methods[0]: must be the nsid of a method",
        ),
        (
            "did = \"did:web:pds.example.com\"",
            "did = \"https://pds.example.com\"",
            "host[0].did: must be the DID of the PDS, as its describeServer says it",
        ),
        (
            "issuer = \"https://login.example.com\"",
            "issuer = \"https://other.example.com\"",
            "host[0].issuer: must be the url of one of the tables [[issuer]]",
        ),
        (
            "credentials = \"session\"\n",
            "",
            "host[0].credentials: is missing, must be one of session, pass, identity",
        ),
        (
            "jwt_secret_file = \"pds-jwt.secret\"\n",
            "",
            "host[0].jwt_secret: or jwt_secret_file is missing, must be at least 32 bytes from a random source",
        ),
        (
            "legacy = \"pass\"",
            "legacy = \"sometimes\"",
            "host[0].legacy: must be one of pass, refuse",
        ),
        (
            "pages = []",
            "pages = [\"/xrpc/*\"]",
            "host[0].pages[0]: must be a path such as /account, or all below one such as /oauth/*",
        ),
        (
            "handle_domains = [\".pds",
            "handle_domains = [\"pds",
            "host[0].handle_domains[0]: must be a domain with a dot before it such as .pds.example.com",
        ),
        (
            "connections_max = 10000",
            "connections_max = \"all\"",
            "limits.connections_max: must be a whole number from 1 to 1000000000",
        ),
        (
            "development = false",
            "developement = false",
            "developement: is no setting here",
        ),
    ] {
        assert!(
            faults(from, to).contains(&told.to_owned()),
            "{to}: {:?}",
            faults(from, to)
        );
    }
    let told = faults("jwt_secret_file = \"pds-jwt.secret\"", weak);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with("host[0].jwt_secret: ") && !told[0].contains("changeme"),
        "{told:?}"
    );
}

// R-354: clients keep one nonce for each origin, and here two servers issue them
#[test]
fn a_pds_that_verifies_again_shares_its_nonce_secret() {
    assert_eq!(
        faults(
            "credentials = \"session\"\n# For",
            "credentials = \"pass\"\n# For"
        ),
        [
            "host[0].dpop_secret: is missing, must be the PDS's own PDS_DPOP_SECRET with credentials = \"pass\"",
            "host[0].jwt_secret_file: is no setting here",
        ]
    );
}

#[test]
fn nothing_at_all_is_told_as_what_is_missing() {
    let told = SettingsFile::parse(Path::new("gate.toml"), "")
        .unwrap()
        .understand(GateFile::read);
    let told = told.err().map(|error| error.to_string());
    assert_eq!(
        told.as_deref(),
        Some(
            "gate.toml: 3 settings missing or wrong\n  \
             listen: is missing, must be an address and a port such as 127.0.0.1:2590\n  \
             issuer: is missing, must be at least one table [[issuer]]\n  \
             host: is missing, must be at least one table [[host]]"
        )
    );
}

#[test]
fn a_key_is_pinned_in_the_form_one_has_it_in() {
    let key = AccessTokenKey::from_bytes(&[7; 32]).unwrap();
    let jwk = key.public().canonical_json();
    let hex = "02989c0b76cb563971fdc9bef31ec06c3560f3249d6ee9e5d83c57625596e05f6f";
    for text in [
        "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
        &jwk,
        hex,
    ] {
        let told = faults("keys = []", &format!("keys = ['{text}']"));
        assert_eq!(told, Vec::<String>::new(), "{text}");
    }
    let ed25519 = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    assert_eq!(
        faults("keys = []", &format!("keys = ['{ed25519}']")),
        ["issuer[0].keys: a key of an issuer must be a secp256k1 or P-256 key"]
    );
}

#[test]
fn plain_http_goes_to_this_machine_or_where_its_operator_says() {
    let upstream = "upstream = \"http://127.0.0.1:3000\"";
    for (to, fine) in [
        ("upstream = \"http://localhost:3000\"", true),
        ("upstream = \"http://[::1]:3000\"", true),
        ("upstream = \"https://pds.internal:3000\"", true),
        ("upstream = \"http://pds.internal:3000\"", false),
        ("upstream = \"http://127.0.0.1.internal:3000\"", false),
    ] {
        assert_eq!(faults(upstream, to).is_empty(), fine, "{to}");
    }
    let clear = EXAMPLE.replace("upstream_in_clear = false", "upstream_in_clear = true");
    assert!(understand(&clear.replace("http://127.0.0.1:3000", "http://pds:3000")).is_ok());
    let development = EXAMPLE.replace("development = false", "development = true");
    assert!(understand(&development.replace("http://127.0.0.1:3000", "http://pds:3000")).is_ok());
}

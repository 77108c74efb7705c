//! Which client is calling, and that it authenticates as its metadata says.

use http::header::AUTHORIZATION;
use http::request::Parts;

use entryway_oauth::client::Client;
use entryway_oauth::client_id::ClientId;
use entryway_oauth::denial::Denial;
use entryway_oauth::form::Parameters;

/// The client of a back-channel request.
///
/// Every client of this release is public, so there is nothing to authenticate; a secret is refused
/// and an assertion neither helps nor harms.
pub(crate) fn authenticate(parts: &Parts, parameters: &Parameters) -> Result<Client, Denial> {
    if parts.headers.contains_key(AUTHORIZATION) || parameters.has("client_secret") {
        return Err(Denial::ClientSecretUnsupported);
    }
    Client::loopback(&ClientId::parse(parameters.required("client_id")?)?)
}

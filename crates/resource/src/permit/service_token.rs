//! What `com.atproto.server.getServiceAuth` is asked for, in its query.

use entryway_scope::{Did, Nsid, ServiceId};
use url::form_urlencoded;

use super::OwnedAct;
use super::json::malformed;
use super::table::is_protected;
use crate::Refusal;

/// `rpc` for the method of `lxm` (all of them where it is absent, R-385) at `aud`, as given: a bare DID is not covered
/// by a service of it.
///
/// Read once as the reference reads it, with `+` for a space. What another reader would take apart in another place
/// is refused: names that come twice, brackets in a name, `;`, a second `?`.
pub(super) fn service_token(query: Option<&str>) -> Result<OwnedAct, Refusal> {
    let query = query.unwrap_or_default();
    if query.starts_with('?') || query.contains(';') {
        return Err(malformed("the query must be pairs joined by an ampersand"));
    }
    let (mut audience, mut method) = (None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let slot = match &*name {
            "aud" => &mut audience,
            "lxm" => &mut method,
            _ if name.contains(['[', ']']) => return Err(malformed("query names must have no brackets")),
            _ => continue,
        };
        if slot.replace(value).is_some() {
            return Err(malformed("aud and lxm must not come twice"));
        }
    }
    let audience = audience.filter(|text| Did::parse(text).is_ok() || ServiceId::parse(text).is_ok());
    let audience = audience.ok_or(malformed(
        "aud must be a did, with or without the name of a service",
    ))?;
    let method = method.map(|text| Nsid::parse(&text)).transpose();
    let method = method.map_err(|_| malformed("lxm must be an nsid"))?;
    // with such a token the caller would pass for the PDS
    if method
        .as_ref()
        .is_some_and(|method| is_protected(method.as_str()))
    {
        return Err(malformed("lxm must not be a protected method"));
    }
    Ok(OwnedAct::Rpc {
        method,
        audience: audience.into_owned(),
    })
}

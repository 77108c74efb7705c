//! Calls for tests, and what they turn out to need.

use std::fmt::Write as _;

use super::*;

const VIEW: &str = "did:web:api.bsky.app#bsky_appview";
pub(super) const MODERATION: &str = "did:plc:ar7c4by46qjdydhdevvrndac#atproto_labeler";
pub(super) const REPORTS: &str = "did:web:reports.example#atproto_labeler";

/// A PDS that is set up with a service of each kind.
pub(super) fn permissions() -> Permissions {
    let service = |text| Some(ServiceId::parse(text).unwrap());
    Permissions::new(PermissionsConfig {
        app_view: service(VIEW),
        moderation: service(MODERATION),
        reports: service(REPORTS),
        own_methods: BTreeSet::from([Nsid::parse("com.example.pds.dropEverything").unwrap()]),
    })
}

/// A call, written as `POST nsid?query`, then its headers and its body.
pub(super) struct Sample<'a> {
    pub(super) line: &'a str,
    pub(super) headers: &'a [(&'static str, &'a str)],
    pub(super) body: &'a str,
}

impl Sample<'_> {
    /// The scope values that are needed, in order, or the name of what is not about scopes.
    pub(super) fn needs(&self, permissions: &Permissions) -> Result<String, Refusal> {
        let (method, target) = self.line.split_once(' ').unwrap();
        let (nsid, query) = target
            .split_once('?')
            .map_or((target, None), |(nsid, query)| (nsid, Some(query)));
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers {
            headers.append(*name, value.parse().unwrap());
        }
        let need = permissions.need(&Call {
            nsid: &Nsid::parse(nsid).unwrap(),
            method: &method.parse().unwrap(),
            query,
            headers: &headers,
        })?;
        let acts = match need {
            Need::Nothing => return Ok("nothing".to_owned()),
            Need::Never => return Ok("never".to_owned()),
            Need::Acts(acts) => acts,
            Need::Body(need) => need.read(self.body.as_bytes())?,
        };
        are_all_asked_for(&acts);
        Ok(acts.iter().map(value).collect::<Vec<_>>().join(" "))
    }
}

/// The narrowest scope value that permits an act.
fn value(act: &OwnedAct) -> String {
    let missing = ScopeSet::default().require(act.act()).unwrap_err();
    missing.scope().to_string()
}

/// That all the values together are enough, and that each that is left out is asked for by name.
fn are_all_asked_for(acts: &[OwnedAct]) {
    let values: Vec<_> = acts.iter().map(value).collect();
    let granted = |left_out: Option<&String>| {
        let mut wire = "atproto".to_owned();
        for value in values.iter().filter(|value| Some(*value) != left_out) {
            write!(wire, " {value}").unwrap();
        }
        ScopeSet::parse(&wire).unwrap()
    };
    assert_eq!(check(&granted(None), acts), Ok(()));
    for value in &values {
        assert_eq!(
            check(&granted(Some(value)), acts),
            Err(Refusal::scope_missing(value))
        );
    }
}

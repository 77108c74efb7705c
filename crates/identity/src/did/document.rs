//! The DID document, as far as the AT Protocol reads it.

use entryway_scope::{Did, Handle};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::PublicKey;

/// What a DID resolves to: names, keys and services.
///
/// Reading is lenient where documents of `did:web` are written by hand: unknown fields pass, and a key or an
/// endpoint of an unknown kind is as good as absent. Not checked: that the document is of the DID that was
/// asked for (compare [`id`](Self::id)), nor that its handle points back.
///
/// ```
/// use entryway_identity::did::DidDocument;
///
/// let document: DidDocument = serde_json::from_str(r##"{
///   "id": "did:web:pds.example",
///   "alsoKnownAs": ["at://Alice.example"],
///   "service": [
///     {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": "https://pds.example"}
///   ]
/// }"##)?;
/// assert_eq!(document.pds_endpoint(), Some("https://pds.example"));
/// assert_eq!(document.handle().unwrap().as_str(), "alice.example");
/// assert_eq!(document.signing_key(), None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DidDocument {
    /// JSON-LD vocabulary: a string, or a list of strings and objects. Carried, not understood.
    #[serde(rename = "@context", default, skip_serializing_if = "Value::is_null")]
    pub context: Value,
    /// The DID itself.
    pub id: Did,
    /// Other names, the handle among them as `at://handle`.
    #[serde(default)]
    pub also_known_as: Vec<String>,
    /// Keys.
    #[serde(default)]
    pub verification_method: Vec<VerificationMethod>,
    /// Services.
    #[serde(default)]
    pub service: Vec<Service>,
}

/// A key of a DID document.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationMethod {
    /// `#name`, or the same after the DID.
    pub id: String,
    /// `Multikey`, in documents of today.
    #[serde(rename = "type")]
    pub kind: String,
    /// The DID whose key it is.
    #[serde(default)]
    pub controller: String,
    /// The key, unless it is given in some other form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key_multibase: Option<String>,
}

/// A service of a DID document.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// `#name`, or the same after the DID.
    pub id: String,
    /// What it is: a string in everything the AT Protocol uses.
    #[serde(rename = "type")]
    pub kind: Value,
    /// Where it is: a string in everything the AT Protocol uses.
    pub service_endpoint: Value,
}

impl DidDocument {
    /// The URL of the account's PDS, byte for byte as the document has it.
    ///
    /// Not checked: that it is a URL, or one that may be fetched.
    pub fn pds_endpoint(&self) -> Option<&str> {
        let pds = self.service.iter().find(|service| {
            self.is_named(&service.id, "atproto_pds") && service.kind == "AtprotoPersonalDataServer"
        })?;
        pds.service_endpoint.as_str()
    }

    /// The key that signs the account's repository and its service tokens.
    ///
    /// Documents from before 2023 have the bare point and the curve in the type; they are read too.
    pub fn signing_key(&self) -> Option<PublicKey> {
        let method = self
            .verification_method
            .iter()
            .find(|method| self.is_named(&method.id, "atproto"))?;
        let text = method.public_key_multibase.as_deref()?;
        match method.kind.as_str() {
            "Multikey" => PublicKey::from_multibase(text),
            "EcdsaSecp256k1VerificationKey2019" => PublicKey::k256_from_legacy_multibase(text),
            "EcdsaSecp256r1VerificationKey2019" => PublicKey::p256_from_legacy_multibase(text),
            _ => return None,
        }
        .ok()
    }

    /// The handle the account claims: the first `at://` name that is one.
    ///
    /// A claim only: it counts once the handle resolves to this DID.
    pub fn handle(&self) -> Option<Handle> {
        self.also_known_as
            .iter()
            .filter_map(|name| name.strip_prefix("at://"))
            .find_map(|name| Handle::parse(name).ok())
    }

    fn is_named(&self, id: &str, name: &str) -> bool {
        let relative = id.strip_prefix(self.id.as_str()).unwrap_or(id);
        relative.strip_prefix('#') == Some(name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(value: Value) -> DidDocument {
        serde_json::from_value(value).unwrap()
    }

    fn with_service(id: &str, kind: &Value, endpoint: &Value) -> Option<String> {
        let document = document(json!({
            "id": DID,
            "service": [{"id": id, "type": kind, "serviceEndpoint": endpoint}],
        }));
        document.pds_endpoint().map(str::to_owned)
    }

    #[test]
    fn the_pds_is_the_service_of_the_right_name_and_type() {
        let url = Some("https://pds.example".to_owned());
        let kind = &json!("AtprotoPersonalDataServer");
        let endpoint = &json!("https://pds.example");
        assert_eq!(with_service("#atproto_pds", kind, endpoint), url);
        assert_eq!(with_service(&format!("{DID}#atproto_pds"), kind, endpoint), url);
        assert_eq!(
            with_service("did:web:other.example#atproto_pds", kind, endpoint),
            None
        );
        assert_eq!(with_service("#atproto_labeler", kind, endpoint), None);
        assert_eq!(
            with_service("#atproto_pds", &json!(["AtprotoPersonalDataServer"]), endpoint),
            None
        );
        assert_eq!(
            with_service("#atproto_pds", kind, &json!({"uri": "https://pds.example"})),
            None
        );
    }

    #[test]
    fn the_handle_is_the_first_name_that_is_one() {
        let names = json!([
            "https://alice.example",
            "at://not a handle",
            "at://Alice.Example",
            "at://second.example"
        ]);
        let document = document(json!({"id": DID, "alsoKnownAs": names}));
        assert_eq!(document.handle(), Handle::parse("alice.example").ok());
    }

    #[test]
    fn a_signing_key_is_read_in_the_form_of_today_and_of_before() {
        let private = k256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let key = PublicKey::K256(*private.verifying_key());
        let point = private.verifying_key().to_sec1_point(false);
        let bare = format!("z{}", bs58::encode(point.as_bytes()).into_string());
        for (kind, text, expected) in [
            ("Multikey", key.to_multibase(), Some(&key)),
            ("EcdsaSecp256k1VerificationKey2019", bare.clone(), Some(&key)),
            ("EcdsaSecp256r1VerificationKey2019", bare.clone(), None),
            ("Multikey", bare, None),
            ("Ed25519VerificationKey2020", key.to_multibase(), None),
        ] {
            let method =
                json!({"id": "#atproto", "type": kind, "controller": DID, "publicKeyMultibase": text});
            let document = document(json!({"id": DID, "verificationMethod": [method]}));
            assert_eq!(document.signing_key().as_ref(), expected, "{kind}");
        }
    }

    #[test]
    fn a_document_without_a_did_for_id_is_none() {
        assert!(serde_json::from_value::<DidDocument>(json!({"id": "https://alice.example"})).is_err());
        assert!(serde_json::from_value::<DidDocument>(json!({})).is_err());
    }

    const DID: &str = "did:web:pds.example";
}

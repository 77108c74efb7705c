//! A new host that changes the identity itself, as an entryway does when it makes the account: it has to be let first, by
//! an operation that adds its rotation key and does nothing else (A18).

use anyhow::bail;
use serde_json::{Value, json};

use entryway_identity::did::PublicKey;
use entryway_identity::plc::{Operation, PlcData};
use entryway_scope::Did;
use entryway_server::plc::PlcClient;

use crate::output::print;

use super::Migration;
use super::fault::CallFault;
use super::plc_change::{RECOMMENDED, in_a_directory, newest};
use super::plc_difference::Difference;
use super::plc_submit::{Signed, agreed};

/// The rotation key that a refusal asks for.
pub(super) fn key_wanted(fault: &CallFault) -> Option<PublicKey> {
    let (error, message) = fault.refusal()?;
    let begin = message
        .find("did:key:")
        .filter(|_| error == "IncompatibleDidDoc")?;
    let named = message.get(begin..)?.split([' ', ',', ';']).next()?;
    PublicKey::from_did_key(named).ok()
}

/// Writes down what is to be signed for it.
///
/// # Errors
/// An identity that no directory keeps; a directory that does not answer.
pub(super) async fn recommend(
    migration: &Migration,
    plc: &PlcClient,
    did: &Did,
    wanted: &PublicKey,
) -> anyhow::Result<()> {
    in_a_directory(did)?;
    let (_, now) = newest(plc, did).await?;
    let mut keys = now.rotation_keys;
    keys.push(wanted.to_did_key());
    migration
        .folder
        .write(RECOMMENDED, &json!({ "rotationKeys": keys }))
}

/// The signed operation in the folder, where it only lets somebody sign the next one and the directory does not have it
/// yet. It is shown, and asked about: the new host sends it.
///
/// # Errors
/// Nobody who agrees; a directory that does not answer.
pub(super) async fn signed(
    migration: &Migration,
    plc: &PlcClient,
    did: &Did,
) -> anyhow::Result<Option<Value>> {
    let Some(operation) = Signed::read(migration)? else {
        return Ok(None);
    };
    let (last, now) = newest(plc, did).await?;
    let Some(after) = admitting(&operation, &last, &now) else {
        return Ok(None);
    };
    print(&Difference::between(&now, after).to_string());
    if !agreed(migration, &format!("Let the new host change {did} so?"))? {
        bail!("nothing was sent");
    }
    Ok(Some(json!(operation)))
}

fn admitting<'a>(operation: &'a Operation, last: &str, now: &PlcData) -> Option<&'a PlcData> {
    let after = operation.data().filter(|_| operation.prev() == Some(last))?;
    let alone = PlcData {
        rotation_keys: after.rotation_keys.clone(),
        ..now.clone()
    };
    (*after == alone).then_some(after)
}

//! What a PDS makes of tokens, and of the password of its administrator.
//!
//! Two tokens that differ in one thing are shown to it. Where it answers both alike it does not look at that thing,
//! whatever the answer is.

use http::HeaderValue;
use serde_json::Value;

use entryway_store::Store;

use super::ask::{Answer, Asker};
use super::finding::{Finding, Report};
use super::probe::{Probe, Signer};

/// Asked with an access token: verified before the account is looked for (contract 3.1).
const OF_AN_ACCOUNT: &str = "/xrpc/com.atproto.server.checkAccountStatus";
/// Verified before it is passed on, which it is not for an account that is not there (contract 2.2).
const REFRESH: &str = "/xrpc/com.atproto.server.refreshSession";

/// Whether it believes the key of this deployment, and no other (C6, C35).
pub(super) async fn token_key(asker: &Asker, probe: &Probe, report: &mut Report) {
    let (Some(ours), Some(strangers)) = (
        with_access(asker, probe, Signer::Ours).await,
        with_access(asker, probe, Signer::Stranger).await,
    ) else {
        return report.add(Finding::unknown(
            "does not answer to a token, so its key is not known",
        ));
    };
    if !strangers.refuses_the_token() {
        return report.add(Finding::fault(
            "takes a token that a stranger signed",
            "STOP: take this PDS off the network, whoever asks it is whoever they say",
        ));
    }
    report.add(if !ours.refuses_the_token() {
        Finding::sound("believes tokens of this deployment, and not those of a stranger")
    } else if ours.error() == "ExpiredToken" {
        Finding::fault(
            "takes a token for expired that was made this moment",
            "set both clocks by NTP",
        )
    } else {
        Finding::fault(
            format!(
                "does not believe tokens of this deployment for {}: {}",
                probe.pds(),
                said(&ours)
            ),
            report.cure(
                "PDS_ENTRYWAY_JWT_VERIFY_KEY_K256_PUBLIC_KEY_HEX (rsky: PDS_ENTRYWAY_JWT_PUBLIC_KEY_HEX)",
            ),
        )
    });
}

async fn with_access(asker: &Asker, probe: &Probe, signer: Signer) -> Option<Answer> {
    let token = probe.access(signer, &probe.nobody).ok()?;
    asker.get(OF_AN_ACCOUNT, Some(token)).await.ok()
}

/// Whether it has the DID of this service: only then is a refresh token believed.
pub(super) async fn service_did(asker: &Asker, probe: &Probe, report: &mut Report) {
    let presented = async |audience| {
        let token = probe.refresh(audience).ok()?;
        asker.post(REFRESH, Some(token), None).await.ok()
    };
    let (Some(ours), Some(other)) = (
        presented(probe.service_did()).await,
        presented(&probe.nobody).await,
    ) else {
        return report.add(Finding::unknown(
            "does not answer to a refresh token, so its PDS_ENTRYWAY_DID is not known",
        ));
    };
    let did = probe.service_did();
    report.add(if ours.refuses_the_token() {
        Finding::fault(
            format!("does not take refresh tokens for {did}: {}", said(&ours)),
            report.cure("PDS_ENTRYWAY_DID"),
        )
    } else if same(&ours, &other) {
        Finding::unknown("answers any refresh token alike, so its PDS_ENTRYWAY_DID is not known")
    } else {
        Finding::sound(format!("knows this service as {did}"))
    });
}

/// Whether it wants the PLC rotation key of this deployment: it says so to an account of its own only.
pub(super) async fn rotation_key(
    asker: &Asker,
    probe: &Probe,
    store: &Store,
    report: &mut Report,
) -> anyhow::Result<()> {
    let accounts = store.accounts_on_host_after(probe.pds().as_str(), None).await?;
    let Some(account) = accounts.first() else {
        report.add(Finding::unknown(
            "has no account here, so its PDS_ENTRYWAY_PLC_ROTATION_KEY is not known before the first one",
        ));
        return Ok(());
    };
    let token = probe.access(Signer::Ours, &account.did)?;
    let path = "/xrpc/com.atproto.identity.getRecommendedDidCredentials";
    let answer = asker.get(path, Some(token)).await;
    let keys = answer
        .as_ref()
        .ok()
        .and_then(|answer| answer.body["rotationKeys"].as_array());
    report.add(match keys {
        Some(keys) if keys.contains(&Value::from(probe.rotation_key.as_str())) => {
            Finding::sound("wants the PLC rotation key of this deployment")
        }
        Some(_) => Finding::fault(
            "wants another PLC rotation key than this deployment has: it makes no accounts of ours",
            report.cure("PDS_ENTRYWAY_PLC_ROTATION_KEY"),
        ),
        None => Finding::unknown("does not say which PLC rotation key it wants"),
    });
    Ok(())
}

/// Whether the password that is kept is its administrator's. What is asked changes nothing.
pub(super) async fn password(asker: &Asker, probe: &Probe, authorization: HeaderValue, report: &mut Report) {
    let path = format!("/xrpc/com.atproto.admin.getSubjectStatus?did={}", probe.nobody);
    report.add(match asker.get(&path, Some(authorization)).await {
        Ok(answer) if matches!(answer.status, 401 | 403) => Finding::fault(
            "does not take the password that is kept for its administrator",
            format!(
                "give its PDS_ADMIN_PASSWORD again: entryway pds add {}",
                asker.url()
            ),
        ),
        Ok(answer) if answer.status >= 500 => Finding::unknown(format!(
            "does not answer its administrator, status {}",
            answer.status
        )),
        Ok(_) => Finding::sound("takes the password that is kept for its administrator"),
        Err(why) => Finding::unknown(format!("does not answer its administrator: {why}")),
    });
}

fn same(one: &Answer, other: &Answer) -> bool {
    (one.status, &one.body) == (other.status, &other.body)
}

/// What it answered, in its own words, cut short and without what a terminal could act on.
fn said(answer: &Answer) -> String {
    let message = answer.body["message"].as_str().unwrap_or_default();
    let message: String = message
        .chars()
        .filter(|character| !character.is_control())
        .take(QUOTED_CHARACTERS_MAX)
        .collect();
    let error: String = answer
        .error()
        .escape_default()
        .take(QUOTED_CHARACTERS_MAX)
        .collect();
    format!("{} {error} {message}", answer.status)
}

const QUOTED_CHARACTERS_MAX: usize = 100;

//! What a PDS says of itself and of where its logins are.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use entryway_oauth::time::Timestamp;
use entryway_scope::Did;
use entryway_server::Clock;
use entryway_store::PdsHost;

use super::ask::Asker;
use super::finding::{Finding, Report};
use crate::serve::settings::Settings;

/// What `describeServer` says, as far as it matters here.
pub(super) struct Described {
    pub(super) did: Did,
    pub(super) domains: BTreeSet<String>,
}

/// Asks who it is, and what time it is there. Nothing where nobody answers as a PDS does.
pub(super) async fn described(asker: &Asker, clock: &Clock, report: &mut Report) -> Option<Described> {
    let answer = match asker.get("/xrpc/com.atproto.server.describeServer", None).await {
        Ok(answer) => answer,
        Err(why) => {
            report.add(Finding::fault(
                format!("does not answer: {why}"),
                "start it, and have its name and its certificate lead to it from here",
            ));
            return None;
        }
    };
    let Some(did) = answer.body["did"].as_str().and_then(|did| Did::parse(did).ok()) else {
        report.add(Finding::fault(
            format!("does not describe itself as a PDS does, status {}", answer.status),
            "the URL must be the public one of the PDS; a proxy before it must pass /xrpc/ on",
        ));
        return None;
    };
    report.add(skew(answer.date.as_deref(), clock.now()));
    let domains = answer.body["availableUserDomains"].as_array();
    let domains = domains.into_iter().flatten().filter_map(Value::as_str);
    Some(Described {
        did,
        domains: domains.map(str::to_owned).collect(),
    })
}

/// Whether both clocks tell the same time: tokens and proofs are judged to the second (contract 6, item 19).
fn skew(date: Option<&str>, now: Timestamp) -> Finding {
    let Some(theirs) = date.and_then(http_date) else {
        return Finding::unknown("does not say what time it is, so nothing is known of its clock");
    };
    let skew = theirs - now.seconds();
    if skew.abs() <= SKEW_SECONDS_MAX {
        return Finding::sound("its clock agrees with the one here");
    }
    let (seconds, way) = (skew.abs(), if skew > 0 { "ahead of" } else { "behind" });
    Finding::fault(
        format!("its clock is {seconds} seconds {way} the one here"),
        "set both by NTP: tokens are refused as expired, or proofs as made in the future",
    )
}

/// A `Date` is written to the second, and takes a moment to get here.
const SKEW_SECONDS_MAX: i64 = 5;

/// The seconds of an HTTP date, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
fn http_date(text: &str) -> Option<i64> {
    let parts: Vec<&str> = text.split([' ', ':']).collect();
    let [_, day, month, year, hour, minute, second, "GMT"] = parts[..] else {
        return None;
    };
    let number = |text: &str| text.parse::<i64>().ok();
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = i64::try_from(months.iter().position(|name| *name == month)?).ok()? + 1;
    let days = days_since_1970(number(year)?, month, number(day)?);
    Some(((days * 24 + number(hour)?) * 60 + number(minute)?) * 60 + number(second)?)
}

/// Days of the Gregorian calendar, with years that begin in March so that a leap day is a year's last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let month_of_year = (month + 9) % 12;
    let day_of_year = (153 * month_of_year + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

/// Whether it is who it was when it was added.
pub(super) fn identity(known: Option<&PdsHost>, described: &Described, report: &mut Report) {
    report.add(match known {
        Some(host) if host.did == described.did => Finding::sound(format!("is {}", described.did)),
        Some(host) => Finding::fault(
            format!("says that it is {} and was added as {}", described.did, host.did),
            format!(
                "set PDS_SERVICE_DID={} there and restart the PDS, or remove it and add it anew: tokens are made for \
                 the DID it was added with",
                host.did
            ),
        ),
        None => Finding::fault(
            format!("is {} and no host of the fleet", described.did),
            format!("entryway pds add {}", report.url()),
        ),
    });
}

/// Whether it takes handles under the domains that are given out here.
pub(super) fn handle_domains(settings: &Settings, described: &Described, report: &mut Report) {
    let ours: BTreeSet<String> = settings.handles.domains.iter().map(str::to_owned).collect();
    let finding = if ours == described.domains {
        Finding::sound("gives out handles under the same domains")
    } else {
        let list = |domains: &BTreeSet<String>| domains.iter().cloned().collect::<Vec<_>>().join(",");
        Finding::fault(
            format!(
                "takes handles under {} and here they are given out under {}",
                list(&described.domains),
                list(&ours)
            ),
            report.cure("PDS_SERVICE_HANDLE_DOMAINS"),
        )
    };
    report.add(finding);
}

/// Whether it sends apps here, and nowhere else (C6).
pub(super) async fn metadata(asker: &Asker, settings: &Settings, report: &mut Report) {
    let answer = match asker.get("/.well-known/oauth-protected-resource", None).await {
        Ok(answer) => answer,
        Err(why) => {
            return report.add(Finding::unknown(format!(
                "says nothing of where its logins are: {why}"
            )));
        }
    };
    let variable = "PDS_ENTRYWAY_URL (rsky: PDS_OAUTH_AUTHORIZATION_SERVER)";
    if answer.status != 200 {
        return report.add(Finding::fault(
            format!(
                "names no login at all, status {} at /.well-known/oauth-protected-resource: delegation is off",
                answer.status
            ),
            report.cure(variable),
        ));
    }
    let (issuer, own) = (settings.issuer.as_str(), asker.url().as_str());
    report.add(if answer.body["authorization_servers"] == json!([issuer]) {
        Finding::sound(format!("sends apps to {issuer}"))
    } else if answer.body["authorization_servers"] == json!([own]) {
        Finding::fault(
            "is its own login: delegation is off, whatever else is set",
            report.cure(variable),
        )
    } else {
        Finding::fault(
            format!("sends apps elsewhere, or to more than {issuer} byte for byte"),
            report.cure(variable),
        )
    });
    report.add(if answer.body["resource"] == json!(own) {
        Finding::sound("knows its public URL")
    } else {
        Finding::fault(
            format!("takes itself for another resource than {own}"),
            report.cure("PDS_HOSTNAME"),
        )
    });
}

/// Whether it reaches this service, as it has to for each sign-in: asked to sign in nobody.
pub(super) async fn way_back(asker: &Asker, settings: &Settings, report: &mut Report) {
    let nobody = json!({"identifier": "entryway-pds-check.invalid", "password": "not a password of anybody"});
    let answer = asker
        .post("/xrpc/com.atproto.server.createSession", None, Some(&nobody))
        .await;
    let issuer = &settings.issuer;
    report.add(match answer {
        Ok(answer) if answer.status == 401 => {
            Finding::sound(format!("passes sign-ins on to {issuer}, or refuses them itself"))
        }
        Ok(answer) if answer.status >= 500 => Finding::fault(
            format!("cannot pass a sign-in on to {issuer}, status {}", answer.status),
            format!("start entryway serve, and have {issuer} lead to it from where the PDS runs"),
        ),
        Ok(answer) => Finding::unknown(format!(
            "answers a sign-in of nobody with status {}",
            answer.status
        )),
        Err(why) => Finding::unknown(format!("does not answer a sign-in: {why}")),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_is_read_to_the_second() {
        for (text, seconds) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Thu, 29 Feb 2024 23:59:59 GMT", Some(1_709_251_199)),
            ("Fri, 01 Mar 2024 00:00:00 GMT", Some(1_709_251_200)),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("yesterday", None),
        ] {
            assert_eq!(http_date(text), seconds, "{text}");
        }
    }

    #[test]
    fn a_clock_is_off_from_the_sixth_second_on() {
        let now = Timestamp::from_seconds(784_111_777);
        for (date, sound) in [
            ("Sun, 06 Nov 1994 08:49:42 GMT", true),
            ("Sun, 06 Nov 1994 08:49:43 GMT", false),
            ("Sun, 06 Nov 1994 08:49:32 GMT", true),
            ("Sun, 06 Nov 1994 08:49:31 GMT", false),
        ] {
            assert_eq!(
                matches!(skew(Some(date), now), Finding::Sound(_)),
                sound,
                "{date}"
            );
        }
        assert!(matches!(skew(None, now), Finding::Unknown(_)));
    }
}

//! How long things live: a profile, and what differs from it.

use entryway_core::legacy_session::LegacyLifetimes;
use entryway_core::policy::{ACCESS_TOKEN_LIFETIME_MAX, Policy, ProofAtPar, SessionLifetime};
use entryway_oauth::time::Seconds;

use crate::config::Section;

pub(super) fn read(root: &Section<'_>) -> Policy {
    let proof_at_par = root.choice(
        "proof_at_par",
        &[
            ("optional", ProofAtPar::Optional),
            ("required", ProofAtPar::Required),
        ],
    );
    let policy = match root.section("lifetimes") {
        Some(section) => lifetimes(&section),
        None => Policy::default(),
    };
    Policy {
        proof_at_par: proof_at_par.unwrap_or(policy.proof_at_par),
        ..policy
    }
}

fn lifetimes(section: &Section<'_>) -> Policy {
    let profiles = [
        ("default", Profile::Default),
        ("reference", Profile::Reference),
        ("conservative", Profile::Conservative),
    ];
    let base = section
        .choice("profile", &profiles)
        .unwrap_or(Profile::Default)
        .policy();
    let seconds = |name, most: Seconds, otherwise: Seconds| seconds(section, name, most, otherwise);
    let policy = Policy {
        access_token_lifetime: seconds(
            "access_token_seconds",
            ACCESS_TOKEN_LIFETIME_MAX,
            base.access_token_lifetime,
        ),
        request_lifetime: seconds("request_seconds", Seconds::minutes(60), base.request_lifetime),
        code_lifetime: seconds("code_seconds", Seconds::minutes(10), base.code_lifetime),
        public_sessions: SessionLifetime {
            session: seconds("public_session_seconds", YEARS, base.public_sessions.session),
            refresh_token: seconds(
                "public_refresh_seconds",
                YEARS,
                base.public_sessions.refresh_token,
            ),
        },
        confidential_sessions: SessionLifetime {
            session: seconds(
                "confidential_session_seconds",
                YEARS,
                base.confidential_sessions.session,
            ),
            refresh_token: seconds(
                "confidential_refresh_seconds",
                YEARS,
                base.confidential_sessions.refresh_token,
            ),
        },
        legacy_sessions: LegacyLifetimes {
            access_token: seconds(
                "session_access_seconds",
                Seconds::minutes(120),
                base.legacy_sessions.access_token,
            ),
            refresh_token: seconds(
                "session_refresh_seconds",
                YEARS,
                base.legacy_sessions.refresh_token,
            ),
            grace: seconds(
                "session_grace_seconds",
                Seconds::minutes(120),
                base.legacy_sessions.grace,
            ),
        },
        lost_answer_window: seconds(
            "lost_answer_seconds",
            Seconds::minutes(10),
            base.lost_answer_window,
        ),
        sign_in_max_age: seconds("sign_in_seconds", Seconds::days(365), base.sign_in_max_age),
        ..base
    };
    for (name, lifetime) in [
        ("public_refresh_seconds", policy.public_sessions),
        ("confidential_refresh_seconds", policy.confidential_sessions),
    ] {
        if lifetime.refresh_token > lifetime.session {
            section.fault(name, "must not be longer than the session");
        }
    }
    policy
}

#[derive(Clone, Copy)]
enum Profile {
    Default,
    Reference,
    Conservative,
}

impl Profile {
    fn policy(self) -> Policy {
        let default = Policy::default();
        match self {
            Self::Default => default,
            // E18
            Self::Reference => Policy {
                access_token_lifetime: Seconds::minutes(60),
                code_lifetime: Seconds::minutes(5),
                confidential_sessions: SessionLifetime {
                    session: Seconds::days(730),
                    refresh_token: Seconds::days(90),
                },
                legacy_sessions: LegacyLifetimes {
                    access_token: Seconds::minutes(120),
                    ..default.legacy_sessions
                },
                ..default
            },
            // B3
            Self::Conservative => Policy {
                public_sessions: SessionLifetime {
                    session: Seconds::days(14),
                    refresh_token: Seconds::days(7),
                },
                confidential_sessions: SessionLifetime {
                    session: Seconds::days(90),
                    refresh_token: Seconds::days(7),
                },
                legacy_sessions: LegacyLifetimes {
                    refresh_token: Seconds::days(7),
                    ..default.legacy_sessions
                },
                sign_in_max_age: Seconds::days(1),
                ..default
            },
        }
    }
}

fn seconds(section: &Section<'_>, name: &str, most: Seconds, otherwise: Seconds) -> Seconds {
    let plain = |seconds: Seconds| u64::try_from(seconds.0).unwrap_or(0);
    let given = section.number(name, (1, plain(most)), plain(otherwise));
    i64::try_from(given).map_or(otherwise, Seconds)
}

/// Ten: longer than any session is meant to last.
const YEARS: Seconds = Seconds::days(3650);

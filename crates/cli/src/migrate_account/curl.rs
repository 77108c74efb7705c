//! `--print-curl`: what a step does, as commands for a shell with curl and jq. Variables and files stand where secrets
//! would; none of them becomes an argument, which every user of the machine could read (A13, A14).

use std::fmt::Write as _;
use std::path::Path;

use super::arguments::Step;

/// The commands of a step, for files in this folder.
pub(super) fn of(step: Step, folder: &Path) -> String {
    let mut script = format!(
        "umask 077; D={}; mkdir -p \"$D\"",
        quoted(&folder.display().to_string())
    );
    for call in calls(step) {
        let _infallible = write!(script, "\n{}", call.command());
    }
    script
}

/// A call as curl makes it.
struct Curl {
    /// The host, as a shell finds it.
    host: &'static str,
    method: &'static str,
    /// Whose token: the file, and the member of it.
    bearer: Option<(&'static str, &'static str)>,
    query: &'static [&'static str],
    input: Input,
    /// Where the answer goes; nothing shows it.
    answer: Option<&'static str>,
}

enum Input {
    /// A query has none.
    Query,
    /// A procedure without a body.
    Nothing,
    /// What jq makes of variables and files.
    Jq(&'static str),
    /// A file, and its content type.
    File(&'static str, &'static str),
}

impl Curl {
    fn command(&self) -> String {
        let mut command = String::new();
        if let Input::Jq(filter) = self.input {
            let _infallible = write!(command, "jq {filter} | ");
        }
        // what is refused is not to stand in the place of what was there
        let fail = if self.answer.is_some() {
            "-f"
        } else {
            "--fail-with-body"
        };
        let _infallible = write!(command, "curl -sS {fail}");
        match self.input {
            Input::Query if self.query.is_empty() => {}
            Input::Query => command.push_str(" -G"),
            Input::Nothing => command.push_str(" -X POST"),
            Input::Jq(_) => command.push_str(" -H 'Content-Type: application/json' --data-binary @-"),
            Input::File(file, kind) => {
                let _infallible = write!(command, " -H 'Content-Type: {kind}' --data-binary \"@$D/{file}\"");
            }
        }
        if let Some((file, member)) = self.bearer {
            let _infallible = write!(
                command,
                " -H @<(jq -r '\"Authorization: Bearer \" + .{member}' \"$D/{file}\")"
            );
        }
        for pair in self.query {
            let _infallible = write!(command, " --data-urlencode \"{pair}\"");
        }
        let _infallible = write!(command, " \"{}/xrpc/{}\"", self.host, self.method);
        if let Some(file) = self.answer {
            let _infallible = write!(command, " -o \"$D/{file}\"");
        }
        command
    }
}

const OLD: &str = "${OLD_PDS}";
const OLD_AUTH: &str = "${OLD_AUTH_PDS:-$OLD_PDS}";
const OLD_LOGIN: &str = "${OLD_LOGIN_PDS:-${OLD_AUTH_PDS:-$OLD_PDS}}";
const NEW: &str = "${NEW_PDS}";
const NEW_LOGIN: &str = "${NEW_LOGIN_PDS:-$NEW_PDS}";

const AS_OLD: Option<(&str, &str)> = Some(("old_session.json", "accessJwt"));
const AS_NEW: Option<(&str, &str)> = Some(("new_session.json", "accessJwt"));

/// Somebody asks.
const fn query(
    host: &'static str,
    method: &'static str,
    bearer: Option<(&'static str, &'static str)>,
) -> Curl {
    Curl {
        host,
        method,
        bearer,
        query: &[],
        input: Input::Query,
        answer: None,
    }
}

fn calls(step: Step) -> Vec<Curl> {
    match step {
        Step::LoginSource => vec![Curl {
            input: Input::Jq(LOG_IN_SOURCE),
            answer: Some("old_session.json"),
            ..query(OLD_LOGIN, "com.atproto.server.createSession", None)
        }],
        Step::LoginNew => vec![Curl {
            input: Input::Jq(LOG_IN_NEW),
            answer: Some("new_session.json"),
            ..query(NEW_LOGIN, "com.atproto.server.createSession", None)
        }],
        Step::SourceSessionStatus => vec![
            query(OLD_AUTH, "com.atproto.server.getSession", AS_OLD),
            Curl {
                input: Input::Jq("-n '{}'"),
                ..query(OLD_AUTH, "com.atproto.identity.signPlcOperation", AS_OLD)
            },
        ],
        Step::RefreshSession => vec![
            refresh(OLD_LOGIN, "old_session.json"),
            refresh(NEW_LOGIN, "new_session.json"),
        ],
        Step::ServiceAuth => vec![Curl {
            query: &["aud=${NEW_SERVICE_DID}", "lxm=com.atproto.server.createAccount"],
            answer: Some("service_auth_create_account.json"),
            ..query(OLD_AUTH, "com.atproto.server.getServiceAuth", AS_OLD)
        }],
        Step::Create => vec![Curl {
            bearer: Some(("service_auth_create_account.json", "token")),
            input: Input::Jq(CREATE),
            answer: Some("new_session.json"),
            ..query(NEW_LOGIN, "com.atproto.server.createAccount", None)
        }],
        Step::Import => import(),
        Step::PlcRecommended => vec![Curl {
            answer: Some("plc_recommended.json"),
            ..query(NEW, "com.atproto.identity.getRecommendedDidCredentials", AS_NEW)
        }],
        Step::PlcRequestToken => vec![Curl {
            input: Input::Nothing,
            answer: Some("plc_token.json"),
            ..query(
                OLD_AUTH,
                "com.atproto.identity.requestPlcOperationSignature",
                AS_OLD,
            )
        }],
        Step::PlcSign => vec![Curl {
            input: Input::Jq("'. + {token: env.PLC_TOKEN}' \"$D/plc_recommended.json\""),
            answer: Some("plc_signed_operation.json"),
            ..query(OLD_AUTH, "com.atproto.identity.signPlcOperation", AS_OLD)
        }],
        Step::PlcSubmit => vec![Curl {
            input: Input::File("plc_signed_operation.json", "application/json"),
            ..query(NEW, "com.atproto.identity.submitPlcOperation", AS_NEW)
        }],
        Step::Status => vec![
            query(OLD_AUTH, "com.atproto.server.checkAccountStatus", AS_OLD),
            query(NEW, "com.atproto.server.checkAccountStatus", AS_NEW),
        ],
        Step::Activate => vec![Curl {
            input: Input::Nothing,
            ..query(NEW, "com.atproto.server.activateAccount", AS_NEW)
        }],
        Step::DeactivateSource => vec![Curl {
            input: Input::Jq("-n '{}'"),
            ..query(OLD_AUTH, "com.atproto.server.deactivateAccount", AS_OLD)
        }],
    }
}

/// The new tokens are written over the old ones only once they are there.
fn refresh(host: &'static str, file: &'static str) -> Curl {
    Curl {
        bearer: Some((file, "refreshJwt")),
        input: Input::Nothing,
        answer: Some(file),
        ..query(host, "com.atproto.server.refreshSession", None)
    }
}

/// Without the blobs, which are as many calls as there are of them.
fn import() -> Vec<Curl> {
    vec![
        Curl {
            query: &["did=$(jq -r .did \"$D/old_session.json\")"],
            answer: Some("repo.car"),
            ..query(OLD, "com.atproto.sync.getRepo", None)
        },
        Curl {
            input: Input::File("repo.car", "application/vnd.ipld.car"),
            ..query(NEW, "com.atproto.repo.importRepo", AS_NEW)
        },
        query(NEW, "com.atproto.repo.listMissingBlobs", AS_NEW),
        Curl {
            answer: Some("preferences.json"),
            ..query(OLD_AUTH, "app.bsky.actor.getPreferences", AS_OLD)
        },
        Curl {
            input: Input::File("preferences.json", "application/json"),
            ..query(NEW, "app.bsky.actor.putPreferences", AS_NEW)
        },
    ]
}

const LOG_IN_SOURCE: &str = "-n '{identifier: (env.OLD_IDENTIFIER // env.OLD_HANDLE // env.HANDLE), password: \
                             env.OLD_PASSWORD} + if env.OLD_AUTH_FACTOR_TOKEN then {authFactorToken: \
                             env.OLD_AUTH_FACTOR_TOKEN} else {} end'";
const LOG_IN_NEW: &str = "'{identifier: .did, password: env.NEW_PASSWORD}' \"$D/old_session.json\"";
const CREATE: &str = "'{did, handle: (env.NEW_HANDLE // .handle), email: (env.NEW_EMAIL // .email), password: \
                      env.NEW_PASSWORD} + if env.NEW_INVITE_CODE then {inviteCode: env.NEW_INVITE_CODE} else {} end' \
                      \"$D/old_session.json\"";

/// As one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    // A14
    #[test]
    fn a_password_comes_from_the_environment_of_jq_and_a_token_from_a_file() {
        let command = of(Step::LoginSource, Path::new(".sandbox"));
        let expected = "\
umask 077; D='.sandbox'; mkdir -p \"$D\"
jq -n '{identifier: (env.OLD_IDENTIFIER // env.OLD_HANDLE // env.HANDLE), password: env.OLD_PASSWORD} + if \
env.OLD_AUTH_FACTOR_TOKEN then {authFactorToken: env.OLD_AUTH_FACTOR_TOKEN} else {} end' | curl -sS -f -H 'Content-Type: \
application/json' --data-binary @- \"${OLD_LOGIN_PDS:-${OLD_AUTH_PDS:-$OLD_PDS}}/xrpc/com.atproto.server.createSession\" \
-o \"$D/old_session.json\"";
        assert_eq!(command, expected);
        let command = of(Step::ServiceAuth, Path::new("it's"));
        let expected = "\
umask 077; D='it'\\''s'; mkdir -p \"$D\"
curl -sS -f -G -H @<(jq -r '\"Authorization: Bearer \" + .accessJwt' \"$D/old_session.json\") --data-urlencode \
\"aud=${NEW_SERVICE_DID}\" --data-urlencode \"lxm=com.atproto.server.createAccount\" \
\"${OLD_AUTH_PDS:-$OLD_PDS}/xrpc/com.atproto.server.getServiceAuth\" -o \"$D/service_auth_create_account.json\"";
        assert_eq!(command, expected);
    }
}

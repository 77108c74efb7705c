//! What may be asked of `entryway migrate-account`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Arguments of `entryway migrate-account`.
#[derive(Args)]
#[command(after_help = VARIABLES)]
pub(crate) struct MigrateAccountArguments {
    #[command(subcommand)]
    pub(super) step: Step,
    /// Where the files of the migration are. Made for their owner alone where it is not there.
    #[arg(long, global = true, value_name = "DIR", default_value = ".sandbox")]
    pub(super) folder: PathBuf,
    /// Do nothing: print the curl commands of this step, with variables and files in the place of secrets.
    #[arg(long, global = true)]
    pub(super) print_curl: bool,
    /// Answer yes where this step would ask.
    #[arg(long, short, global = true)]
    pub(super) yes: bool,
}

/// A step of a migration, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub(super) enum Step {
    /// Sign in where the account is: old_session.json.
    LoginSource,
    /// Say whether that session is good, and whether the source lets it change the identity.
    SourceSessionStatus,
    /// Get fresh tokens for the sessions in the folder.
    RefreshSession,
    /// Have the source say to the new host whose account is coming: service_auth_create_account.json.
    ServiceAuth,
    /// Make the account at the new host, with the DID it has: new_session.json.
    Create,
    /// Sign in at the new host, once the account is there: new_session.json.
    LoginNew,
    /// Bring repository, blobs and preferences over.
    Import,
    /// Ask the new host what the identity has to say: plc_recommended.json.
    PlcRecommended,
    /// Have the source send a code by letter, without which it signs nothing.
    PlcRequestToken,
    /// Have the source sign the change of the identity: plc_signed_operation.json. It is shown, and not sent.
    PlcSign,
    /// Show the signed change, ask, and send it.
    PlcSubmit,
    /// Say what is where: identity, repository and blobs on both sides.
    Status,
    /// Activate the account at the new host.
    Activate,
    /// Deactivate the account where it was.
    DeactivateSource,
}

const VARIABLES: &str = "\
Variables (secrets also as a file, in ..._FILE, or typed unseen; never as an argument):
  OLD_PDS                 the host the account is on, such as https://pds.example.com
  OLD_AUTH_PDS            where calls with its session go; default OLD_PDS
  OLD_LOGIN_PDS           where it signs in, such as an entryway; default OLD_AUTH_PDS
  OLD_IDENTIFIER          handle or e-mail address; default OLD_HANDLE, then HANDLE
  OLD_PASSWORD            its main password: an app password cannot change the identity
  OLD_AUTH_FACTOR_TOKEN   the code by letter, where the source asks for one
  NEW_PDS                 the host the account goes to
  NEW_LOGIN_PDS           where it will sign in, such as an entryway; default NEW_PDS
  NEW_SERVICE_DID         the DID of that; default: what it says of itself
  NEW_HANDLE, NEW_EMAIL   default: those the account has
  NEW_PASSWORD            its password there
  NEW_INVITE_CODE         where the new host asks for one
  NEW_RECOVERY_KEY        a did:key of your own, to stand above the host's
  PLC_TOKEN               the code of plc-request-token
  PLC_DIRECTORY           default https://plc.directory
The hash of an administrator's token is made by entryway admin hash-token.";

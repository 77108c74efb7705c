//! What a scope value means, in words for the person who is asked to grant it.

#[cfg(test)]
mod tests;
mod words;

use crate::transition::is_about_messages;
use crate::{
    AccountAction, AccountAttribute, AccountPermission, Audience, BlobPermission, IdentityPermission,
    Include, Meaning, Nsids, RepoAction, RepoPermission, RpcPermission, Scope, Transition,
};
use words::{capitalised, enumerate, kinds_of_file, kinds_of_record, service_name};

/// Says what an app may do once this value is granted.
///
/// Does not look at the other values: `transition:chat.bsky` is explained as if `transition:generic` stood beside it.
///
/// ```
/// use entryway_scope::{Group, Scope, explain};
///
/// let likes = explain(&Scope::parse("repo:app.bsky.feed.like?action=create")?);
/// assert_eq!(likes.sentence, "Create new likes");
/// assert_eq!((likes.group, likes.caution), (Group::Records, None));
/// assert!(explain(&Scope::parse("identity:*")?).caution.is_some());
/// # Ok::<(), entryway_scope::InvalidValue>(())
/// ```
pub fn explain(scope: &Scope) -> Explanation {
    match scope.meaning() {
        Meaning::Atproto => plain(
            Group::Identity,
            "Know who you are: your handle and your account identifier",
        ),
        Meaning::Transition(transition) => explain_transition(*transition),
        Meaning::Repo(repo) => explain_repo(repo),
        Meaning::Rpc(rpc) => explain_rpc(rpc),
        Meaning::Blob(blob) => explain_blob(blob),
        Meaning::Account(account) => explain_account(*account),
        Meaning::Identity(identity) => explain_identity(*identity),
        Meaning::Include(include) => explain_include(include),
    }
}

/// One permission as a person reads it.
///
/// Plain text of printable ASCII, about as long as the scope value at most; a page still has to escape it.
///
/// ```
/// use entryway_scope::{Explanation, Group, Scope, explain};
///
/// let Explanation { group, sentence, caution } = explain(&Scope::parse("account:email?action=manage")?);
/// assert_eq!((group, sentence.as_str()), (Group::Email, "See, confirm and change your e-mail address"));
/// assert_eq!(caution, Some("Whoever controls the e-mail address of an account can reset its password."));
/// # Ok::<(), entryway_scope::InvalidValue>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Explanation {
    /// What it touches.
    pub group: Group,
    /// What the app may do: begins with a verb, ends without a full stop.
    pub sentence: String,
    /// What to think of before granting it: whole sentences. Whatever is open-ended has one, and every power to
    /// change account or identity.
    pub caution: Option<&'static str>,
}

/// What a permission touches, in the order a page lists it.
///
/// ```
/// use entryway_scope::Group;
///
/// assert!(Group::Identity < Group::Account);
/// assert_eq!(Group::Media.title(), "Pictures, video and other files");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Group {
    /// Who the person is.
    Identity,
    /// The e-mail address.
    Email,
    /// Several of the following at once.
    Broad,
    /// Permission sets.
    Sets,
    /// Posts and other records.
    Records,
    /// Uploads.
    Media,
    /// Private messages.
    Messages,
    /// Services used in the account's name.
    Services,
    /// The account itself, and what others find under its name.
    Account,
}

impl Group {
    /// A heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Identity => "Who you are",
            Self::Email => "Your e-mail address",
            Self::Broad => "Broad access",
            Self::Sets => "Bundled permissions",
            Self::Records => "Your posts and other public records",
            Self::Media => "Pictures, video and other files",
            Self::Messages => "Your private messages",
            Self::Services => "Services used in your name",
            Self::Account => "Your account and identity",
        }
    }
}

fn explain_transition(transition: Transition) -> Explanation {
    match transition {
        Transition::Generic => cautioned(
            Group::Broad,
            "Create, change and delete any of your public records, such as posts, likes and follows, upload files, \
             and use other services in your name",
            "This also covers private settings such as mutes and preferences. It does not cover private messages, \
             your e-mail address or the account itself.",
        ),
        Transition::Email => plain(Group::Email, SEE_EMAIL),
        Transition::ChatBsky => cautioned(
            Group::Messages,
            "Read, send and delete your private messages",
            OTHERS_MESSAGES,
        ),
    }
}

fn explain_repo(repo: &RepoPermission) -> Explanation {
    let verbs = capitalised(&enumerate(repo.actions().iter().map(|action| match action {
        RepoAction::Create => "create",
        RepoAction::Update => "change",
        RepoAction::Delete => "delete",
    })));
    match repo.collections() {
        Nsids::Any => cautioned(
            Group::Records,
            format!("{verbs} any public record in your account, such as posts, likes and follows"),
            "This covers the records of every app you use, now and later.",
        ),
        Nsids::Listed(collections) => {
            let new = repo.actions().iter().all(|action| *action == RepoAction::Create);
            let whose = if new { "new" } else { "your" };
            plain(
                Group::Records,
                format!("{verbs} {}", kinds_of_record(collections, whose)),
            )
        }
    }
}

fn explain_rpc(rpc: &RpcPermission) -> Explanation {
    let service = match rpc.audience() {
        Audience::Any => "any service".to_owned(),
        Audience::Service(service) => service_name(service),
    };
    let Nsids::Listed(methods) = rpc.methods() else {
        return cautioned(
            Group::Services,
            format!("Use {service} in your name, for anything it offers"),
            "The service takes whatever the app asks as asked by you.",
        );
    };
    let sentence = format!(
        "Use {service} in your name, only for {}",
        enumerate(methods.iter().map(AsRef::as_ref))
    );
    if methods.iter().any(is_about_messages) {
        cautioned(Group::Messages, sentence, OTHERS_MESSAGES)
    } else if *rpc.audience() == Audience::Any {
        cautioned(
            Group::Services,
            sentence,
            "The app chooses the service, which may be one you do not know.",
        )
    } else {
        plain(Group::Services, sentence)
    }
}

fn explain_blob(blob: &BlobPermission) -> Explanation {
    match kinds_of_file(blob.accept()) {
        Some(kinds) => plain(Group::Media, format!("Upload {kinds}")),
        None => cautioned(
            Group::Media,
            "Upload files of any kind",
            "This is not limited to pictures, video or any other kind of file.",
        ),
    }
}

fn explain_account(account: AccountPermission) -> Explanation {
    use AccountAction::{Manage, Read};
    match (account.attribute(), account.action()) {
        (AccountAttribute::Email, Read) => plain(Group::Email, SEE_EMAIL),
        (AccountAttribute::Email, Manage) => cautioned(
            Group::Email,
            "See, confirm and change your e-mail address",
            "Whoever controls the e-mail address of an account can reset its password.",
        ),
        // the specification defines it, and says that it does nothing
        (AccountAttribute::Repo, Read) => plain(
            Group::Account,
            "Do nothing that was not possible before: this permission has no effect",
        ),
        (AccountAttribute::Repo, Manage) => cautioned(
            Group::Account,
            "Replace all your public records at once, by importing a repository",
            "Everything you have published could be overwritten. Only tools that move or restore accounts need this.",
        ),
        (AccountAttribute::Status, Read) => plain(Group::Account, "See whether your account is active"),
        (AccountAttribute::Status, Manage) => cautioned(
            Group::Account,
            "Deactivate and reactivate your account",
            "An account that is not active disappears from all apps.",
        ),
    }
}

fn explain_identity(identity: IdentityPermission) -> Explanation {
    match identity {
        IdentityPermission::Handle => cautioned(
            Group::Account,
            "Change your handle, the name others know you by",
            "Others would no longer find you under your present handle.",
        ),
        IdentityPermission::Any => cautioned(
            Group::Account,
            "Change your handle, the keys of your identity, and where your account lives",
            "This can take the account away from you for good. Only tools that move accounts need this.",
        ),
    }
}

fn explain_include(include: &Include) -> Explanation {
    let (set, publisher) = (include.set(), include.set().authority());
    let at = include
        .audience()
        .map(|service| format!(", at {}", service_name(service)))
        .unwrap_or_default();
    cautioned(
        Group::Sets,
        format!("Use the permissions {publisher} has bundled under the name {set}{at}"),
        "What the bundle holds is up to its publisher, and may change later.",
    )
}

fn plain(group: Group, sentence: impl Into<String>) -> Explanation {
    Explanation {
        group,
        sentence: sentence.into(),
        caution: None,
    }
}

fn cautioned(group: Group, sentence: impl Into<String>, caution: &'static str) -> Explanation {
    Explanation {
        group,
        sentence: sentence.into(),
        caution: Some(caution),
    }
}

const SEE_EMAIL: &str = "See your e-mail address, and whether it is confirmed";
const OTHERS_MESSAGES: &str = "This includes what other people have written to you.";

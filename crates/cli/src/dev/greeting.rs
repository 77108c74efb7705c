//! What `dev` says once it is ready.

use std::path::PathBuf;

use serde::Serialize;

use super::accounts::Account;

use crate::output::print;

/// Where everything is. The JSON form is a contract with tests outside this repository.
#[derive(Serialize)]
pub(crate) struct Greeting {
    pub(crate) issuer: String,
    pub(crate) pds: String,
    /// The PDS hosts of `--pds reference`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) hosts: Vec<String>,
    pub(crate) plc: String,
    pub(crate) mailbox: String,
    /// What the sandbox publishes, to be changed by whoever develops. A path of the PDS, so programs know it.
    #[serde(skip)]
    pub(crate) lexicons: String,
    pub(crate) demo_app: String,
    /// Where resources follow revocations.
    pub(crate) feed: String,
    /// Where the token for that is.
    pub(crate) feed_token_file: PathBuf,
    pub(crate) accounts: Vec<Account>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) behind: Option<Behind>,
}

/// Where the services listen that have public names: where a front is to pass requests on to.
#[derive(Serialize)]
pub(crate) struct Behind {
    pub(crate) issuer: String,
    pub(crate) pds: String,
}

impl Greeting {
    /// One JSON object on one line.
    pub(crate) fn print_json(&self) {
        print(&serde_json::to_string(self).unwrap_or_default());
    }

    /// A dozen lines for a person.
    pub(crate) fn print_text(&self, kept: bool) {
        let mut lines = vec![
            "entryway dev: for this machine only, not for production".to_owned(),
            String::new(),
            format!("  Open the demo app   {}", self.demo_app),
        ];
        for (index, account) in self.accounts.iter().enumerate() {
            let label = if index == 0 { "Sign in as" } else { "" };
            lines.push(format!(
                "  {label:<19} {}  password {}",
                account.handle, account.password
            ));
        }
        lines.extend([
            format!("  Sign up             {}/account/new", self.issuer),
            format!("  Your own app's PDS  {}   (login at {})", self.pds, self.issuer),
        ]);
        if !self.hosts.is_empty() {
            let hosts = self.hosts.join("  ");
            lines.push(format!("  Unmodified PDS      {hosts}"));
        }
        lines.extend([
            format!("  PLC directory       {}", self.plc),
            format!("  Mailbox             {}", self.mailbox),
            format!("  Permission sets     {}", self.lexicons),
            format!("  Revocation feed     {}", self.feed),
            format!(
                "                      token in {}",
                self.feed_token_file.display()
            ),
        ]);
        if let Some(Behind { issuer, pds }) = &self.behind {
            lines.push(format!("  Behind the front    login at {issuer}, PDS at {pds}"));
        }
        lines.push(String::new());
        let data = if kept {
            "Data is kept"
        } else {
            "Data goes away at the end, use --data-dir DIR to keep it"
        };
        lines.push(format!("  {data}. Ctrl-C stops."));
        print(&lines.join("\n"));
    }
}

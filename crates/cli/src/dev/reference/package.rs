//! Where Node and the package are, and how to get them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::usage::Usage;

/// A Node that runs the package, and a folder that has it.
#[derive(Clone, Debug)]
pub(in crate::dev) struct ReferencePackage {
    node: PathBuf,
    folder: PathBuf,
}

impl ReferencePackage {
    /// Looks for both. Which version the package has is not checked.
    ///
    /// # Errors
    ///
    /// [`Usage`], which says how to get what is missing.
    pub(super) fn find(node: &Path, folder: &Path) -> Result<Self, Usage> {
        let said = Command::new(node).arg("--version").output();
        let major = said.ok().and_then(|output| {
            let version = String::from_utf8(output.stdout).ok()?;
            version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
        });
        match major {
            Some(NODE_MAJOR) => {}
            Some(other) => {
                return Err(Usage(format!(
                    "{} is Node {other}. {HOW_TO_GET_NODE}",
                    node.display()
                )));
            }
            None => {
                return Err(Usage(format!(
                    "{} does not run. {HOW_TO_GET_NODE}",
                    node.display()
                )));
            }
        }
        let manifest = folder.join("node_modules/@atproto/pds/package.json");
        let missing = || {
            let prefix = folder.display();
            Usage(format!(
                "--pds reference runs the npm package @atproto/pds, which is not in {prefix}. Get it with\n  \
                 npm install --prefix {prefix} @atproto/pds@{TRIED_VERSION}\n\
                 or name the folder whose node_modules has it with --pds-package DIR"
            ))
        };
        if !manifest.is_file() {
            return Err(missing());
        }
        Ok(Self {
            node: node.to_owned(),
            folder: folder.to_owned(),
        })
    }

    pub(super) fn node(&self) -> &Path {
        &self.node
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Later ones end it at a garbage collection, in a native module it needs.
const NODE_MAJOR: u32 = 22;
const HOW_TO_GET_NODE: &str = "--pds reference needs Node 22, from https://nodejs.org/en/download; \
     name it with --node FILE where it is not the first in the PATH";
/// What the tests run.
const TRIED_VERSION: &str = "0.5.35";

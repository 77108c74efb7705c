//! The dependency rule of the house, kept by reading what each package declares.
//!
//! Only declared dependencies count: what a dependency brings along is `deny.toml`'s matter.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Each crate's folder, and the folders whose crates it may name. A new crate is drawn here first.
const HOUSE: &[(&str, &[&str])] = &[
    ("scope", &[]),
    ("oauth", &["scope"]),
    ("core", &["oauth", "scope"]),
    ("identity", &["oauth", "scope"]),
    ("store", &["core", "oauth", "scope"]),
    (
        "server",
        &["core", "identity", "oauth", "resource", "scope", "store"],
    ),
    ("resource", &["identity", "oauth", "scope"]),
    ("sandbox", &["identity", "oauth", "resource", "scope"]),
    (
        "cli",
        &[
            "core", "identity", "oauth", "resource", "sandbox", "scope", "server", "store",
        ],
    ),
];

/// Crates that decide and touch nothing: time and chance are their arguments.
const PURE: &[&str] = &["scope", "oauth", "core"];

/// What a pure crate does not even test with: runtimes, the network, databases, clocks and chance.
const IMPURE_DEPENDENCIES: &[&str] = &[
    "axum",
    "fastrand",
    "getrandom",
    "hyper",
    "hyper-util",
    "jiff",
    "rand",
    "reqwest",
    "rusqlite",
    "sqlx",
    "time",
    "tokio",
    "tower",
    "tower-http",
    "tower-sessions",
];

/// Dependencies that belong to some rooms only, and those rooms.
const KEPT_TO_ROOMS: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("rusqlite", &["store"]),
    ("axum", &["server", "sandbox"]),
    // a verified caller as an argument of a handler, for whoever serves with axum
    ("axum-core", &["resource"]),
    ("askama", &["server", "sandbox"]),
];

/// As [`KEPT_TO_ROOMS`], but for tests and examples only: the example of `resource` is an axum service.
const TRIED_WITH: &[(&str, &str)] = &[("resource", "axum")];

/// What nobody takes in who takes in the verifier without its features: no database, no server, no
/// client, no runtime.
const UNWANTED_BY_VERIFIERS: &[&str] = &[
    "askama",
    "axum",
    "axum-core",
    "hyper",
    "hyper-util",
    "josekit",
    "openssl-sys",
    "reqwest",
    "rusqlite",
    "rustls",
    "sqlx",
    "tokio",
];

#[test]
fn every_package_is_named_for_its_folder() {
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        let folder = folder(&metadata, package);
        let wanted = match folder.strip_prefix("crates/") {
            Some(room) => format!("entryway-{room}"),
            None => "entryway-tests".to_owned(),
        };
        assert_eq!(package.name.as_str(), wanted, "the package in {folder}");
    }
}

#[test]
fn every_crate_is_drawn_in_the_house() {
    let drawn: BTreeSet<&str> = HOUSE.iter().map(|(room, _)| *room).collect();
    let metadata = metadata();
    let built = rooms(&metadata);
    assert_eq!(built.keys().map(String::as_str).collect::<BTreeSet<_>>(), drawn);
}

#[test]
fn crates_depend_on_each_other_only_along_the_drawn_lines() {
    let metadata = metadata();
    let built = rooms(&metadata);
    let mut strayed = Vec::new();
    for (room, may_name) in HOUSE {
        for named in rooms_named_by(built[*room]) {
            if !may_name.contains(&named) {
                strayed.push(format!("{room} names {named}"));
            }
        }
    }
    assert_eq!(strayed, Vec::<String>::new());
}

#[test]
fn pure_crates_name_no_runtime_network_database_clock_or_chance() {
    let metadata = metadata();
    let built = rooms(&metadata);
    let mut impure = Vec::new();
    for room in PURE {
        for dependency in &built[*room].dependencies {
            if IMPURE_DEPENDENCIES.contains(&dependency.name.as_str()) {
                impure.push(format!("{room} names {}", dependency.name));
            }
        }
    }
    assert_eq!(impure, Vec::<String>::new());
}

#[test]
fn only_the_store_names_a_database_and_only_the_edges_name_axum_and_askama() {
    let metadata = metadata();
    let mut misplaced = Vec::new();
    for (room, package) in rooms(&metadata) {
        for (kept, owners) in KEPT_TO_ROOMS {
            let tried = TRIED_WITH.contains(&(room.as_str(), *kept));
            let named = package.dependencies.iter().any(|dependency| {
                dependency.name == *kept && !(tried && dependency.kind == DependencyKind::Development)
            });
            if named && !owners.contains(&room.as_str()) {
                misplaced.push(format!("{room} names {kept}"));
            }
        }
    }
    assert_eq!(misplaced, Vec::<String>::new());
}

// A PDS operator takes the verifier alone, without the rules, the database or the service behind it.
#[test]
fn the_verifier_reaches_neither_the_rules_nor_the_store_nor_the_server() {
    let metadata = metadata();
    let built = rooms(&metadata);
    let mut reached = BTreeSet::new();
    let mut next = vec!["resource"];
    while let Some(room) = next.pop() {
        if reached.insert(room) {
            next.extend(rooms_shipped_with(built[room]));
        }
    }
    let unwanted: Vec<&str> = ["core", "store", "server"]
        .into_iter()
        .filter(|room| reached.contains(room))
        .collect();
    assert_eq!(unwanted, Vec::<&str>::new());
}

// The tree of the verifier alone: the workspace as a whole switches its features on.
#[test]
fn the_verifier_without_features_is_a_small_tree() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--package", "entryway-resource", "--edges", "normal"])
        .args(["--prefix", "none", "--format", "{lib}", "--locked", "--offline"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let names: BTreeSet<&str> = tree.split_whitespace().collect();
    assert!(names.contains("entryway_resource"), "{tree}");
    let unwanted: Vec<&str> = UNWANTED_BY_VERIFIERS
        .iter()
        .filter(|name| names.contains(name.replace('-', "_").as_str()))
        .copied()
        .collect();
    assert_eq!(unwanted, Vec::<&str>::new());
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .unwrap_or_else(|error| panic!("cargo does not describe its own workspace: {error}"))
}

/// The crates by the name of their folder; the tests' own package is no room of the house.
fn rooms(metadata: &Metadata) -> BTreeMap<String, &Package> {
    metadata
        .workspace_packages()
        .into_iter()
        .filter_map(|package| {
            let room = folder(metadata, package).strip_prefix("crates/")?.to_owned();
            Some((room, package))
        })
        .collect()
}

/// Where the package lies, from the workspace's root.
fn folder(metadata: &Metadata, package: &Package) -> String {
    package
        .manifest_path
        .parent()
        .and_then(|folder| folder.strip_prefix(&metadata.workspace_root).ok())
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn rooms_named_by(package: &Package) -> Vec<&str> {
    package
        .dependencies
        .iter()
        .filter_map(|dependency| dependency.name.strip_prefix("entryway-"))
        .collect()
}

/// As [`rooms_named_by`], without what only its own tests need.
fn rooms_shipped_with(package: &Package) -> Vec<&str> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .filter_map(|dependency| dependency.name.strip_prefix("entryway-"))
        .collect()
}

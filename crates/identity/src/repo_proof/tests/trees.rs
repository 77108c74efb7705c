//! Trees that their own account signed, and that are no search trees: the account may be the attacker.

use ipld_core::ipld::Ipld;

use super::repo::{Draft, Entry, Linked, Node, Repo, Signer, Tree, block_of, layer_of, named_in};
use super::{deep, did, draft, fault, path, verify};
use crate::cid;
use crate::repo_proof::{BlockFault, Found, InvalidProof, Part};

/// The proof with one of its nodes changed and everything above it made to fit.
fn with_node(index: usize, change: impl FnOnce(&mut Node)) -> Vec<u8> {
    with_value(index, |value| {
        let mut node = Node::from_value(value);
        change(&mut node);
        *value = node.value();
    })
}

fn with_value(index: usize, change: impl FnOnce(&mut Ipld)) -> Vec<u8> {
    let mut draft = draft();
    change(&mut draft.nodes[index].value);
    draft.archive()
}

/// The last node of the proof, in the lowest layer and with more than one key.
fn last() -> usize {
    draft().nodes.len() - 1
}

fn fields(value: &mut Ipld) -> &mut std::collections::BTreeMap<String, Ipld> {
    match value {
        Ipld::Map(fields) => fields,
        _ => unreachable!(),
    }
}

fn entries(value: &mut Ipld) -> &mut Vec<Ipld> {
    match fields(value).get_mut("e") {
        Some(Ipld::List(entries)) => entries,
        _ => unreachable!(),
    }
}

fn entry(key: &str) -> Entry {
    Entry {
        key: key.as_bytes().to_vec(),
        value: cid::of_dag_cbor(b"\xa0"),
        right: None,
    }
}

/// A key that sorts after all of the repository's, in a layer.
fn key_in(layer: u32) -> String {
    named_in(layer, |n| path(&format!("s{n}")).as_str().to_owned())
}

#[test]
fn the_draft_that_is_spoilt_below_is_sound() {
    let draft = draft();
    assert!(draft.nodes.len() >= 4);
    assert!(Node::from_value(&draft.nodes[last()].value).entries.len() >= 2);
    for index in 0..draft.nodes.len() {
        assert!(verify(&with_node(index, |_| {}), &deep()).is_ok(), "node {index}");
    }
}

#[test]
fn keys_that_do_not_ascend_make_it_no_tree() {
    let archive = with_node(last(), |node| node.entries.swap(0, 1));
    assert_eq!(fault(&archive), InvalidProof::KeyOrder);
}

#[test]
fn a_key_that_is_there_twice_makes_it_no_tree() {
    for index in [0, last()] {
        let archive = with_node(index, |node| {
            let first = node.entries[0].clone();
            node.entries.insert(0, first);
        });
        assert_eq!(fault(&archive), InvalidProof::KeyOrder, "node {index}");
    }
}

// the signature is right, and each node alone as well: only the whole shows that one is out of its place
#[test]
fn keys_outside_of_the_place_of_their_subtree_make_it_no_tree() {
    let above = Node::from_value(&draft().nodes[last() - 1].value);
    let archive = with_node(last(), |node| {
        let key = key_in(0);
        assert!(above.entries.iter().all(|entry| *entry.key < *key.as_bytes()));
        node.entries.push(entry(&key));
    });
    assert_eq!(fault(&archive), InvalidProof::KeyOrder);
    let archive = with_node(last(), |node| {
        let key = named_in(0, |n| format!("a.b.c/{n}"));
        node.entries.insert(0, entry(&key));
    });
    assert_eq!(fault(&archive), InvalidProof::KeyOrder);
}

#[test]
fn a_key_in_a_layer_other_than_its_own_makes_it_no_tree() {
    let archive = with_node(0, |node| node.entries.push(entry(&key_in(0))));
    assert_eq!(fault(&archive), InvalidProof::Layer);
    let top =
        layer_of(std::str::from_utf8(&Node::from_value(&draft().nodes[0].value).entries[0].key).unwrap());
    let archive = with_node(1, |node| node.entries.push(entry(&key_in(top))));
    assert_eq!(fault(&archive), InvalidProof::Layer);
}

#[test]
fn a_subtree_that_skips_a_layer_makes_it_no_tree() {
    let mut draft = draft();
    let skipped = draft.nodes.remove(1);
    // what linked to the node that is left out now links to the one below
    let below = draft.nodes[1].cid;
    let mut node = Node::from_value(&draft.nodes[0].value);
    for link in node
        .entries
        .iter_mut()
        .map(|entry| &mut entry.right)
        .chain([&mut node.left])
    {
        if *link == Some(skipped.cid) {
            *link = Some(below);
        }
    }
    draft.nodes[0].value = node.value();
    assert_eq!(fault(&draft.archive()), InvalidProof::Layer);
}

#[test]
fn the_lowest_layer_has_no_subtrees() {
    let somewhere = cid::of_dag_cbor(b"\xa0");
    let index = last();
    let archive = with_node(index, |node| node.left = Some(somewhere));
    assert_eq!(fault(&archive), InvalidProof::Layer);
    let archive = with_node(index, |node| node.entries[0].right = Some(somewhere));
    assert_eq!(fault(&archive), InvalidProof::Layer);
}

// a chain of empty nodes could otherwise be as long as its author likes
#[test]
fn a_tree_is_no_deeper_than_its_keys_say() {
    let top = entry(&key_in(2));
    let mut nodes = Vec::new();
    let mut below = None;
    for _ in 0..500 {
        let node = Node {
            left: below,
            entries: Vec::new(),
        };
        let value = node.value();
        let cid = block_of(&value).0;
        below = Some(cid);
        nodes.push(Linked { cid, value });
    }
    let value = Node {
        left: below,
        entries: vec![top],
    }
    .value();
    nodes.push(Linked {
        cid: block_of(&value).0,
        value,
    });
    nodes.reverse();
    assert_eq!(fault(&over(nodes)), InvalidProof::Layer);
}

/// A proof whose tree is these nodes.
fn over(nodes: Vec<Linked>) -> Vec<u8> {
    let mut draft = Repo::new(did(), Signer::k256(7)).proof(&deep());
    draft.commit.insert("data".to_owned(), Ipld::Link(nodes[0].cid));
    Draft { nodes, ..draft }.archive()
}

#[test]
fn the_top_of_a_tree_is_not_empty() {
    let value = Node {
        left: Some(cid::of_dag_cbor(b"\xa0")),
        entries: Vec::new(),
    }
    .value();
    let cid = block_of(&value).0;
    assert_eq!(fault(&over(vec![Linked { cid, value }])), InvalidProof::EmptyNode);
}

#[test]
fn the_bottom_of_a_tree_is_not_empty() {
    let archive = with_node(last(), |node| *node = Node::default());
    assert_eq!(fault(&archive), InvalidProof::EmptyNode);
}

#[test]
fn keys_share_with_the_one_before_exactly_what_they_say() {
    let index = last();
    let change = |change: fn(&mut Ipld, &mut Ipld)| {
        with_value(index, |value| {
            let fields = fields(&mut entries(value)[1]);
            let (mut p, mut k) = (fields.remove("p").unwrap(), fields.remove("k").unwrap());
            change(&mut p, &mut k);
            fields.insert("p".to_owned(), p);
            fields.insert("k".to_owned(), k);
        })
    };
    let shares_less = change(|p, k| {
        let (Ipld::Integer(p), Ipld::Bytes(k)) = (p, k) else {
            unreachable!()
        };
        // all these keys start alike
        *k = [b"com.example.record/r", &k[..]].concat();
        *p = 0;
    });
    assert_eq!(fault(&shares_less), InvalidProof::KeyCompression);
    let negative = change(|p, _| *p = Ipld::Integer(-1));
    assert_eq!(fault(&negative), InvalidProof::KeyCompression);
    let enormous = change(|p, _| *p = Ipld::Integer(i64::MAX.into()));
    assert_eq!(fault(&enormous), InvalidProof::KeyCompression);
    let nothing_before = with_value(index, |value| {
        fields(&mut entries(value)[0]).insert("p".to_owned(), Ipld::Integer(1));
    });
    assert_eq!(fault(&nothing_before), InvalidProof::KeyCompression);
}

#[test]
fn an_empty_key_is_none() {
    let archive = with_node(last(), |node| node.entries[0].key = Vec::new());
    assert_eq!(fault(&archive), InvalidProof::KeyOrder);
}

#[test]
fn a_key_is_as_long_as_a_path_can_be() {
    let longest = |bytes| named_in(0, |n| format!("{n:0>bytes$}"));
    for (bytes, expected) in [
        (1024, Ok(Found::Absent)),
        (1025, Err(InvalidProof::KeyTooLong { bytes_max: 1024 })),
    ] {
        let leaves = [(longest(bytes), cid::of_dag_cbor(b"\xa0"))];
        let found = verify(&of_leaves(leaves), &deep()).map(|proof| proof.found);
        assert_eq!(found, expected, "{bytes} bytes");
    }
}

/// A proof of [`deep`] from a tree of other leaves, all of which have to be in its top node.
fn of_leaves(leaves: impl IntoIterator<Item = (String, cid::Cid)>) -> Vec<u8> {
    let leaves: Vec<_> = leaves.into_iter().collect();
    let tree = Tree::of(leaves.iter().cloned().collect());
    let node = Node {
        left: None,
        entries: leaves
            .into_iter()
            .map(|(key, value)| Entry {
                key: key.into_bytes(),
                value,
                right: None,
            })
            .collect(),
    };
    over(vec![Linked {
        cid: tree.root,
        value: node.value(),
    }])
}

// somebody may search for keys that all are in one layer; what for is not clear, so it is bounded
#[test]
fn a_node_has_a_bounded_number_of_entries() {
    let leaves = |count| {
        let mut keys: Vec<_> = (0..)
            .map(|n| format!("com.example.wide/{n:06}"))
            .filter(|key| layer_of(key) == 0)
            .take(count)
            .collect();
        keys.sort();
        keys.into_iter().map(|key| (key, cid::of_dag_cbor(b"\xa0")))
    };
    assert_eq!(
        verify(&of_leaves(leaves(1000)), &deep()).map(|proof| proof.found),
        Ok(Found::Absent)
    );
    let too_wide = InvalidProof::NodeTooWide { entries_max: 1000 };
    assert_eq!(fault(&of_leaves(leaves(1001))), too_wide);
    // so many that they are not even read
    let part = Part::Node;
    assert_eq!(
        fault(&of_leaves(leaves(10_000))),
        InvalidProof::Malformed {
            part,
            fault: BlockFault::TooManyValues { values_max: 20_000 }
        }
    );
}

#[test]
fn a_node_has_its_fields_and_no_others() {
    let index = last();
    let text = || Ipld::String("x".to_owned());
    let raw = || Ipld::Link(cid::of_raw(b"subtree"));
    for (name, value) in [
        ("l", None),
        ("l", Some(text())),
        ("l", Some(raw())),
        ("e", None),
        ("e", Some(text())),
        ("e", Some(Ipld::List(vec![text()]))),
        ("x", Some(Ipld::Null)),
    ] {
        let archive = with_value(index, |node| set(node, name, value.clone()));
        assert_eq!(fault(&archive), InvalidProof::NodeFields, "{name}: {value:?}");
    }
    for (name, value) in [
        ("p", None),
        ("p", Some(text())),
        ("k", None),
        ("k", Some(text())),
        ("v", None),
        ("v", Some(Ipld::Null)),
        ("t", None),
        ("t", Some(text())),
        ("t", Some(raw())),
        ("x", Some(Ipld::Null)),
    ] {
        let archive = with_value(index, |node| set(&mut entries(node)[1], name, value.clone()));
        assert_eq!(fault(&archive), InvalidProof::NodeFields, "{name}: {value:?}");
    }
}

fn set(map: &mut Ipld, name: &str, value: Option<Ipld>) {
    match value {
        Some(value) => fields(map).insert(name.to_owned(), value),
        None => fields(map).remove(name),
    };
}

#[test]
fn a_node_that_is_no_map_is_told_as_such() {
    let archive = with_value(last(), |node| *node = Ipld::List(Vec::new()));
    let part = Part::Node;
    let fault_expected = InvalidProof::Malformed {
        part,
        fault: BlockFault::NoMap,
    };
    assert_eq!(fault(&archive), fault_expected);
}

// R-398: the record of another path, put in the place of the one asked for
#[test]
fn a_leaf_that_leads_to_another_record_is_only_what_the_account_signs() {
    let mut sealed = draft().sealed();
    let last = sealed.blocks.len() - 1;
    let node: Ipld = serde_ipld_dagcbor::from_slice(&sealed.blocks[last - 1]).unwrap();
    let mut node = Node::from_value(&node);
    let (first, second) = (node.entries[0].value, node.entries[1].value);
    node.entries[0].value = second;
    node.entries[1].value = first;
    sealed.blocks[last - 1] = block_of(&node.value()).1;
    // the tree node has another hash now, so the one above leads nowhere
    assert_eq!(fault(&sealed.archive()), InvalidProof::Missing(Part::Node));
}

#[test]
fn a_leaf_of_raw_bytes_is_no_record() {
    let wanted = deep();
    let archive = with_node(last(), |node| {
        for entry in &mut node.entries {
            if entry.key == wanted.as_str().as_bytes() {
                entry.value = cid::of_raw(b"blob");
            }
        }
    });
    assert_eq!(fault(&archive), InvalidProof::Missing(Part::Record));
}

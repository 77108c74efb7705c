//! Every harm that may come to a stream on its way.

use proptest::prelude::*;

use super::*;

/// What may happen to a stream on its way, each at some statement of it.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Lost(prop::sample::Index),
    Twice(prop::sample::Index),
    Swapped(prop::sample::Index),
    /// Another history: this statement comes from a feed that was restored.
    Restored(prop::sample::Index),
    Recorded(prop::sample::Index),
    Cut(prop::sample::Index),
}

fn harm() -> impl Strategy<Value = Harm> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        at().prop_map(Harm::Lost),
        at().prop_map(Harm::Twice),
        at().prop_map(Harm::Swapped),
        at().prop_map(Harm::Restored),
        at().prop_map(Harm::Recorded),
        at().prop_map(Harm::Cut),
    ]
}

fn harmed(stream: &mut Vec<Statement>, harm: Harm) {
    let (Harm::Lost(at)
    | Harm::Twice(at)
    | Harm::Swapped(at)
    | Harm::Restored(at)
    | Harm::Recorded(at)
    | Harm::Cut(at)) = harm;
    if stream.is_empty() {
        return;
    }
    let at = at.index(stream.len());
    match (harm, &mut stream[at]) {
        (Harm::Lost(_), _) => drop(stream.remove(at)),
        (Harm::Twice(_), said) => {
            let said = said.clone();
            stream.insert(at, said);
        }
        (Harm::Swapped(_), _) => stream.swap(at, 0),
        (Harm::Restored(_), Statement::Event(event)) => event.until = date(9_000),
        (Harm::Restored(_), Statement::Head(head)) => head.seq = head.seq.saturating_sub(1),
        (Harm::Recorded(_), Statement::Head(head)) => head.challenge = None,
        (Harm::Recorded(_), _) => {}
        (Harm::Cut(_), _) => stream.truncate(at),
    }
}

proptest! {
    // whatever happens to the statements: knowledge is complete only with every event up to its cursor
    #[test]
    fn no_harm_on_the_way_makes_knowledge_complete_that_is_not(
        connections in prop::collection::vec(prop::collection::vec(harm(), 0..3), 1..5),
    ) {
        let mut reader = Reader::new();
        for (n, harms) in (1_u64..).zip(connections) {
            let latest = 3 * n;
            let from = reader.after().unwrap_or_default() + 1;
            let mut stream: Vec<Statement> = vec![head(latest, 1, n).into()];
            stream.extend((from..=latest).map(|seq| Statement::from(event(seq, 0))));
            stream.push(head(latest, 1, n).into());
            let whole = harms.is_empty();
            for harm in harms {
                harmed(&mut stream, harm);
            }
            let texts: Vec<String> = stream.into_iter().map(signed).collect();
            let read = reader.read(n, &texts);
            prop_assert!(!whole || matches!(read, Ok(true) | Err(FeedFault::HistoryLost { .. })), "{read:?}");
            let health = reader.revocations.health(at(n));
            if health.age.is_some() {
                for seq in 1..=health.cursor.unwrap_or_default() {
                    prop_assert_eq!(reader.standing(seq, n), Standing::Revoked);
                }
            }
            if health.age == Some(std::time::Duration::ZERO) {
                prop_assert!(health.cursor >= Some(latest - 1), "{health:?}");
            }
        }
    }

    #[test]
    fn arbitrary_statements_never_panic(texts in prop::collection::vec("[A-Za-z0-9._-]{0,99}|.{0,99}", 0..5)) {
        let mut reader = Reader::at_event(3, 0);
        for text in texts {
            prop_assert!(reader.read(9, &[text]).is_err());
        }
        prop_assert_eq!(reader.age(9), Some(9));
    }
}

//! Makes up scope values, grants and permission sets, many of them nearly right, and prints what this crate says of
//! each as a line of JSON. For `tests/interop/scopes.test.mjs`, which asks the reference's package the same.
//!
//! `generate SEED COUNT` prints COUNT lines of each kind but a tenth as many of sets:
//!
//! - `{"scope", "canonical"}`: a value and its normal form, `null` where it is invalid;
//! - `{"grant", "act", "missing"}`: a scope string, something to do, and the value it lacks, `null` where it is allowed;
//! - `{"grant", "want", "missing"}`: two scope strings, likewise; the want is one valid value;
//! - `{"include", "permissions", "scopes"}`: a value, the permissions of its set, and what they grant.

mod acts;
mod random;
mod sets;
mod values;

use std::io::{self, BufWriter, Write};

use entryway_scope::{Scope, ScopeSet};
use random::Random;
use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let (Some(Ok(seed)), Some(Ok(count)), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err(io::Error::other("expected SEED COUNT, two whole numbers"));
    };
    let mut random = Random::of(seed);
    let mut out = BufWriter::new(io::stdout().lock());
    for index in 0..count {
        writeln!(out, "{}", value(&mut random))?;
        writeln!(out, "{}", act(&mut random))?;
        writeln!(out, "{}", want(&mut random))?;
        if index % 10 == 0 {
            writeln!(out, "{}", sets::set(&mut random))?;
        }
    }
    out.flush()
}

fn value(random: &mut Random) -> Value {
    let text = values::near_miss(random);
    let canonical = Scope::parse(&text).ok().map(|scope| scope.canonical());
    json!({"scope": text, "canonical": canonical})
}

fn act(random: &mut Random) -> Value {
    let (wire, granted) = grant(random);
    let act = acts::act(random);
    let missing = granted
        .require(act)
        .err()
        .map(|refusal| refusal.scope().to_string());
    json!({"grant": wire, "act": acts::to_json(act), "missing": missing})
}

fn want(random: &mut Random) -> Value {
    let (wire, granted) = grant(random);
    loop {
        let text = values::value(random);
        let Ok(wanted) = ScopeSet::parse(&text) else {
            continue;
        };
        let missing = wanted.missing_from(&granted);
        let texts: Vec<_> = missing.iter().map(Scope::as_str).collect();
        let missing = (!texts.is_empty()).then(|| texts.join(" "));
        return json!({"grant": wire, "want": text, "missing": missing});
    }
}

/// A scope string, of which at times some values are invalid, and what it grants.
fn grant(random: &mut Random) -> (String, ScopeSet) {
    loop {
        let mut texts = Vec::new();
        for _ in 0..=random.below(4) {
            texts.push(if random.one_in(6) {
                values::near_miss(random)
            } else {
                values::value(random)
            });
        }
        let wire = texts.join(" ");
        if let Ok((granted, _)) = ScopeSet::parse_lenient(&wire) {
            return (wire, granted);
        }
    }
}

//! `kill -9` at each request of a move, through the real program: the command that asked for it, or the reconciler
//! where nobody waits, brings it to its end (C28). The hosts and the directory live on, as they do on other machines.
//!
//! Which requests there are an undisturbed move shows. As many accounts move at once as the service carries at a time,
//! so that one death meets each of them at another request.

mod lives;

use super::*;

use super::interrupted::REQUESTS;
use lives::{Lives, PEOPLE};

both_engines!(the_service_dies_at_each_request_of_a_move);

/// How a move goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    /// To its end; what it leaves is deleted.
    Through,
    /// The same, to a host that has a former self of the account; what it leaves rests there.
    ToFormerSelf,
    /// The other host refuses the repository, and all of it is taken back.
    Back,
}

/// What becomes of the request at which the service dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It never arrives.
    Lost,
    /// It arrives all the same.
    Heard,
    /// It had been answered already.
    Answered,
}

/// A request of a move: where it goes, and how many of the move that have its line went there before.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Request {
    at: At,
    before: usize,
    line: String,
    /// Whether a host makes it, for what it was asked for, and lives on.
    is_of_a_host: bool,
}

/// At which one the service dies.
#[derive(Clone, Debug)]
struct Death {
    course: Course,
    request: Request,
    fate: Fate,
}

/// Who moves always between a host and their former self.
const HAS_FORMER_SELF: usize = 0;

async fn the_service_dies_at_each_request_of_a_move(engine: Engine) {
    let lives = Lives::start(engine, "killed-move").await;
    let mut people = lives.people().await;

    // undisturbed first
    let courses = [Course::ToFormerSelf, Course::Through, Course::Back];
    lives.all_move(&mut people, &courses.map(Some)).await;
    let shown = lives.all_move(&mut people, &courses.map(Some)).await;
    let [to_former_self, through, back] = &shown[..] else {
        panic!("{shown:?}");
    };
    for (at, part, before) in REQUESTS {
        let is_it = |request: &&Request| request.at == at && request.line.contains(part);
        assert!(
            through.iter().filter(is_it).count() > before,
            "{part}: {through:?}"
        );
    }
    let is_deleting = |request: &&Request| request.at == At::There && request.line.contains("deleteAccount");
    let to_former_self: Vec<&Request> = to_former_self.iter().filter(is_deleting).collect();
    assert_eq!(to_former_self.len(), 1, "{to_former_self:?}");
    // as far as it goes the same way, it was
    let back: Vec<&Request> = back.iter().filter(|request| !through.contains(request)).collect();
    for (at, part) in [
        (At::Directory, "POST"),
        (At::There, "deleteAccount"),
        (At::Here, "updateSubjectStatus"),
    ] {
        let is_it = |request: &&&Request| request.at == at && request.line.contains(part);
        assert_eq!(back.iter().filter(is_it).count(), 1, "{part}: {back:?}");
    }

    let mut alone = deaths(Course::ToFormerSelf, to_former_self);
    let mut others = deaths(Course::Through, through);
    others.extend(deaths(Course::Back, back));
    while !(alone.is_empty() && others.is_empty()) {
        let next = |person| match person {
            HAS_FORMER_SELF => alone.pop(),
            _ => others.pop(),
        };
        let round: Vec<Option<Death>> = (0..PEOPLE).map(next).collect();
        lives.die(&mut people, round).await;
    }
}

/// At each of these requests, whatever becomes of it.
fn deaths<'a>(course: Course, requests: impl IntoIterator<Item = &'a Request>) -> Vec<Death> {
    let mut deaths = Vec::new();
    for request in requests {
        for fate in [Fate::Lost, Fate::Heard, Fate::Answered] {
            let is_read = request.line.starts_with("GET");
            let makes_a_difference = match fate {
                Fate::Lost => !request.is_of_a_host,
                Fate::Heard => !is_read,
                Fate::Answered => true,
            };
            if makes_a_difference {
                let request = request.clone();
                deaths.push(Death {
                    course,
                    request,
                    fate,
                });
            }
        }
    }
    deaths
}

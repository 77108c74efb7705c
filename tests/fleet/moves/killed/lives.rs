//! People on a service with two hosts, which is killed while they move.

use std::process::{Output, Stdio};
use std::time::Duration;

use entryway_identity::plc::PlcData;
use entryway_resource::client::{ClientSettings, HttpClient};
use entryway_sandbox::outbound::USER_AGENT;
use entryway_store::Store;
use entryway_tests::{Asked, Gate, Served};
use futures_util::future::join_all;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::time::timeout;

use super::*;

/// As many as the service carries at a time.
pub(super) const PEOPLE: usize = 8;
const IMPORT: &str = "POST /xrpc/com.atproto.repo.importRepo";
/// Who it is about, in the line of a request of anybody.
const WHOM: &str = "whom";
/// Longer than anything takes on a machine that is busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// Somebody who moves, with what acts for them.
pub(super) struct Person {
    resident: Resident,
    /// Which host they are on.
    at: usize,
    has: [Belongings; 2],
    client: Client,
    tokens: Tokens,
    /// What the directory says of them.
    before: PlcData,
}

/// A move of somebody, from when it is asked for until it ended.
struct Move {
    person: usize,
    course: Course,
    to: usize,
    /// How many requests had come to each front before.
    marks: [usize; 3],
    command: Command,
}

/// `entryway account move`, which waits for the end.
struct Command(Child);

pub(super) struct Lives {
    served: Served,
    store: Store,
    shelves: [Shelf; 2],
}

impl Lives {
    pub(super) async fn start(engine: Engine, name: &str) -> Self {
        let served = Served::start_with(engine, 2, name).await;
        Self {
            store: served.store().await,
            shelves: [0, 1].map(|at| Shelf::beside(&served.hosts[at])),
            served,
        }
    }

    /// Everybody, signed in to an app of their own. The service is down when they are.
    pub(super) async fn people(&self) -> Vec<Person> {
        let people = join_all((0..PEOPLE).map(|number| self.person(number))).await;
        self.served.kill().await;
        people
    }

    async fn person(&self, number: usize) -> Person {
        let (resident, _) = self.served.settle(&format!("mover-{number}.test")).await;
        let client = Client::new();
        let tokens = login(&self.served, &client, &resident.in_browser()).await;
        let account = self.store.account(&resident.did).await.unwrap().unwrap();
        let is_home = |host: &Host| host.did.as_str() == account.pds_did;
        let at = self.served.hosts.iter().position(is_home).unwrap();
        let has = [0, 1].map(|at| self.shelves[at].of(&resident.did));
        has[at].fill();
        Person {
            before: self.says(&resident.did),
            resident,
            at,
            has,
            client,
            tokens,
        }
    }

    /// The first of them move each on their course; the requests of each.
    pub(super) async fn all_move(
        &self,
        people: &mut [Person],
        courses: &[Option<Course>],
    ) -> Vec<Vec<Request>> {
        let moves = self.ask(people, courses).await;
        self.served.start_again().await;
        let mut shown = Vec::new();
        for one in &moves {
            self.is_over(&people[one.person]).await;
            shown.push(self.requests(&people[one.person], one));
        }
        self.end(people, moves).await;
        shown
    }

    /// Those for whom there is a death move, and the service dies when all of them are there.
    pub(super) async fn die(&self, people: &mut [Person], deaths: Vec<Option<Death>>) {
        let courses: Vec<_> = deaths
            .iter()
            .map(|death| death.as_ref().map(|death| death.course))
            .collect();
        let mut moves = self.ask(people, &courses).await;
        let deaths: Vec<Death> = deaths.into_iter().flatten().collect();
        let hold = |(one, death): (&Move, &Death)| self.hold(&people[one.person], one, death);
        let gates: Vec<Gate> = moves.iter().zip(&deaths).map(hold).collect();
        self.served.start_again().await;
        for ((one, death), gate) in moves.iter().zip(&deaths).zip(&gates) {
            let reached = timeout(PATIENCE, gate.reached()).await;
            assert!(reached.is_ok(), "it is never made: {death:?}");
            let made = self.requests(&people[one.person], one);
            assert!(made.contains(&death.request), "{death:?}: {made:?}");
        }
        self.served.kill().await;

        for (one, death) in moves.iter().zip(&deaths) {
            self.assert_awakes_nowhere_twice(&people[one.person], death).await;
        }
        // what is on its way arrives, and comes to its end before anybody else does something
        let mut heard = deaths.iter().zip(&gates);
        heard
            .by_ref()
            .filter(|(death, _)| death.fate != Fate::Lost)
            .for_each(|(_, gate)| gate.open());
        for (one, death) in moves.iter().zip(&deaths) {
            let expected = usize::from(death.fate == Fate::Lost);
            let is_quiet = async || self.unanswered(&people[one.person], one) == expected;
            self.served.until(is_quiet).await;
        }
        // nobody holds a record for ever: that time has passed
        let passed = "update account_change set held_until = 0, retry_at = 0";
        self.served.database.execute(passed).await;
        for one in &mut moves {
            self.wait_otherwise(&people[one.person], one).await;
        }
        self.served.start_again().await;
        for one in &moves {
            self.is_over(&people[one.person]).await;
        }
        self.end(people, moves).await;
    }

    /// Each of those who have a course asks to be moved to where they are not. The service is down.
    async fn ask(&self, people: &[Person], courses: &[Option<Course>]) -> Vec<Move> {
        let mut moves = Vec::new();
        for (number, course) in courses.iter().enumerate() {
            let Some(course) = *course else {
                continue;
            };
            let (person, to) = (&people[number], 1 - people[number].at);
            person.has[to].clear();
            let marks = [At::Here, At::There, At::Directory];
            let one = Move {
                person: number,
                course,
                to,
                marks: marks.map(|at| self.front(to, at).asked("").len()),
                command: self.command(person, course, to),
            };
            if course == Course::Back {
                let refusal = Trouble::Refuses("InvalidRequest");
                let front = self.front(to, At::There);
                front.fail_about(&person.resident.did, IMPORT, usize::MAX, refusal);
            }
            moves.push(one);
        }
        for one in &mut moves {
            one.command.says("begun, ").await;
        }
        moves
    }

    /// Who asked may wait, ask again, or go away.
    async fn wait_otherwise(&self, person: &Person, one: &mut Move) {
        match one.person % 3 {
            0 => {}
            1 => {
                one.command = self.command(person, one.course, one.to);
                one.command.says("under way already").await;
            }
            _ => one.command.0.start_kill().unwrap(),
        }
    }

    fn command(&self, person: &Person, course: Course, to: usize) -> Command {
        let (whom, to) = (
            person.resident.handle.as_str(),
            self.served.hosts[to].url.as_str(),
        );
        let mut words = vec!["account", "move", whom, "--to", to];
        if course != Course::ToFormerSelf {
            words.push("--delete-former");
        }
        let mut command = self.served.command(&words);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Command(command.spawn().unwrap())
    }

    fn front(&self, to: usize, at: At) -> &Front {
        let host = match at {
            At::Here => 1 - to,
            At::There => to,
            At::Directory => return &self.served.directory_front,
        };
        self.served.hosts[host].front.as_ref().unwrap()
    }

    /// The gate at which the request waits, or its answer.
    fn hold(&self, person: &Person, one: &Move, death: &Death) -> Gate {
        let (front, did) = (self.front(one.to, death.request.at), &person.resident.did);
        let line = death.request.line.replace(WHOM, name(did));
        front.fail_about(did, &line, death.request.before, Trouble::None);
        let gate = Gate::shut();
        let held = match death.fate {
            Fate::Lost | Fate::Heard => Trouble::WaitsBefore(gate.clone()),
            Fate::Answered => Trouble::WaitsAfter(gate.clone()),
        };
        front.fail_about(did, &line, 1, held);
        gate
    }

    /// What was asked of each party for this move.
    fn asked(&self, person: &Person, one: &Move) -> Vec<(At, Vec<Asked>)> {
        let parties = [At::Here, At::There, At::Directory];
        let asked = parties.into_iter().zip(one.marks).map(|(at, mark)| {
            let asked = self.front(one.to, at).asked("").into_iter().skip(mark);
            (
                at,
                asked
                    .filter(|asked| asked.is_about(&person.resident.did))
                    .collect(),
            )
        });
        asked.collect()
    }

    fn requests(&self, person: &Person, one: &Move) -> Vec<Request> {
        let mut requests = Vec::new();
        for (at, asked) in self.asked(person, one) {
            requests.extend(asked.iter().enumerate().map(|(number, one)| {
                let before = asked[..number].iter().filter(|other| other.line == one.line);
                Request {
                    at,
                    before: before.count(),
                    line: one.line.replace(name(&person.resident.did), WHOM),
                    is_of_a_host: one.agent == USER_AGENT,
                }
            }));
        }
        requests
    }

    fn unanswered(&self, person: &Person, one: &Move) -> usize {
        let asked = self.asked(person, one).into_iter().flat_map(|(_, asked)| asked);
        // refused by the front, without the host
        let is_refused = |asked: &Asked| one.course == Course::Back && asked.line == IMPORT;
        asked
            .filter(|asked| asked.answered.is_none() && !is_refused(asked))
            .count()
    }

    async fn is_over(&self, person: &Person) {
        let did = &person.resident.did;
        let is_over = async || self.store.changes_of(did).await.unwrap().is_empty();
        self.served.until(is_over).await;
    }

    /// All agree on how it ended, and nothing is unfinished. The service is down when they do.
    async fn end(&self, people: &mut [Person], moves: Vec<Move>) {
        for one in moves {
            let person = &mut people[one.person];
            if one.course == Course::Back {
                assert_eq!(self.says(&person.resident.did), person.before);
            } else {
                person.at = one.to;
            }
            self.assert_whole(person, one.course).await;
            let refreshed = person.client.refresh(&person.tokens.refresh_token);
            person.tokens = Tokens::of(&refreshed.send(&self.served).await);
            let home = self.served.hosts[person.at].did.as_str();
            assert_eq!(audience(&person.tokens), home);
            one.command.ended(one.course).await;
        }
        let unfinished = self.served.command(&["account", "unfinished"]).output().await;
        let Output { status, stdout, .. } = unfinished.unwrap();
        assert!(status.success());
        assert_eq!(String::from_utf8(stdout).unwrap(), "");
        self.served.kill().await;
        self.served.directory_front.be_well();
        for at in [0, 1] {
            self.front(at, At::There).be_well();
        }
    }

    async fn assert_whole(&self, person: &mut Person, course: Course) {
        let (did, host) = (&person.resident.did, &self.served.hosts[person.at]);
        let here = self.store.account(did).await.unwrap().unwrap();
        assert_eq!(here.pds_did, host.did.as_str());
        assert_eq!(
            (here.status, &here.handle),
            (AccountStatus::Active, &person.resident.handle)
        );
        let data = self.says(did);
        assert_eq!(data.pds_endpoint(), Some(host.url.as_str()));
        assert_eq!(data.also_known_as, person.before.also_known_as);
        assert_eq!(data.rotation_keys, person.before.rotation_keys);
        person.before = data;
        assert_eq!(self.status(did, person.at).await, RepoStatus::Active);
        let left = match course {
            Course::Through | Course::Back => RepoStatus::Absent,
            Course::ToFormerSelf => RepoStatus::Deactivated,
        };
        assert_eq!(self.status(did, 1 - person.at).await, left);
        assert!(person.has[person.at].is_complete());
    }

    async fn assert_awakes_nowhere_twice(&self, person: &Person, death: &Death) {
        let did = &person.resident.did;
        let statuses = [self.status(did, 0).await, self.status(did, 1).await];
        assert_ne!(statuses, [RepoStatus::Active, RepoStatus::Active], "{death:?}");
    }

    async fn status(&self, did: &Did, at: usize) -> RepoStatus {
        let http = HttpClient::new(ClientSettings::default()).unwrap();
        let pds = PdsClient::new(http, self.served.hosts[at].url.clone());
        pds.repo_status(did).await.unwrap()
    }

    fn says(&self, did: &Did) -> PlcData {
        let last = self.served.directory.last(did).unwrap();
        last.data().unwrap().clone()
    }
}

impl Command {
    /// Its first words.
    async fn says(&mut self, words: &str) {
        let said = self.0.stdout.as_mut().unwrap();
        let mut line = String::new();
        let read = timeout(PATIENCE, BufReader::new(said).read_line(&mut line)).await;
        read.unwrap().unwrap();
        assert!(line.starts_with(words), "{line}");
    }

    /// It ended as the move did, where somebody let it.
    async fn ended(self, course: Course) {
        let output = timeout(PATIENCE, self.0.wait_with_output())
            .await
            .unwrap()
            .unwrap();
        if let Some(code) = output.status.code() {
            let expected = i32::from(course == Course::Back);
            assert_eq!(code, expected, "{course:?}: {output:?}");
        }
    }
}

fn name(did: &Did) -> &str {
    did.as_str().rsplit(':').next().unwrap()
}

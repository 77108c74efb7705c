use super::super::Claim::{Replace, Resume, Unrelated, Wait};
use super::*;

#[test]
fn what_a_wish_is_to_an_unfinished_change() {
    let other_name = Change::Handle {
        from: handle("old.test"),
        to: handle("other.test"),
    };
    let from_elsewhere = Change::Handle {
        from: handle("older.test"),
        to: handle("new.test"),
    };
    #[rustfmt::skip]
    let table = [
        // unfinished, wished for, while it is held, afterwards
        (rename(), rename(), Resume, Resume),
        (rename(), from_elsewhere, Resume, Resume),
        (rename(), other_name, Wait, Wait),
        (rename(), OFF, Unrelated, Unrelated),
        (rename(), down(None), Unrelated, Unrelated),
        (rename(), move_to("did:web:b.test"), Wait, Wait),
        (rename(), Change::Deletion, Unrelated, Unrelated),
        (OFF, OFF, Resume, Resume),
        (OFF, ON, Wait, Replace),
        (ON, OFF, Wait, Replace),
        (OFF, down(None), Unrelated, Unrelated),
        (down(None), ON, Unrelated, Unrelated),
        (down(None), down(None), Resume, Resume),
        (down(None), down(Some("case 7")), Replace, Replace),
        (down(None), RESTORED, Wait, Replace),
        (RESTORED, down(None), Replace, Replace),
        (OFF, Change::Deletion, Unrelated, Unrelated),
        (Change::Deletion, Change::Deletion, Resume, Resume),
        (Change::Deletion, rename(), Wait, Wait),
        (Change::Deletion, down(None), Wait, Wait),
        (move_to("did:web:b.test"), move_to("did:web:b.test"), Resume, Resume),
        (move_to("did:web:b.test"), move_to("did:web:c.test"), Wait, Wait),
        (move_to("did:web:b.test"), rename(), Wait, Wait),
        (move_to("did:web:b.test"), OFF, Wait, Wait),
        (move_to("did:web:b.test"), Change::Deletion, Wait, Wait),
        // the operator's word waits for nothing that has no end of its own
        (move_to("did:web:b.test"), down(None), Unrelated, Unrelated),
    ];
    for (unfinished, wish, held, later) in table {
        let record = begun(unfinished.clone());
        assert_eq!(record.claim(&wish, NOW), held, "{unfinished:?} {wish:?}");
        let free = NOW + Seconds(90);
        assert_eq!(record.claim(&wish, free), later, "{unfinished:?} {wish:?}");
    }
}

#[test]
fn the_next_step_of_each_stage() {
    let why = Why::HandleTaken;
    let (to_new, to_old) = (
        Action::ChangeDocument {
            handle: handle("new.test"),
        },
        Action::ChangeDocument {
            handle: handle("old.test"),
        },
    );
    let tell = |call| Action::TellHost(call);
    let foreign = |first: &str| Document::Foreign {
        handle: Some(handle(first)),
    };
    #[rustfmt::skip]
    let table = [
        (rename(), Stage::Begun, None, Action::Look),
        (rename(), Stage::Begun, Some(plc(Some("old.test"), true)), to_new.clone()),
        (rename(), Stage::Begun, Some(plc(Some("else.test"), true)), to_new.clone()),
        (rename(), Stage::Begun, Some(plc(None, true)), to_new),
        (rename(), Stage::Begun, Some(plc(Some("new.test"), true)), Action::Record(Event::DocumentChanged)),
        (rename(), Stage::Begun, Some(plc(Some("new.test"), false)), Action::Record(Event::DocumentChanged)),
        // contract 6, item 8
        (rename(), Stage::Begun, Some(plc(Some("old.test"), false)), Action::Drop(Why::KeyRemoved)),
        (rename(), Stage::Begun, Some(Document::Ended), Action::Drop(Why::DidEnded)),
        (rename(), Stage::Begun, Some(foreign("new.test")), Action::Record(Event::DocumentChanged)),
        (rename(), Stage::Begun, Some(foreign("old.test")), Action::Drop(Why::NotInDocument)),
        (rename(), Stage::InDirectory, None, tell(HostCall::Handle(handle("new.test")))),
        (rename(), Stage::OnHost, None, Action::Finish),
        (rename(), Stage::Reverting { why }, None, Action::Look),
        (rename(), Stage::Reverting { why }, Some(plc(Some("new.test"), true)), to_old),
        (rename(), Stage::Reverting { why }, Some(plc(Some("new.test"), false)), Action::Drop(why)),
        (rename(), Stage::Reverting { why }, Some(plc(Some("old.test"), true)), Action::Drop(why)),
        (rename(), Stage::Reverting { why }, Some(plc(Some("else.test"), true)), Action::Drop(why)),
        (rename(), Stage::Reverting { why }, Some(foreign("new.test")), Action::Drop(why)),
        (rename(), Stage::Reverting { why }, Some(Document::Ended), Action::Drop(why)),
        (rename(), Stage::Reverted { why }, None, Action::Drop(why)),
        (OFF, Stage::Begun, None, tell(HostCall::Status(StatusChange::Deactivated))),
        (OFF, Stage::Replacing, None, tell(HostCall::Status(StatusChange::Deactivated))),
        (OFF, Stage::Settling, None, Action::Rest),
        (OFF, Stage::OnHost, None, Action::Finish),
        (Change::Deletion, Stage::Begun, None, tell(HostCall::Delete)),
        (Change::Deletion, Stage::OnHost, None, Action::Finish),
        (move_to("did:web:b.test"), Stage::Begun, None, Action::MoveTo { pds_did: "did:web:b.test".to_owned(), former: Former::Rests }),
        (move_to("did:web:b.test"), Stage::OnHost, None, Action::Finish),
    ];
    for (change, stage, document, action) in table {
        let next = at(change.clone(), stage).next(document.as_ref());
        assert_eq!(next, action, "{change:?} {stage:?} {document:?}");
    }
}

#[test]
fn how_a_refusal_of_the_pds_goes_on() {
    use HostRefusal as Refusal;
    let (on_time, late) = (NOW + Seconds::days(1) - Seconds(1), NOW + Seconds::days(1));
    let refuse = |why| AfterFailure::Record(Event::HostRefused(why));
    let pause = |denial| AfterFailure::Pause(denial);
    let told = AfterFailure::Record(Event::HostTold);
    #[rustfmt::skip]
    let table = [
        (rename(), Stage::InDirectory, Refusal::HandleTaken, NOW, refuse(Why::HandleTaken)),
        (rename(), Stage::InDirectory, Refusal::Handle, NOW, refuse(Why::HandleRefused)),
        (rename(), Stage::InDirectory, Refusal::NoAccount, NOW, refuse(Why::NotOnHost)),
        (rename(), Stage::InDirectory, Refusal::Document, on_time, pause(XrpcDenial::PdsRefused)),
        (rename(), Stage::InDirectory, Refusal::Document, late, refuse(Why::DocumentUnfit)),
        (rename(), Stage::InDirectory, Refusal::HandleUnresolved, on_time, pause(XrpcDenial::HandleUnresolved)),
        (rename(), Stage::InDirectory, Refusal::HandleUnresolved, late, refuse(Why::HandleUnresolved)),
        (rename(), Stage::InDirectory, Refusal::Configuration, on_time, pause(XrpcDenial::PdsRefused)),
        (rename(), Stage::InDirectory, Refusal::Configuration, late, refuse(Why::HostRefused)),
        (rename(), Stage::InDirectory, Refusal::Busy, late, pause(XrpcDenial::PdsUnavailable)),
        // what is off or down here stays so, and is told until it is heard
        (OFF, Stage::Begun, Refusal::Other, late, pause(XrpcDenial::PdsRefused)),
        (OFF, Stage::Begun, Refusal::NoAccount, NOW, told.clone()),
        (down(None), Stage::Begun, Refusal::Configuration, late, pause(XrpcDenial::PdsRefused)),
        (down(None), Stage::Replacing, Refusal::NoAccount, NOW, told.clone()),
        (ON, Stage::Begun, Refusal::Document, NOW, AfterFailure::Drop(Why::DocumentUnfit)),
        (ON, Stage::Begun, Refusal::NoAccount, NOW, AfterFailure::Drop(Why::NotOnHost)),
        (ON, Stage::Begun, Refusal::Other, NOW, AfterFailure::Drop(Why::HostRefused)),
        (ON, Stage::Begun, Refusal::Configuration, late, pause(XrpcDenial::PdsRefused)),
        (RESTORED, Stage::Begun, Refusal::NoAccount, NOW, told.clone()),
        (Change::Deletion, Stage::Begun, Refusal::NoAccount, NOW, told),
        (Change::Deletion, Stage::Begun, Refusal::Other, late, pause(XrpcDenial::PdsRefused)),
    ];
    for (change, stage, refusal, now, after) in table {
        let failed = at(change.clone(), stage).failed(Failure::HostRefused(refusal), None, now);
        assert_eq!(failed, after, "{change:?} {stage:?} {refusal:?}");
    }
    for (failure, denial) in [
        (Failure::DirectoryUnavailable, XrpcDenial::DirectoryUnavailable),
        (Failure::HostBroken, XrpcDenial::PdsUnavailable),
        (Failure::HostSilent, XrpcDenial::PdsTooSlow),
    ] {
        for change in [rename(), OFF, ON, Change::Deletion] {
            let failed = begun(change).failed(failure, None, late);
            assert_eq!(failed, pause(denial.clone()));
        }
    }
    // where no PDS is left to be told, an end is an end
    let told = AfterFailure::Record(Event::HostTold);
    for (change, after) in [
        (rename(), pause(XrpcDenial::PdsUnknown)),
        (ON, pause(XrpcDenial::PdsUnknown)),
        (OFF, told.clone()),
        (Change::Deletion, told),
    ] {
        assert_eq!(begun(change).failed(Failure::HostUnknown, None, late), after);
    }
    // a move that is over was taken back before
    let unmoved = begun(move_to("did:web:b.test")).failed(Failure::Unmoved(Why::GaveUp), None, NOW);
    assert_eq!(unmoved, AfterFailure::Drop(Why::GaveUp));
}

#[test]
fn an_operation_the_directory_refuses_is_looked_for_before_it_is_given_up() {
    let after =
        |document: Option<&Document>| begun(rename()).failed(Failure::DirectoryRefused, document, NOW);
    assert_eq!(after(None), AfterFailure::Look);
    #[rustfmt::skip]
    let table = [
        (plc(Some("new.test"), true), AfterFailure::Record(Event::DocumentChanged)),
        (plc(Some("old.test"), true), AfterFailure::Drop(Why::DirectoryRefused)),
        (plc(Some("old.test"), false), AfterFailure::Drop(Why::KeyRemoved)),
        (Document::Ended, AfterFailure::Drop(Why::DidEnded)),
    ];
    for (document, expected) in table {
        assert_eq!(after(Some(&document)), expected, "{document:?}");
    }
    // while the former handle is put back nobody is promised anything
    let reverting = at(
        rename(),
        Stage::Reverting {
            why: Why::HandleTaken,
        },
    );
    let failed = reverting.failed(Failure::DirectoryRefused, None, NOW);
    assert_eq!(failed, AfterFailure::Pause(XrpcDenial::DirectoryRefused));
}

// contract 2.5
#[test]
fn the_refusals_of_a_pds_are_read() {
    #[rustfmt::skip]
    let table = [
        (400, "HandleNotAvailable", "Handle already taken: new.test", Some(HostRefusal::HandleTaken)),
        (400, "InvalidRequest", "Handle already taken", Some(HostRefusal::HandleTaken)),
        (400, "InvalidHandle", "Handle too short", Some(HostRefusal::Handle)),
        (400, "UnsupportedDomain", "", Some(HostRefusal::Handle)),
        (400, "InvalidRequest", "External handle did not resolve to DID", Some(HostRefusal::HandleUnresolved)),
        (400, "InvalidRequest", "Handle does not match DID doc", Some(HostRefusal::Document)),
        (400, "InvalidRequest", "DID document verification method does not match expected signing key", Some(HostRefusal::Document)),
        (400, "InvalidRequest", "Account not found: did:plc:x", Some(HostRefusal::NoAccount)),
        (400, "RepoNotFound", "", Some(HostRefusal::NoAccount)),
        (401, "AuthenticationRequired", "", Some(HostRefusal::Configuration)),
        (404, "", "", Some(HostRefusal::Configuration)),
        (429, "RateLimitExceeded", "", Some(HostRefusal::Busy)),
        (400, "InvalidRequest", "something", Some(HostRefusal::Other)),
        (500, "InternalServerError", "Handle already taken", None),
        (502, "", "", None),
        (200, "", "", None),
    ];
    for (status, error, message, expected) in table {
        assert_eq!(
            HostRefusal::read(status, error, message),
            expected,
            "{error} {message}"
        );
    }
}

#[test]
fn no_event_follows_where_it_cannot() {
    let why = Why::HandleTaken;
    #[rustfmt::skip]
    let table = [
        (rename(), Stage::Begun, Event::HostTold),
        (rename(), Stage::Begun, Event::DocumentReverted),
        (rename(), Stage::OnHost, Event::HostTold),
        (rename(), Stage::Reverting { why }, Event::HostTold),
        (rename(), Stage::Reverted { why }, Event::DocumentReverted),
        (OFF, Stage::Begun, Event::DocumentChanged),
        (OFF, Stage::Begun, Event::HostRefused(why)),
        (OFF, Stage::Settling, Event::HostTold),
        (OFF, Stage::OnHost, Event::HostTold),
    ];
    for (change, stage, event) in table {
        let advanced = at(change.clone(), stage).advance(event, NOW);
        assert_eq!(advanced, Err(OutOfOrder), "{change:?} {stage:?} {event:?}");
    }
}

#[test]
fn each_kind_has_a_word_of_its_own() {
    for kind in Kind::ALL {
        assert_eq!(Kind::parse(kind.name()), Some(kind));
    }
    assert_eq!(Kind::parse("handles"), None);
}

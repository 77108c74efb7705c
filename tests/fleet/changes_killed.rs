//! `kill -9` at each step of each change of an account, through the real program: afterwards the same request finishes
//! it, and so does the reconciler where nobody comes back (C28). The PDS and the directory live on, as they do on other
//! machines.

mod life;

use entryway_tests::{Engine, Gate, Trouble, both_engines};

use life::{Life, Moment};

both_engines!(
    killed_before_the_directory_is_asked_for_the_handle,
    killed_before_the_directory_takes_the_handle,
    killed_after_the_directory_took_the_handle,
    killed_before_the_pds_hears_of_the_handle,
    killed_after_the_pds_heard_of_the_handle,
    killed_while_a_refused_handle_is_put_back,
    killed_before_and_after_the_pds_hears_of_a_rest,
    killed_before_and_after_the_pds_hears_of_the_end_of_a_rest,
    killed_before_and_after_the_pds_hears_of_a_takedown,
    killed_before_and_after_the_pds_hears_of_a_restoration,
    killed_before_and_after_the_pds_hears_of_a_deletion,
);

/// Whose front holds the request that shows that the step was reached.
#[derive(Clone, Copy)]
enum At {
    Host,
    Directory,
}

/// A step, by the request that is made in it, held before it arrives or after it was answered.
type Step = (At, &'static str, fn(Gate) -> Trouble);

/// Kills the service at this step, and has the same request finish the change; then the reconciler another one.
async fn killed(life: &Life, moment: Moment, (at, part, held): Step) {
    let person = life.person(moment).await;
    let gate = life.die(moment, &person, at, part, held).await;
    // whoever waited goes on, and comes to its end before anybody else does something
    gate.open();
    life.let_go("held_until = 0").await;
    life.served.start_again().await;
    life.same_request_finishes(moment, &person).await;
    life.assert_agreed(moment, &person).await;

    let person = life.person(moment).await;
    let gate = life.die(moment, &person, at, part, held).await;
    life.let_go("held_until = 0, retry_at = 0").await;
    gate.open();
    life.served.start_again().await;
    life.reconciler_finishes(&person).await;
    life.assert_agreed(moment, &person).await;
    life.assert_nothing_is_due().await;
}

async fn killed_while_changing_the_handle(engine: Engine, name: &str, step: Step) {
    let life = Life::start(engine, name).await;
    killed(&life, Moment::Handle, step).await;
}

async fn killed_around(engine: Engine, name: &str, moment: Moment, call: &'static str) {
    let life = Life::start(engine, name).await;
    killed(&life, moment, (At::Host, call, Trouble::WaitsBefore)).await;
    killed(&life, moment, (At::Host, call, Trouble::WaitsAfter)).await;
}

async fn killed_before_the_directory_is_asked_for_the_handle(engine: Engine) {
    let step: Step = (At::Directory, "GET /did:plc:", Trouble::WaitsBefore);
    killed_while_changing_the_handle(engine, "killed-handle-look", step).await;
}

async fn killed_before_the_directory_takes_the_handle(engine: Engine) {
    let step: Step = (At::Directory, "POST /did:plc:", Trouble::WaitsBefore);
    killed_while_changing_the_handle(engine, "killed-handle-publishing", step).await;
}

async fn killed_after_the_directory_took_the_handle(engine: Engine) {
    let step: Step = (At::Directory, "POST /did:plc:", Trouble::WaitsAfter);
    killed_while_changing_the_handle(engine, "killed-handle-published", step).await;
}

async fn killed_before_the_pds_hears_of_the_handle(engine: Engine) {
    let step: Step = (At::Host, "updateAccountHandle", Trouble::WaitsBefore);
    killed_while_changing_the_handle(engine, "killed-handle-telling", step).await;
}

async fn killed_after_the_pds_heard_of_the_handle(engine: Engine) {
    let step: Step = (At::Host, "updateAccountHandle", Trouble::WaitsAfter);
    killed_while_changing_the_handle(engine, "killed-handle-told", step).await;
}

/// The PDS refuses, and the service dies before or after the directory has the former handle again.
async fn killed_while_a_refused_handle_is_put_back(engine: Engine) {
    let life = Life::start(engine, "killed-handle-reverting").await;
    for held in [Trouble::WaitsBefore as fn(Gate) -> Trouble, Trouble::WaitsAfter] {
        let person = life.person(Moment::Handle).await;
        let host = life.served.hosts[0].front.as_ref().unwrap();
        host.fail("updateAccountHandle", 1, Trouble::Refuses("HandleNotAvailable"));
        // the first is the new handle
        life.served
            .directory_front
            .fail("POST /did:plc:", 1, Trouble::None);
        let part = "POST /did:plc:";
        let gate = life.die(Moment::Handle, &person, At::Directory, part, held).await;
        life.let_go("held_until = 0, retry_at = 0").await;
        gate.open();
        life.served.start_again().await;
        life.reconciler_finishes(&person).await;
        life.assert_is_called(&person, &person.handle).await;
        life.assert_nothing_is_due().await;
    }
}

async fn killed_before_and_after_the_pds_hears_of_a_rest(engine: Engine) {
    killed_around(engine, "killed-rest", Moment::Rest, "updateSubjectStatus").await;
}

async fn killed_before_and_after_the_pds_hears_of_the_end_of_a_rest(engine: Engine) {
    killed_around(engine, "killed-waking", Moment::Wake, "updateSubjectStatus").await;
}

async fn killed_before_and_after_the_pds_hears_of_a_takedown(engine: Engine) {
    killed_around(engine, "killed-takedown", Moment::TakeDown, "updateSubjectStatus").await;
}

async fn killed_before_and_after_the_pds_hears_of_a_restoration(engine: Engine) {
    killed_around(
        engine,
        "killed-restoration",
        Moment::Restore,
        "updateSubjectStatus",
    )
    .await;
}

async fn killed_before_and_after_the_pds_hears_of_a_deletion(engine: Engine) {
    killed_around(engine, "killed-deletion", Moment::Delete, "deleteAccount").await;
}

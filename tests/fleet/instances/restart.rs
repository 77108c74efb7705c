//! Instances that come and go: nobody notices, and their work goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use entryway_tests::{Client, INSTANCES, Instances, Tokens, alice, login};

use super::scene::on_three;

on_three!(
    a_rolling_restart_fails_no_request,
    each_job_is_one_instances_and_another_takes_it_up,
);

/// How many of them ask without a pause.
const WORKERS: usize = 4;

async fn a_rolling_restart_fails_no_request(several: Instances) {
    let several = Arc::new(several);
    let (is_over, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut workers = Vec::new();
    for number in 0..WORKERS {
        let client = Client::named(&format!("worker-{number}"));
        let tokens = login(&*several, &client, alice()).await;
        let (several, is_over, asked) = (several.clone(), is_over.clone(), asked.clone());
        workers.push(tokio::spawn(async move {
            let mut tokens = tokens;
            while !is_over.load(Ordering::SeqCst) {
                let refreshed = client.refresh(&tokens.refresh_token).send(&*several).await;
                tokens = Tokens::of(&refreshed);
                let pushed = client.par().send(&*several).await;
                assert_eq!(pushed.code(), 201, "{pushed:?}");
                asked.fetch_add(1, Ordering::SeqCst);
            }
        }));
    }
    let go_on = async |rounds: usize| {
        let enough = asked.load(Ordering::SeqCst) + rounds;
        several
            .until(|| {
                asked.load(Ordering::SeqCst) >= enough
                    || workers.iter().any(tokio::task::JoinHandle::is_finished)
            })
            .await;
    };
    for number in 0..INSTANCES {
        go_on(5).await;
        assert!(several.stop(number).await, "{number} did not end well");
        assert!(!several.balancer.ready()[number]);
        go_on(5).await;
        several.start_again(number).await;
    }
    let before = several.balancer.answered();
    go_on(10).await;
    is_over.store(true, Ordering::SeqCst);
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(several.balancer.failed(), Vec::<String>::new());
    // all of them are at work again
    let after = several.balancer.answered();
    assert!(
        before.iter().zip(&after).all(|(before, after)| after > before),
        "{after:?}"
    );
}

const JOBS: [&str; 3] = ["sweep", "reconcile", "watch"];

async fn each_job_is_one_instances_and_another_takes_it_up(several: Instances) {
    let taken = |job: &str| several.said("takes up a job", &format!("job=\"{job}\""));
    let times = |job: &str| taken(job).iter().sum::<usize>();
    several.until(|| JOBS.iter().all(|job| times(job) == 1)).await;
    let holder = |before: &[usize], job: &str| {
        let is_new = |(before, after): (&usize, usize)| after > *before;
        before.iter().zip(taken(job)).position(is_new).unwrap()
    };
    let watching = holder(&[0; INSTANCES], "watch");
    let lists = || several.host.asked("listRepos").len();
    several.until(|| lists() >= 2).await;
    assert_eq!(JOBS.map(times), [1; 3]);

    // whoever is killed says nothing more: its time has to pass
    let before = JOBS.map(taken);
    several.kill(watching).await;
    let orphans: Vec<usize> = (0..JOBS.len())
        .filter(|job| before[*job][watching] == 1)
        .collect();
    let orphaned = |job: &usize| times(JOBS[*job]) == 2;
    several.until(|| orphans.iter().all(orphaned)).await;
    for job in &orphans {
        assert_ne!(holder(&before[*job], JOBS[*job]), watching);
    }
    let so_far = lists();
    several.until(|| lists() > so_far).await;

    // whoever is asked to stop lays its jobs down
    several.start_again(watching).await;
    let before = JOBS.map(taken);
    let next = (0..INSTANCES)
        .find(|one| *one != watching && before[2][*one] > 0)
        .unwrap();
    assert!(several.stop(next).await);
    several.until(|| times("watch") == 3).await;
    let after = taken("watch");
    assert_eq!(after[next], before[2][next]);
    assert_eq!(several.said("lost a job", "").iter().sum::<usize>(), 0);
}

//! What hashes take: memory, and the thread that serves the other requests.

use std::process::Command;

use super::*;

/// The memory of one hash in KiB, and the iterations.
const COST: (u32, u32) = (47_104, 1);
/// Hashes at once.
const HASHES: u64 = 16;

/// In a process of its own, because other tests use memory too.
#[test]
fn the_memory_of_any_number_of_hashes_is_that_of_the_permits() {
    let own = std::env::current_exe().unwrap();
    let child = "password::hasher::tests::resources::a_process_that_hashes_a_lot";
    let output = Command::new(own)
        .args(["--ignored", "--exact", "--nocapture", child])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let kib: u64 = text
        .lines()
        .find_map(|line| line.strip_prefix("the peak grew by ")?.parse().ok())
        .unwrap_or_else(|| panic!("{text}"));
    let one = u64::from(COST.0);
    assert!(kib >= one && kib < 2 * one, "{kib} KiB for one permit");
}

#[test]
#[ignore = "measures its own process, which another test starts"]
#[expect(clippy::print_stdout, reason = "the other test reads it")]
fn a_process_that_hashes_a_lot() {
    let peak = || -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.unwrap().trim().strip_suffix(" kB").unwrap();
        kib.parse().unwrap()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let before = peak();
    runtime.block_on(async {
        let hasher = Hasher::new(Argon2Params::new(COST.0, COST.1).unwrap(), 1);
        let mut work = tokio::task::JoinSet::new();
        for _ in 0..HASHES {
            let hasher = hasher.clone();
            work.spawn(async move { hasher.hash(password("one"), [7; 16]).await });
        }
        assert!(work.join_all().await.iter().all(Result::is_ok));
    });
    println!("\nthe peak grew by {}", peak() - before);
}

/// There is only one thread for requests: one that hashed would serve no other.
#[tokio::test]
async fn a_hash_keeps_nothing_else_waiting() {
    let hasher = cheap();
    let mut work = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let hasher = hasher.clone();
        work.spawn(async move { hasher.hash(password("one"), [7; 16]).await });
    }
    let (mut ended, mut between) = (0, 0_u64);
    while ended < 8 {
        tokio::task::yield_now().await;
        between += 1;
        while let Some(hash) = work.try_join_next() {
            assert!(hash.unwrap().is_ok());
            ended += 1;
        }
    }
    assert!(between > 1_000, "only {between} other turns");
}

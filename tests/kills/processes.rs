//! The processes of a stack's functions, by what `/proc` says about the children of this one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, getpid, kill_process};
use tokio::time::sleep;

/// Kills every process of a function, and waits until they are dead; returns whether there was
/// one.
async fn kill(dynamodb_url: &str, function: &str) -> bool {
    let killed = of(dynamodb_url, function);
    for pid in &killed {
        // It may have exited just now.
        kill_process(*pid, Signal::KILL).unwrap_or_default();
    }
    for pid in &killed {
        // The first thread is a zombie before the others are gone, and only then is the process.
        let threads = format!("/proc/{}/task", pid.as_raw_nonzero());
        while fs::read_dir(&threads).is_ok_and(|threads| threads.count() > 1) {
            sleep(Duration::from_millis(1)).await;
        }
        let own = getpid().as_raw_nonzero().to_string();
        let process = PathBuf::from(format!("/proc/{}", pid.as_raw_nonzero()));
        while is_running_child(&process, &own) {
            sleep(Duration::from_millis(1)).await;
        }
    }
    !killed.is_empty()
}

/// Kills a function as soon as it has a process; returns whether it had one in time.
pub(crate) async fn kill_soon(dynamodb_url: &str, function: &str) -> bool {
    for _ in 0..PATIENCE {
        if kill(dynamodb_url, function).await {
            return true;
        }
        sleep(Duration::from_millis(1)).await;
    }
    false
}

/// For how many milliseconds a process is looked for: it may not have started.
const PATIENCE: u32 = 200;

/// Returns the processes of a function of the stack with that DynamoDB.
fn of(dynamodb_url: &str, function: &str) -> Vec<Pid> {
    let own = getpid().as_raw_nonzero().to_string();
    let variables = [
        format!("AWS_LAMBDA_FUNCTION_NAME={function}"),
        format!("AWS_ENDPOINT_URL={dynamodb_url}"),
    ];
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let found = entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let is_child = is_running_child(&entry.path(), &own);
        let environment = is_child.then(|| fs::read(entry.path().join("environ")).ok())??;
        let environment: Vec<&[u8]> = environment.split(|byte| *byte == 0).collect();
        let has = |variable: &String| environment.contains(&variable.as_bytes());
        variables.iter().all(has).then(|| Pid::from_raw(pid))?
    });
    found.collect()
}

fn is_running_child(process: &Path, parent: &str) -> bool {
    let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
    // The name of the program is in parentheses, and may contain anything.
    let after = stat.rsplit_once(") ").map_or("", |(_, after)| after);
    let mut fields = after.split(' ');
    fields.next().is_some_and(|state| state != "Z") && fields.next() == Some(parent)
}

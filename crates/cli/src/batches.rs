//! Work in batches: how far it is, and whether somebody ended it.

use crate::output::say;
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// The exit code of a program that SIGINT ended, as shells have it.
pub const ENDED_BY_SIGINT: i32 = 130;

/// Tells on stderr, where somebody looks at it, how many of `all` are done, at most `at_once` of which are in a batch; answers
/// whether to go on. Ctrl-C ends the work once the batch that is under way is done, and again Ctrl-C at once.
pub fn watch(all: usize, at_once: usize) -> impl FnMut(usize) -> bool {
    let shown = io::stderr().is_terminal() && all > at_once;
    let ended = Arc::new(AtomicBool::new(false));
    tokio::spawn(end(Arc::clone(&ended)));
    move |done| {
        if shown {
            say(&format!("{done} of {all} done"));
        }
        !ended.load(Ordering::Relaxed)
    }
}

async fn end(ended: Arc<AtomicBool>) {
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    ended.store(true, Ordering::Relaxed);
    say("it ends once the batch that is under way is done; Ctrl-C again: at once, and what became of the batch is not told");
    if tokio::signal::ctrl_c().await.is_ok() {
        std::process::exit(ENDED_BY_SIGINT);
    }
}

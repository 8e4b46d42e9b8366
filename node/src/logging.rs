//! The log, on standard error.
//!
//! A logger of our own, because test harnesses read the first lines and then close the pipe: a line that cannot be
//! written is dropped, where the usual loggers panic.

use std::{io::Write, str::FromStr, time::Instant};

use log::{LevelFilter, Log, Metadata, Record};

/// Which level is logged where no filter says otherwise.
const DEFAULT_LEVEL: LevelFilter = LevelFilter::Info;

struct Logger {
    /// Targets and their levels, the longest target first; the empty one matches everything.
    filters: Vec<(String, LevelFilter)>,
    start: Instant,
}

/// Starts logging, by the environment's `RUST_LOG` and, where they differ, the given filters.
pub fn init(filters: &[String]) {
    let environment = std::env::var("RUST_LOG").unwrap_or_default();
    let mut unknown = Vec::new();
    let filters = parse(std::iter::once(environment.as_str()).chain(filters.iter().map(String::as_str)), &mut unknown);
    let most = filters.iter().map(|(_, level)| *level).max().unwrap_or(DEFAULT_LEVEL);
    if log::set_boxed_logger(Box::new(Logger { filters, start: Instant::now() })).is_ok() {
        log::set_max_level(most);
    }
    for directive in unknown {
        log::warn!("log filter {directive:?} is neither a level nor target=level");
    }
}

/// Later directives win over earlier ones for the same target.
fn parse<'a>(filters: impl Iterator<Item = &'a str>, unknown: &mut Vec<String>) -> Vec<(String, LevelFilter)> {
    let mut parsed = vec![(String::new(), DEFAULT_LEVEL)];
    for directive in filters.flat_map(|filter| filter.split(',')).map(str::trim).filter(|text| !text.is_empty()) {
        let (target, level) = match directive.split_once('=') {
            Some((target, level)) => (target, LevelFilter::from_str(level)),
            None => match LevelFilter::from_str(directive) {
                Ok(level) => ("", Ok(level)),
                Err(_) => (directive, Ok(LevelFilter::Trace)),
            },
        };
        match level {
            Ok(level) => {
                parsed.retain(|(known, _)| known != target);
                parsed.push((target.to_owned(), level));
            }
            Err(_) => unknown.push(directive.to_owned()),
        }
    }
    parsed.sort_by_key(|(target, _)| std::cmp::Reverse(target.len()));
    parsed
}

/// The level of the longest target that is a prefix of this one.
fn level_of(filters: &[(String, LevelFilter)], target: &str) -> LevelFilter {
    filters.iter().find(|(prefix, _)| target.starts_with(prefix)).map_or(DEFAULT_LEVEL, |(_, level)| *level)
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata) -> bool {
        metadata.level() <= level_of(&self.filters, metadata.target())
    }

    fn log(&self, record: &Record) {
        if self.enabled(record.metadata()) {
            let elapsed = self.start.elapsed().as_secs_f64();
            let line = format!("{elapsed:9.3}s {:5} {}: {}\n", record.level(), record.target(), record.args());
            // Nobody may be reading any more.
            let _ = std::io::stderr().lock().write_all(line.as_bytes());
        }
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_target_decides() {
        let mut unknown = Vec::new();
        let filters = parse(["warn", "runtime=info,runtime::contracts=debug"].into_iter(), &mut unknown);
        assert_eq!(level_of(&filters, "runtime::contracts"), LevelFilter::Debug);
        assert_eq!(level_of(&filters, "runtime::balances"), LevelFilter::Info);
        assert_eq!(level_of(&filters, "txpool"), LevelFilter::Warn);
        assert!(unknown.is_empty());
    }

    #[test]
    fn an_unknown_level_is_reported_and_changes_nothing() {
        let mut unknown = Vec::new();
        let filters = parse(["runtime=loud"].into_iter(), &mut unknown);
        assert_eq!(level_of(&filters, "runtime"), DEFAULT_LEVEL);
        assert_eq!(unknown, ["runtime=loud"]);
    }
}

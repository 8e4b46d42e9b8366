//! A writer that is killed, and a disk that is full. The writer is this test binary, started again.

mod common;

use common::{Outcome, Place};
use salus_audit::{sha_256, Anchor, Entry, Id, Log, LogError, LogFile, Tree, MAX_ENTRY};
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const WRITERS: u64 = 4;
const KILLS: u64 = 200;

/// The log that the child writes.
const PATH: &str = "SALUS_AUDIT_TEST_LOG";
/// For each of its threads, the first entry that it appends.
const FROM: &str = "SALUS_AUDIT_TEST_FROM";

/// Entry `number` of a thread: most are short, an eighth is as long as an entry can be.
fn entry(writer: u64, number: u64) -> Entry {
    let id: Id = sha_256(&[writer.to_le_bytes(), number.to_le_bytes()].concat());
    let length = if id[0] < 32 { MAX_ENTRY } else { usize::from(id[1]) * 2 };
    Entry { id, bytes: id.iter().copied().cycle().take(length).collect() }
}

/// Appends without end, and writes a line for each entry that is acknowledged: thread, number, index, whether it was there.
fn append_without_end(path: &Path, from: &str) -> Outcome {
    let log = Log::open(path)?;
    let numbers = from.split(' ').map(str::parse).collect::<Result<Vec<u64>, _>>()?;
    std::thread::scope(|scope| {
        for (writer, from) in (0..).zip(numbers) {
            let log = &log;
            scope.spawn(move || -> io::Result<()> {
                for number in from.. {
                    let entry = entry(writer, number);
                    let Ok(done) = log.append(entry.id, &entry.bytes) else { return Err(io::ErrorKind::Other.into()) };
                    let line = format!("{writer} {number} {} {}\n", done.index, done.was_there);
                    // One write, which a kill does not tear.
                    io::stderr().write_all(line.as_bytes())?;
                }
                Ok(())
            });
        }
    });
    Ok(())
}

/// The same numbers in every run (Marsaglia's xorshift).
struct Moments(u64);

impl Moments {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Where each entry is that was acknowledged, by thread and number.
type Acknowledged = HashMap<(u64, u64), u64>;

/// Runs a writer until it has acknowledged some entries and `pause` is over, and kills it.
fn run_and_kill(path: &Path, known: &mut Acknowledged, entries: usize, pause: Duration) -> Outcome {
    let next = |writer| known.keys().filter(|(of, _)| *of == writer).map(|(_, number)| *number).max();
    // Each begins with the last one that it knows to be there, which it repeats.
    let from: Vec<_> = (0..WRITERS).map(|writer| next(writer).unwrap_or(0).to_string()).collect();
    let mut child = Command::new(std::env::current_exe()?)
        .args(["what_is_acknowledged_outlives_a_kill", "--exact", "--nocapture"])
        .envs([(PATH, path.as_os_str()), (FROM, from.join(" ").as_ref())])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(child.stderr.take().ok_or("no pipe")?).lines();
    let before: Vec<_> = lines.by_ref().take(entries).collect::<Result<_, _>>()?;
    let moment = Instant::now() + pause;
    while Instant::now() < moment {
        std::hint::spin_loop();
    }
    child.kill()?;
    let after: Vec<_> = lines.collect::<Result<_, _>>()?;
    child.wait()?;
    for line in before.iter().chain(&after) {
        let [writer, number, index, was_there] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err(format!("the writer says: {line}").into());
        };
        let (key, index) = ((writer.parse()?, number.parse()?), index.parse()?);
        let earlier = known.insert(key, index);
        assert!(earlier.is_none_or(|earlier| earlier == index && was_there == "true"), "{line}, {earlier:?}");
    }
    Ok(())
}

#[test]
fn what_is_acknowledged_outlives_a_kill() -> Outcome {
    if let (Some(path), Ok(from)) = (std::env::var_os(PATH), std::env::var(FROM)) {
        return append_without_end(Path::new(&path), &from);
    }
    let place = Place::new()?;
    let path = place.path();
    let mut moments = Moments(0x5a1f_0a0d);
    let (mut known, mut anchors, mut torn) = (Acknowledged::new(), Vec::new(), 0);
    for kill in 0..KILLS {
        // One in four is killed while it opens the log, or soon after.
        let (entries, pause) = if moments.below(4) == 0 { (0, 20_000) } else { (moments.below(60) as usize, 3_000) };
        run_and_kill(&path, &mut known, entries, Duration::from_micros(moments.below(pause)))?;
        if !path.exists() {
            continue;
        }
        let file = LogFile::read(&path)?;
        torn += u32::from(file.torn_bytes() > 0);
        // Nothing that was there has changed.
        assert!(file.audit(&anchors).is_ok(), "after kill {kill}");
        anchors.push(Anchor { size: file.tree().size(), root: file.tree().root(), place: kill });
    }
    println!("{KILLS} kills, {torn} torn entries, {} acknowledged", known.len());
    let log = Log::open(&path)?;
    assert!(known.len() > 2_000, "{} acknowledged", known.len());
    for ((writer, number), index) in &known {
        assert_eq!(log.entry(*index)?, entry(*writer, *number));
    }
    // Each entry is there once, those included that nobody was told of, and there is nothing else.
    let mut count = 0;
    for writer in 0..WRITERS {
        let there = (0..).map_while(|number| log.find(&entry(writer, number).id));
        count += there.count() as u64;
    }
    assert_eq!(log.size(), count);
    let tree: Tree = log
        .entries(0..count)
        .map(|entry| entry.map(|e| salus_audit::leaf_of(&e.id, &e.bytes)))
        .collect::<Result<_, _>>()?;
    assert_eq!(tree.root(), log.root());
    Ok(())
}

/// Fills the log until no entry fits, and goes on with shorter ones.
fn fill(path: &Path) -> Outcome {
    let log = Log::open(path)?;
    let long = vec![7; MAX_ENTRY];
    let mut number = 0_u64;
    let failure = loop {
        match log.append(common::id(number), &long) {
            Ok(_) => number += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(failure, LogError::Write(io::ErrorKind::FileTooLarge)), "{failure}");
    assert_eq!((log.size(), log.find(&common::id(number))), (number, None));
    assert!(number > 0);
    log.append(common::id(number), b"short")?;
    assert!(matches!(log.append(common::id(number + 1), &long), Err(LogError::Write(_))));
    let proof = log.prove(number, number + 1)?;
    proof.verify()?;
    println!("filled {number}");
    Ok(())
}

/// The file may not grow beyond 40 blocks of 512 bytes: the kernel then refuses a write, or does a part of it, as on a disk
/// that is full.
#[test]
fn a_full_disk_is_an_error_and_the_log_goes_on() -> Outcome {
    if let Some(path) = std::env::var_os(PATH) {
        return fill(Path::new(&path));
    }
    let place = Place::new()?;
    let done = Command::new("/bin/sh")
        .args(["-c", "trap '' XFSZ && ulimit -f 40 && exec \"$0\" \"$@\""])
        .arg(std::env::current_exe()?)
        .args(["a_full_disk_is_an_error_and_the_log_goes_on", "--exact", "--nocapture"])
        .env(PATH, place.path())
        .output()?;
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && said.contains("filled"), "{said}{}", String::from_utf8_lossy(&done.stderr));
    let log = Log::open(place.path())?;
    assert_eq!(log.recovered(), None);
    assert_eq!(log.entry(log.size() - 1)?.bytes, b"short");
    Ok(())
}

//! A release service that runs beside a clinic, as a process of its own, with a vault that only it is told of.

#![allow(dead_code, reason = "each test program uses what it needs")]

use crate::clinic::{text, Clinic};
use crate::desk::Result;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The service. It is told to end when it is dropped.
pub struct Counter {
    process: Child,
    /// What it said when it began to listen.
    pub said: Value,
}

impl Counter {
    /// Starts a service at a clinic, for the vault in its folder.
    pub fn open(clinic: &Clinic, url: &str, options: &str) -> Result<Self> {
        let deployment = clinic.desk.deployment()?;
        let mut process = Command::new(env!("CARGO_BIN_EXE_salus"))
            .current_dir(clinic.desk.folder.path())
            .args(["release", "serve", "--listen", "127.0.0.1:0", "--log", "releases.log", "--json"])
            .args(options.split_whitespace())
            .env("SALUS_URL", url)
            .env("SALUS_DEPLOYMENT", deployment)
            .env("SALUS_VAULT", "vault")
            .env("SALUS_SURI", clinic.desk.secret("operator"))
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let stdout = process.stdout.take().ok_or("its words are read")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let said = serde_json::from_str(&line).map_err(|error| format!("{error}: {line}"));
        match said {
            Ok(said) => Ok(Self { process, said }),
            Err(error) => {
                let _ = process.kill();
                Err(error.into())
            }
        }
    }

    /// Its address.
    pub fn url(&self) -> Result<String> {
        text(&self.said, "url")
    }

    /// What makes a command ask it, and keeps the vault out of reach.
    pub fn option(&self) -> Result<String> {
        Ok(format!("--service {} --vault no-vault", self.url()?))
    }

    /// Tells it to end, and waits until it has: then its log is on the chain.
    pub fn close(mut self) -> Result {
        self.terminate()?;
        let status = self.process.wait()?;
        assert!(status.success(), "{status}");
        Ok(())
    }

    fn terminate(&self) -> Result {
        let status = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status()?;
        assert!(status.success());
        Ok(())
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}

/// The file of the service's log.
pub fn log(clinic: &Clinic) -> PathBuf {
    clinic.desk.file("releases.log")
}

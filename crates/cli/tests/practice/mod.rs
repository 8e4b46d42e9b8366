//! A practice whose claims an insurer pays: what claims are made, settled, appealed and taken back with.

#![allow(dead_code, reason = "each test program uses what it needs")]

use crate::desk::{Desk, Result};
use jiff::civil::Date;
use jiff::Span;
use serde_json::{json, Value};
use std::path::{Path, PathBuf};

/// The account of //Bob.
pub const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

/// A desk where Rosa (//Dave) consents to payment, Dr Adams (//Charlie) is credentialed, and Unity (//Eve) has a plan that covers
/// Rosa. //Bob is its arbiter.
pub struct Practice {
    /// Where it works.
    pub desk: Desk,
}

impl Practice {
    /// With so many tokens in the pool of plan 0.
    pub fn new(pool: u32) -> Result<Self> {
        Self::at(Desk::deployed()?, pool)
    }

    /// The same at another desk.
    pub fn at(desk: Desk, pool: u32) -> Result<Self> {
        let practice = Self { desk };
        let Self { desk } = &practice;
        desk.done("consent record @/consent.json --suri //Dave")?;
        desk.done(&format!("access authority add {BOB} --suri //Alice"))?;
        desk.done(
            "access credential Practitioner/dr-adams --organisation Organization/mercy-hospital --role doctor \
             --until 2099-01-01T00:00:00Z --suri //Bob",
        )?;
        desk.done("key consortium consortium.key")?;
        practice.plan(0, "@/plan.json", pool, "@/coverage.json")?;
        Ok(practice)
    }

    /// Opens another plan, funds it and covers somebody.
    pub fn plan(&self, number: u32, file: &str, pool: u32, coverage: &str) -> Result {
        assert_eq!(self.desk.done(&format!("plan open {file} --arbiter {BOB} --suri //Eve"))?["plan"], number);
        if pool > 0 {
            self.desk.done(&format!("plan fund {number} {pool} --suri //Eve"))?;
        }
        self.desk.done(&format!("plan cover {number} {coverage} --suri //Eve"))?;
        Ok(())
    }

    /// A second plan, which pays after another insurer and has no limits, with so many tokens in its pool.
    pub fn second_plan(&self, pool: u32) -> Result {
        let mut plan = self.desk.sample("plan.json")?;
        plan["limits"] = json!([]);
        self.write("second.json", &plan)?;
        let mut coverage = self.desk.sample("coverage.json")?;
        coverage["order"] = json!(2);
        self.write("second-coverage.json", &coverage)?;
        self.plan(1, "second.json", pool, "second-coverage.json")
    }

    /// Writes the sample's coverage for two years as `two-years.json`. The last of its days, which is to come.
    pub fn two_years(&self) -> Result<Date> {
        let mut coverage = self.desk.sample("coverage.json")?;
        let start: Date = coverage["period"]["start"].as_str().ok_or("a start")?.parse()?;
        let last = start.checked_add(Span::new().years(2))?.yesterday()?;
        coverage["period"]["end"] = json!(last.to_string());
        self.write("two-years.json", &coverage)?;
        Ok(last)
    }

    /// Writes a document in the folder.
    pub fn write(&self, name: &str, document: &Value) -> Result {
        Ok(std::fs::write(self.desk.file(name), document.to_string())?)
    }

    /// Submits the sample's claim as Dr Adams.
    pub fn submits(&self) -> Result<Value> {
        self.desk.done("claim submit @/claim.json --plan 0 --suri //Charlie")
    }
}

/// A sample document as it stands in the repository, for who asks no chain: see [`Desk::sample`].
pub fn sample(name: &str) -> Result<Value> {
    Desk::off_line()?.sample(name)
}

/// The claim that something was said of.
pub fn id(said: &Value) -> Result<String> {
    Ok(said["claim"].as_str().ok_or_else(|| format!("no claim in {said}"))?.to_owned())
}

/// A folder of the FHIR documents of others, which are not part of the repository; `scripts/test` says so where they are not there.
pub fn documents_of_others(folder: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(folder);
    folder.is_dir().then_some(folder)
}

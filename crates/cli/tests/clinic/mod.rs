//! A hospital that is accredited, its doctor, a patient, and a doctor elsewhere, at one desk.

#![allow(dead_code, reason = "each test program uses what it needs")]

use crate::desk::{Desk, Result};
use serde_json::{json, Value};

/// Until when everything at the clinic counts that has an end.
pub const UNTIL: &str = "2098-01-01T00:00:00Z";

/// The clinic.
pub struct Clinic {
    /// Where it works.
    pub desk: Desk,
}

impl Clinic {
    /// A hospital with Dr Adams, whom it vouches for itself; Rosa, a patient; and Dr Novak, whom another authority's word is for.
    /// Each has an encryption key.
    pub fn new() -> Result<Self> {
        Self::at(Desk::deployed()?)
    }

    /// The same at another desk.
    pub fn at(desk: Desk) -> Result<Self> {
        desk.endow(&["authority", "hospital", "adams", "rosa", "novak", "daughter"])?;
        let clinic = Self { desk };
        let (authority, hospital) = (clinic.account("authority")?, clinic.account("hospital")?);
        clinic.desk.done(&format!("access authority add {authority} --suri //Alice"))?;
        clinic.done("authority", &format!("access accredit {hospital} --role doctor,nurse --until {UNTIL}"))?;
        let adams = clinic.account("adams")?;
        clinic.done("hospital", &format!("access credential {adams} --role doctor --until {UNTIL}"))?;
        let novak = clinic.account("novak")?;
        let elsewhere = format!("access credential {novak} --organisation {authority} --role doctor --until {UNTIL}");
        clinic.done("authority", &elsewhere)?;
        for who in ["adams", "rosa", "novak"] {
            clinic.done(who, "key publish")?;
        }
        Ok(clinic)
    }

    /// The account of somebody.
    pub fn account(&self, who: &str) -> Result<String> {
        self.desk.account(who)
    }

    /// Runs what must succeed, signed by somebody.
    pub fn done(&self, who: &str, command: &str) -> Result<Value> {
        self.desk.done(&format!("{command} --suri {}", self.desk.secret(who)))
    }

    /// Runs what must be refused.
    pub fn refused(&self, who: &str, command: &str, exit: i32, code: &str) -> Result {
        self.desk.refused(&format!("{command} --suri {}", self.desk.secret(who)), exit, code)
    }

    /// Writes a file in the folder.
    pub fn write(&self, name: &str, content: &[u8]) -> Result {
        Ok(std::fs::write(self.desk.file(name), content)?)
    }

    /// Reads a file in the folder.
    pub fn read(&self, name: &str) -> Result<Vec<u8>> {
        Ok(std::fs::read(self.desk.file(name))?)
    }

    /// Dr Adams stores a letter of Rosa's: the record's id.
    pub fn letter(&self, name: &str, content: &[u8]) -> Result<String> {
        self.write(name, content)?;
        let rosa = self.account("rosa")?;
        let added = self.done("adams", &format!("record add {name} --patient {rosa}"))?;
        text(&added, "record")
    }

    /// Rosa lets somebody open all her records for treatment.
    pub fn consents(&self, to: &str) -> Result {
        let directory = self.desk.directory("consenting.json", &self.account("rosa")?, &self.account(to)?)?;
        self.desk.consent("consenting-to.json", "active", "TREAT")?;
        self.done("rosa", &format!("consent record consenting-to.json --directory {directory}"))?;
        Ok(())
    }
}

/// A field that is a text.
pub fn text(said: &Value, field: &str) -> Result<String> {
    Ok(said[field].as_str().ok_or_else(|| format!("no {field} in {said}"))?.to_owned())
}

/// The entries of a list of objects whose field has a value.
pub fn with<'a>(list: &'a Value, field: &str, value: &str) -> Vec<&'a Value> {
    list.as_array().into_iter().flatten().filter(|one| one[field] == json!(value)).collect()
}

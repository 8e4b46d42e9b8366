//! The commands, one file for each subject. Each gives a [`crate::output::Report`] or a [`crate::failure::Failure`].

pub mod access;
mod accounting;
mod acting;
mod acts;
pub mod appeal;
pub mod audit;
pub mod authorisation;
pub mod claim;
pub mod consent;
pub mod deploy;
pub mod emergency;
mod fhir;
mod history;
pub mod key;
pub mod plan;
pub mod proposal;
pub mod proxy;
pub mod record;
pub mod relay;
pub mod release;
mod reversal;
mod settle;
pub mod share;
pub mod simulate;
mod statement;

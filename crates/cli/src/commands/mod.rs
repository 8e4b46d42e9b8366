//! The commands, one file for each subject. Each gives a [`crate::output::Report`] or a [`crate::failure::Failure`].

pub mod access;
mod acting;
mod acts;
pub mod claim;
pub mod consent;
pub mod deploy;
mod fhir;
mod history;
pub mod key;
pub mod plan;
pub mod proposal;
pub mod proxy;
pub mod record;
pub mod relay;
mod settle;
mod simulate;

//! The commands, one file for each subject. Each gives a [`crate::output::Report`] or a [`crate::failure::Failure`].

pub mod access;
pub mod claim;
pub mod consent;
pub mod deploy;
pub mod key;
pub mod plan;
pub mod record;
mod settle;

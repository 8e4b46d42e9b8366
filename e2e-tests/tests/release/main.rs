//! The release service on a real node.

mod journeys;
mod logs;
mod nodes;
mod support;

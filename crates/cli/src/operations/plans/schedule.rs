//! Fee schedules, page by page.

use crate::operations::claims::ConsortiumKey;
use crate::operations::{OperationError, Suite};
use salus_client::message::Pending;
use salus_client::{Evidence, Keypair, Located};
use salus_domain::claim::Line;
use salus_domain::ids::{CodeTag, PlanId};
use salus_domain::plan::{Fee, MAX_PAGE};
use salus_fhir::plan::PlanFile;
use salus_interface::claims::{ClaimsError, FeesSet};
use std::collections::BTreeMap;

/// How many pages are on their way to the chain at the same time.
pub const AT_ONCE: usize = 16;

/// A page: its number, and all that is on it, in ascending order of the codes.
pub type Page = (u8, Vec<Fee>);

/// What setting pages came to.
#[derive(Debug, Default)]
pub struct Set {
    /// Where each page that was set stands on the chain.
    pub evidence: Vec<Evidence>,
    /// How many were not.
    pub missing: usize,
    /// Why.
    pub stopped: Option<OperationError>,
}

/// A plan file's schedule on as many pages as it takes.
#[must_use]
pub fn pages(file: &PlanFile, key: &ConsortiumKey) -> Vec<Page> {
    numbered(file.fee_pages(&key.0))
}

/// A plan file's schedule on as many pages as a plan has.
#[must_use]
pub fn pages_of(file: &PlanFile, count: u16, key: &ConsortiumKey) -> Vec<Page> {
    numbered(file.fees_on(count, &key.0))
}

fn numbered(pages: Vec<Vec<Fee>>) -> Vec<Page> {
    (0..=u8::MAX).zip(pages).collect()
}

/// How many pages these are: at most 256.
#[must_use]
pub fn count(pages: &[Page]) -> u16 {
    u16::try_from(pages.len()).unwrap_or(u16::MAX)
}

/// The first page that has more fees than one can have, and how many.
#[must_use]
pub fn too_full(pages: &[Page]) -> Option<(u8, usize)> {
    pages.iter().map(|(number, fees)| (*number, fees.len())).find(|(_, fees)| *fees > MAX_PAGE)
}

/// The pages of a plan as these events of claims tell it; those that it never set are empty.
#[must_use]
pub fn told(events: &[Located], plan: PlanId) -> BTreeMap<u8, Vec<Fee>> {
    let set = events.iter().filter_map(|located| located.event.decode::<FeesSet>());
    set.filter(|event| event.plan == plan).map(|event| (event.page, event.fees)).collect()
}

/// The numbers, from 1 on, of the lines whose procedures have no price.
#[must_use]
pub fn unlisted(lines: &[Line], has_price: impl Fn(CodeTag) -> bool) -> Vec<u32> {
    let numbered = (1..).zip(lines);
    numbered.filter(|(_, line)| !has_price(line.code)).map(|(number, _)| number).collect()
}

/// The pages that are not as they should be.
#[must_use]
pub fn differing(wanted: Vec<Page>, told: &BTreeMap<u8, Vec<Fee>>) -> Vec<Page> {
    let is_other = |(number, fees): &Page| told.get(number).map_or(&[][..], Vec::as_slice) != fees.as_slice();
    wanted.into_iter().filter(is_other).collect()
}

/// Sets pages. Doing it again, also after it broke off, changes nothing that is as it should be. `go_on` is told how many are set, and
/// answers whether to go on: where it does not, why it stopped is [`OperationError::Interrupted`].
pub async fn set(
    suite: &Suite,
    insurer: &Keypair,
    plan: PlanId,
    pages: Vec<Page>,
    mut go_on: impl FnMut(usize) -> bool,
) -> Set {
    let mut set = Set { missing: pages.len(), ..Set::default() };
    for some in pages.chunks(AT_ONCE) {
        if let Err(error) = set.some(suite, insurer, plan, some).await {
            set.stopped = Some(error);
            break;
        }
        if !go_on(set.evidence.len()) && set.missing > 0 {
            set.stopped = Some(OperationError::Interrupted);
            break;
        }
    }
    set
}

impl Set {
    async fn some(
        &mut self,
        suite: &Suite,
        insurer: &Keypair,
        plan: PlanId,
        pages: &[Page],
    ) -> Result<(), OperationError> {
        let mut sent: Vec<Pending<(), ClaimsError>> = Vec::with_capacity(pages.len());
        let mut stopped = None;
        for (page, fees) in pages {
            match suite.deployment.claims().set_fees(plan, *page, fees).send(&suite.chain, insurer).await {
                Ok(pending) => sent.push(pending),
                Err(error) => {
                    stopped = Some(error);
                    break;
                }
            }
        }
        // What was sent is waited for, also where another one could not be.
        for pending in sent {
            match pending.in_block().await {
                Ok(executed) => {
                    self.evidence.push(executed.evidence);
                    self.missing = self.missing.saturating_sub(1);
                }
                Err(error) => stopped = stopped.or(Some(error)),
            }
        }
        stopped.map_or(Ok(()), |error| Err(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_domain::money::Amount;

    fn fee(code: u8, price: u128) -> Fee {
        Fee { code: CodeTag([code; 16]), price: Amount(price) }
    }

    #[test]
    fn only_pages_that_differ_are_set_and_one_that_is_to_be_empty_is_emptied() {
        let told = BTreeMap::from([(0, vec![fee(0, 1)]), (1, vec![fee(1, 1)]), (2, vec![fee(2, 1)])]);
        let wanted = vec![(0, vec![fee(0, 1)]), (1, vec![fee(1, 2)]), (2, Vec::new()), (3, Vec::new())];
        assert_eq!(differing(wanted, &told), [(1, vec![fee(1, 2)]), (2, Vec::new())]);
    }

    #[test]
    fn a_page_that_is_too_full_is_found_before_it_is_sent() {
        let full = |fees: usize| vec![(7, vec![fee(7, 1); fees])];
        assert_eq!(too_full(&full(MAX_PAGE)), None);
        assert_eq!(too_full(&full(MAX_PAGE + 1)), Some((7, MAX_PAGE + 1)));
    }
}

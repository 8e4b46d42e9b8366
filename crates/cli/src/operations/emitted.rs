//! Events as the chain has them, for tests.

use salus_client::{blake2b_256, AccountId32, ContractEvent, Located};
use salus_domain::adjudicate::{LineOutcome, Split};
use salus_domain::claim::Submission;
use salus_domain::codes::{Network, ReasonSet};
use salus_domain::ids::{Account, ClaimId, Hash, PlanId};
use salus_domain::money::Amount;
use salus_domain::time::Timestamp;
use salus_interface::claims::{ClaimAdjudicated, Filing};
use salus_interface::event::Event;

/// An event of block 1, which was made at the time 1.
pub fn located<E: Event>(event: &E) -> Located {
    let topics = vec![blake2b_256(E::SIGNATURE.replace(char::is_whitespace, "").as_bytes())];
    let event = ContractEvent { contract: AccountId32([0; 32]), index: 0, topics, data: event.encode() };
    Located { block: 1, time: Timestamp(1), event }
}

/// The decision of a claim under plan 0, with one line, of which the plan pays all: `payer` in minor units. It was made, and is due, at
/// the time 1.
pub fn adjudicated(claim: ClaimId, payer: u128) -> ClaimAdjudicated {
    let (plan, member, reference) = (PlanId(0), Account([9; 32]), Hash([0; 32]));
    let (days, lines) = (Vec::new(), Vec::new());
    let submission = Submission { plan, member, reference, prior_decided: false, days, lines };
    let split = Split { submitted: Amount(payer), payer: Amount(payer), ..Split::default() };
    let lines = vec![LineOutcome { split, quantity: 1, authorised: 0, reasons: ReasonSet::EMPTY }];
    ClaimAdjudicated {
        claim,
        provider: [1; 32].into(),
        filing: Filing { submission, network: Network::In, held: 0, filed: Timestamp(0), lines },
        version: 0,
        prior: None,
        decided: Timestamp(1),
        due: Timestamp(1),
    }
}

//! What claims refuse, and the tokens that they move, in words.

use super::Rule;
use crate::contracts::TokenError;
use salus_domain::claim::{ClaimMalformed, MAX_LINES};
use salus_domain::plan::{TermsMalformed, MAX_LIMITS, MAX_PAGE, MAX_PAGES};
use salus_interface::claims::{ClaimsError, MAX_BATCH, MAX_COVERAGES, MAX_SERVICES_PER_DAY};

impl Rule for ClaimsError {
    fn rule(&self) -> String {
        match self {
            Self::TermsMalformed(malformed) => return terms(*malformed),
            Self::Malformed(malformed) => return claim(*malformed),
            Self::PlanNotFound => "there is no such plan",
            Self::ClaimNotFound => "there is no such claim",
            Self::NotInsurer => "only the plan's insurer may do that",
            Self::NotArbiter => {
                "only the plan's arbiter decides an appeal, until the deadline; just what it asks for, the insurer grants too, and once the \
                 deadline is over the member or the provider"
            }
            Self::NotProvider => "only the claim's provider may do that",
            Self::NotParty => "only the claim's member or provider may do that",
            Self::PlanFrozen => "the plan is frozen: it takes no claims at the moment",
            Self::WrongValue => "exactly the amount is sent along; of a token of its own contract, no value is",
            Self::NothingTransferred => "an amount is above 0",
            Self::PoolTooSmall => "the pool's free money does not suffice",
            Self::PoolOverflow => "a pool's sums must fit into 128 bits",
            Self::TransferFailed => "the chain or the token refused the transfer; nothing was paid",
            Self::BatchTooLarge => {
                return format!(
                    "one message takes at most {MAX_BATCH} members, providers or claims, and a page of a fee schedule has at \
                     most {MAX_PAGE} fees"
                )
            }
            Self::NotOnThisPage => "a page of the fee schedule has the procedures whose tags say so, in ascending order",
            Self::WrongPages => return format!("a fee schedule has 1, 2, 4, ... or {MAX_PAGES} pages"),
            Self::EmptyPeriod => "a period must end after it begins",
            Self::PeriodTooLong => "a coverage lasts a year at most",
            Self::InThePast => "a coverage cannot end in the past",
            Self::AlreadyCovered => "a coverage begins when the one before is over",
            Self::NotCovered => "the member is not covered under this plan at that time",
            Self::TooManyCoverages => return format!("a member has at most {MAX_COVERAGES} coverages under one plan"),
            Self::ZeroQuantity => "an authorisation is of at least 1 unit",
            Self::AlreadyRequested => "the authorisation is asked for already, was refused, or is granted and not used up",
            Self::DuplicateClaim => "the claim is a duplicate: its provider submitted this number to the plan before",
            Self::TooManyServices => {
                return format!("a provider claims at most {MAX_SERVICES_PER_DAY} services of one member and day")
            }
            Self::NotPended => "only a claim that waits can be tried again or withdrawn",
            Self::AuthorisationMissing => "a line of the claim still waits for its prior authorisation",
            Self::NotAdjudicated => "the claim is not decided, or was taken back",
            Self::AlreadySettled => "a claim is paid once",
            Self::NothingToPay => "the claim was decided, and nothing is to be paid; of an appeal: nothing more would be",
            Self::NotSettled => "an insurer can take back only what it paid",
            Self::TooLate => "the plan's deadline for that is over; an authorisation that was granted is not taken back",
            Self::AlreadyAppealed => "a claim is appealed against once; an insurer that lost does not take it back",
            Self::NotAppealed => "there is no open appeal against the claim",
            Self::AppealOpen => "an open appeal has to be decided first",
            Self::NotAppealable => "an appeal sets judgements aside, not facts",
            Self::WrongFiling => "what is told of the claim is not what was claimed and decided last",
            Self::PassedOn => "the claim was passed on: the next insurer counts on what was decided",
            Self::WrongPlan => "a claim is passed on to another plan that pays in the same asset",
            Self::NothingOwed => "nobody pays back more than is owed",
            Self::IdsUsedUp => "no ids are left",
            Self::AccessGrantsFailed => "without an answer of access grants nothing is decided",
            Self::ConsentRegistryFailed => "without an answer of the consent registry nothing is decided",
            Self::NotAContract => "consent registry, access grants and tokens must be contracts",
        }
        .into()
    }
    fn next_step(&self) -> &'static str {
        match self {
            Self::TermsMalformed(_) => "mend the plan file",
            Self::Malformed(_) => "mend the claim",
            Self::PlanNotFound => "use the number that `salus plan open` told",
            Self::ClaimNotFound => "check the claim's id",
            Self::NotInsurer => "sign as the plan's insurer (`salus plan show`)",
            Self::NotArbiter => {
                "have the plan's arbiter decide (`salus plan show`); after the deadline grant it (`salus appeal show`)"
            }
            Self::NotProvider => "sign as the provider who made the claim (`salus claim show`)",
            Self::NotParty => "sign as the member or the provider of the claim (`salus claim show`)",
            Self::PlanFrozen => "wait until its insurer lets it go on (`salus plan unfreeze`)",
            Self::WrongValue => "see in what the plan pays (`salus plan show`)",
            Self::NothingTransferred => "give an amount above 0",
            Self::PoolTooSmall => "fund the pool (`salus plan fund`)",
            Self::PoolOverflow | Self::IdsUsedUp => "deploy another suite",
            Self::TransferFailed => {
                "check that the receiver's account exists, and that the token lets claims take the amount"
            }
            Self::BatchTooLarge => "split it; for more fees, open a plan with more pages",
            Self::NotOnThisPage => "set the schedule from a plan file (`salus plan fees`)",
            Self::WrongPages => "give a power of 2",
            Self::EmptyPeriod | Self::InThePast => "give a later end",
            Self::PeriodTooLong => "make one coverage of each year (`salus plan cover` does)",
            Self::AlreadyCovered => "end the other coverage first, or begin later (`salus plan coverage`)",
            Self::NotCovered => "see the member's coverages (`salus plan coverage`)",
            Self::TooManyCoverages => "open a new plan",
            Self::ZeroQuantity => "give a quantity of at least 1",
            Self::AlreadyRequested => "see how it stands (`salus authorisation show`)",
            Self::DuplicateClaim => "see that claim (`salus claim show`); a corrected claim needs a number of its own",
            Self::TooManyServices => "claim them on the day on which they were given",
            Self::NotPended | Self::NotSettled => "see where it stands (`salus claim show`)",
            Self::AuthorisationMissing => "wait for the insurer's decision (`salus authorisation show`)",
            Self::NotAdjudicated => "see how it stands (`salus claim show`): one that waits, then `salus claim retry`",
            Self::AlreadySettled | Self::NothingToPay => "see what was decided (`salus claim show`)",
            Self::TooLate => "see the plan's deadlines (`salus plan show`)",
            Self::AlreadyAppealed | Self::NotAppealed => "see the claim's appeal (`salus appeal show`)",
            Self::AppealOpen => "have it decided (`salus appeal decide`)",
            Self::NotAppealable => {
                "name codes of the list in `salus appeal file --help`; what has changed since counts without a code"
            }
            Self::WrongFiling => "do the same again: the claim was decided anew meanwhile",
            Self::PassedOn => "have the next insurer's claim reversed first (`salus claim reverse`)",
            Self::WrongPlan => "name the member's other plan",
            Self::NothingOwed => "see what is owed (`salus plan debt`)",
            Self::AccessGrantsFailed | Self::ConsentRegistryFailed | Self::NotAContract => {
                "check the deployment with `salus verify`, and the token's address"
            }
        }
    }
}

fn terms(malformed: TermsMalformed) -> String {
    match malformed {
        TermsMalformed::CoinsuranceAboveWhole => "a coinsurance is at most 100 %",
        TermsMalformed::RepeatedCategory => "a category has one set of terms",
        TermsMalformed::CoversNothing => "a plan covers at least one category",
        TermsMalformed::TooManyLimits => return format!("a plan has at most {MAX_LIMITS} limits"),
        TermsMalformed::RepeatedLimit => "of two limits on the same, the plan has one",
        TermsMalformed::DeadlineTooLong => "a deadline is a year away at most",
    }
    .into()
}

fn claim(malformed: ClaimMalformed) -> String {
    match malformed {
        ClaimMalformed::NoLines => "a claim has at least one line",
        ClaimMalformed::TooManyLines => return format!("a claim has at most {MAX_LINES} lines"),
        ClaimMalformed::TooManyDays => "a claim has no more days than lines",
        ClaimMalformed::UnknownDay => "each line names one of the claim's days",
        ClaimMalformed::UnusedDay => "each day of a claim has a line",
        ClaimMalformed::RepeatedDay => "each day of a claim is listed once",
        ClaimMalformed::NotMidnight => "a day of service is a day: midnight UTC",
        ClaimMalformed::FutureService => "a service cannot be claimed before it is given",
        ClaimMalformed::ZeroQuantity => "a quantity is at least 1",
        ClaimMalformed::ZeroAmount => "each line charges something",
        ClaimMalformed::PriorPaidAboveSubmitted => "another insurer cannot have paid more than was charged",
        ClaimMalformed::PriorPaidUndecided => "another insurer cannot have paid without having decided",
        ClaimMalformed::Overflow => "the amounts of a claim must fit into 128 bits",
    }
    .into()
}

impl Rule for TokenError {
    fn rule(&self) -> String {
        match self {
            Self::Custom(cause) => return format!("the token refused: {cause}"),
            Self::InsufficientBalance => "the account has less of the token than that",
            Self::InsufficientAllowance => "the account lets the spender have less of the token than that",
            Self::ZeroRecipientAddress | Self::ZeroSenderAddress => {
                "the zero account neither sends nor receives tokens"
            }
            Self::SafeTransferCheckFailed(cause) => return format!("the receiver does not take the token: {cause}"),
        }
        .into()
    }
    fn next_step(&self) -> &'static str {
        match self {
            Self::InsufficientBalance => "get some of the token first",
            Self::InsufficientAllowance => "let the spender have as much",
            Self::Custom(_) | Self::SafeTransferCheckFailed(_) => "ask who issued the token",
            Self::ZeroRecipientAddress | Self::ZeroSenderAddress => "name another account",
        }
    }
}

//! The other contracts, as claims meet them: access grants, the consent registry, and PSP22 tokens of every kind.

use super::testing::{contract, id};
use ink::primitives::AccountId;
use salus_domain::evaluate::{Answer, Evaluation, Redaction};
use salus_domain::request::{Principal, Request};
use salus_interface::{account, off_chain};
use scale::{DecodeAll, Encode};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

pub const REGISTRY: u8 = 0xAA;
pub const GRANTS: u8 = 0xAB;

/// What a token does where it is asked to move something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// It does it.
    #[default]
    Honest,
    /// It says no.
    Refusing,
    /// It does not come back.
    Trapping,
    /// It says that it did, and did nothing.
    Lying,
    /// It keeps a tenth of what it moves.
    Charging,
}

/// A PSP22 token.
#[derive(Clone, Debug, Default)]
pub struct Token {
    pub manner: Manner,
    pub balances: BTreeMap<AccountId, u128>,
    /// To whom nothing can be moved.
    pub barred: BTreeSet<AccountId>,
}

/// The other contracts.
#[derive(Clone, Debug, Default)]
pub struct Others {
    /// Contracts that do not answer.
    pub silent: BTreeSet<AccountId>,
    /// Who has no credential.
    pub uncredentialed: BTreeSet<AccountId>,
    /// Whose consent does not permit payment.
    pub unwilling: BTreeSet<AccountId>,
    pub tokens: BTreeMap<AccountId, Token>,
    /// What the registry was asked last.
    pub asked: Option<(AccountId, Request)>,
}

thread_local! {
    static OTHERS: RefCell<Others> = RefCell::default();
}

/// Looks at the other contracts, or changes them.
pub fn others<T>(change: impl FnOnce(&mut Others) -> T) -> T {
    OTHERS.with_borrow_mut(change)
}

/// What a token does from now on.
pub fn manner(token: u8, manner: Manner) {
    others(|others| others.tokens.entry(id(token)).or_default().manner = manner);
}

/// How many tokens an account has.
pub fn tokens(token: u8, of: AccountId) -> u128 {
    others(|others| others.tokens.get(&id(token)).and_then(|token| token.balances.get(&of).copied()).unwrap_or(0))
}

/// An empty chain on which access grants and registry permit everything.
pub fn begin() {
    OTHERS.take();
    off_chain::begin(Box::new(|callee, input| OTHERS.with_borrow_mut(|others| others.answer(callee, input))));
}

impl Others {
    fn answer(&mut self, callee: AccountId, input: &[u8]) -> Option<Vec<u8>> {
        let (selector, arguments) = input.split_first_chunk::<4>()?;
        if self.silent.contains(&callee) {
            return None;
        }
        if callee == id(GRANTS) {
            assert_eq!(*selector, ink::selector_bytes!("AccessGrants::principal"));
            let who = AccountId::decode_all(&mut &*arguments).ok()?;
            let principal =
                Principal { account: account(who), organisations: vec![], roles: salus_domain::codes::RoleSet::EMPTY };
            return Some((!self.uncredentialed.contains(&who)).then_some(principal).encode());
        }
        if callee == id(REGISTRY) {
            assert_eq!(*selector, ink::selector_bytes!("ConsentRegistry::decide"));
            let asked = <(AccountId, Request)>::decode_all(&mut &*arguments).ok()?;
            let answer = if self.unwilling.contains(&asked.0) { Answer::NoConsent } else { Answer::Permit };
            self.asked = Some(asked);
            return Some(Evaluation { answer, deciding: vec![], redact: Redaction::default() }.encode());
        }
        self.tokens.get_mut(&callee)?.answer(*selector, arguments)
    }
}

impl Token {
    fn answer(&mut self, selector: [u8; 4], arguments: &[u8]) -> Option<Vec<u8>> {
        const BALANCE_OF: [u8; 4] = ink::selector_bytes!("PSP22::balance_of");
        const TRANSFER: [u8; 4] = ink::selector_bytes!("PSP22::transfer");
        const TRANSFER_FROM: [u8; 4] = ink::selector_bytes!("PSP22::transfer_from");
        match selector {
            BALANCE_OF => {
                let who = AccountId::decode_all(&mut &*arguments).ok()?;
                Some(self.balances.get(&who).copied().unwrap_or(0).encode())
            }
            TRANSFER => {
                let (to, amount, _) = <(AccountId, u128, Vec<u8>)>::decode_all(&mut &*arguments).ok()?;
                self.transfer(contract(), to, amount)
            }
            TRANSFER_FROM => {
                let (from, to, amount, _) =
                    <(AccountId, AccountId, u128, Vec<u8>)>::decode_all(&mut &*arguments).ok()?;
                self.transfer(from, to, amount)
            }
            _ => None,
        }
    }

    fn transfer(&mut self, from: AccountId, to: AccountId, amount: u128) -> Option<Vec<u8>> {
        let done: Result<(), psp22::PSP22Error> = Ok(());
        let no: Result<(), psp22::PSP22Error> = Err(psp22::PSP22Error::InsufficientBalance);
        let arrives = match self.manner {
            Manner::Trapping => return None,
            Manner::Refusing => return Some(no.encode()),
            Manner::Lying => return Some(done.encode()),
            Manner::Charging => amount - amount / 10,
            Manner::Honest => amount,
        };
        let has = self.balances.get(&from).copied().unwrap_or(0);
        if has < amount || self.barred.contains(&to) {
            return Some(no.encode());
        }
        self.balances.insert(from, has - amount);
        *self.balances.entry(to).or_default() += arrives;
        Some(done.encode())
    }
}

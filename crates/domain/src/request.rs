//! Who asks for what: the question that a consent answers.

use crate::codes::{Action, ClassSet, Confidentiality, Purpose, RoleSet, SensitivitySet};
use crate::ids::Account;
use crate::time::Period;
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// Who is asking. The enforcement point states it from its own credentials and answers for it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Principal {
    /// The account that acts.
    pub account: Account,
    /// The organisations that it is credentialed for; at most [`Principal::MAX_ORGANISATIONS`].
    pub organisations: Vec<Account>,
    /// The roles in which it may act.
    pub roles: RoleSet,
}

impl Principal {
    /// How many organisations one principal can act for at the same time.
    pub const MAX_ORGANISATIONS: usize = 8;
}

/// What is asked for. A dimension of the data that is `None` is not named: the request is for a whole bundle, and the
/// answer says what of it to redact (rule 6).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Request {
    /// Who asks.
    pub principal: Principal,
    /// What for.
    pub purpose: Purpose,
    /// To do what.
    pub action: Action,
    /// The confidentiality of the data.
    pub confidentiality: Option<Confidentiality>,
    /// The sensitivity labels of the data; `Some` of the empty set says that it has none.
    pub sensitivity: Option<SensitivitySet>,
    /// The classes of the data.
    pub classes: Option<ClassSet>,
    /// When the data was made.
    pub data_period: Option<Period>,
}

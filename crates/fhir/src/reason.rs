//! Why an element was refused.

use crate::account::AccountError;
use salus_domain::consent::Malformed;
use salus_domain::plan::TermsMalformed;
use thiserror::Error;

/// Why an element was refused: one cause each, in words that name the way out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RefusedReason {
    // The document.
    /// It has more than [`crate::MAX_DOCUMENT`] bytes.
    #[error("the document has {bytes} bytes, at most {limit} are read; split it")]
    TooLarge {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        limit: usize,
    },
    /// It is not JSON (RFC 8259) in UTF-8.
    #[error("this is not JSON (line {line}, column {column}); correct the syntax")]
    NotJson {
        /// Counted from 1 within the element; 0 where it is unknown.
        line: usize,
        /// Counted from 1 within the line; 0 where it is unknown.
        column: usize,
    },
    /// Arrays and objects are nested more than [`crate::MAX_NESTING`] deep.
    #[error("arrays and objects are nested too deep; flatten the document")]
    NestedTooDeep,
    /// A key of the object has more than [`crate::MAX_KEY`] bytes.
    #[error("a key has {bytes} bytes, at most {limit} are read; no element of FHIR has such a name")]
    KeyTooLong {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        limit: usize,
    },
    /// An object has the same key twice.
    #[error("the key appears twice, and only one can be meant; remove the other")]
    DuplicateKey,
    /// A modifier extension: it changes the meaning of what it stands in.
    #[error("a modifier extension changes the meaning of the element in a way that is not known here; remove it")]
    ModifierExtension,
    /// Rules that the document is to be read by.
    #[error("the document asks to be read by implicit rules that are not known here; remove them")]
    ImplicitRules,

    // Elements.
    /// An element that is not known here, in a part that decides.
    #[error("this element is not known here and may change what is decided; express it otherwise or remove it")]
    UnknownElement,
    /// An element that is needed.
    #[error("the element is missing; add it")]
    Missing,
    /// A JSON value of another type.
    #[error("expected {expected}")]
    WrongType {
        /// What should be there.
        expected: &'static str,
    },
    /// An empty string, array or object, which FHIR does not have.
    #[error("the element is empty; give it a value or leave it out")]
    Empty,
    /// Another resource.
    #[error("expected the resource {expected}, found {found}")]
    WrongResource {
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A status that does not count.
    #[error("the status is \"{found}\", only \"{expected}\" counts")]
    Status {
        /// What is there.
        found: String,
        /// What should be there.
        expected: &'static str,
    },

    // Codes.
    /// The code system is not known here, or not named.
    #[error("{}; use the one that FHIR binds to the element", of_system(.system))]
    UnknownSystem {
        /// What is there; empty where none is named.
        system: String,
    },
    /// The code system is known, the code is not.
    #[error("the code \"{code}\" of {system} is not known here; use one that is, or a broader one")]
    UnknownCode {
        /// The code system.
        system: String,
        /// The code.
        code: String,
    },
    /// Several codings where one is meant.
    #[error("several codings where only one can be meant; keep one")]
    AmbiguousCoding,

    // Dates.
    /// Not a FHIR date, dateTime or instant.
    #[error("this is not a date as FHIR writes it (2026, 2026-09, 2026-09-30 or 2026-09-30T12:00:00Z)")]
    NotADate,
    /// A time of day without a zone.
    #[error("a time of day needs its zone (Z or an offset such as +02:00)")]
    DateWithoutZone,
    /// A moment before 1970.
    #[error("times before 1970 cannot be kept on the chain; leave out this bound or use a later one")]
    BeforeEpoch,
    /// A period that ends before it begins.
    #[error("the period ends before it begins; correct one of its bounds")]
    EmptyPeriod,
    /// Not exactly one day.
    #[error("a claim line needs the one day of its service (2026-09-30); split the line by day")]
    NotOneDay,

    // References and actors.
    /// The directory does not know it.
    #[error("the directory does not know \"{reference}\"; add it to the directory")]
    ReferenceUnresolved {
        /// The reference, or the identifier as `system|value`.
        reference: String,
    },
    /// The directory knows who it is, and not which account.
    #[error("the directory has no account for \"{reference}\"; add it to a mapping file")]
    NoAccount {
        /// The reference, or the identifier as `system|value`.
        reference: String,
    },
    /// A reference into the document itself.
    #[error("\"{reference}\" is contained in the document and has no account; refer to a resource of its own")]
    ReferenceContained {
        /// The reference.
        reference: String,
    },
    /// What it refers to cannot be told.
    #[error("it cannot be told what kind of resource this refers to; name it in Reference.type")]
    ReferenceWithoutType,
    /// Its parts name different things.
    #[error("the reference, its type and its identifier name different things; correct one of them")]
    ReferenceContradicts,
    /// A reference to a resource of a type that FHIR does not have there.
    #[error("this refers to a {found}, where FHIR has only {}; correct the reference", .allowed.join(" or "))]
    ReferenceKind {
        /// The type of what it refers to.
        found: String,
        /// The types that it can have.
        allowed: &'static [&'static str],
    },
    /// A kind of actor that has no account.
    #[error("a {kind} cannot be the actor of a provision; name people or organisations")]
    ActorKind {
        /// The resource type.
        kind: String,
    },
    /// The role says how the actor relates to the data, not that the actor asks for it.
    #[error("in the role \"{code}\" the actor does not ask for the data; name the recipient (IRCP or PRCP)")]
    ActorRole {
        /// The role's code.
        code: String,
    },
    /// A professional role and a reference at once.
    #[error("only this actor in only this role cannot be expressed; leave out the role or the reference")]
    RoleWithReference,
    /// Neither a role nor a reference.
    #[error("the actor has neither a reference nor a role; add one")]
    ActorWithoutWho,

    /// The directory has no party with the account that is named, and who asks may be it: it has no account there.
    #[error(
        "nobody in the directory has this account, and who asks has none there to compare; add both to the directory"
    )]
    NotComparable,

    // Consent.
    /// Neither an R4 `policyRule` nor an R5 `decision`.
    #[error("nothing says what holds where no provision matches; add policyRule (OPTIN or OPTOUT) or decision (R5)")]
    NoBaseDecision,
    /// An opt-in whose root provision has criteria and does not say whether they are permitted or withheld.
    #[error("it cannot be told whether the root provision permits or withholds; state its type")]
    RootWithoutType,
    /// Single resources.
    #[error("a provision about single resources cannot be expressed; name their class, labels or period")]
    DataNotExpressible,
    /// A permit for certain codes or document types only.
    #[error("a permit for certain codes or document types only cannot be expressed; name classes or labels")]
    PermitByCode,
    /// A permit of which nothing would be left.
    #[error("a permit for these classes cannot be expressed; name FHIR resource types")]
    PermitOfUnknownClasses,
    /// A provision that can only be expressed narrower, with exceptions that would then reach further.
    #[error("this can only be expressed more narrowly, and then the exceptions below it would mean something else")]
    CannotNarrow,
    /// A bound of the model.
    #[error("{}", malformed(.0))]
    Malformed(Malformed),
    /// A consent to something other than the use of data.
    #[error("a consent of the kind \"{code}\" does not say who may have the data; make a privacy consent of it")]
    Scope {
        /// Its `consentscope`.
        code: String,
    },
    /// An opt-in with restrictions that names none.
    #[error("an opt-in with restrictions (OPTINR) must state them; add the provisions that deny, or use OPTIN")]
    RestrictionsMissing,
    /// A deny that is to hold when the consent itself does not count.
    #[error("this deny is to hold outside of the consent's own period, when it does not count; lengthen the consent's period")]
    PeriodBeyondConsent,
    /// A bundle of old versions.
    #[error("a history has versions that hold no more; give the newest versions only")]
    History,
    /// A bundle within a bundle.
    #[error("what is in a bundle within a bundle is not looked for; give that bundle as a document of its own")]
    NestedBundle,
    /// An entry of a bundle that deletes what it is about.
    #[error("the entry deletes the resource, so that it holds no more; leave the entry out")]
    Deletion,

    /// More refused resources of a bundle than are told.
    #[error(
        "more than {limit} resources of this bundle are refused, and what follows is not read; correct those first"
    )]
    TooManyRefused {
        /// How many are told.
        limit: usize,
    },

    // Claim and coverage.
    /// A use other than `claim`.
    #[error("a {found} is not adjudicated here, only a claim; submit it when the service was given")]
    Use {
        /// The use.
        found: String,
    },
    /// A use other than `preauthorization`.
    #[error("a {found} does not ask for an authorisation; only a preauthorization does")]
    NotAnAuthorisation {
        /// The use.
        found: String,
    },
    /// Another insurance that comes before the one that is to pay.
    #[error("what an insurance paid that comes before cannot be told from a claim; give its ExplanationOfBenefit or ClaimResponse")]
    OtherInsurance,
    /// More or fewer documents of insurances that come before than there are such.
    #[error(
        "{needed} insurances come before the one that is to pay, and there are documents of {given}; give one of each"
    )]
    PriorDocuments {
        /// How many insurances.
        needed: usize,
        /// How many documents.
        given: usize,
    },
    /// Another insurer's document about somebody else.
    #[error("the other insurer's document is about {patient}; give the one about the patient of this claim, or where that is the same \
             person, claim with the identifier that the document has beside it (patient.identifier)")]
    PriorPatient {
        /// Whom it is about.
        patient: String,
    },
    /// Another answer of another insurer.
    #[error("the claim names {reference} as the other insurer's answer; give that document")]
    PriorResponse {
        /// What the claim refers to.
        reference: String,
    },
    /// One answer of another insurer, twice.
    #[error("the same answer of another insurer is given twice; give one document of each insurer")]
    RepeatedPrior,
    /// Another insurer's document says nothing about a line.
    #[error("the other insurer's document does not say what was paid for this line (benefit, or paidtoprovider); ask for one that does")]
    PriorUnknown,
    /// Another insurer's document says two things about a line, or about all of them.
    #[error("the other insurer's document gives two different amounts for what was paid; ask for one that does not")]
    PriorContradicts,
    /// Another insurer paid for a line that the claim does not have.
    #[error(
        "the other insurer paid for line {sequence}, which the claim does not have; give the document about this claim"
    )]
    PriorOtherLine {
        /// The number of the line.
        sequence: u32,
    },
    /// Another insurer's document is about another service.
    #[error("the other insurer's document has another code for this line; give the document about this claim")]
    PriorOtherService,
    /// Another insurer's document is about another day.
    #[error("the other insurer's document has another day for this line; give the document about this claim")]
    PriorOtherDay,
    /// Other insurers paid more than is charged.
    #[error("other insurers paid more than is charged for this line; correct the amounts")]
    PriorAboveCharge,
    /// Several insurances are to pay.
    #[error("another insurance is marked as focal; mark only the one that is to pay")]
    SeveralFocal,
    /// The only insurance is not the one that is to pay.
    #[error("the insurance that is to pay must be marked as focal")]
    NotFocal,
    /// Somebody other than the provider is to be paid.
    #[error("only the claim's provider is ever paid; name it as the payee or leave the payee out")]
    PayeeNotProvider,
    /// A member who is the subscriber and is not.
    #[error("the relationship says that the beneficiary is the subscriber, who is named as somebody else; correct one of them")]
    SubscriberContradicts,
    /// A coverage that is only there for insurers to recover what they paid.
    #[error("the coverage is there for subrogation, not to adjudicate claims; give the one that is to pay")]
    Subrogation,
    /// A coverage without an insurer.
    #[error("the coverage says that the patient pays, and no insurer; give the one that is to pay")]
    SelfPay,
    /// An element that a resource has in R5 only.
    #[error("this element is of FHIR R5, and a {resource} is read as of R4 only; give it as R4 has it")]
    OnlyR4 {
        /// The type of the resource.
        resource: &'static str,
    },
    /// Several payors of one coverage.
    #[error("a coverage with several payors cannot be expressed; make one coverage for each")]
    SeveralPayors,
    /// Too many lines.
    #[error("a claim has at most {limit} lines; split it")]
    TooManyLines {
        /// How many it may have.
        limit: usize,
    },
    /// Several identifiers of one claim.
    #[error("several identifiers may be the number of the claim; mark the one that is as official, or others as old")]
    SeveralNumbers,
    /// Two lines with the same number.
    #[error("another line has this number; number the lines from 1")]
    RepeatedSequence,
    /// Services of one code and day on several lines, for another site or with another modifier.
    #[error("another line has this code on this day, with another modifier or site; put both in one line, with the quantity of both")]
    ServiceApart,
    /// A quantity that is not a whole number from 1 on.
    #[error("the quantity must be a whole number from 1 to 4294967295")]
    NotAQuantity,
    /// A quantity that measures something.
    #[error("this is an amount in \"{unit}\", which does not tell how many units of the service were given; give their number, with the code \"1\" or without one")]
    NotACount {
        /// The code of the unit.
        unit: String,
    },
    /// A service on a day that the claim does not bill.
    #[error("the service was on a day that the claim does not bill (billablePeriod); correct one of them")]
    NotBilled,
    /// The net amount is not what quantity, price and factor make.
    #[error("the net amount is not quantity × unit price × factor; correct one of them")]
    NetNotProduct,
    /// Lines without a price, and no telling which one is charged.
    #[error("more than one line without a price, or none that names an encounter, may be charged with the rest of the total; give the prices")]
    UnpricedLines,
    /// The parts of a line do not add up to it.
    #[error("the parts of this line do not add up to it; correct the amounts")]
    DetailSum,
    /// The lines do not add up to the total.
    #[error("the lines do not add up to the total; correct the amounts")]
    Total,

    // Amounts.
    /// Not a decimal number.
    #[error("this is not a decimal number such as 12.50")]
    NotADecimal,
    /// A negative number.
    #[error("amounts are not negative")]
    Negative,
    /// Nothing is charged.
    #[error("nothing is charged; leave the line out")]
    ZeroAmount,
    /// More digits after the point than the asset has.
    #[error("the amount has more digits after the point than the asset ({decimals}); round it")]
    TooManyFractionDigits {
        /// How many the asset has.
        decimals: u8,
    },
    /// An exponent that no amount has.
    #[error("the exponent is out of range; write the number without one")]
    ExponentOutOfRange,
    /// More than 128 bits hold.
    #[error("the amount is too large")]
    AmountTooLarge,
    /// Another currency.
    #[error("the currency is {found}, the plan pays in {expected}; convert the amount first")]
    Currency {
        /// The plan's.
        expected: String,
        /// The document's.
        found: String,
    },

    // Records.
    /// A resource type that is not a class of data.
    #[error("{found} is not a class of data that a record can have; leave it out")]
    NoSuchClass {
        /// The resource type.
        found: String,
    },
    /// Data of more than one patient.
    #[error("the document has data of more than one patient; make one record for each")]
    SeveralPatients,

    // Directory files.
    /// One name, two accounts.
    #[error("\"{name}\" and \"{other}\" are the same party, and stand for two accounts; correct one of them")]
    TwoAccounts {
        /// A name of the party.
        name: String,
        /// Another one.
        other: String,
    },
    /// One name, a person and an organisation.
    #[error("\"{name}\" and \"{other}\" are the same party, and one is a person, the other an organisation; correct one of them")]
    PersonAndOrganisation {
        /// A name of the party.
        name: String,
        /// Another one.
        other: String,
    },
    /// One name for two resources.
    #[error("\"{name}\" is both \"{one}\" and \"{other}\"; give a directory of one server")]
    TwoServers {
        /// The relative reference.
        name: String,
        /// Where it is.
        one: String,
        /// Where it is also.
        other: String,
    },
    /// One name for roles of different people.
    #[error("\"{name}\" names roles of different people; correct the identifiers")]
    RolesOfDifferentPeople {
        /// The identifier.
        name: String,
    },
    /// A link that may be wrong.
    #[error("it is not sure that these are the same person; raise the assurance (level3, level4) or remove the link")]
    UnsureLink,

    // Requests.
    /// Another hook of CDS Hooks.
    #[error("the hook is \"{found}\", only patient-consent-consult is answered")]
    Hook {
        /// What is there.
        found: String,
    },
    /// Identifiers of several patients.
    #[error("these identifiers name different patients; ask for one at a time")]
    DifferentPatients,
    /// Recorded consents of somebody else.
    #[error("the recorded consents are those of another patient; name the same one")]
    OtherPatient,
    /// Identifiers of several people who ask.
    #[error("these identifiers name different people; one person asks, for any number of organisations")]
    DifferentPeople,
    /// Too much about who asks is not known.
    #[error(
        "too little is known about who asks; name it, the organisations that it acts for, and its roles (in the directory)"
    )]
    UnknownAsker,
    /// More consents than a patient can have.
    #[error("more than {limit} consents of this patient count, and a patient has at most as many; leave some out")]
    TooManyConsents {
        /// How many.
        limit: usize,
    },

    // Plan files.
    /// Not a percentage.
    #[error("this is not a percentage such as \"20%\" or \"12.5%\" (at most 100, two digits after the point)")]
    NotAPercentage,
    /// More decimals than an amount has room for.
    #[error("an asset has at most {limit} decimals")]
    TooManyDecimals {
        /// How many it may have.
        limit: u8,
    },
    /// A fee that is listed twice.
    #[error("there is another fee for this code; keep one")]
    RepeatedFee,
    /// A service of another provider than the one that asks.
    #[error(
        "only services of the provider that asks can be asked about; ask for the other one in a request of its own"
    )]
    OtherProvider,
    /// More fees than a schedule has room for.
    #[error("a fee schedule has at most {limit} fees; leave out those that are never claimed")]
    TooManyFees {
        /// How many it may have.
        limit: usize,
    },
    /// Something about a network, of a plan without one.
    #[error("the plan has no network; say that it is networked, or leave this out")]
    NoNetwork,
    /// Several plans of one InsurancePlan.
    #[error("there are several plans; say which one is meant")]
    SeveralPlans,
    /// A cost that is about no category.
    #[error(
        "only deductibles and out-of-pocket maxima are general costs; name this one for each category (specificCost)"
    )]
    CostOfNothing,
    /// A cost of a category that is not covered.
    #[error("the plan has costs for a category that it does not cover; add it to the coverage, or remove the costs")]
    CostNotCovered,
    /// Two costs of the same kind.
    #[error("there is another cost of this kind, for the same category and providers; keep one")]
    RepeatedCost,
    /// A cost in a unit that it cannot have.
    #[error("a copay, a deductible or an out-of-pocket maximum is an amount of money, coinsurance is a percentage")]
    CostUnit,
    /// A bound of the plan's terms.
    #[error("{}", terms_malformed(.0))]
    Terms(TermsMalformed),
    /// Not an account.
    #[error("not an account: {0}")]
    Account(AccountError),
}

fn malformed(malformed: &Malformed) -> &'static str {
    match malformed {
        Malformed::TooDeep => "provisions are nested more than 4 deep; flatten them",
        Malformed::TooManyProvisions => "a consent has at most 32 provisions; split it into several consents",
        Malformed::TooManyActors => "a provision has at most 16 actors; split it into several provisions",
        Malformed::BrokenNesting => "a provision is more than one level below the one before it",
        Malformed::EmptyPeriod => "a period ends before it begins; correct one of its bounds",
        Malformed::SaysNothing => "the consent decides nothing; add a provision",
    }
}

fn terms_malformed(malformed: &TermsMalformed) -> &'static str {
    match malformed {
        TermsMalformed::CoinsuranceAboveWhole => "a coinsurance is at most 100%",
        TermsMalformed::RepeatedCategory => "two exceptions name the same category; keep one",
        TermsMalformed::CoversNothing => "the plan covers no category; name at least one",
        TermsMalformed::TooManyLimits => "a plan has at most 24 limits; leave out those that are never reached",
        TermsMalformed::RepeatedLimit => "there is another limit of the same; keep one",
        TermsMalformed::DeadlineTooLong => "a deadline is at most 366 days away",
    }
}

/// What is wrong with a code system that is not known.
fn of_system(system: &str) -> String {
    match system {
        "" => "the coding names no code system".to_owned(),
        system => format!("the code system \"{system}\" is not known here"),
    }
}

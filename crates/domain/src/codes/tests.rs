use super::*;
use scale::{Decode, Encode};

macro_rules! every_system_is_sound {
    ($($name:ident: $Code:ident, $Set:ident;)+) => {$(
        #[test]
        fn $name() {
            for (number, code) in $Code::ALL.iter().enumerate() {
                assert_eq!(*code as usize, number, "numbers have no gap");
                assert_eq!($Code::from_code(code.code()), Some(*code), "codes are unique");
                assert!(!code.display().is_empty());
                assert!(code.ancestors().contains(*code));
                assert_eq!($Code::decode(&mut code.encode().as_slice()), Ok(*code));
                assert!($Set::from(*code).any_under($Set::ALL) && $Set::from(*code).all_under($Set::from(*code)));
            }
            assert!($Code::SYSTEM.starts_with("http"));
            assert_eq!($Code::from_code("no such code"), None);
            assert_eq!($Set::ALL.iter().count(), $Code::ALL.len());
            assert_eq!($Set::ALL.iter().collect::<$Set>(), $Set::ALL);
            assert_eq!($Set::decode(&mut $Set::ALL.encode().as_slice()), Ok($Set::ALL));
            assert_eq!($Set::EMPTY.union($Set::ALL), $Set::ALL);
            assert!($Set::EMPTY.is_empty() && $Set::EMPTY.is_subset($Set::ALL) && !$Set::ALL.is_subset($Set::EMPTY));
            assert_eq!($Set::from_bits($Set::ALL.bits()), Some($Set::ALL));
            assert!(format!("{:?}", $Set::ALL).contains($Code::ALL[0].code()));
            let unknown = $Set::ALL.bits().leading_zeros();
            if unknown > 0 {
                let bits = $Set::ALL.bits() | (1 << ($Code::ALL.len() as u32));
                assert_eq!($Set::from_bits(bits), None);
                assert!($Set::decode(&mut bits.encode().as_slice()).is_err(), "an unknown bit is never skipped");
            }
        }
    )+};
}

every_system_is_sound! {
    actions: Action, ActionSet;
    categories: Category, CategorySet;
    classes: Class, ClassSet;
    confidentialities: Confidentiality, ConfidentialitySet;
    measures: Measure, MeasureSet;
    networks: Network, NetworkSet;
    purposes: Purpose, PurposeSet;
    reasons: Reason, ReasonSet;
    roles: Role, RoleSet;
    sensitivities: Sensitivity, SensitivitySet;
    terms: Term, TermSet;
    units: Unit, UnitSet;
}

#[test]
fn treatment_covers_breaking_the_glass_and_not_the_other_way_round() {
    assert!(Purpose::Btg.ancestors().contains(Purpose::Treat));
    assert!(Purpose::Btg.ancestors().contains(Purpose::Etreat));
    assert!(!Purpose::Treat.ancestors().contains(Purpose::Etreat));
    assert!(!Purpose::Clintrch.ancestors().contains(Purpose::Treat));
}

#[test]
fn behavioural_health_covers_psychiatry_and_alcohol_use() {
    assert!(Sensitivity::Psy.ancestors().contains(Sensitivity::Bh));
    assert!(Sensitivity::Ethud.ancestors().contains(Sensitivity::Sud));
    assert!(!Sensitivity::Hiv.ancestors().contains(Sensitivity::Bh));
}

#[test]
fn confidentiality_is_ordered() {
    use Confidentiality::{L, M, N, R, U, V};
    assert!(U < L && L < M && M < N && N < R && R < V);
    assert_eq!(ConfidentialitySet::up_to(N), ConfidentialitySet::of(&[U, L, M, N]));
    assert_eq!(ConfidentialitySet::from_level(R), ConfidentialitySet::of(&[R, V]));
}

#[test]
fn a_reason_denies_or_it_can_be_a_part_of_a_payment() {
    for reason in Reason::ALL {
        assert_eq!(ReasonSet::from(*reason).deny(), reason.denial().is_some(), "{reason:?}");
    }
    assert!(!ReasonSet::EMPTY.deny());
    let facts = [Reason::CoverageInactive, Reason::NoConsent, Reason::Duplicate, Reason::FrequencyLimit];
    assert!(!ReasonSet::APPEALABLE.intersects(ReasonSet::of(&facts)), "facts are not set aside");
}

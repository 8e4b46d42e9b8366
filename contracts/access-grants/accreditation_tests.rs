//! Organisations that vouch for their own practitioners, and who was suspended by whom.

use super::*;
use salus_interface::access::{Accreditation, OrganisationAccredited, Vouched};

const CLINICAL: &[Role] = &[Role::Doctor, Role::Nurse];

fn roles(of: &[Role]) -> RoleSet {
    RoleSet::of(of)
}

fn vouches(grants: &mut AccessGrants, issuer: u8, organisation: u8, role: Role) -> Result<(), AccessError> {
    calls(id(issuer));
    grants.credential(id(DOCTOR), id(organisation), role.into(), LATER)
}

fn suspends(grants: &mut AccessGrants, caller: u8, suspended: bool) -> Result<(), AccessError> {
    calls(id(caller));
    grants.suspend(id(DOCTOR), id(HOSPITAL), suspended)
}

fn accredits(grants: &mut AccessGrants, authority: u8, of: &[Role], suspended: bool) -> Result<(), AccessError> {
    calls(id(authority));
    grants.accredit(id(HOSPITAL), roles(of), LATER, suspended)
}

/// The hospital is accredited by the authority, for clinical roles.
fn grants_with_hospital() -> AccessGrants {
    let mut grants = grants();
    accredits(&mut grants, AUTHORITY, CLINICAL, false).unwrap();
    grants
}

#[test]
fn only_an_authority_accredits_for_some_roles_and_some_time() {
    let mut grants = grants();
    for caller in [GOVERNOR, HOSPITAL, DOCTOR, STRANGER] {
        assert_eq!(accredits(&mut grants, caller, CLINICAL, false), Err(AccessError::NotAuthority));
    }
    calls(id(AUTHORITY));
    let accredit = |grants: &mut AccessGrants, of, until| grants.accredit(id(HOSPITAL), of, until, false);
    assert_eq!(accredit(&mut grants, RoleSet::EMPTY, LATER), Err(AccessError::NoRoles));
    assert_eq!(accredit(&mut grants, roles(CLINICAL), NOW), Err(AccessError::AlreadyOver));
    assert_eq!(accredit(&mut grants, roles(CLINICAL), NOW.plus(1)), Ok(()));
    let accreditation =
        Accreditation { authority: id(AUTHORITY), roles: roles(CLINICAL), valid_until: NOW.plus(1), suspended: false };
    let told = OrganisationAccredited { organisation: id(HOSPITAL), accreditation };
    assert_eq!(newest::<OrganisationAccredited>(), told);
    let kept = Vouched { is_authority: false, accreditation: Some(accreditation), credentials: Vec::new() };
    assert_eq!(grants.vouched(id(HOSPITAL)), kept);
    assert_eq!(grants.principal(id(HOSPITAL)), None, "it may vouch, and is nobody itself");
}

#[test]
fn an_accreditation_is_its_authoritys_while_that_is_one() {
    let mut grants = grants_with_hospital();
    for suspended in [true, false] {
        let other = accredits(&mut grants, OTHER_AUTHORITY, CLINICAL, suspended);
        assert_eq!(other, Err(AccessError::OtherIssuer));
    }
    assert_eq!(accredits(&mut grants, AUTHORITY, &[Role::Nurse], true), Ok(()), "its own it replaces");
    calls(id(GOVERNOR));
    grants.remove_authority(id(AUTHORITY)).unwrap();
    assert_eq!(vouches(&mut grants, HOSPITAL, HOSPITAL, Role::Nurse), Err(AccessError::NotAuthority));
    assert_eq!(accredits(&mut grants, OTHER_AUTHORITY, CLINICAL, false), Ok(()));
    assert_eq!(vouches(&mut grants, HOSPITAL, HOSPITAL, Role::Doctor), Ok(()));
}

#[test]
fn an_organisation_vouches_for_itself_alone_and_within_its_roles() {
    let mut grants = grants_with_hospital();
    assert_eq!(vouches(&mut grants, HOSPITAL, HOSPITAL, Role::Doctor), Ok(()));
    assert_eq!(grants.vouched(id(DOCTOR)).credentials, [credential(HOSPITAL, HOSPITAL, Role::Doctor, LATER)]);
    assert_eq!(grants.principal(id(DOCTOR)), Some(principal(Role::Doctor)));
    assert_eq!(vouches(&mut grants, HOSPITAL, STRANGER, Role::Doctor), Err(AccessError::NotAuthority));
    assert_eq!(vouches(&mut grants, STRANGER, HOSPITAL, Role::Doctor), Err(AccessError::NotAuthority));
    assert_eq!(vouches(&mut grants, HOSPITAL, HOSPITAL, Role::Researcher), Err(AccessError::BeyondAccreditation));
    let both = roles(&[Role::Doctor, Role::Researcher]);
    let vouch = grants.credential(id(DOCTOR), id(HOSPITAL), both, LATER);
    assert_eq!(vouch, Err(AccessError::BeyondAccreditation));
    let other = vouches(&mut grants, AUTHORITY, HOSPITAL, Role::Nurse);
    assert_eq!(other, Err(AccessError::OtherIssuer), "also the authority that accredited it");
    calls(id(HOSPITAL));
    let until = Timestamp(LATER.0 + 5);
    assert_eq!(grants.credential(id(DOCTOR), id(HOSPITAL), Role::Nurse.into(), until), Ok(()));
    at(LATER);
    assert_eq!(grants.principal(id(DOCTOR)), None, "a credential lasts no longer than the accreditation");
    assert_eq!(vouches(&mut grants, HOSPITAL, HOSPITAL, Role::Nurse), Err(AccessError::NotAuthority));
}

#[test]
fn what_is_done_to_an_organisation_is_done_to_all_whom_it_vouched_for() {
    let mut grants = grants_with_hospital();
    vouches(&mut grants, HOSPITAL, HOSPITAL, Role::Doctor).unwrap();
    let refusal = |grants: &AccessGrants| {
        let credentials = Credentials::default();
        assert_eq!(credentials.of(id(DOCTOR)), grants.vouched(id(DOCTOR)).credentials, "one storage");
        credentials.valid(id(DOCTOR), NOW).err()
    };
    accredits(&mut grants, AUTHORITY, CLINICAL, true).unwrap();
    assert_eq!(refusal(&grants), Some(Refusal::CredentialSuspended));
    assert_eq!(vouches(&mut grants, HOSPITAL, HOSPITAL, Role::Doctor), Err(AccessError::NotAuthority));
    assert_eq!(suspends(&mut grants, HOSPITAL, false), Ok(()));
    assert_eq!(refusal(&grants), Some(Refusal::CredentialSuspended), "that it reinstates nobody is not its to say");
    accredits(&mut grants, AUTHORITY, &[Role::Nurse], false).unwrap();
    assert_eq!(refusal(&grants), Some(Refusal::NotCredentialed), "the role is taken away");
    accredits(&mut grants, AUTHORITY, CLINICAL, false).unwrap();
    assert_eq!(refusal(&grants), None);
    calls(id(GOVERNOR));
    grants.remove_authority(id(AUTHORITY)).unwrap();
    assert_eq!(refusal(&grants), Some(Refusal::NotCredentialed));
    assert_eq!(vouches(&mut grants, OTHER_AUTHORITY, HOSPITAL, Role::Nurse), Ok(()), "what is void holds nobody back");
}

#[test]
fn an_organisation_that_is_an_authority_vouches_as_one_whatever_another_says_of_it() {
    let mut grants = grants();
    assert_eq!(vouches(&mut grants, AUTHORITY, AUTHORITY, Role::Doctor), Ok(()));
    let own = |grants: &AccessGrants| grants.principal(id(DOCTOR)).map(|one| one.organisations);
    let valid = Some(vec![account(AUTHORITY)]);
    assert_eq!(own(&grants), valid);
    for (role, suspended) in [(Role::Doctor, true), (Role::Nurse, false), (Role::Doctor, false)] {
        calls(id(OTHER_AUTHORITY));
        grants.accredit(id(AUTHORITY), role.into(), NOW.plus(1), suspended).unwrap();
        for now in [NOW, NOW.plus(1)] {
            at(now);
            assert_eq!(own(&grants), valid, "an authority takes nothing from another");
        }
        at(NOW);
    }
    calls(id(GOVERNOR));
    grants.remove_authority(id(AUTHORITY)).unwrap();
    assert_eq!(own(&grants), valid, "it is still accredited");
    grants.remove_authority(id(OTHER_AUTHORITY)).unwrap();
    assert_eq!(own(&grants), None);
}

#[test]
fn an_organisation_suspends_whoever_works_for_it_and_only_the_issuer_lifts_that() {
    let mut grants = grants_with_doctor();
    assert_eq!(suspends(&mut grants, HOSPITAL, true), Ok(()), "it needs no accreditation");
    assert_eq!(grants.principal(id(DOCTOR)), None);
    assert_eq!(suspends(&mut grants, HOSPITAL, false), Err(AccessError::OtherIssuer));
    assert_eq!(suspends(&mut grants, OTHER_AUTHORITY, false), Err(AccessError::OtherIssuer));
    assert_eq!(suspends(&mut grants, AUTHORITY, false), Ok(()));
    assert_eq!(grants.principal(id(DOCTOR)), Some(principal(Role::Doctor)));

    let mut grants = grants_with_hospital();
    vouches(&mut grants, HOSPITAL, HOSPITAL, Role::Doctor).unwrap();
    assert_eq!(suspends(&mut grants, HOSPITAL, true), Ok(()));
    assert_eq!(standing(&grants), Some(Standing::Suspended));
    assert_eq!(suspends(&mut grants, AUTHORITY, false), Err(AccessError::OtherIssuer));
    assert_eq!(suspends(&mut grants, HOSPITAL, false), Ok(()));
}

/// The doctor, as the hospital vouched for it, after a review that suspended it.
fn grants_with_barred_doctor() -> AccessGrants {
    let mut grants = grants_with_hospital();
    vouches(&mut grants, HOSPITAL, HOSPITAL, Role::Doctor).unwrap();
    Credentials::default().bar(id(DOCTOR));
    assert_eq!(standing(&grants), Some(Standing::Barred));
    grants
}

#[test]
fn whom_a_review_suspended_no_organisation_lets_in_again() {
    let mut grants = grants_with_barred_doctor();
    assert_eq!(vouches(&mut grants, HOSPITAL, HOSPITAL, Role::Doctor), Err(AccessError::Barred));
    assert_eq!(suspends(&mut grants, HOSPITAL, false), Err(AccessError::Barred));
    assert_eq!(suspends(&mut grants, HOSPITAL, true), Ok(()));
    assert_eq!(standing(&grants), Some(Standing::Barred), "a lesser suspension does not replace it");
    calls(id(OTHER_AUTHORITY));
    grants.accredit(id(STRANGER), roles(CLINICAL), LATER, false).unwrap();
    let elsewhere = vouches(&mut grants, STRANGER, STRANGER, Role::Doctor);
    assert_eq!(elsewhere, Err(AccessError::Barred), "nor another one");
    assert_eq!(grants.principal(id(DOCTOR)), None);
}

#[test]
fn whom_a_review_suspended_any_authority_reinstates_whoever_vouched() {
    for authority in [AUTHORITY, OTHER_AUTHORITY] {
        let mut grants = grants_with_barred_doctor();
        assert_eq!(suspends(&mut grants, authority, true), Ok(()));
        assert_eq!(standing(&grants), Some(Standing::Barred));
        assert_eq!(suspends(&mut grants, authority, false), Ok(()));
        assert_eq!(grants.principal(id(DOCTOR)), Some(principal(Role::Doctor)));
        assert_eq!(suspends(&mut grants, authority, false), Err(AccessError::OtherIssuer), "and that once");
    }
    let mut grants = grants_with_barred_doctor();
    assert_eq!(vouches(&mut grants, AUTHORITY, PATIENT, Role::Doctor), Ok(()), "or vouches itself");
    assert_eq!(standing(&grants), Some(Standing::Barred));
    assert_eq!(grants.principal(id(DOCTOR)).map(|one| one.organisations), Some(vec![account(PATIENT)]));
}

#[test]
fn any_authority_bars_whom_another_or_an_organisation_vouched_for() {
    for issuer in [AUTHORITY, HOSPITAL] {
        let mut grants = grants_with_hospital();
        vouches(&mut grants, issuer, HOSPITAL, Role::Doctor).unwrap();
        assert_eq!(suspends(&mut grants, OTHER_AUTHORITY, true), Ok(()));
        assert_eq!(newest::<ProviderCredentialed>().credential.standing, Standing::Barred);
        assert_eq!(grants.principal(id(DOCTOR)), None);
        let own = suspends(&mut grants, issuer, true);
        assert_eq!((own, standing(&grants)), (Ok(()), Some(Standing::Barred)), "the lesser does not replace it");
        let organisation = suspends(&mut grants, HOSPITAL, false);
        assert_eq!(organisation, Err(AccessError::Barred));
        assert_eq!(suspends(&mut grants, AUTHORITY, false), Ok(()));
        assert_eq!(grants.principal(id(DOCTOR)), Some(principal(Role::Doctor)));
    }
}

#[test]
fn nobody_who_is_barred_lifts_that_itself_or_vouches_for_others() {
    let mut grants = grants_with_barred_doctor();
    calls(id(GOVERNOR));
    grants.add_authority(id(DOCTOR)).unwrap();
    calls(id(DOCTOR));
    assert_eq!(grants.suspend(id(DOCTOR), id(HOSPITAL), false), Err(AccessError::Barred));
    let vouch = grants.credential(id(DOCTOR), id(STRANGER), Role::Doctor.into(), LATER);
    assert_eq!(vouch, Err(AccessError::Barred), "nor by another credential");
    assert_eq!(grants.principal(id(DOCTOR)), None);

    let mut grants = grants_with_hospital();
    calls(id(AUTHORITY));
    grants.credential(id(HOSPITAL), id(HOSPITAL), Role::Doctor.into(), LATER).unwrap();
    vouches(&mut grants, HOSPITAL, HOSPITAL, Role::Doctor).unwrap();
    Credentials::default().bar(id(HOSPITAL));
    assert_eq!(vouches(&mut grants, HOSPITAL, HOSPITAL, Role::Doctor), Err(AccessError::Barred));
}

#[test]
fn whom_an_organisation_vouched_for_before_it_was_barred_keeps_that() {
    let mut grants = grants_with_hospital();
    vouches(&mut grants, HOSPITAL, HOSPITAL, Role::Doctor).unwrap();
    calls(id(AUTHORITY));
    grants.credential(id(HOSPITAL), id(HOSPITAL), Role::Doctor.into(), LATER).unwrap();
    Credentials::default().bar(id(HOSPITAL));
    assert_eq!(grants.principal(id(HOSPITAL)), None);
    assert_eq!(grants.principal(id(DOCTOR)), Some(principal(Role::Doctor)));
    let other = vouches(&mut grants, OTHER_AUTHORITY, HOSPITAL, Role::Nurse);
    assert_eq!(other, Err(AccessError::OtherIssuer), "so it is not void, and nobody else replaces it");
    assert_eq!(accredits(&mut grants, AUTHORITY, CLINICAL, true), Ok(()));
    assert_eq!(grants.principal(id(DOCTOR)), None, "an authority ends that by the accreditation");
    assert_eq!(vouches(&mut grants, OTHER_AUTHORITY, HOSPITAL, Role::Nurse), Ok(()));
}

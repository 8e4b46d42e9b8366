//! The codes of other people's code systems that an `AuditEvent` is written with.

use crate::code::codes;

codes! {
    "http://dicom.nema.org/resources/ontology/DCM" {
        EXPORT = "110106", "Export";
        PATIENT_RECORD = "110110", "Patient Record";
        SECURITY_ALERT = "110113", "Security Alert";
        USER_AUTHENTICATION = "110114", "User Authentication";
        OVERRIDE_STARTED = "110127", "Emergency Override Started";
        USER_ATTRIBUTES_CHANGED = "110137", "User security Attributes Changed";
        OVERRIDE_STOPPED = "110138", "Emergency Override Stopped";
        DESTINATION = "110152", "Destination Role ID";
        SOURCE = "110153", "Source Role ID";
    }
    "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType" {
        /// Consents were asked.
        BY_CONSENT = "AuthZ-Consent", "Authorization Decision using Roles and Consent";
        /// It was decided by who asked, or which record it is; no consent was asked.
        BY_ROLE = "AuthZ-Role", "Authorization Decision using only Roles";
    }
    "http://hl7.org/fhir/restful-interaction" {
        CREATE = "create", "create";
        UPDATE = "update", "update";
        DELETE = "delete", "delete";
    }
    "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle" {
        DISCLOSE = "disclose", "Disclose Record Lifecycle Event";
    }
    "http://terminology.hl7.org/CodeSystem/dicom-audit-lifecycle" {
        ORIGINATION = "1", "Origination / Creation";
        AMENDMENT = "3", "Amendment";
        DISCLOSURE = "11", "Disclosure";
        /// The ciphertext and its keys are destroyed elsewhere; the chain does not see it.
        LOGICAL_DELETION = "14", "Logical deletion";
    }
    "http://terminology.hl7.org/CodeSystem/security-source-type" {
        APPLICATION_SERVER = "4", "Application Server";
        SECURITY_SERVER = "6", "Security Server";
    }
    "http://terminology.hl7.org/CodeSystem/extra-security-role-type" {
        AUTHORIZATION_SERVER = "authserver", "authorization server";
    }
    "http://terminology.hl7.org/CodeSystem/contractsignertypecodes" {
        REVIEWER = "REVIEWER", "Reviewer";
    }
    "http://terminology.hl7.org/CodeSystem/v3-ParticipationType" {
        CUSTODIAN = "CST", "custodian";
        RECIPIENT = "IRCP", "information recipient";
    }
    "http://terminology.hl7.org/CodeSystem/v3-RoleClass" {
        AGENT = "AGNT", "agent";
        PATIENT = "PAT", "patient";
        PROVIDER = "PROV", "healthcare provider";
    }
    "http://terminology.hl7.org/CodeSystem/audit-entity-type" {
        PERSON = "1", "Person";
        SYSTEM_OBJECT = "2", "System Object";
    }
    "http://hl7.org/fhir/resource-types" {
        AUDIT_EVENT = "AuditEvent", "AuditEvent";
        CONSENT = "Consent", "Consent";
    }
    "http://terminology.hl7.org/CodeSystem/object-role" {
        PATIENT_ROLE = "1", "Patient";
        DOMAIN_RESOURCE = "4", "Domain Resource";
        SECURITY_RESOURCE = "13", "Security Resource";
    }
}

//! Proposals, proxies and batches, as those who take part in them type them.

mod desk;

use desk::{each, Desk, Result};
use serde_json::{json, Value};

/// A desk with Rosa, a patient, Dr Adams, and Rosa's daughter.
struct Practice {
    desk: Desk,
    rosa: String,
    adams: String,
    daughter: String,
    /// `--directory FILE`, in which both are.
    directory: String,
}

impl Practice {
    fn new() -> Result<Self> {
        let desk = Desk::deployed()?;
        desk.endow(&["rosa", "adams", "daughter"])?;
        let (rosa, adams) = (desk.secret("rosa"), desk.secret("adams"));
        let daughter = desk.secret("daughter");
        let file = desk.directory("directory.json", &desk.account("rosa")?, &desk.account("adams")?)?;
        Ok(Self { desk, rosa, adams, daughter, directory: format!("--directory {file}") })
    }

    /// Runs what must succeed, signed by somebody.
    fn done(&self, command: &str, by: &str) -> Result<Value> {
        self.desk.done(&format!("{command} --suri {by} {}", self.directory))
    }

    /// Runs what must be refused.
    fn refused(&self, command: &str, by: &str, exit: i32, code: &str) -> Result {
        self.desk.refused(&format!("{command} --suri {by} {}", self.directory), exit, code)
    }

    fn consents(&self) -> Result<Value> {
        Ok(self.done("consent list Patient/rosa", &self.rosa)?["consents"].clone())
    }
}

#[test]
fn a_proposal_decides_nothing_until_the_patient_accepts_just_that() -> Result {
    let practice = Practice::new()?;
    let Practice { desk, rosa, adams, .. } = &practice;
    desk.consent("treat.json", "proposed", "TREAT")?;
    desk.consent("research.json", "proposed", "HRESCH")?;
    desk.consent("active.json", "active", "TREAT")?;

    practice.refused("proposal send active.json", adams, 4, "document.notProposed")?;
    practice.refused("consent record treat.json", rosa, 4, "document.proposed")?;
    practice.refused("proposal accept Practitioner/adams", rosa, 3, "consent.NoProposal")?;
    practice.refused("proposal withdraw Patient/rosa", adams, 3, "consent.NoProposal")?;
    assert!(!practice.done("proposal send treat.json --dry-run", adams)?["forecast"]["fee"].is_null());

    let first = practice.done("proposal send treat.json", adams)?["proposal"].clone();
    assert_eq!(practice.consents()?, json!([]));
    let shown = practice.done("proposal show Practitioner/adams", rosa)?;
    assert_eq!(shown["proposal"], first);
    assert!(shown["text"].to_string().contains("TREAT"), "{shown}");

    // Another one takes its place: who has read the first does not accept the second.
    let second = practice.done("proposal send research.json", adams)?["proposal"].clone();
    let (expect_first, expect_second) = (first.as_str().ok_or("a hash")?, second.as_str().ok_or("a hash")?);
    let accept = "proposal accept Practitioner/adams --expect";
    practice.refused(&format!("{accept} {expect_first}"), rosa, 3, "consent.ProposalChanged")?;
    let accepted = practice.done(&format!("{accept} {expect_second}"), rosa)?;
    assert_eq!(accepted["consent"], 0);
    assert_eq!(each(&practice.consents()?, "consent"), [json!(0)]);

    practice.done("proposal send treat.json", adams)?;
    practice.done("proposal reject Practitioner/adams", rosa)?;
    practice.done("proposal send treat.json", adams)?;
    practice.done("proposal withdraw Patient/rosa", adams)?;
    practice.done("proposal send treat.json", adams)?;
    let all = practice.done("proposal list", rosa)?["proposals"].clone();
    assert_eq!(each(&all, "status"), ["replaced", "accepted", "rejected", "withdrawn", "standing"]);
    assert_eq!(each(&all, "consent")[1], 0);
    assert_eq!(each(&all, "proposal")[..2], [first, second]);
    Ok(())
}

#[test]
fn a_proxy_does_what_its_mandate_gives_and_no_more() -> Result {
    let practice = Practice::new()?;
    let Practice { desk, rosa, adams, daughter, .. } = &practice;
    let account = desk.account("daughter")?;
    desk.consent("treat.json", "active", "TREAT")?;
    desk.consent("research.json", "active", "HRESCH")?;
    desk.consent("proposed.json", "proposed", "TREAT")?;
    let for_rosa = |command: &str| format!("{command} --for Patient/rosa");

    practice.refused(&for_rosa("consent record treat.json"), daughter, 3, "consent.NotMandated")?;
    let name = format!("proxy name {account} --until 2098-01-01T00:00:00Z --power");
    practice.refused(
        &format!("proxy name {account} --until 2001-01-01T00:00:00Z --power record"),
        rosa,
        3,
        "consent.MandateMalformed",
    )?;
    practice.done(&format!("{name} record,amend"), rosa)?;
    let recorded = practice.done(&for_rosa("consent record treat.json"), daughter)?;
    assert_eq!((recorded["consent"].as_u64(), recorded["patient"].as_str()), (Some(0), Some(&*desk.account("rosa")?)));
    assert_eq!(practice.done(&for_rosa("consent amend 0 research.json"), daughter)?["revision"], 1);
    practice.refused(&for_rosa("consent revoke 0"), daughter, 3, "consent.NotMandated")?;

    practice.done(&format!("{name} revoke,answer"), rosa)?;
    let proxies = practice.done("proxy list", rosa)?["proxies"].clone();
    assert_eq!((each(&proxies, "proxy"), each(&proxies, "now")), (vec![json!(account)], vec![json!("in-force")]));
    assert_eq!(proxies[0]["powers"], json!(["revoke", "answer"]));
    practice.done("proposal send proposed.json", adams)?;
    assert_eq!(practice.done(&for_rosa("proposal accept Practitioner/adams"), daughter)?["consent"], 1);
    practice.done("proposal send proposed.json", adams)?;
    practice.done(&for_rosa("proposal reject Practitioner/adams"), daughter)?;
    practice.done(&for_rosa("consent revoke 0"), daughter)?;
    assert_eq!(practice.done(&for_rosa("consent revoke-all"), daughter)?["revoked"], 1);

    practice.done(&for_rosa(&format!("proxy remove {account}")), daughter)?;
    practice.refused(&for_rosa("consent revoke-all"), daughter, 3, "consent.NotMandated")?;
    practice.refused(&format!("proxy remove {account}"), rosa, 3, "consent.NoProxy")?;

    let history = practice.done("consent history", rosa)?["acts"].clone();
    let told: Vec<Value> = each(&history, "act");
    let expected = [
        "proxy-named",
        "recorded",
        "amended",
        "proxy-named",
        "proposed",
        "accepted",
        "proposed",
        "rejected",
        "revoked",
        "all-revoked",
        "proxy-removed",
    ];
    assert_eq!(told, expected);
    assert_eq!(history[1]["by"], json!(account));
    assert!(history[2]["text"].to_string().contains("HRESCH"), "{history}");
    Ok(())
}

#[test]
fn several_documents_are_recorded_together_or_not_at_all() -> Result {
    let practice = Practice::new()?;
    let Practice { desk, rosa, .. } = &practice;
    desk.consent("treat.json", "active", "TREAT")?;
    desk.consent("research.json", "active", "HRESCH")?;
    std::fs::write(desk.file("broken.json"), "{}")?;
    practice.refused("consent record treat.json broken.json", rosa, 4, "document")?;
    assert_eq!(practice.consents()?, json!([]));
    let planned = practice.done("consent record treat.json research.json --dry-run", rosa)?;
    assert_eq!((each(&planned["consents"], "consent"), practice.consents()?), (vec![json!(0), json!(1)], json!([])));
    let done = practice.done("consent record treat.json research.json", rosa)?;
    assert_eq!(each(&done["consents"], "file"), ["treat.json", "research.json"]);
    assert!(done["evidence"]["block"].is_u64(), "one transaction: {done}");
    assert_eq!(each(&practice.consents()?, "consent"), [json!(0), json!(1)]);
    assert_eq!(practice.done("consent revoke-all", rosa)?["revoked"], 2);
    Ok(())
}

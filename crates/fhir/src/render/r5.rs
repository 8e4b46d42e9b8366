//! R5: `decision` is the base, and each provision decides the opposite of what it is an exception to. A provision that
//! decides the same is said otherwise, so that every request gets the same answer.

use super::elements::{provision, Writer};
use super::tree::{intersection, preorder, trees, Tree};
use super::NotRenderable;
use salus_domain::consent::{Base, Consent, Decision, Provision};
use salus_domain::time::{Period, Timestamp};
use serde_json::{json, Map, Value};

pub(super) fn resource(consent: &Consent, writer: &Writer<'_>) -> Result<Map<String, Value>, NotRenderable> {
    let mut outermost = trees(&consent.provisions);
    let mut period = consent.period;
    let base = match consent.base {
        Base::Permit => Decision::Permit,
        Base::Deny => Decision::Deny,
        Base::Silent => match outermost.as_slice() {
            // A provision that always matches is what a base decision is.
            [root] if root.names_nothing_but_a_period() => {
                let own = root.provision.period.unwrap_or(Period::ALWAYS);
                period = intersection(own, period).ok_or(NotRenderable::NeverHolds)?;
                let decision = root.provision.decision;
                outermost = root.children.clone();
                decision
            }
            _ => return Err(NotRenderable::SilentInR5),
        },
    };
    let alternating = within(alternate(outermost, base)?, period);
    let mut provisions = Vec::new();
    preorder(&alternating, 1, &mut provisions);
    // Said otherwise, it may have become too much.
    let rewritten = Consent { base: Base::Permit, provisions, ..consent.clone() };
    rewritten.validate().map_err(NotRenderable::Malformed)?;
    let decision = if base == Decision::Permit { "permit" } else { "deny" };
    let mut resource = Map::from_iter([(String::from("decision"), json!(decision))]);
    if period != Period::ALWAYS {
        resource.insert(String::from("period"), super::elements::period(period)?);
    }
    if !alternating.is_empty() {
        let provisions: Result<Vec<_>, _> = alternating.iter().map(|tree| provision(tree, writer)).collect();
        resource.insert(String::from("provision"), Value::Array(provisions?));
    }
    Ok(resource)
}

/// R5 lets a provision hold when its consent does not; here none does, so that a deny is written as long as the consent.
fn within(trees: Vec<Tree>, frame: Period) -> Vec<Tree> {
    let clipped = trees.into_iter().filter_map(|mut tree| {
        let denies = tree.provision.decision == Decision::Deny;
        if let Some(period) = tree.provision.period.filter(|_| denies) {
            let early = period.start != Timestamp::MIN && period.start < frame.start;
            let late = period.end != Timestamp::MAX && period.end > frame.end;
            if early || late {
                tree.provision.period = Some(intersection(period, frame)?);
            }
        }
        tree.children = within(tree.children, frame);
        Some(tree)
    });
    clipped.collect()
}

/// Trees that decide the opposite of `above`, and so on below them.
fn alternate(trees: Vec<Tree>, above: Decision) -> Result<Vec<Tree>, NotRenderable> {
    let (same, mut others): (Vec<_>, Vec<_>) = trees.into_iter().partition(|tree| tree.provision.decision == above);
    let mut keep_back = Vec::new();
    for tree in same {
        match (tree.is_uniform(above), above) {
            // It permits what is permitted already.
            (true, Decision::Permit) => {}
            // It wins over its siblings: an exception to each of them that permits. Elsewhere it denies what is denied.
            (true, Decision::Deny) => keep_back.push(Tree { children: Vec::new(), ..tree }),
            (false, _) => others.push(wrapped(tree)?),
        }
    }
    for tree in &mut others {
        tree.children.extend(keep_back.iter().cloned());
        let opposite = tree.provision.decision;
        tree.children = alternate(std::mem::take(&mut tree.children), opposite)?;
    }
    others.sort_by_key(|tree| tree.place);
    Ok(others)
}

/// The opposite under the same criteria, with the provision as an exception that always matches.
fn wrapped(tree: Tree) -> Result<Tree, NotRenderable> {
    let Tree { provision, place, children } = tree;
    // Of labels of both kinds, a deny needs one and a permit both.
    if !provision.confidentiality.is_empty() && !provision.sensitivity.is_empty() {
        return Err(NotRenderable::SameDecision { provision: place });
    }
    let opposite = match provision.decision {
        Decision::Permit => Decision::Deny,
        Decision::Deny => Decision::Permit,
    };
    let inner = Tree { provision: Provision::new(provision.depth, provision.decision), place, children };
    Ok(Tree { provision: Provision { decision: opposite, ..provision }, place, children: Vec::from([inner]) })
}

//! Provisions as a tree; the model keeps them in preorder.

use salus_domain::consent::{Decision, Provision};
use salus_domain::time::Period;

/// A provision, its place in the model, and its exceptions.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) provision: Provision,
    pub(super) place: usize,
    pub(super) children: Vec<Tree>,
}

impl Tree {
    /// Whether nothing in it decides otherwise.
    pub(super) fn is_uniform(&self, decision: Decision) -> bool {
        self.provision.decision == decision && self.children.iter().all(|child| child.is_uniform(decision))
    }

    pub(super) fn names_nothing_but_a_period(&self) -> bool {
        let Provision { depth, decision, period, .. } = self.provision;
        self.provision == Provision { period, ..Provision::new(depth, decision) }
    }
}

/// The trees of provisions in preorder. The recursion ends at [`salus_domain::consent::MAX_DEPTH`].
pub(super) fn trees(provisions: &[Provision]) -> Vec<Tree> {
    below(provisions, 0)
}

fn below(provisions: &[Provision], offset: usize) -> Vec<Tree> {
    let mut trees = Vec::new();
    let mut rest = provisions;
    let mut place = offset;
    while let Some((provision, behind)) = rest.split_first() {
        let count = behind.iter().take_while(|child| child.depth > provision.depth).count();
        let (children, siblings) = behind.split_at(count);
        trees.push(Tree { provision: provision.clone(), place, children: below(children, place + 1) });
        place += 1 + count;
        rest = siblings;
    }
    trees
}

/// The provisions in preorder again, with the depths that they now have.
pub(super) fn preorder(trees: &[Tree], depth: u8, into: &mut Vec<Provision>) {
    for tree in trees {
        into.push(Provision { depth, ..tree.provision.clone() });
        preorder(&tree.children, depth.saturating_add(1), into);
    }
}

/// The moments of both.
pub(super) fn intersection(one: Period, other: Period) -> Option<Period> {
    let both = Period { start: one.start.max(other.start), end: one.end.min(other.end) };
    both.is_valid().then_some(both)
}

//! What is said of lines that a plan's fee schedule has no price for: the plan then counts with what is charged. With another
//! consortium key than the insurer's, that are all of them.

use crate::operations::claims::ConsortiumKey;

/// Of lines, by their numbers, of a claim under a plan that is known to have a schedule.
pub fn unlisted_lines(unlisted: &[u32]) -> impl Iterator<Item = String> + '_ {
    unlisted.iter().map(|number| format!("line {number}: not in the plan's fee schedule"))
}

/// The same where it is not known: of `all` lines, whose procedures are committed to with `key`, these have no price.
#[must_use]
pub fn unlisted_of(unlisted: &[u32], all: usize, key: &ConsortiumKey) -> Vec<String> {
    if unlisted.len() < all || all == 0 {
        return unlisted_lines(unlisted).map(|line| format!("  {line}")).collect();
    }
    vec![format!(
        "  no line is in the plan's fee schedule: where it has one, ask whether the consortium key ({}) is the insurer's",
        key.fingerprint()
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_fits_no_line_is_named_and_single_lines_are_by_number() {
        let key = ConsortiumKey([1; 32]);
        assert_eq!(unlisted_of(&[2], 3, &key), ["  line 2: not in the plan's fee schedule"]);
        let named = format!("the consortium key ({}) is", key.fingerprint());
        assert!(unlisted_of(&[1, 2], 2, &key).join("").contains(&named));
        assert!(unlisted_of(&[], 2, &key).is_empty());
    }
}

//! Which orders go into one transaction, and which of them it carried out. Orders are told by their places in the list that
//! was given.

use super::MAX_INPUT;
use ink_primitives::AccountId;
use salus_interface::consent::{CarriedOut, Done, SignedOrder};
use scale::Encode;
use std::collections::HashMap;

/// What stands in front of the orders in a message's input: the selector, the place, and how many there are.
const HEAD: usize = 4 + 64 + 4;

/// The places in the order in which they are relayed: the orders of one signer together, by nonce, so that its file is
/// read once; the signers as they appear.
pub(super) fn queue(orders: &[SignedOrder]) -> Vec<usize> {
    let mut first: HashMap<AccountId, usize> = HashMap::new();
    let mut queue: Vec<usize> = (0..orders.len()).collect();
    for (place, signed) in orders.iter().enumerate() {
        first.entry(signed.signer()).or_insert(place);
    }
    // Stable: of two with one nonce the one that was given first comes first.
    queue.sort_by_key(|place| {
        orders.get(*place).map(|signed| (first.get(&signed.signer()).copied(), signed.nonce)).unwrap_or_default()
    });
    queue
}

/// How many of `queue` fit into one message, at most `limit`. None: the first one alone is too large.
pub(super) fn fitting(queue: &[usize], orders: &[SignedOrder], limit: usize) -> usize {
    let mut size = HEAD;
    let fits = |place: &&usize| {
        size = size.saturating_add(orders.get(**place).map_or(0, Encode::encoded_size));
        size <= MAX_INPUT
    };
    queue.iter().take(limit).take_while(fits).count()
}

/// What the orders at these places did, by what the transaction told; `None` for one that it did not carry out.
pub(super) fn carried_out(
    sent: &[usize],
    orders: &[SignedOrder],
    mut told: Vec<CarriedOut>,
) -> Vec<(usize, Option<Done>)> {
    let done = sent.iter().map(|place| {
        let signed = orders.get(*place)?;
        // A patient who signs as a proxy of their own is none.
        let proxy = signed.proxy.filter(|proxy| *proxy != signed.order.patient);
        let is_it = |it: &CarriedOut| it.nonce == Some(signed.nonce) && it.proxy == proxy && it.order == signed.order;
        Some(told.remove(told.iter().position(is_it)?).done)
    });
    sent.iter().copied().zip(done.collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_domain::ids::ConsentId;
    use salus_domain::time::Timestamp;
    use salus_interface::consent::{Instruction, Order};

    fn signed(patient: u8, nonce: u32) -> SignedOrder {
        let order =
            Order { patient: AccountId::from([patient; 32]), instruction: Instruction::Revoke(ConsentId(nonce)) };
        SignedOrder { order, proxy: None, nonce, deadline: Timestamp(1), signature: [0; 64] }
    }

    fn told(signed: &SignedOrder) -> CarriedOut {
        let SignedOrder { order, proxy, nonce, .. } = signed.clone();
        CarriedOut { order, proxy, nonce: Some(nonce), done: Done::Revoked(1), epoch: 0 }
    }

    #[test]
    fn a_signers_orders_go_together_and_by_nonce() {
        let orders = [signed(2, 1), signed(1, 0), signed(2, 0), signed(1, 1), signed(2, 1)];
        assert_eq!(queue(&orders), [2, 0, 4, 1, 3]);
    }

    #[test]
    fn a_message_is_filled_up_to_its_bounds() {
        let orders: Vec<_> = (0..400).map(|nonce| signed(1, nonce)).collect();
        let all = queue(&orders);
        assert_eq!(fitting(&all, &orders, 128), 128);
        let most = fitting(&all, &orders, usize::MAX);
        let size = |count: usize| HEAD + orders.iter().take(count).map(Encode::encoded_size).sum::<usize>();
        assert!(size(most) <= MAX_INPUT && size(most + 1) > MAX_INPUT, "{most}");
        assert_eq!(fitting(&[], &orders, 128), 0);
    }

    #[test]
    fn an_order_counts_as_done_once_and_only_where_it_is_told() {
        let orders = [signed(1, 0), signed(1, 0), signed(1, 1)];
        let another = SignedOrder { proxy: Some(AccountId::from([7; 32])), ..signed(1, 1) };
        let found = carried_out(&[0, 1, 2], &orders, vec![told(&orders[0]), told(&another)]);
        assert_eq!(found, [(0, Some(Done::Revoked(1))), (1, None), (2, None)]);
    }
}

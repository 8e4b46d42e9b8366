use ink_primitives::AccountId;

/// Why a PSP22 token refused (<https://github.com/w3f/PSPs/blob/master/PSPs/psp-22.md>, `PSP22Error`).
#[derive(Clone, Debug, PartialEq, Eq, scale::Encode, scale::Decode)]
pub enum TokenError {
    /// A cause of the token's own.
    Custom(String),
    /// The account has less than that.
    InsufficientBalance,
    /// The account let the spender have less than that.
    InsufficientAllowance,
    /// The recipient is the zero account.
    ZeroRecipientAddress,
    /// The sender is the zero account.
    ZeroSenderAddress,
    /// The recipient, a contract, did not take the tokens.
    SafeTransferCheckFailed(String),
}

super::contract! {
    /// A PSP22 token on a chain: as much of it as paying into a pool takes. Amounts are in its smallest unit.
    PSP22, errors TokenError;
    messages {
        fn transfer(to: AccountId, value: u128, data: &[u8]) -> ();
        fn increase_allowance(spender: AccountId, delta_value: u128) -> ();
    }
    queries {
        fn balance_of(owner: AccountId) -> u128;
        fn allowance(owner: AccountId, spender: AccountId) -> u128;
    }
}

super::contract! {
    /// How a PSP22 token is written, where it says so.
    PSP22Metadata, errors TokenError;
    messages {}
    queries {
        fn token_symbol() -> Option<String>;
        fn token_decimals() -> u8;
    }
}

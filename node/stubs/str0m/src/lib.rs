//! Stands in for the WebRTC library `str0m`, and with it for OpenSSL, together a quarter of the node's build.
//!
//! Substrate's client names litep2p in its types, and litep2p names WebRTC. The node has no network, so none of it
//! is ever executed. What can only be had from a running WebRTC stack is an uninhabited type here: code that wants
//! one compiles, and cannot run.

use std::{fmt, net::SocketAddr, time::Instant};

/// A WebRTC connection: there is none.
pub enum Rtc {}

/// An error of a WebRTC connection: without one, there is none.
#[derive(Debug)]
pub enum RtcError {}

impl fmt::Display for RtcError {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for RtcError {}

/// How a connection is set up.
pub struct RtcConfig(());

impl RtcConfig {
    /// Without effect.
    pub fn set_ice_lite(self, _: bool) -> Self {
        self
    }

    /// Without effect.
    pub fn set_dtls_cert(self, _: change::DtlsCert) -> Self {
        self
    }

    /// Without effect.
    pub fn set_fingerprint_verification(self, _: bool) -> Self {
        self
    }

    /// Never reached: it takes a certificate to get here.
    pub fn build(self) -> Rtc {
        unreachable!("this node has no WebRTC")
    }
}

impl Rtc {
    /// A configuration.
    pub fn builder() -> RtcConfig {
        RtcConfig(())
    }

    /// Never reached.
    pub fn add_local_candidate(&mut self, _: Candidate) {
        match *self {}
    }

    /// Never reached.
    pub fn add_remote_candidate(&mut self, _: Candidate) {
        match *self {}
    }

    /// Never reached.
    pub fn direct_api(&mut self) -> DirectApi<'_> {
        match *self {}
    }

    /// Never reached.
    pub fn handle_input(&mut self, _: Input<'_>) -> Result<(), RtcError> {
        match *self {}
    }

    /// Never reached.
    pub fn accepts(&self, _: &Input<'_>) -> bool {
        match *self {}
    }

    /// Never reached.
    pub fn poll_output(&mut self) -> Result<Output, RtcError> {
        match *self {}
    }

    /// Never reached.
    pub fn channel(&mut self, _: channel::ChannelId) -> Option<channel::Channel<'_>> {
        match *self {}
    }

    /// Never reached.
    pub fn is_alive(&self) -> bool {
        match *self {}
    }

    /// Never reached.
    pub fn disconnect(&mut self) {
        match *self {}
    }
}

/// The connection's inner workings.
pub struct DirectApi<'a>(&'a mut Rtc);

impl DirectApi<'_> {
    /// Never reached.
    pub fn set_remote_fingerprint(&mut self, _: change::Fingerprint) {
        match *self.0 {}
    }

    /// Never reached.
    pub fn set_remote_ice_credentials(&mut self, _: ice::IceCreds) {
        match *self.0 {}
    }

    /// Never reached.
    pub fn set_local_ice_credentials(&mut self, _: ice::IceCreds) {
        match *self.0 {}
    }

    /// Never reached.
    pub fn set_ice_controlling(&mut self, _: bool) {
        match *self.0 {}
    }

    /// Never reached.
    pub fn start_dtls(&mut self, _: bool) -> Result<(), RtcError> {
        match *self.0 {}
    }

    /// Never reached.
    pub fn start_sctp(&mut self, _: bool) {
        match *self.0 {}
    }

    /// Never reached.
    pub fn create_data_channel(&mut self, _: channel::ChannelConfig) -> channel::ChannelId {
        match *self.0 {}
    }

    /// Never reached.
    pub fn close_data_channel(&mut self, _: channel::ChannelId) {
        match *self.0 {}
    }

    /// Never reached.
    pub fn remote_dtls_fingerprint(&self) -> Option<change::Fingerprint> {
        match *self.0 {}
    }

    /// Never reached.
    pub fn local_dtls_fingerprint(&self) -> change::Fingerprint {
        match *self.0 {}
    }
}

/// An address to be reached at.
#[derive(Debug)]
pub struct Candidate(());

impl Candidate {
    /// Without effect.
    pub fn host(_: SocketAddr, _: net::Protocol) -> Result<Self, RtcError> {
        Ok(Self(()))
    }
}

/// What a connection is given.
#[derive(Debug)]
pub enum Input<'a> {
    /// The time has come.
    Timeout(Instant),
    /// A datagram has come.
    Receive(Instant, net::Receive<'a>),
}

/// What a connection gives: nothing, as there is none.
#[derive(Debug)]
pub enum Output {
    /// To be called again then.
    Timeout(Instant),
    /// To be sent.
    Transmit(net::Transmit),
    /// Something happened.
    Event(Event),
}

/// What can happen to a connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// It is there.
    Connected,
    /// Its reachability changed.
    IceConnectionStateChange(IceConnectionState),
    /// A channel opened.
    ChannelOpen(channel::ChannelId, String),
    /// A channel brought data.
    ChannelData(channel::ChannelData),
    /// A channel closed.
    ChannelClose(channel::ChannelId),
}

/// The reachability of the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IceConnectionState {
    /// It is gone.
    Disconnected,
}

/// Certificates.
pub mod change {
    use std::{convert::Infallible, str::FromStr};

    /// A certificate: there is none.
    #[derive(Debug, Clone)]
    pub enum DtlsCert {}

    impl DtlsCert {
        /// Never reached: the node configures no WebRTC transport.
        pub fn new_openssl() -> Self {
            unreachable!("this node has no WebRTC")
        }

        /// Never reached.
        pub fn fingerprint(&self) -> Fingerprint {
            match *self {}
        }
    }

    /// The digest of a certificate.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Fingerprint {
        /// The digest.
        pub bytes: Vec<u8>,
    }

    impl FromStr for Fingerprint {
        type Err = Infallible;

        fn from_str(_: &str) -> Result<Self, Infallible> {
            Ok(Self { bytes: Vec::new() })
        }
    }
}

/// Data channels.
pub mod channel {
    use crate::{Rtc, RtcError};

    /// Names a channel.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub struct ChannelId(());

    /// An open channel.
    pub struct Channel<'a>(pub(crate) &'a mut Rtc);

    impl Channel<'_> {
        /// Never reached.
        pub fn write(&mut self, _binary: bool, _: &[u8]) -> Result<bool, RtcError> {
            match *self.0 {}
        }
    }

    /// How a channel is set up.
    #[derive(Debug, Clone, Default)]
    pub struct ChannelConfig {
        /// Its name.
        pub label: String,
        /// Whether messages keep their order.
        pub ordered: bool,
        /// Whether messages may be lost.
        pub reliability: Reliability,
        /// The number that both sides know it by.
        pub negotiated: Option<u16>,
        /// What is spoken over it.
        pub protocol: String,
    }

    /// Whether messages may be lost.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub enum Reliability {
        /// They may not.
        #[default]
        Reliable,
    }

    /// Data from a channel.
    #[derive(Debug)]
    pub struct ChannelData {
        /// The channel.
        pub id: ChannelId,
        /// The data.
        pub data: Vec<u8>,
    }
}

/// Reachability.
pub mod ice {
    /// What both sides prove themselves with.
    #[derive(Debug, Clone)]
    pub struct IceCreds {
        /// The user name.
        pub ufrag: String,
        /// The password.
        pub pass: String,
    }

    /// A STUN message: none is understood.
    #[derive(Debug)]
    pub enum StunMessage {}

    /// The message is not understood.
    #[derive(Debug)]
    pub struct NotUnderstood;

    impl StunMessage {
        /// # Errors
        /// Always.
        pub fn parse(_: &[u8]) -> Result<Self, NotUnderstood> {
            Err(NotUnderstood)
        }

        /// Never reached.
        pub fn split_username(&self) -> Option<(&str, &str)> {
            match *self {}
        }
    }
}

/// Datagrams.
pub mod net {
    use std::{convert::Infallible, net::SocketAddr, ops::Deref};

    /// The protocol below.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Protocol {
        /// UDP.
        Udp,
    }

    /// A datagram that came.
    #[derive(Debug)]
    pub struct Receive<'a> {
        /// The protocol below.
        pub proto: Protocol,
        /// From where.
        pub source: SocketAddr,
        /// To where.
        pub destination: SocketAddr,
        /// What it says.
        pub contents: DatagramRecv<'a>,
    }

    /// The contents of a datagram that came.
    #[derive(Debug)]
    pub struct DatagramRecv<'a>(#[allow(dead_code)] &'a [u8]);

    impl<'a> TryFrom<&'a [u8]> for DatagramRecv<'a> {
        type Error = Infallible;

        fn try_from(contents: &'a [u8]) -> Result<Self, Infallible> {
            Ok(Self(contents))
        }
    }

    /// A datagram to be sent.
    #[derive(Debug)]
    pub struct Transmit {
        /// To where.
        pub destination: SocketAddr,
        /// What it says.
        pub contents: DatagramSend,
    }

    /// The contents of a datagram to be sent.
    #[derive(Debug)]
    pub struct DatagramSend(Vec<u8>);

    impl Deref for DatagramSend {
        type Target = [u8];

        fn deref(&self) -> &[u8] {
            &self.0
        }
    }
}

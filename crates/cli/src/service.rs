//! Which release service a command asks, where it asks one.

use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::envelopes::Envelopes;
use crate::operations::Suite;
use salus_client::deployment::Deployment;
use salus_client::signer;
use salus_release::client::ReleaseClient;

/// Where envelopes are, where that is not the vault.
#[derive(Clone, Debug, clap::Args)]
pub struct ServiceOption {
    /// The release service that has the vault, such as https://releases.example.org
    #[arg(long, env = "SALUS_RELEASE", value_name = "URL")]
    pub service: Option<String>,
}

impl ServiceOption {
    /// Its address.
    ///
    /// # Errors
    /// [`Failure`] where none is named.
    pub fn required(&self) -> Result<&str, Failure> {
        self.service.as_deref().ok_or_else(|| {
            Failure::usage("no release service is named", "name one with --service, or set SALUS_RELEASE")
        })
    }

    /// The service, asked in the name of the signer; `None` where none is named.
    ///
    /// # Errors
    /// [`Failure`] where nobody signs, or the address is not one.
    pub fn client(&self, global: &GlobalOptions, suite: &Suite) -> Result<Option<ReleaseClient>, Failure> {
        let Some(url) = &self.service else { return Ok(None) };
        Ok(Some(ReleaseClient::new(url, &suite.deployment, global.signer()?)?))
    }

    /// The service, for what needs no signature. With a deployment file, no node is asked.
    ///
    /// # Errors
    /// [`Failure`] where there is no deployment, no service is named, or its address is not one.
    pub async fn unsigned(&self, global: &GlobalOptions) -> Result<ReleaseClient, Failure> {
        let deployment = match &global.deployment {
            Some(file) => Deployment::read(file)?,
            None => global.suite().await?.deployment,
        };
        // Nothing is signed by it.
        let nobody = signer::from_suri("//salus-nobody")?;
        Ok(ReleaseClient::new(self.required()?, &deployment, nobody)?)
    }

    /// The service where one is named, else the vault.
    ///
    /// # Errors
    /// As [`ServiceOption::client`] and [`GlobalOptions::vault`].
    pub fn envelopes(&self, global: &GlobalOptions, suite: &Suite) -> Result<Envelopes, Failure> {
        match self.client(global, suite)? {
            Some(client) => Ok(Envelopes::Service(Box::new(client))),
            None => Ok(Envelopes::Vault(global.vault()?)),
        }
    }
}

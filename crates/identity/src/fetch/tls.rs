//! Whom we believe: the public certificate authorities, and those of a development setting.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::settings::FetcherUnavailable;

/// TLS 1.2 and 1.3, believing these authorities.
pub(super) fn trusting(authorities: RootCertStore) -> Result<Arc<ClientConfig>, FetcherUnavailable> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(FetcherUnavailable::Tls)?
        .with_root_certificates(authorities)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // a resumed session would go on believing the certificate of an earlier one
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// The authorities of Mozilla's list, compiled in: what is trusted does not depend on the machine, and is
/// extended by a development setting alone.
pub(super) fn authorities(extra: &[Vec<u8>]) -> Result<RootCertStore, FetcherUnavailable> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for (index, pem) in extra.iter().enumerate() {
        trust(&mut roots, pem).map_err(|source| FetcherUnavailable::Authority {
            number: index + 1,
            source,
        })?;
    }
    Ok(roots)
}

/// Adds every certificate of a PEM text; a text with none is a mistake.
fn trust(
    roots: &mut RootCertStore,
    pem: &[u8],
) -> Result<(), Option<Box<dyn std::error::Error + Send + Sync>>> {
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| Some(error.into()))?;
        roots.add(certificate).map_err(|error| Some(error.into()))?;
    }
    if roots.len() == before { Err(None) } else { Ok(()) }
}

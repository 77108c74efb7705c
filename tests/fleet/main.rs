//! The fleet: the service as PDS hosts that delegate to it meet it, on both engines.
//!
//! Hosts, PLC directory and service are on sockets; tests are named as in the suite.

#[cfg(test)]
mod account_pages;
#[cfg(test)]
mod activity;
#[cfg(test)]
mod admin_mail;
#[cfg(test)]
mod agreement;
#[cfg(test)]
mod app_passwords;
#[cfg(test)]
mod changes_killed;
#[cfg(test)]
mod codes;
#[cfg(test)]
mod deletion;
#[cfg(test)]
mod departures;
#[cfg(test)]
mod describe_server;
#[cfg(test)]
mod email;
#[cfg(test)]
mod filled;
#[cfg(test)]
mod handle_change;
#[cfg(test)]
mod handles;
#[cfg(test)]
mod instances;
#[cfg(test)]
mod invites;
#[cfg(test)]
mod moves;
#[cfg(test)]
mod overload;
#[cfg(test)]
mod password_reset;
#[cfg(test)]
mod pds_watch;
#[cfg(test)]
mod placement;
#[cfg(test)]
mod plc_signature;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod service_tokens;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod sign_up;
#[cfg(test)]
mod sign_up_pages;
#[cfg(test)]
mod subject_status;
#[cfg(test)]
mod xrpc;

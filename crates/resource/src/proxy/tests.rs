//! A gate over real connections, in front of a PDS that remembers every byte.

mod bodies;
mod credentials;
mod ends;
mod figures;
mod framing;
mod passwords;
mod stage;
mod subscriptions;
mod targets;
mod upstream;
mod upstreams;

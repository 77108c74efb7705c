//! Verifies atproto OAuth access tokens in front of a resource.

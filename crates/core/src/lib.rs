//! The decisions of an atproto authorization server.

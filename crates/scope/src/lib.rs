//! The atproto permission grammar: parse, canonicalise, explain.

//! Wire types of OAuth 2.0 in atproto's profile: JOSE, DPoP, PKCE, clients, denials.

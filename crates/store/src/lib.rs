//! Atomic verbs over SQLite and PostgreSQL.

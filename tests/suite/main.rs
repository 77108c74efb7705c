//! The suite.

mod house;

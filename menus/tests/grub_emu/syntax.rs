//! The same scripts are wrong.

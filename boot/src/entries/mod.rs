//! Boot Loader Specification entries.

//! Counting attempts: what is written, and what is refused.

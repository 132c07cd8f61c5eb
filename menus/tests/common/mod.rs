//! What the tests against GRUB's converters share.
//!
//! | module | content |
//! |---|---|
//! | [`script`] | the GRUB scripts that the converters write, as far as they write them |
//! | [`tree`] | directories as a device |
//! | [`random`] | random choices that a seed repeats |

#![allow(dead_code)] // Each test uses a part of it.

pub(crate) mod random;
pub(crate) mod script;
pub(crate) mod tree;

/// What an entry boots, as far as the converters say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Boot {
    /// The label or title.
    pub(crate) name: String,
    /// From the root of the device, or `(hd0,1)/path`.
    pub(crate) kernel: String,
    pub(crate) initrds: Vec<String>,
    /// Words with one space between them, without `initrd=`.
    pub(crate) cmdline: String,
}

/// Words with one space between them.
pub(crate) fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

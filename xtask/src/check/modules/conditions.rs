//! Conditions of compilation: finds items that exist only in tests.

use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

/// True if attributes limit an item to tests.
pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    let cfg = |attribute: &&Attribute| attribute.path().is_ident("cfg");
    attributes.iter().filter(cfg).any(|attribute| {
        attribute
            .parse_args::<Meta>()
            .is_ok_and(|condition| needs_test(&condition))
    })
}

/// True if a condition holds in tests only.
fn needs_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) => {
            let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            let parts = parts.unwrap_or_default();
            match list.path.get_ident().map(ToString::to_string).as_deref() {
                Some("all") => parts.iter().any(needs_test),
                Some("any") => !parts.is_empty() && parts.iter().all(needs_test),
                _ => false,
            }
        }
        Meta::NameValue(_) => false,
    }
}

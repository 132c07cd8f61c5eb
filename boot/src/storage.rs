//! The boot disk seen through the loader's caches.

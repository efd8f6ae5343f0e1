//! Bytes that are overwritten when they are no longer needed. A buffer that grew leaves its former places behind.

use std::ops::{Deref, DerefMut};

use zeroize::Zeroize as _;

/// Bytes that are overwritten when they are dropped, the whole buffer with them.
pub(crate) struct Wiped(Vec<u8>);

impl Wiped {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Deref for Wiped {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Wiped {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        // Two calls that fill memory; `Vec`'s own goes from byte to byte, which a reply takes longer for than for its parser.
        self.0.as_mut_slice().zeroize();
        self.0.spare_capacity_mut().zeroize();
    }
}

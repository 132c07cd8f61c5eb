//! What decisions cost.

/// Units of a bit.
pub(super) const BIT: u32 = 1 << 10;

/// The prices of probabilities; integers, so that every machine packs alike.
pub(super) struct Price(Vec<u32>);

/// The list has one price for so many neighbouring probabilities.
const STEP: u32 = 16;

impl Price {
    pub(super) fn new() -> Self {
        let middle = |at| at * STEP + STEP / 2;
        Self(
            (0..0x1_0000 / STEP)
                .map(|at| 16 * BIT - log2(middle(at)))
                .collect(),
        )
    }

    /// The price of `bit` where a 1 has `probability`.
    pub(super) fn of(&self, probability: u16, bit: bool) -> u32 {
        let one = u32::from(probability);
        let probability = if bit { one } else { 0x1_0000 - one };
        self.0[(probability.min(0xffff) / STEP) as usize]
    }
}

/// The binary logarithm of a number from 1 to 65535, in units.
fn log2(number: u32) -> u32 {
    let whole = number.ilog2();
    let mut mantissa = u64::from(number) << (31 - whole);
    let mut logarithm = whole;
    for _ in 0..BIT.ilog2() {
        // Squaring doubles the logarithm; what passes 2 is its next digit.
        mantissa = (mantissa * mantissa) >> 31;
        logarithm = logarithm * 2 + u32::from(mantissa >= 1 << 32);
        if mantissa >= 1 << 32 {
            mantissa >>= 1;
        }
    }
    logarithm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_logarithms() {
        let price = Price::new();
        for probability in [40, 1000, 0x4000, 0x8000, 0xf000] {
            let exact = -(f64::from(probability) / 65536.0).log2() * f64::from(BIT);
            let found = f64::from(price.of(probability, true));
            assert!((found - exact).abs() < 0.02 * exact + 20.0);
            assert_eq!(
                price.of(probability, true),
                price.of(0u16.wrapping_sub(probability), false)
            );
        }
    }
}

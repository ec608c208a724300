//! Chance that can be thrown again: seeded draws, and the few distributions the demonstration needs.

/// A seeded source of draws. The same seed and the same calls give the same territory.
#[derive(Debug, Clone)]
pub struct Dice(fastrand::Rng);

/// Mixes two numbers into a seed (splitmix64), so that each block, file or purpose has its own chance.
#[must_use]
pub fn mix(a: u64, b: u64) -> u64 {
    let mut z = a ^ b.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Dice {
    /// Draws of their own for one purpose (`stream`) under one seed.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(fastrand::Rng::with_seed(mix(seed, stream)))
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        self.0.f64()
    }

    /// Uniform in [a, b).
    pub fn between(&mut self, a: f64, b: f64) -> f64 {
        a + (b - a) * self.unit()
    }

    /// Uniform integer in 0..n; 0 when n is 0.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { self.0.usize(..n) }
    }

    /// Uniform integer, both ends included; `a` when the range is empty.
    pub fn int(&mut self, a: i32, b: i32) -> i32 {
        if b <= a { a } else { self.0.i32(a..=b) }
    }

    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Standard normal (sum of twelve uniforms: tails end at ±6, which is what plausible rents need).
    pub fn normal(&mut self) -> f64 {
        let mut s = -6.0;
        for _ in 0..12 {
            s += self.unit();
        }
        s
    }

    /// Index drawn with these weights (they need not sum to 1).
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let total: f64 = weights.iter().sum();
        let mut t = self.unit() * total;
        for (i, w) in weights.iter().enumerate() {
            t -= w;
            if t < 0.0 {
                return i;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// One of the items. The slice must not be empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        self.0.shuffle(items);
    }
}

/// Smooth noise in [-1, 1], of one octave, with features of about one unit.
#[must_use]
pub fn noise(seed: u64, x: f64, y: f64) -> f64 {
    let (fx, fy) = (x.floor(), y.floor());
    let at = |i: f64, j: f64| {
        let h = mix(seed, mix((fx + i) as i64 as u64, (fy + j) as i64 as u64));
        (h >> 11) as f64 / (1u64 << 53) as f64 * 2.0 - 1.0
    };
    let ease = |t: f64| t * t * (3.0 - 2.0 * t);
    let (u, v) = (ease(x - fx), ease(y - fy));
    let low = at(0.0, 0.0) * (1.0 - u) + at(1.0, 0.0) * u;
    let high = at(0.0, 1.0) * (1.0 - u) + at(1.0, 1.0) * u;
    low * (1.0 - v) + high * v
}

/// Three octaves of [`noise`].
#[must_use]
pub fn fractal(seed: u64, x: f64, y: f64) -> f64 {
    (noise(seed, x, y) + 0.5 * noise(seed ^ 1, x * 2.1, y * 2.1) + 0.25 * noise(seed ^ 2, x * 4.3, y * 4.3))
        / 1.75
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same_dice() {
        let (mut a, mut b, mut c) = (Dice::new(7, 1), Dice::new(7, 1), Dice::new(7, 2));
        let draw = |d: &mut Dice| (0..20).map(|_| d.below(1000)).collect::<Vec<_>>();
        assert_eq!(draw(&mut a), draw(&mut b));
        assert_ne!(draw(&mut a), draw(&mut c));
    }

    #[test]
    fn weights_are_respected() {
        let mut d = Dice::new(3, 0);
        let n = (0..20_000).filter(|_| d.weighted(&[1.0, 3.0]) == 1).count();
        assert!((14_700..15_300).contains(&n), "{n}");
    }

    #[test]
    fn noise_stays_in_its_bounds_and_is_smooth() {
        for i in 0..2000 {
            let x = f64::from(i) * 0.037;
            let (a, b) = (noise(5, x, 1.3), noise(5, x + 0.001, 1.3));
            assert!(a.abs() <= 1.0 && (a - b).abs() < 0.02);
        }
    }
}

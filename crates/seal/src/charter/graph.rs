//! A set of a graph's nodes, by their places: a bit for each.

const BITS: usize = u64::BITS as usize;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Places(Vec<u64>);

impl Places {
    /// The first `count` places.
    pub(super) fn first(count: usize) -> Self {
        let mut places = Self(vec![u64::MAX; count / BITS]);
        for place in places.0.len() * BITS..count {
            places.add(place);
        }
        places
    }

    pub(super) fn has(&self, place: usize) -> bool {
        self.0
            .get(place / BITS)
            .is_some_and(|word| word & (1 << (place % BITS)) != 0)
    }

    pub(super) fn add(&mut self, place: usize) {
        let word = place / BITS;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (place % BITS);
    }

    /// Adds all places of another set.
    pub(super) fn join(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(one, other)| one & other != 0)
    }

    /// The places of both sets.
    pub(super) fn common(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, other)| one & other).collect())
    }

    /// Whether all places of another set are in this one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let words = other.0.iter().enumerate();
        words.fold(true, |covers, (at, word)| {
            covers && word & !self.0.get(at).copied().unwrap_or(0) == 0
        })
    }

    /// In ascending order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut left = *word;
            core::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                left &= left.wrapping_sub(1);
                (bit < BITS).then_some(at * BITS + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_added_and_joined_and_nothing_else() {
        let mut one = Places::first(65);
        let mut other = Places::default();
        other.add(200);
        assert!(!one.meets(&other));
        one.join(&other);
        assert!(one.meets(&other));
        assert!(one.iter().eq((0..65).chain([200])));
        assert!(one.covers(&other) && !other.covers(&one));
        assert!(one.common(&other).iter().eq([200]));
        assert!(!one.has(65) && !one.has(100_000));
    }
}

//! How often one says where one is, so that many people in one story cost each of them as much as a few.
//!
//! Everybody's messages come to everybody. Who has so many around them waits so much longer between two messages: a client
//! hears about seven messages a second by each relay that carries them (at most [`CARRIERS`]), whether three people write or
//! three hundred, and says less the more there are.

/// The least time between two messages, for each person who is there, in milliseconds.
const SHARE: u64 = 150;
/// How often one says at least that one is still there, where few are, in milliseconds.
const REPEAT: u64 = 10_000;
/// By how many relays one message goes: they take turns.
pub const CARRIERS: usize = 2;
/// How many messages a second are looked at, and how many at once; what is beyond is passed over unread. Members who keep to
/// this page's pace stay far below.
pub(crate) const HEARD_PER_SECOND: u64 = 60;
pub(crate) const HEARD_AT_ONCE: u64 = 240;

/// How long to wait between two messages that say something new, in milliseconds. `people` counts oneself.
pub fn pause(people: usize) -> u64 {
    SHARE.saturating_mul(people as u64)
}

/// How long to wait before one says again what one has said, in milliseconds.
pub fn repeat(people: usize) -> u64 {
    REPEAT.max(pause(people))
}

/// After how long a silence somebody is gone, in milliseconds: three messages were lost then.
pub fn gone_after(people: usize) -> u64 {
    repeat(people) * 7 / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_together_say_about_as_much_however_many_they_are() {
        for people in [1, 2, 10, 66, 200, 10_000] {
            let a_second = |wait: u64| people as f64 * 1000.0 / wait as f64;
            assert!(a_second(pause(people)) < 6.7);
            assert!(a_second(repeat(people)) < 6.7);
            assert!(gone_after(people) > 3 * repeat(people));
        }
        assert_eq!((repeat(2), gone_after(2)), (10_000, 35_000));
    }
}

//! Which seeds are run, and how one is run alone.
//!
//! `KOMUZ_SEED=17` runs seed 17 alone, `KOMUZ_SEEDS=20000` runs so many of each kind of world instead of the usual number.

/// Runs a world for each seed. What fails says its seed and how to run it alone.
pub fn each(test: &str, usual: u64, mut run: impl FnMut(u64)) {
    let read = |name: &str| {
        let set = std::env::var(name).ok()?;
        Some(
            set.parse::<u64>()
                .unwrap_or_else(|_| panic!("{name} is a number, not {set}")),
        )
    };
    if let Some(seed) = read("KOMUZ_SEED") {
        run(seed);
        return;
    }
    for seed in 0..read("KOMUZ_SEEDS").unwrap_or(usual) {
        let said = Said { test, seed };
        run(seed);
        drop(said);
    }
}

/// Says the seed of a world that has failed.
struct Said<'a> {
    test: &'a str,
    seed: u64,
}

impl Drop for Said<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { test, seed } = self;
            eprintln!(
                "seed {seed} has failed; alone: KOMUZ_SEED={seed} cargo test -p komuz-sync --test replication {test}"
            );
        }
    }
}

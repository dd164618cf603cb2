//! Figures as lines of JSON.

use std::time::{Duration, Instant};

use serde_json::json;

/// Who did what was measured.
#[derive(Clone, Copy)]
pub enum By {
    /// Komuz.
    Komuz,
    /// Automerge with nothing around it.
    Automerge,
    /// A file of the system with nothing around it.
    File,
}

impl By {
    fn name(self) -> &'static str {
        match self {
            By::Komuz => "Komuz",
            By::Automerge => "Automerge alone",
            By::File => "a plain file",
        }
    }
}

/// The figures of one subject, printed as they come.
pub struct Figures {
    part: &'static str,
    subject: String,
}

impl Figures {
    /// Figures of a part about a subject.
    pub fn of(part: &'static str, subject: impl Into<String>) -> Self {
        Self {
            part,
            subject: subject.into(),
        }
    }

    /// How long something took, each time that it was done.
    pub fn times(&self, what: &str, by: By, mut times: Vec<Duration>) {
        times.sort_unstable();
        let Some(last) = times.len().checked_sub(1) else { return };
        // The smallest time that at least so many hundredths do not exceed.
        let at = |hundredths: usize| (times.len() * hundredths).div_ceil(100).saturating_sub(1);
        let ms = |at: usize| times[at].as_secs_f64() * 1e3;
        let line = json!({
            "part": self.part, "subject": self.subject, "what": what, "by": by.name(), "count": times.len(),
            "median": ms(at(50)), "p95": ms(at(95)), "p99": ms(at(99)), "worst": ms(last),
        });
        println!("{line}");
    }

    /// How much of something there was.
    pub fn amount(&self, what: &str, by: By, amount: f64, unit: &str) {
        let line = json!({
            "part": self.part, "subject": self.subject, "what": what, "by": by.name(), "amount": amount, "unit": unit,
        });
        println!("{line}");
    }
}

/// How long something takes, and what comes of it.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let value = std::hint::black_box(work());
    (value, start.elapsed())
}

/// Does something so many times. What comes of it is dropped outside of the time.
pub fn repeat<T>(count: usize, mut work: impl FnMut() -> crate::Result<T>) -> crate::Result<Vec<Duration>> {
    (0..count)
        .map(|_| {
            let (done, time) = timed(&mut work);
            done.map(|_| time)
        })
        .collect()
}

//! The one way to the store: rows are collected, written in order one batch at a time, and said to be durable when they are.

use std::collections::BTreeMap;

use crate::{Output, Row};

/// How long a failed batch waits before it is tried again, in milliseconds.
const RETRY: u64 = 3000;

/// A moment in the order of writes; see [`Disk::is_durable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Mark(u64);

type Rows = BTreeMap<(String, String), Option<Vec<u8>>>;

/// Rows on their way to the disk.
///
/// Invariant: at most one batch is in flight, so that no row is ever overtaken by an older value of itself.
#[derive(Debug, Default)]
pub struct Disk {
    pending: Rows,
    in_flight: Option<(u32, Mark, Rows)>,
    batches: u32,
    written: Mark,
    durable: Mark,
    trouble: Option<String>,
    retry_at: Option<u64>,
}

impl Disk {
    /// Writes a row; none deletes it.
    pub fn put(&mut self, table: &str, key: impl Into<String>, value: Option<Vec<u8>>) -> Mark {
        self.pending.insert((table.to_owned(), key.into()), value);
        self.written.0 += 1;
        self.written
    }

    /// The newest write.
    pub fn mark(&self) -> Mark {
        self.written
    }

    /// Whether everything written up to a mark survives a crash.
    pub fn is_durable(&self, mark: Mark) -> bool {
        mark <= self.durable
    }

    /// Why the last batch failed, while it has not been written.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// The batch that can be written now.
    pub fn flush(&mut self, now: u64) -> Option<Output> {
        if self.in_flight.is_some() || self.pending.is_empty() || self.retry_at.is_some_and(|at| now < at) {
            return None;
        }
        let rows = std::mem::take(&mut self.pending);
        self.retry_at = None;
        self.batches = self.batches.wrapping_add(1);
        let out = rows
            .iter()
            .map(|((table, key), value)| Row {
                table: table.clone(),
                key: key.clone(),
                value: value.clone(),
            })
            .collect();
        self.in_flight = Some((self.batches, self.written, rows));
        Some(Output::Store {
            batch: self.batches,
            rows: out,
        })
    }

    /// A batch is on disk.
    pub fn stored(&mut self, batch: u32) {
        if let Some((_, mark, _)) = self.in_flight.take_if(|(in_flight, ..)| *in_flight == batch) {
            self.durable = mark;
            self.trouble = None;
        }
    }

    /// A batch failed: its rows go back, but for those that have a newer value.
    pub fn failed(&mut self, batch: u32, why: &str, now: u64) {
        if let Some((_, _, rows)) = self.in_flight.take_if(|(in_flight, ..)| *in_flight == batch) {
            for (key, value) in rows {
                self.pending.entry(key).or_insert(value);
            }
            self.trouble = Some(why.to_owned());
            self.retry_at = Some(now + RETRY);
        }
    }

    /// What a table's rows are once everything on its way is written: `rows` are those that the store has whose keys start
    /// with `prefix`.
    pub fn over(&self, table: &str, prefix: &str, rows: Vec<Row>) -> Vec<Row> {
        let mut rows: BTreeMap<String, Row> = rows.into_iter().map(|row| (row.key.clone(), row)).collect();
        let in_flight = self.in_flight.iter().flat_map(|(_, _, rows)| rows);
        for ((to, key), value) in in_flight.chain(&self.pending) {
            if to != table || !key.starts_with(prefix) {
                continue;
            }
            match value {
                None => rows.remove(key),
                Some(_) => rows.insert(
                    key.clone(),
                    Row {
                        table: to.clone(),
                        key: key.clone(),
                        value: value.clone(),
                    },
                ),
            };
        }
        rows.into_values().collect()
    }

    /// When [`Disk::flush`] wants to be called again.
    pub fn wake(&self) -> Option<u64> {
        self.retry_at.filter(|_| !self.pending.is_empty())
    }

    /// Forgets everything that is on its way (the store is being erased).
    pub fn clear(&mut self) {
        *self = Self {
            batches: self.batches,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(output: Option<Output>) -> (u32, Vec<Row>) {
        match output {
            Some(Output::Store { batch, rows }) => (batch, rows),
            other => panic!("a batch was expected, not {other:?}"),
        }
    }

    #[test]
    fn what_is_written_while_a_batch_is_in_flight_waits_for_it() {
        let mut disk = Disk::default();
        let first = disk.put("log", "a", Some(vec![1]));
        let (batch, _) = rows(disk.flush(0));
        let second = disk.put("log", "a", Some(vec![2]));
        assert_eq!(disk.flush(0), None);
        disk.stored(batch);
        assert!(disk.is_durable(first) && !disk.is_durable(second));
        let (batch, written) = rows(disk.flush(0));
        assert_eq!(written[0].value, Some(vec![2]));
        disk.stored(batch);
        assert!(disk.is_durable(second));
    }

    #[test]
    fn what_is_on_its_way_counts_as_written() {
        let mut disk = Disk::default();
        for key in ["a", "b"] {
            disk.put("log", key, Some(vec![1]));
        }
        disk.flush(0);
        disk.put("log", "a", Some(vec![2]));
        disk.put("log", "b", None);
        disk.put("log", "c", Some(vec![3]));
        disk.put("log", "other/d", Some(vec![4]));
        disk.put("secret", "e", Some(vec![5]));
        let stored = |key: &str, value: Option<Vec<u8>>| Row {
            table: "log".to_owned(),
            key: key.to_owned(),
            value,
        };
        let rows = vec![stored("a", Some(vec![0])), stored("unreadable", None)];
        assert_eq!(
            disk.over("log", "", rows),
            [
                stored("a", Some(vec![2])),
                stored("c", Some(vec![3])),
                stored("other/d", Some(vec![4])),
                stored("unreadable", None)
            ]
        );
        assert_eq!(
            disk.over("log", "other/", Vec::new()),
            [stored("other/d", Some(vec![4]))]
        );
    }

    #[test]
    fn a_failed_batch_is_tried_again_without_undoing_what_is_newer() {
        let mut disk = Disk::default();
        disk.put("log", "a", Some(vec![1]));
        let old = disk.put("log", "b", Some(vec![1]));
        let (batch, _) = rows(disk.flush(0));
        disk.put("log", "a", Some(vec![2]));
        disk.failed(batch, "QuotaExceededError", 0);
        assert_eq!(disk.trouble(), Some("QuotaExceededError"));
        assert_eq!(disk.flush(RETRY - 1), None);
        assert_eq!(disk.wake(), Some(RETRY));
        let (batch, written) = rows(disk.flush(RETRY));
        assert_eq!(
            written.iter().map(|row| row.value.clone()).collect::<Vec<_>>(),
            [Some(vec![2]), Some(vec![1])]
        );
        assert!(!disk.is_durable(old));
        disk.stored(batch);
        assert!(disk.is_durable(old));
        assert_eq!(disk.trouble(), None);
    }
}

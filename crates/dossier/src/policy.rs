//! What the checks ask for: an investigation may change how much each counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::finding::{Check, Severity};

/// What the checks ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// How many independent sources a claim needs, 1 to 9.
    #[serde(default = "two")]
    pub sources: u8,
    /// Severities that differ from the ones that the checks have by themselves.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub severity: BTreeMap<Check, Severity>,
}

fn two() -> u8 {
    2
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            sources: 2,
            severity: BTreeMap::new(),
        }
    }
}

impl Policy {
    /// Whether nothing was changed.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// How much a check counts.
    pub fn severity(&self, check: Check) -> Severity {
        self.severity.get(&check).copied().unwrap_or(check.severity())
    }
}

//! What the tabs of one device say to each other over their channel: each has an engine of its own, all share the store.

use komuz_sync::replica;
use komuz_sync::seal::cbor::{CborError, Reader, Writer};

/// Version of what is said; the first byte.
const VERSION: u8 = 1;
const MAX: usize = 64 << 20;
const MAX_ROWS: usize = 1 << 20;
const MAX_NAME: usize = 256;

/// Table, key, value; none deletes.
pub type SharedRow = (String, Vec<u8>, Option<Vec<u8>>);

/// Something that a tab says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Rows of an investigation's replica are on disk.
    Rows {
        /// The investigation's id on this device.
        room: String,
        /// The rows.
        rows: Vec<SharedRow>,
    },
    /// The list of investigations has changed.
    List {
        /// The investigation's id on this device.
        room: String,
        /// Its row of the table `meta`; none when it is gone.
        row: Option<Vec<u8>>,
    },
    /// Everything of this device is being deleted.
    Left,
    /// A session has begun in an investigation, or says that it is there when it hears of another's beginning.
    Here {
        /// The investigation's id on this device.
        room: String,
        /// The session; its lock has this name.
        session: String,
        /// Said because another one has begun.
        answer: bool,
    },
}

/// Tables of the replica whose rows no other session takes: the device's keys and its invitations.
const UNSHARED: [&str; 2] = ["me", "invites"];

/// Rows as they are shared.
pub fn shared(rows: Vec<replica::Row>) -> Vec<SharedRow> {
    rows.into_iter()
        .filter(|row| !UNSHARED.contains(&row.table))
        .map(|row| (row.table.to_owned(), row.key, row.value))
        .collect()
}

fn optional(w: Writer, bytes: Option<&[u8]>) -> Writer {
    match bytes {
        Some(bytes) => w.bytes(bytes),
        None => w.null(),
    }
}

impl Said {
    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let w = Writer::versioned(VERSION);
        match self {
            Self::Rows { room, rows } => w
                .array(3)
                .uint(1)
                .text(room)
                .list(rows.iter(), |w, (table, key, value)| {
                    optional(w.array(3).text(table).bytes(key), value.as_deref())
                }),
            Self::List { room, row } => optional(w.array(3).uint(2).text(room), row.as_deref()),
            Self::Left => w.array(1).uint(3),
            Self::Here { room, session, answer } => {
                w.array(4).uint(4).text(room).text(session).uint(u64::from(*answer))
            }
        }
        .finish()
    }

    /// From bytes. A tab of another build may say what this one does not know: that is an error, and is passed over.
    pub fn read(bytes: &[u8]) -> Result<Self, CborError> {
        let (version, mut r) = Reader::versioned(bytes, MAX)?;
        if version != VERSION {
            return Err(CborError::NotAllowed(0));
        }
        let at = r.position();
        let optional = |r: &mut Reader<'_>| r.optional(|r| r.bytes(MAX).map(<[u8]>::to_vec));
        let said = match r.array_of_kind()? {
            (3, 1) => Self::Rows {
                room: r.text(MAX_NAME)?.to_owned(),
                rows: r.list(MAX_ROWS, |r| {
                    r.array(3)?;
                    Ok::<_, CborError>((r.text(MAX_NAME)?.to_owned(), r.bytes(MAX)?.to_vec(), optional(r)?))
                })?,
            },
            (3, 2) => Self::List {
                room: r.text(MAX_NAME)?.to_owned(),
                row: optional(&mut r)?,
            },
            (1, 3) => Self::Left,
            (4, 4) => Self::Here {
                room: r.text(MAX_NAME)?.to_owned(),
                session: r.text(MAX_NAME)?.to_owned(),
                answer: r.uint()? == 1,
            },
            _ => return Err(CborError::NotAllowed(at)),
        };
        r.end()?;
        Ok(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_tab_says_another_hears() {
        let rows = vec![
            ("envelopes".to_owned(), vec![1], Some(vec![2])),
            ("unsent".to_owned(), vec![1], None),
        ];
        for said in [
            Said::Rows {
                room: "i-1".into(),
                rows,
            },
            Said::List {
                room: "i-1".into(),
                row: Some(vec![1]),
            },
            Said::List {
                room: "i-1".into(),
                row: None,
            },
            Said::Left,
            Said::Here {
                room: "i-1".into(),
                session: "0102".into(),
                answer: true,
            },
        ] {
            assert_eq!(Said::read(&said.to_bytes()), Ok(said));
        }
        assert!(Said::read(&[9, 9]).is_err());
    }

    #[test]
    fn keys_and_invitations_are_not_said() {
        let row = |table| replica::Row {
            table,
            key: vec![1],
            value: Some(vec![2]),
        };
        let said = shared(["me", "servers", "invites", "envelopes"].map(row).to_vec());
        let tables: Vec<&str> = said.iter().map(|(table, ..)| table.as_str()).collect();
        assert_eq!(tables, ["servers", "envelopes"]);
    }
}

//! All rows of a replica as it is in memory, for a backup where the store does not have them any more.

use komuz_seal::doc::DocId;

use super::rows::{self, Pending};
use super::{Replica, Row};

impl Replica {
    /// The rows from which [`Self::load`] would make this replica, but for how far servers were read, which is found again, and chunks that
    /// are not in memory.
    pub fn all_rows(&self) -> Vec<Row> {
        let mut all = Pending::default();
        self.me_row().put(&mut all);
        for mine in self.invites.values() {
            let invite = &mine.invite;
            rows::put_invite(&mut all, &invite.id(), &invite.to_bytes(), mine.used);
        }
        for (id, log) in &self.logs {
            let doc = log.doc();
            if let Some(doc) = doc {
                rows::put_log(&mut all, id, doc);
            }
            for (envelope, stored) in &log.stored {
                match doc {
                    // It lies on the disk alone, if anywhere.
                    Some(DocId::Blobs) if stored.row.sealed.is_empty() => {}
                    Some(DocId::Blobs) => rows::put_chunk(&mut all, id, envelope, &stored.row.sealed),
                    _ => stored.row.put(&mut all, id, envelope),
                }
            }
            for (session, counter) in &log.base {
                rows::put_base(&mut all, id, session, *counter, &log.copies_of(*session, *counter));
            }
        }
        for link in &self.links {
            rows::put_server(&mut all, &link.url, link.ticket.as_deref());
            for (log, line) in &link.lines {
                for (id, unsent) in line.unsent.iter().filter(|(_, unsent)| unsent.noted) {
                    rows::put_unsent(&mut all, &link.url, log, id, unsent.mine);
                }
            }
        }
        all.take()
    }
}

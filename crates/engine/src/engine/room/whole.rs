//! Documents that come whole: what becomes of them, and those that this device puts together.

use komuz_sync::replica::Whole;
use komuz_sync::seal::bytes::EnvelopeId;
use komuz_sync::seal::doc::DocId;

use super::super::hands::Hands;
use super::super::paper::Paper;
use super::super::trouble::because;
use super::remaking::edition_of;
use super::{Room, name};

/// Why no document is put together that are nobody's trouble: something is on its way, it would spare nobody anything, it is larger
/// than what is handed over so, or there is no key to write under just now.
const NO_TROUBLE: [&str; 4] = ["snapshot-not-now", "snapshot-not-worth", "payload-too-large", "no-key"];

impl Room {
    /// A document that came whole was taken or not, in the place of one that nothing was written to (`anew`) or into what was here.
    /// What was taken is on its way to the disk before the replica's rows that rely on it.
    pub(super) fn took_whole(
        &mut self,
        doc: &DocId,
        id: &EnvelopeId,
        taken: Result<(), String>,
        anew: bool,
        hands: &mut Hands,
    ) {
        if taken.is_ok() {
            self.changed.insert(doc.clone());
            if let Some(row) = self.papers.get_mut(doc).and_then(Paper::save) {
                hands.disk.put("save", format!("{}/{}", self.id, name(doc)), Some(row));
            }
            if anew && let Some(link) = edition_of(doc).and_then(|edition| self.editions.open.get_mut(&edition)) {
                link.made_anew();
            }
        }
        let taken = taken.as_ref().err().map_or(Ok(()), |why| Err(why.as_str()));
        let outputs = self.replica.took(doc, id, taken, hands.now, hands.entropy());
        self.drive(outputs, hands);
    }

    /// Compares a document that was put together here with the one that it was made of.
    pub(super) fn compare(&mut self, whole: &Whole, hands: &mut Hands) {
        let Some(paper) = self.papers.get(&whole.doc) else {
            return;
        };
        let equal = paper.compare(whole);
        let equal = equal.as_ref().err().map_or(Ok(()), |why| Err(why.as_str()));
        let outputs = self
            .replica
            .compared(&whole.doc, &whole.id, equal, hands.now, hands.entropy());
        self.drive(outputs, hands);
    }

    /// Puts a document together for who comes later.
    pub(super) fn put_together(&mut self, doc: &DocId, hands: &mut Hands) {
        let Some(paper) = self.papers.get(doc) else { return };
        let (Some((bytes, last)), seen) = (paper.whole(), paper.seen()) else {
            return;
        };
        let made = self
            .replica
            .snapshot(doc, &seen, &last, bytes, hands.now, hands.entropy());
        match made {
            Ok(outputs) => self.drive(outputs, hands),
            Err(why) if NO_TROUBLE.contains(&why.code) => {}
            Err(why) => self.tell(because("arrival", why.sentence)),
        }
    }
}

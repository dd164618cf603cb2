//! The change that every document of a kind starts from.

use automerge::transaction::Transactable;
use automerge::{ActorId, Automerge, Change, ObjType, ROOT, TextEncoding};

use super::DocKind;

/// Actor of all genesis changes. No session ever has it: actors of sessions are longer.
const GENESIS_ACTOR: &[u8] = b"komuz";

/// The objects at the root of a document, made by its genesis so that two replicas never make them twice. Order counts:
/// it fixes the bytes. Formats are versioned by the member `komuz` beside them.
fn roots(kind: DocKind) -> &'static [(&'static str, ObjType)] {
    match kind {
        DocKind::Body => &[
            ("headline", ObjType::Text),
            ("summary", ObjType::Text),
            ("byline", ObjType::List),
            ("sections", ObjType::List),
            ("citations", ObjType::Map),
            ("claims", ObjType::Map),
        ],
        DocKind::Registers => &[
            ("sources", ObjType::Map),
            ("evidence", ObjType::Map),
            ("stories", ObjType::Map),
            ("parts", ObjType::Map),
            ("outlets", ObjType::Map),
            ("members", ObjType::Map),
            ("servers", ObjType::Map),
            ("policy", ObjType::Map),
            ("investigation", ObjType::Map),
        ],
        DocKind::Notes => &[("threads", ObjType::Map), ("suggestions", ObjType::Map)],
        DocKind::Signoffs => &[
            ("mastheads", ObjType::Map),
            ("proposals", ObjType::Map),
            ("signatures", ObjType::Map),
            ("latest", ObjType::Map),
            ("published", ObjType::Map),
        ],
        DocKind::Files => &[("files", ObjType::Map)],
    }
}

/// The genesis change of a kind: the same bytes on every replica, for ever. A body gets its first section with one
/// paragraph in it, so that there is a place to type and two writers who start at once type into the same one.
pub(super) fn genesis(kind: DocKind) -> Change {
    let mut doc = Automerge::new_with_encoding(TextEncoding::Utf16CodeUnit).with_actor(ActorId::from(GENESIS_ACTOR));
    // An empty document in memory takes these operations; failing would be a broken build of automerge, which the test
    // that pins the hashes reports by name.
    let _ = build(&mut doc, kind);
    doc.get_last_local_change()
        .unwrap_or_else(|| unreachable!("a document that was just written has a last change"))
}

fn build(doc: &mut Automerge, kind: DocKind) -> Result<(), automerge::AutomergeError> {
    let mut tx = doc.transaction();
    tx.put(ROOT, "komuz", super::FORMAT_VERSION)?;
    tx.put(ROOT, "kind", kind.name())?;
    for (name, object) in roots(kind) {
        let id = tx.put_object(ROOT, *name, *object)?;
        if *name == "sections" {
            let section = tx.insert_object(&id, 0, ObjType::Text)?;
            let block = tx.split_block(&section, 0)?;
            tx.put(&block, "type", "paragraph")?;
            tx.put_object(&block, "parents", ObjType::List)?;
            tx.put_object(&block, "attrs", ObjType::Map)?;
            tx.put(&block, "isEmbed", false)?;
        }
    }
    tx.commit();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_genesis_never_changes() {
        let hashes: Vec<String> = DocKind::ALL
            .iter()
            .map(|kind| genesis(*kind).hash().to_string())
            .collect();
        assert_eq!(
            hashes,
            [
                "aeaf163156bbf70c0e7a0ccd97831b776578b565eb885193b588eb9c1014f212",
                "064daa3f28dec9310e67e75be37741c65d5208fd7ad7d1bd4d63717ec6764f40",
                "488406f00907b283c51eeea217b0802bde6aacfb38a6fbce45bc7d607c7eba1d",
                "087fa69adc38426b60b4c907cf19c8c8d2e6c5fe70ab863414e3065a96002349",
                "f255a0b747afc23312772100af6901ad69d73258793da256efae97c1de8abe42",
            ]
        );
    }
}

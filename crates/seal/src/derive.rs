//! What is derived from an epoch's key, an invitation's secret or a device: HKDF-SHA256 (RFC 5869), every output under a
//! label of its own.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::bytes::{EpochId, InviteId, LogId};
use crate::device::Device;
use crate::doc::DocId;
use crate::epoch::EpochKey;
use crate::sign::SignKey;

/// 32 bytes from a secret, a label and a context. The label is preceded by its length, so that no label and context run
/// into another pair.
pub(crate) fn derive(secret: &[u8], label: &str, context: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    let info = [&[label.len() as u8], label.as_bytes(), context];
    // HKDF refuses only more than 255 * 32 bytes.
    let _ = Hkdf::<Sha256>::new(None, secret).expand_multi_info(&info, &mut *out);
    out
}

/// The name of a log and all keys that its members share.
#[derive(Clone)]
pub struct LogKeys {
    /// Its name at relays.
    pub id: LogId,
    /// The epoch that it belongs to.
    pub epoch: EpochId,
    /// Who has it may read the log at a relay.
    pub reader: SignKey,
    /// Who has it may register append keys in this log. It comes of the epoch, so every member has it.
    pub registrar: SignKey,
    pub(crate) content: Zeroizing<[u8; 32]>,
    pub(crate) presence: Zeroizing<[u8; 32]>,
}

impl core::fmt::Debug for LogKeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "LogKeys({:?})", self.id)
    }
}

impl LogKeys {
    /// The log of a document in an epoch.
    pub fn of_document(epoch: &EpochKey, doc: &DocId) -> Self {
        Self::from(epoch.secret(), epoch.id(), &doc.to_bytes())
    }

    /// The log where an invitation's two sides meet.
    pub fn of_door(secret: &[u8; 16]) -> Self {
        let root = derive(secret, "komuz door v1", b"");
        let epoch = EpochId(*derive(&*root, "komuz door epoch v1", b""));
        Self::from(&root, epoch, b"")
    }

    fn from(secret: &[u8; 32], epoch: EpochId, context: &[u8]) -> Self {
        Self {
            id: LogId(*derive(secret, "komuz log name v1", context)),
            epoch,
            reader: SignKey::from_secret(&derive(secret, "komuz log reader v1", context)),
            registrar: SignKey::from_secret(&derive(secret, "komuz log registrar v1", context)),
            content: derive(secret, "komuz log content v1", context),
            presence: derive(secret, "komuz log presence v1", context),
        }
    }
}

/// Id of an invitation: derived from its secret, tells nothing of it.
pub(crate) fn invite_id(secret: &[u8; 16]) -> InviteId {
    let mut id = [0; 16];
    id.copy_from_slice(&derive(secret, "komuz invite id v1", b"")[..16]);
    InviteId(id)
}

/// The key with which a device appends in an epoch: a pseudonym that nobody can link to the device or to another epoch.
pub fn append_key(device: &Device, epoch: &EpochId) -> SignKey {
    SignKey::from_secret(&derive(device.signer().secret(), "komuz append key v1", &epoch.0))
}

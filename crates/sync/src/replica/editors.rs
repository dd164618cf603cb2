//! The editors' secret of an epoch, handed to a device that was no editor's when the epoch was made. So every editor's device can
//! close the epoch's logs and have them trimmed, also where the one that made the epoch never comes back.

use std::collections::BTreeSet;

use komuz_seal::bytes::{EpochId, PublicKey};
use komuz_seal::cbor::{CborError, Reader, Writer};
use komuz_seal::charter::{Epoch, Role};
use komuz_seal::doc::DocId;
use komuz_seal::editors::EditorsSecret;
use komuz_seal::envelope::Kind;

use super::{CommandError, Moment, Payload, Replica};

/// Of payloads of [`Kind::Keys`]; 1 is an append key.
const VERSION: u8 = 2;
const MAX_LEN: usize = 256;
/// How many handings of one epoch's secret are heard.
const MAX_HANDED: usize = 1024;

/// A secret on its way to a device.
#[derive(Debug, PartialEq, Eq)]
struct Handing {
    epoch: EpochId,
    to: PublicKey,
    wrapped: Vec<u8>,
}

impl Handing {
    fn write(&self) -> Vec<u8> {
        let w = Writer::versioned(VERSION).array(3);
        w.bytes(&self.epoch.0).bytes(&self.to.0).bytes(&self.wrapped).finish()
    }

    fn read(bytes: &[u8]) -> Result<Self, CborError> {
        let (version, mut r) = Reader::versioned(bytes, MAX_LEN)?;
        if version != VERSION {
            return Err(CborError::NotAllowed(0));
        }
        r.array(3)?;
        let handing = Self {
            epoch: r.fixed()?,
            to: r.fixed()?,
            wrapped: r.bytes(MAX_LEN)?.to_vec(),
        };
        r.end()?;
        Ok(handing)
    }
}

impl Replica {
    /// The editors' secret of an epoch, where this device has it.
    pub(super) fn editors_secret(&self, epoch: &Epoch) -> Option<EditorsSecret> {
        let opened = self.charter.open_rotation(&epoch.entry, &self.device).ok();
        let given = opened.and_then(|opened| opened.editors);
        given.or_else(|| self.editors.get(&epoch.epoch).cloned())
    }

    /// The devices that can have the editors' secret of an epoch: those to which its rotation gives it, and to which one of these has
    /// handed it.
    pub(super) fn holders(&self, epoch: &Epoch) -> BTreeSet<PublicKey> {
        let mut holders: BTreeSet<PublicKey> = self.charter.given_editors(&epoch.entry).into_iter().collect();
        let handed = self.handed.get(&epoch.epoch);
        loop {
            let further = handed.into_iter().flatten().filter(|(from, _)| holders.contains(from));
            let further: Vec<PublicKey> = further.map(|(_, to)| *to).filter(|to| !holders.contains(to)).collect();
            if further.is_empty() {
                return holders;
            }
            holders.extend(further);
        }
    }

    /// Hands all that this device has of these secrets to those of a member's devices that are an editor's now.
    pub(super) fn hand_over(&mut self, devices: &[PublicKey], m: &mut Moment<'_>) -> Result<(), CommandError> {
        let role = |device: &PublicKey| self.charter.member_of(device).map(|member| member.role);
        let to: Vec<PublicKey> = devices
            .iter()
            .copied()
            .filter(|device| role(device) == Some(Role::Editor))
            .collect();
        if to.is_empty() {
            return Ok(());
        }
        let mut payloads = Vec::new();
        for epoch in self.charter.epochs() {
            let Some(editors) = self.editors_secret(epoch) else {
                continue;
            };
            let holders = self.holders(epoch);
            let epoch = epoch.epoch;
            for to in to.iter().copied().filter(|device| !holders.contains(device)) {
                if let Some(wrapped) = self.charter.hand_editors(&epoch, &editors, &to) {
                    let bytes = Handing { epoch, to, wrapped }.write();
                    payloads.push(Payload { bytes, ends: None });
                }
            }
        }
        if payloads.is_empty() {
            return Ok(());
        }
        self.seal_all(&DocId::Charter, Kind::Keys, payloads, m).map(|_| ())
    }

    /// Takes what a device says that it hands over. Only what closes the epoch's logs is kept, whoever hands it.
    pub(super) fn take_handed(&mut self, from: PublicKey, bytes: &[u8]) {
        let Ok(Handing { epoch, to, wrapped }) = Handing::read(bytes) else {
            return;
        };
        if self.charter.closer(&epoch).is_none() {
            return;
        }
        let handed = self.handed.entry(epoch).or_default();
        if handed.len() < MAX_HANDED {
            handed.insert((from, to));
        }
        if to == self.device.id()
            && !self.editors.contains_key(&epoch)
            && let Some(editors) = self.charter.open_editors(&epoch, &wrapped, &self.device)
        {
            self.editors.insert(epoch, editors);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handing() -> Handing {
        Handing {
            epoch: EpochId([1; 32]),
            to: PublicKey([2; 32]),
            wrapped: vec![3; 81],
        }
    }

    #[test]
    fn what_is_handed_over_reads_as_it_was_written() {
        assert_eq!(Handing::read(&handing().write()), Ok(handing()));
    }

    #[test]
    fn nothing_else_reads_as_something_handed_over() {
        let good = handing().write();
        for end in 0..good.len() {
            assert!(Handing::read(&good[..end]).is_err(), "cut off at {end}");
        }
        let more = [good.clone(), vec![0]].concat();
        assert!(Handing::read(&more).is_err(), "something behind it");
        let mut other = good;
        other[0] = 1;
        assert!(Handing::read(&other).is_err(), "another version");
        let long = Handing {
            wrapped: vec![3; MAX_LEN],
            ..handing()
        };
        assert!(Handing::read(&long.write()).is_err(), "too long");
        assert!(
            Handing::read(&Writer::versioned(1).bytes(&[4; 32]).finish()).is_err(),
            "an append key"
        );
    }
}

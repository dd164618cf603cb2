//! What a group decides while everything goes wrong: editors take people out, give other roles, make new keys and say that what was left
//! aside counts.

use std::collections::{BTreeMap, BTreeSet};

use komuz_sync::seal::bytes::MemberId;
use komuz_sync::seal::charter::Role;
use komuz_sync::seal::doc::DocId;

use crate::world::World;

/// Who decides about whom, and whose words need not all count any more.
#[derive(Default)]
pub struct Decisions {
    /// By name: of whom something may be left aside.
    pub touched: BTreeSet<String>,
    /// How often each thing was decided.
    pub made: BTreeMap<&'static str, usize>,
}

impl World {
    /// An editor decides something about somebody of their outlet. What they may not decide, as far as they know, is not decided.
    pub fn decide(&mut self, decisions: &mut Decisions) {
        let editors: Vec<usize> = (0..self.peers.len())
            .filter(|peer| {
                let replica = &self.peers[*peer].replica;
                replica.may_write().is_ok() && replica.me().is_some_and(|me| me.member.role == Role::Editor)
            })
            .collect();
        let editor = editors[self.dice.below(editors.len())];
        let me = self.peers[editor].replica.me().expect("an editor").member.clone();
        let members = self.peers[editor].replica.members().into_iter();
        let theirs = members.filter(|member| member.outlet == me.outlet && member.role != Role::Editor);
        let theirs: Vec<(MemberId, String)> = theirs.map(|member| (member.id, member.name)).collect();
        let gone: Vec<MemberId> = self
            .peers
            .iter()
            .filter(|peer| decisions.touched.contains(&peer.name))
            .filter_map(|peer| Some(peer.replica.me()?.member.id))
            .collect();
        let what = ["rotated", "role", "adopted", "removed"][self.dice.below(4)];
        let whom = (!theirs.is_empty()).then(|| theirs[self.dice.below(theirs.len())].clone());
        let role = [Role::Writer, Role::Reviewer, Role::Trainee, Role::Observer][self.dice.below(4)];
        let of_gone = (!gone.is_empty()).then(|| gone[self.dice.below(gone.len())]);
        let done = self.call(editor, |replica, now, entropy| {
            let done = match (what, &whom, of_gone) {
                ("rotated", ..) => replica.rotate(now, entropy),
                ("role", Some((whom, _)), _) => replica.give_role(whom, role, now, entropy),
                ("removed", Some((whom, _)), _) => replica.remove(whom, now, entropy),
                (_, _, Some(whom)) => replica.adopt(&whom, now, entropy),
                _ => Ok(Vec::new()),
            };
            match done {
                Ok(out) => (true, out),
                Err(_) => (false, Vec::new()),
            }
        });
        if done {
            *decisions.made.entry(what).or_default() += 1;
            if let ("role" | "removed", Some((_, name))) = (what, whom) {
                decisions.touched.insert(name);
            }
        }
    }

    /// Time passes until everything is in sync and for two minutes more: a new key may be lacking, and old logs are closed.
    pub fn come_to_rest(&mut self) {
        self.quiet();
        for _ in 0..24 {
            self.tick(5_000);
            self.drain();
        }
        self.quiet();
    }

    /// All who are in have taken the same, and of those about whom nothing was decided nothing is lost.
    pub fn check_decided(&self, docs: &[DocId], decisions: &Decisions) {
        let ours = |payload: &&Vec<u8>| payload.starts_with(b"words ");
        for doc in docs {
            let taken = |peer: usize| -> BTreeSet<&Vec<u8>> {
                self.peers[peer].docs[doc].payloads.iter().filter(ours).collect()
            };
            let first = taken(0);
            for (peer, one) in self.peers.iter().enumerate() {
                if one.replica.may_write().is_ok() {
                    assert_eq!(taken(peer), first, "{} has the same", one.name);
                }
            }
            for payload in self.promised.get(doc).into_iter().flatten() {
                let words = String::from_utf8_lossy(payload);
                let by = words.trim_end_matches('.').rsplit(" of ").next().unwrap_or_default();
                assert!(
                    decisions.touched.contains(by) || first.contains(payload),
                    "{words} was on a disk and is lost"
                );
            }
        }
        for peer in &self.peers {
            for taken in peer.docs.values() {
                assert!(taken.void.is_disjoint(&taken.payloads), "what counts is not void");
            }
        }
    }
}

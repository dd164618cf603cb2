//! Of a rotation each device finds out once whether it gives all the same.

use std::collections::BTreeSet;

use crate::removal::{house, rotate, settle};
use crate::world::World;

const TABLE: &str = "checked";

/// The rotations that a device has noted as good.
fn noted(world: &World, peer: usize) -> BTreeSet<Vec<u8>> {
    let rows = world.peers[peer].disk.keys();
    rows.filter(|(table, _)| table == TABLE)
        .map(|(_, key)| key.clone())
        .collect()
}

/// A device starts anew: what it notes then.
fn start_anew(world: &mut World, peer: usize) -> BTreeSet<Vec<u8>> {
    world.crash(peer);
    let told = world.peers[peer].told().into_iter();
    told.filter(|(table, ..)| table == TABLE)
        .map(|(_, key, _)| key)
        .collect()
}

#[test]
fn each_device_looks_once_whether_the_newest_key_was_given_to_all() {
    let mut world = house(41, 2);
    let before = noted(&world, 0);
    rotate(&mut world, 0);
    settle(&mut world);
    let newest: BTreeSet<Vec<u8>> = noted(&world, 0).difference(&before).cloned().collect();
    assert_eq!(newest.len(), 1);
    for peer in 0..world.peers.len() {
        assert!(noted(&world, peer).is_superset(&newest), "{peer}");
        assert_eq!(start_anew(&mut world, peer), BTreeSet::new(), "{peer}");
        settle(&mut world);
    }
    // What is lost or cannot be read is found out again.
    for damaged in [None, Some(vec![7; 40])] {
        for peer in 0..world.peers.len() {
            for key in &newest {
                let row = (TABLE.to_owned(), key.clone());
                match &damaged {
                    None => world.peers[peer].disk.remove(&row),
                    Some(value) => world.peers[peer].disk.insert(row, value.clone()),
                };
            }
            assert_eq!(start_anew(&mut world, peer), newest, "{peer}");
            settle(&mut world);
            assert!(world.peers[peer].replica.has_key());
        }
    }
}

#[test]
fn another_tab_of_a_device_takes_its_word_for_it() {
    let mut world = house(42, 1);
    let tab = world.tab(0);
    rotate(&mut world, 0);
    let first = world.peers[0].told().into_iter();
    assert_eq!(first.filter(|(table, ..)| table == TABLE).count(), 1);
    settle(&mut world);
    assert_eq!(noted(&world, tab), BTreeSet::new(), "it has not looked itself");
    assert!(world.peers[tab].replica.has_key());
}

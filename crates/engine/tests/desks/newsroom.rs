//! Steps that many tests begin with.

use komuz_messages::{Answer, Ask, EditionId, OutletCard, Server};
use komuz_release::keys::SigningKey;

use crate::world::{World, url};

/// An outlet with two release keys.
pub fn card(id: &str) -> OutletCard {
    let keys = [1, 2].map(|nth| signing_key(id, nth).public().to_string()).to_vec();
    OutletCard {
        id: id.to_owned(),
        name: format!("The {id}"),
        domain: format!("{id}.example"),
        keys,
        freshness: signing_key(id, 9).public().to_string(),
    }
}

/// One of an outlet's release keys.
pub fn signing_key(outlet: &str, nth: u8) -> SigningKey {
    let mut seed = [nth; 32];
    seed[1..=outlet.len()].copy_from_slice(outlet.as_bytes());
    SigningKey::from_seed(&seed)
}

/// An outlet's own server.
pub fn server(world: &World, relay: usize) -> Server {
    Server {
        url: url(relay),
        ticket: world.relays[relay].ticket.clone(),
    }
}

/// A new device whose person founds an investigation for the outlet `kloop`.
pub fn founder(world: &mut World) -> usize {
    let desk = world.device();
    let ask = Ask::Found {
        title: "Samaragate".into(),
        outlet: card("kloop"),
        member: "Aigul".into(),
        server: server(world, 0),
    };
    assert!(matches!(world.ask(desk, ask), Ok(Answer::Entered { .. })));
    world.run(500);
    desk
}

/// Invites into an outlet; the link.
pub fn invite(world: &mut World, desk: usize, outlet: &str, role: &str) -> String {
    let ask = Ask::Invite {
        outlet: outlet.into(),
        role: role.into(),
    };
    match world.ask(desk, ask).expect("an editor invites") {
        Answer::Invitation { fragment, .. } => format!("https://desk.kloop.example/desk/#{fragment}"),
        other => panic!("{other:?}"),
    }
}

/// A new device that uses an invitation and waits; the code that it shows.
pub fn knock(world: &mut World, link: &str, outlet: &str, member: &str, relay: Option<usize>) -> (usize, String) {
    let desk = world.device();
    let server = relay.map(|relay| server(world, relay));
    let ask = Ask::Join {
        text: link.into(),
        outlet: card(outlet),
        member: member.into(),
        server,
    };
    match world.ask(desk, ask).expect("the invitation is good") {
        Answer::Joining(joining) => (desk, joining.code),
        other => panic!("{other:?}"),
    }
}

/// Invites, joins, compares the code and confirms.
pub fn join(world: &mut World, editor: usize, outlet: &str, role: &str, member: &str, relay: Option<usize>) -> usize {
    let link = invite(world, editor, outlet, role);
    let (desk, code) = knock(world, &link, outlet, member, relay);
    world.until("the editor sees the request", |world| {
        !requests(world, editor).is_empty()
    });
    let request = requests(world, editor).remove(0);
    assert_eq!(request.code, code, "both read the same code");
    world
        .ask(editor, Ask::Confirm { request: request.id })
        .expect("confirmed");
    world.until("the joiner is in", |world| {
        world.desks[desk].shown.investigation.is_some()
    });
    desk
}

pub fn requests(world: &World, desk: usize) -> Vec<komuz_messages::JoinRequest> {
    world.desks[desk]
        .shown
        .investigation
        .as_ref()
        .map(|view| view.requests.clone())
        .unwrap_or_default()
}

/// A story with an English edition, by a desk; the edition.
pub fn story(world: &mut World, desk: usize, headline: &str) -> EditionId {
    match world
        .ask(
            desk,
            Ask::NewStory {
                lang: "en".into(),
                headline: headline.into(),
            },
        )
        .expect("a story")
    {
        Answer::Story { story } => EditionId {
            story,
            lang: "en".into(),
        },
        other => panic!("{other:?}"),
    }
}

/// Waits until every desk that is online says that everything is everywhere.
pub fn settled(world: &mut World) {
    // What was just said is heard first.
    world.run(50);
    world.until("everything is saved and in sync", |world| {
        world
            .desks
            .iter()
            .filter(|desk| desk.engine.is_some() && desk.shown.investigation.is_some())
            .all(|desk| {
                let state = &desk.shown.state;
                state.saved && state.unsent == 0 && state.servers.iter().all(|server| server.in_sync)
            })
    });
    world.run(600);
}

//! Founding, inviting, joining, confirming, leaving.

use komuz_messages::{Answer, Ask, OutletCard, WhoView};

use crate::newsroom::{card, founder, invite, join, knock, requests, server, settled};
use crate::world::World;

#[test]
fn a_founder_is_in_at_once_and_finds_the_investigation_again() {
    let mut world = World::new(1);
    let desk = founder(&mut world);
    let view = world.desks[desk]
        .shown
        .investigation
        .clone()
        .expect("the investigation is shown");
    assert_eq!(
        (view.title.as_str(), view.my_outlet.as_str(), view.role.as_str()),
        ("Samaragate", "kloop", "editor")
    );
    assert_eq!(view.outlets, [card("kloop")]);
    assert_eq!(view.servers, [server(&world, 0)]);
    settled(&mut world);
    world.crash(desk);
    let again = world.tab(world.desks[desk].device);
    let Ok(Answer::Device {
        investigations,
        joining,
    }) = world.ask(again, Ask::Device)
    else {
        panic!("the list")
    };
    assert_eq!((investigations.len(), joining.len()), (1, 0));
    assert_eq!(
        (investigations[0].title.as_str(), investigations[0].outlet.as_str()),
        ("Samaragate", "The kloop")
    );
    let ask = Ask::Enter {
        investigation: investigations[0].id.clone(),
    };
    assert_eq!(world.ask(again, ask), Ok(Answer::Done));
    world.run(500);
    assert_eq!(
        world.desks[again]
            .shown
            .investigation
            .as_ref()
            .map(|view| view.me.clone()),
        Some(view.me)
    );
}

#[test]
fn a_second_outlet_is_invited_compares_the_code_and_is_in() {
    let mut world = World::new(2);
    let editor = founder(&mut world);
    let joiner = join(&mut world, editor, "occrp", "editor", "Miranda", Some(1));
    settled(&mut world);
    for desk in [editor, joiner] {
        let view = world.desks[desk].shown.investigation.clone().expect("both see it");
        let outlets: Vec<_> = view.outlets.iter().map(|outlet| outlet.id.as_str()).collect();
        let names: Vec<_> = view.members.iter().map(|member| member.name.as_str()).collect();
        assert_eq!((outlets, names), (vec!["kloop", "occrp"], vec!["Aigul", "Miranda"]));
        assert_eq!(view.servers.len(), 2);
        assert!(view.requests.is_empty());
    }
    // One's own ticket stays with oneself.
    let view = world.desks[joiner].shown.investigation.as_ref().expect("shown");
    let tickets: Vec<_> = view.servers.iter().filter(|server| !server.ticket.is_empty()).collect();
    assert_eq!(tickets.len(), 1);
}

#[test]
fn an_invitation_says_what_it_is_for_before_it_is_used() {
    let mut world = World::new(1);
    let editor = founder(&mut world);
    let link = invite(&mut world, editor, "kloop", "writer");
    let desk = world.device();
    match world.ask(desk, Ask::ReadInvite { text: link.clone() }) {
        Ok(Answer::Invite {
            outlet,
            role,
            title,
            new_outlet,
            ..
        }) => {
            assert_eq!(
                (outlet.as_str(), role.as_str(), title.as_str()),
                ("The kloop", "writer", "Samaragate")
            );
            assert!(!new_outlet);
        }
        other => panic!("{other:?}"),
    }
    let trouble = world
        .ask(
            desk,
            Ask::ReadInvite {
                text: "nonsense".into(),
            },
        )
        .expect_err("no invitation");
    assert_eq!(trouble.code, "invite-unreadable");
    // The first byte is the version: 3 is a later one.
    let later = world.ask(desk, Ask::ReadInvite { text: "A4A".into() });
    assert_eq!(later.expect_err("a later version's").code, "invite-newer");
    world.run(25 * 60 * 60 * 1000);
    let trouble = world
        .ask(desk, Ask::ReadInvite { text: link })
        .expect_err("a day has passed");
    assert_eq!(trouble.code, "invite-ended");
}

#[test]
fn somebody_who_is_turned_away_is_told() {
    let mut world = World::new(1);
    let editor = founder(&mut world);
    let link = invite(&mut world, editor, "kloop", "writer");
    let (desk, _) = knock(&mut world, &link, "kloop", "Nobody", None);
    world.until("the request is seen", |world| !requests(world, editor).is_empty());
    let request = requests(&world, editor).remove(0).id;
    world.ask(editor, Ask::Refuse { request }).expect("refused");
    world.until("the joiner is told", |world| !world.desks[desk].shown.ended.is_empty());
    let Ok(Answer::Device {
        investigations,
        joining,
    }) = world.ask(desk, Ask::Device)
    else {
        panic!("the list")
    };
    assert!(investigations.is_empty() && joining.is_empty());
}

#[test]
fn a_join_that_waits_survives_a_restart() {
    let mut world = World::new(1);
    let editor = founder(&mut world);
    let link = invite(&mut world, editor, "kloop", "writer");
    let (desk, code) = knock(&mut world, &link, "kloop", "Erlan", None);
    world.run(500);
    world.crash(desk);
    let again = world.tab(world.desks[desk].device);
    let Ok(Answer::Device { joining, .. }) = world.ask(again, Ask::Device) else {
        panic!("the list")
    };
    assert_eq!(
        joining.iter().map(|joining| joining.code.clone()).collect::<Vec<_>>(),
        [code]
    );
    world.until("the request is seen", |world| !requests(world, editor).is_empty());
    let request = requests(&world, editor).remove(0).id;
    world.ask(editor, Ask::Confirm { request }).expect("confirmed");
    world.until("the joiner is in", |world| !world.desks[again].shown.entered.is_empty());
    assert!(world.desks[again].shown.investigation.is_some());
}

#[test]
fn leaving_deletes_every_row_and_says_what_remains() {
    let mut world = World::new(1);
    let desk = founder(&mut world);
    settled(&mut world);
    let device = world.desks[desk].device;
    assert!(!world.devices[device].rows.is_empty());
    match world.ask(desk, Ask::Leave) {
        Ok(Answer::Left { remains }) => assert_eq!(remains, []),
        other => panic!("{other:?}"),
    }
    world.run(5000);
    assert!(world.devices[device].rows.is_empty());
    let Ok(Answer::Device { investigations, .. }) = world.ask(desk, Ask::Device) else {
        panic!("the list")
    };
    assert!(investigations.is_empty());
}

#[test]
fn without_an_open_investigation_asks_say_so() {
    let mut world = World::new(1);
    let desk = world.device();
    let trouble = world
        .ask(
            desk,
            Ask::NewStory {
                lang: "ky".into(),
                headline: "x".into(),
            },
        )
        .expect_err("nothing open");
    assert_eq!(trouble.code, "not-open");
}

fn who(world: &mut World, desk: usize) -> WhoView {
    match world.ask(desk, Ask::Who).expect("who is in") {
        Answer::Who(who) => *who,
        other => panic!("{other:?}"),
    }
}

fn ended(world: &World, desk: usize) -> String {
    world.desks[desk].shown.ended.first().cloned().unwrap_or_default()
}

#[test]
fn open_invitations_are_listed_where_they_were_made_and_can_be_taken_back() {
    let mut world = World::new(1);
    let editor = founder(&mut world);
    let link = invite(&mut world, editor, "kloop", "writer");
    let open = who(&mut world, editor).invites;
    assert_eq!(open.len(), 1);
    assert_eq!(
        (open[0].outlet.as_str(), open[0].role.as_str()),
        ("The kloop", "writer")
    );
    assert!(!open[0].is_device && link.ends_with(&open[0].fragment) && !open[0].expires.is_empty());
    let (waits, _) = knock(&mut world, &link, "kloop", "Erlan", None);
    let ask = Ask::Revoke {
        invite: open[0].id.clone(),
    };
    assert_eq!(world.ask(editor, ask.clone()), Ok(Answer::Done));
    assert!(who(&mut world, editor).invites.is_empty());
    let (late, _) = knock(&mut world, &link, "kloop", "Nobody", None);
    world.until("both are told", |world| {
        [waits, late]
            .iter()
            .all(|desk| ended(world, *desk) == "join-taken-back")
    });
    assert_eq!(world.ask(editor, ask).expect_err("once").code, "invite-used");
    let none = Ask::Revoke { invite: "00".into() };
    assert_eq!(world.ask(editor, none).expect_err("none").code, "no-invite");
}

/// A member's second device: its desk.
pub fn second_device(world: &mut World, desk: usize, name: &str) -> usize {
    let link = match world.ask(desk, Ask::InviteDevice).expect("a member may") {
        Answer::Invitation { fragment, .. } => format!("https://desk.kloop.example/desk/#{fragment}"),
        other => panic!("{other:?}"),
    };
    let second = world.device();
    let read = world.ask(second, Ask::ReadInvite { text: link.clone() });
    assert!(matches!(read, Ok(Answer::Invite { member, .. }) if member == name));
    let ask = Ask::Join {
        text: link,
        outlet: OutletCard::default(),
        member: String::new(),
        server: None,
    };
    let Ok(Answer::Joining(joining)) = world.ask(second, ask) else {
        panic!("it waits")
    };
    world.run(5_000);
    // It stands where all devices stand, and not among the people who want in.
    let mut asked = who(world, desk).requests;
    assert!(requests(world, desk).is_empty() && asked.len() == 1);
    let request = asked.remove(0);
    assert_eq!(request.code, joining.code);
    world
        .ask(desk, Ask::Confirm { request: request.id })
        .expect("it is one's own");
    world.until("it is in", |world| world.desks[second].shown.investigation.is_some());
    second
}

#[test]
fn a_writer_and_an_observer_add_a_device_take_the_lost_one_out_from_it_and_leave() {
    for role in ["writer", "observer"] {
        let mut world = World::new(1);
        let editor = founder(&mut world);
        let first = join(&mut world, editor, "kloop", role, "Bektur", None);
        let second = second_device(&mut world, first, "Bektur");
        settled(&mut world);
        let view = who(&mut world, second);
        let own = view.members.iter().find(|member| member.id == view.me).expect("is in");
        let here: Vec<bool> = own.devices.iter().map(|device| device.here).collect();
        assert_eq!((own.name.as_str(), here), ("Bektur", vec![false, true]));
        assert_eq!(own.devices[0].code.len(), 9);
        let ask = Ask::RemoveDevice {
            device: own.devices[0].id.clone(),
        };
        assert_eq!(world.ask(second, ask), Ok(Answer::Done));
        world.until("the lost one knows", |world| {
            let closed = &world.desks[first].shown.state.closed;
            closed.as_ref().is_some_and(|why| why.code == "device-removed")
        });
        assert!(who(&mut world, first).out);
        assert_eq!(world.desks[second].shown.state.closed, None);
        // The member stays, with the device that is left, until they leave.
        world.crash(first);
        let is_in = |world: &mut World| {
            let view = who(world, editor);
            let found = view.members.into_iter().find(|member| member.name == "Bektur");
            found.map(|member| member.devices.len())
        };
        assert_eq!(is_in(&mut world), Some(1));
        let ask = Ask::RemoveMember { member: view.me };
        assert_eq!(world.ask(second, ask), Ok(Answer::Done));
        settled(&mut world);
        assert_eq!(is_in(&mut world), None);
    }
}

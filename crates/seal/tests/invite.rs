//! Invitations and what is said at their doors.

#[path = "common/dice.rs"]
mod dice;

use dice::dice;
use komuz_seal::bytes::{Digest, MemberId, PublicKey, Signature};
use komuz_seal::charter::{MemberCard, OutletCard, Role};
use komuz_seal::device::Device;
use komuz_seal::epoch::{EpochKey, WRAPPED_LEN};
use komuz_seal::invite::{
    DEVICE_VERSION, Declined, DeviceRequest, DoorMessage, Invite, InviteError, LIFETIME, Request, Terms, Welcome,
};

fn inviter() -> Device {
    Device::new(&mut dice(1))
}

fn joiner() -> Device {
    Device::new(&mut dice(2))
}

fn invite(outlet: Option<&str>) -> Invite {
    invite_of(outlet, 3)
}

fn invite_of(outlet: Option<&str>, secret: u64) -> Invite {
    Invite::new(terms(outlet), 1_000, &mut dice(secret))
}

/// An invitation for one more device of a member.
fn device_invite() -> Invite {
    let terms = Terms {
        member: Some((MemberId([5; 16]), "Бек".into())),
        ..terms(Some("alpha"))
    };
    Invite::new(terms, 1_000, &mut dice(3))
}

fn terms(outlet: Option<&str>) -> Terms {
    Terms {
        charter: Digest([6; 32]),
        inviter: inviter().id(),
        relay: "https://desk.alpha.example".into(),
        outlet: outlet.map(str::to_owned),
        outlet_name: "Бета".into(),
        role: Role::Editor,
        title: "Samaragate".into(),
        member: None,
    }
}

fn card() -> OutletCard {
    let release_keys = vec![PublicKey([1; 32]), PublicKey([2; 32])];
    OutletCard {
        id: "beta".into(),
        name: "Бета".into(),
        domain: "beta.example".into(),
        release_keys,
        freshness: Some(PublicKey([3; 32])),
    }
}

fn member(outlet: &str, role: Role) -> MemberCard {
    MemberCard {
        id: MemberId([5; 16]),
        name: "Bek".into(),
        outlet: outlet.into(),
        role,
    }
}

#[test]
fn its_text_comes_back_with_and_without_the_address() {
    let invite = invite(None);
    let text = invite.to_text();
    assert_eq!(Invite::from_text(&text), Ok(invite.clone()));
    assert_eq!(
        Invite::from_text(&format!(" https://desk.example/desk/#{text}\n")),
        Ok(invite)
    );
    assert!(
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'),
        "no letter needs escaping"
    );
}

#[test]
fn truncated_garbage_and_of_a_future_version() {
    let bytes = invite(None).to_bytes();
    for end in 0..bytes.len() {
        assert!(
            matches!(Invite::from_bytes(&bytes[..end]), Err(InviteError::Malformed(_))),
            "cut at {end}"
        );
    }
    let mut future = bytes.to_vec();
    future[0] = 3;
    assert_eq!(Invite::from_bytes(&future), Err(InviteError::Version(3)));
    let mut longer = bytes.to_vec();
    longer.push(0);
    assert!(matches!(Invite::from_bytes(&longer), Err(InviteError::Malformed(_))));
    for text in [
        "",
        "not an invitation",
        "https://desk.example/desk/",
        &"A".repeat(100_000),
    ] {
        assert!(Invite::from_text(text).is_err(), "{} letters", text.len());
    }
}

#[test]
fn it_ends_after_a_day() {
    let invite = invite(None);
    assert_eq!(invite.expires, 1_000 + LIFETIME);
    assert!(!invite.has_ended(1_000 + LIFETIME - 1));
    assert!(invite.has_ended(1_000 + LIFETIME));
}

#[test]
fn it_holds_no_epoch_key_and_shows_no_secret_when_printed() {
    let invite = invite(None);
    let secret = &invite.to_bytes()[3..19];
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!format!("{invite:?}").contains(&hex[..8]));
}

#[test]
fn both_read_the_same_code_and_another_device_reads_another() {
    let invite = invite(None);
    let code = invite.code(&joiner().card());
    let groups: Vec<&str> = code.split(' ').collect();
    assert_eq!(groups.len(), 3);
    assert!(
        groups
            .iter()
            .all(|group| group.len() == 5 && group.bytes().all(|b| b.is_ascii_digit())),
        "{code}"
    );
    assert_eq!(
        Invite::from_text(&invite.to_text()).map(|same| same.code(&joiner().card())),
        Ok(code.clone())
    );
    assert_ne!(invite.code(&Device::new(&mut dice(9)).card()), code);
}

#[test]
fn a_request_is_read_by_who_has_the_invitation_and_fits_what_it_gives() {
    let invite = invite(None);
    let request = Request::new(&invite, &joiner(), member("beta", Role::Editor), Some(card()));
    assert!(request.fits(&invite));
    let message = DoorMessage::Request(Box::new(request));
    let sealed = message.seal(&invite, &joiner(), &mut dice(4));
    assert_eq!(DoorMessage::open(&sealed, &invite), Ok(message));
    // The same terms, another secret.
    let stranger = invite_of(None, 99);
    assert_eq!(DoorMessage::open(&sealed, &stranger), Err(InviteError::NotOurs));
}

#[test]
fn requests_that_ask_for_more_than_the_invitation_gives() {
    let new = invite(None);
    let own = invite(Some("alpha"));
    let wrong_role = Request::new(&new, &joiner(), member("beta", Role::Writer), Some(card()));
    assert!(!wrong_role.fits(&new));
    let without_card = Request::new(&new, &joiner(), member("beta", Role::Editor), None);
    assert!(!without_card.fits(&new));
    let other_outlet = Request::new(&own, &joiner(), member("beta", Role::Editor), None);
    assert!(!other_outlet.fits(&own));
    let with_card = Request::new(&own, &joiner(), member("alpha", Role::Editor), Some(card()));
    assert!(!with_card.fits(&own));
    assert!(Request::new(&own, &joiner(), member("alpha", Role::Editor), None).fits(&own));
    let mut renamed = Request::new(&own, &joiner(), member("alpha", Role::Editor), None);
    renamed.admitted.member.name = "Somebody else".into();
    assert!(!renamed.fits(&own), "without the device's consent");
}

#[test]
fn a_welcome_is_the_inviters() {
    let invite = invite(None);
    let epoch = EpochKey::new(&mut dice(5));
    let entry = Digest([8; 32]);
    let wrapped = epoch
        .wrap(&entry, &joiner().card(), &mut dice(6))
        .expect("a good recipient");
    assert_eq!(wrapped.len(), WRAPPED_LEN);
    let servers = vec!["https://desk.alpha.example".to_owned()];
    let welcome = DoorMessage::Welcome(Welcome {
        request: Digest([9; 32]),
        entry,
        epoch: wrapped,
        servers,
    });
    let sealed = welcome.seal(&invite, &inviter(), &mut dice(7));
    assert_eq!(DoorMessage::open(&sealed, &invite), Ok(welcome.clone()));
    // Whoever stole the link can seal, but not sign as the inviter.
    let forged = welcome.seal(&invite, &joiner(), &mut dice(8));
    assert_eq!(DoorMessage::open(&forged, &invite), Err(InviteError::NotOurs));
    let refusal = DoorMessage::Refusal {
        request: Digest([9; 32]),
        why: Declined::Used,
    };
    let forged = refusal.seal(&invite, &Device::new(&mut dice(10)), &mut dice(8));
    assert_eq!(DoorMessage::open(&forged, &invite), Err(InviteError::NotOurs));
}

#[test]
fn changed_messages() {
    let invite = invite(None);
    let request = Request::new(&invite, &joiner(), member("beta", Role::Editor), Some(card()));
    let sealed = DoorMessage::Request(Box::new(request)).seal(&invite, &joiner(), &mut dice(4));
    for end in 0..sealed.len() {
        assert!(DoorMessage::open(&sealed[..end], &invite).is_err(), "cut at {end}");
    }
    for place in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        assert!(DoorMessage::open(&changed, &invite).is_err(), "byte {place}");
    }
}

#[test]
fn a_refusal_says_why_and_a_reason_of_a_later_version_is_a_refusal_all_the_same() {
    let invite = invite(None);
    for why in [Declined::TurnedDown, Declined::TakenBack, Declined::Used] {
        let refusal = DoorMessage::Refusal {
            request: Digest([9; 32]),
            why,
        };
        let sealed = refusal.seal(&invite, &inviter(), &mut dice(7));
        assert_eq!(DoorMessage::open(&sealed, &invite), Ok(refusal));
    }
}

#[test]
fn an_invitation_of_a_device_has_a_version_of_its_own_and_names_its_member() {
    let invite = device_invite();
    let bytes = invite.to_bytes();
    assert_eq!(bytes[0], DEVICE_VERSION);
    assert_eq!(Invite::from_text(&invite.to_text()), Ok(invite));
    for end in 0..bytes.len() {
        assert!(Invite::from_bytes(&bytes[..end]).is_err(), "cut at {end}");
    }
    // One version's first byte before what the other one says.
    let (mut as_person, mut as_device) = (bytes.to_vec(), self::invite(None).to_bytes().to_vec());
    as_person[0] = 1;
    as_device[0] = DEVICE_VERSION;
    for mixed in [as_person, as_device] {
        assert!(matches!(Invite::from_bytes(&mixed), Err(InviteError::Malformed(_))));
    }
    let mut longer = bytes.to_vec();
    longer.push(0);
    assert!(matches!(Invite::from_bytes(&longer), Err(InviteError::Malformed(_))));
}

#[test]
fn a_device_asks_with_its_own_consent_and_for_nothing_else() {
    let invite = device_invite();
    let request = DeviceRequest::new(&invite, &joiner()).expect("it is for a device");
    assert!(request.fits(&invite));
    let message = DoorMessage::Device(request.clone());
    let sealed = message.seal(&invite, &joiner(), &mut dice(4));
    assert_eq!(DoorMessage::open(&sealed, &invite), Ok(message.clone()));
    // Somebody who has the link and signs for a device that is not theirs.
    let forged = message.seal(&invite, &Device::new(&mut dice(9)), &mut dice(4));
    assert_eq!(DoorMessage::open(&forged, &invite), Err(InviteError::NotOurs));
    let other_member = DeviceRequest {
        member: MemberId([6; 16]),
        ..request.clone()
    };
    let other_device = DeviceRequest {
        device: Device::new(&mut dice(9)).card(),
        ..request.clone()
    };
    let no_consent = DeviceRequest {
        consent: Signature([0; 64]),
        ..request.clone()
    };
    for wrong in [other_member, other_device, no_consent] {
        assert!(!wrong.fits(&invite));
    }
    for end in 0..sealed.len() {
        assert!(DoorMessage::open(&sealed[..end], &invite).is_err(), "cut at {end}");
    }
}

#[test]
fn a_person_does_not_come_in_as_a_device_nor_a_device_as_a_person() {
    let (of_device, of_person) = (device_invite(), invite(Some("alpha")));
    assert_eq!(DeviceRequest::new(&of_person, &joiner()), None);
    let request = DeviceRequest::new(&of_device, &joiner()).expect("it is for a device");
    assert!(!request.fits(&of_person));
    let person = Request::new(&of_device, &joiner(), member("alpha", Role::Editor), None);
    assert!(!person.fits(&of_device));
}

//! Outlets, members and servers: as the page writes them and as the charter does.

use komuz_messages::{JoinRequest, MemberView, OutletCard, Server, Trouble};
use komuz_sync::replica;
use komuz_sync::seal::bytes::{PublicKey, to_hex};
use komuz_sync::seal::charter;

use super::trouble::trouble;

/// An outlet's card for the charter.
pub fn to_charter(card: OutletCard) -> Result<charter::OutletCard, Trouble> {
    let read = |key: &String| {
        let key: Result<komuz_release::keys::PublicKey, _> = key.parse();
        key.map(|key| PublicKey(*key.as_bytes()))
            .map_err(|error| trouble("outlet-card", format!("A key of the outlet cannot be used: {error}.")))
    };
    let freshness = Some(&card.freshness)
        .filter(|key| !key.is_empty())
        .map(read)
        .transpose()?;
    Ok(charter::OutletCard {
        release_keys: card.keys.iter().map(read).collect::<Result<_, _>>()?,
        id: card.id,
        name: card.name,
        domain: card.domain,
        freshness,
    })
}

/// An outlet's card for the page.
pub fn from_charter(card: charter::OutletCard) -> OutletCard {
    let keys = release_keys(&card).iter().map(ToString::to_string).collect();
    let freshness = freshness_key(&card).map(|key| key.to_string()).unwrap_or_default();
    OutletCard {
        freshness,
        id: card.id,
        name: card.name,
        domain: card.domain,
        keys,
    }
}

/// An outlet's release keys, without those that could never verify.
pub fn release_keys(card: &charter::OutletCard) -> Vec<komuz_release::keys::PublicKey> {
    card.release_keys
        .iter()
        .filter_map(|key| komuz_release::keys::PublicKey::from_bytes(key.0).ok())
        .collect()
}

/// The key of an outlet's server, unless it is one that could never verify.
pub fn freshness_key(card: &charter::OutletCard) -> Option<komuz_release::keys::PublicKey> {
    komuz_release::keys::PublicKey::from_bytes(card.freshness?.0).ok()
}

/// A member for the page.
pub fn member(card: charter::MemberCard) -> MemberView {
    MemberView {
        id: to_hex(&card.id.0),
        name: card.name,
        outlet: card.outlet,
        role: card.role.name().to_owned(),
    }
}

/// A request for the page.
pub fn request(request: replica::Request) -> JoinRequest {
    JoinRequest {
        id: to_hex(&request.id.0),
        name: request.name,
        outlet: from_charter(request.outlet),
        role: request.role.name().to_owned(),
        code: request.code,
    }
}

/// A server for the replica.
pub fn server(server: Server) -> replica::Server {
    let ticket = Some(server.ticket).filter(|ticket| !ticket.is_empty());
    replica::Server {
        url: server.url.trim_end_matches('/').to_owned(),
        ticket,
    }
}

/// A server for the page, with the ticket only where this device has it.
pub fn server_view(server: replica::Server) -> Server {
    Server {
        url: server.url,
        ticket: server.ticket.unwrap_or_default(),
    }
}

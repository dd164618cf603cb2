//! Reads the page's messages by hand: derived readers of these types weigh more in Wasm than all of replication (measured:
//! 150 KB of 2.9 MB of code). Writing stays derived; a test reads back every kind of ask that was written.

use komuz_messages::{Ask, EditionId, OutletCard, Server, ToEngine};
use komuz_release::csl;
use komuz_release::story::Byline;
use serde_json::{Map, Value};

/// Why a message is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadMessage {
    /// The ask's id, where that much can be read: then it is answered.
    pub id: Option<u32>,
    /// What is wrong, and where.
    pub message: String,
}

/// Reads a message of the page from its JSON.
pub fn read(json: &str) -> Result<ToEngine, BadMessage> {
    let mut members = match serde_json::from_str(json) {
        Ok(Value::Object(members)) => Members(members),
        Ok(_) => {
            return Err(BadMessage {
                id: None,
                message: "a message is an object".into(),
            });
        }
        Err(error) => {
            return Err(BadMessage {
                id: None,
                message: error.to_string(),
            });
        }
    };
    let id = members
        .number("id")
        .and_then(|id| u32::try_from(id).map_err(|_| "id: too large".into()));
    let id = id.map_err(|message| BadMessage { id: None, message })?;
    let ask = members
        .object("ask")
        .and_then(ask)
        .map_err(|message| BadMessage { id: Some(id), message })?;
    Ok(ToEngine { id, ask })
}

/// The members of an object, taken one by one. Errors are sentences that name the member.
struct Members(Map<String, Value>);

type Read<T> = Result<T, String>;

impl Members {
    fn take(&mut self, name: &str) -> Value {
        self.0.remove(name).unwrap_or_default()
    }

    fn text(&mut self, name: &str) -> Read<String> {
        match self.take(name) {
            Value::String(text) => Ok(text),
            _ => Err(format!("{name}: a text is wanted")),
        }
    }

    fn some_text(&mut self, name: &str) -> Read<Option<String>> {
        match self.take(name) {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text)),
            _ => Err(format!("{name}: a text is wanted")),
        }
    }

    fn number(&mut self, name: &str) -> Read<u64> {
        self.take(name)
            .as_u64()
            .ok_or_else(|| format!("{name}: a number is wanted"))
    }

    fn place(&mut self, name: &str) -> Read<u32> {
        u32::try_from(self.number(name)?).map_err(|_| format!("{name}: too large"))
    }

    fn object(&mut self, name: &str) -> Read<Members> {
        match self.take(name) {
            Value::Object(members) => Ok(Members(members)),
            _ => Err(format!("{name}: an object is wanted")),
        }
    }

    fn list(&mut self, name: &str) -> Read<Vec<Value>> {
        match self.take(name) {
            Value::Array(items) => Ok(items),
            _ => Err(format!("{name}: a list is wanted")),
        }
    }

    fn texts(&mut self, name: &str) -> Read<Vec<String>> {
        let text = |value| match value {
            Value::String(text) => Ok(text),
            _ => Err(format!("{name}: texts are wanted")),
        };
        self.list(name)?.into_iter().map(text).collect()
    }

    fn edition(&mut self) -> Read<EditionId> {
        let mut edition = self.object("edition")?;
        Ok(EditionId {
            story: edition.text("story")?,
            lang: edition.text("lang")?,
        })
    }

    fn some_edition(&mut self) -> Read<Option<EditionId>> {
        match self.0.get("edition") {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.edition().map(Some),
        }
    }

    fn yes_or_no(&mut self, name: &str) -> Read<bool> {
        self.take(name)
            .as_bool()
            .ok_or_else(|| format!("{name}: true or false is wanted"))
    }

    fn card(&mut self) -> Read<OutletCard> {
        let mut card = self.object("outlet")?;
        Ok(OutletCard {
            id: card.text("id")?,
            name: card.text("name")?,
            domain: card.text("domain")?,
            keys: card.texts("keys")?,
            freshness: card.some_text("freshness")?.unwrap_or_default(),
        })
    }

    fn server(&mut self) -> Read<Option<Server>> {
        match self.take("server") {
            Value::Null => Ok(None),
            Value::Object(server) => {
                let mut server = Members(server);
                Ok(Some(Server {
                    url: server.text("url")?,
                    ticket: server.some_text("ticket")?.unwrap_or_default(),
                }))
            }
            _ => Err("server: an object is wanted".into()),
        }
    }

    fn selection(&mut self) -> Read<Option<(u32, u32)>> {
        let end = |value: &Value| value.as_u64().and_then(|at| u32::try_from(at).ok());
        match self.take("selection") {
            Value::Null => Ok(None),
            Value::Array(ends) => match ends.as_slice() {
                [anchor, head] => Ok(end(anchor).zip(end(head))),
                _ => Err("selection: two places are wanted".into()),
            },
            _ => Err("selection: two places are wanted".into()),
        }
    }

    fn byline(&mut self, member: &str) -> Read<Vec<Byline>> {
        let name = |value| match value {
            Value::Object(name) => {
                let mut name = Members(name);
                Ok(Byline {
                    name: name.text("name")?,
                    outlet: name.some_text("outlet")?,
                })
            }
            _ => Err(format!("{member}: names are wanted")),
        };
        self.list(member)?.into_iter().map(name).collect()
    }
}

fn ask(mut m: Members) -> Read<Ask> {
    let kind = m.text("ask")?;
    let m = &mut m;
    Ok(match kind.as_str() {
        "device" => Ask::Device,
        "found" => Ask::Found {
            title: m.text("title")?,
            outlet: m.card()?,
            member: m.text("member")?,
            server: m.server()?.ok_or("server: one is wanted")?,
        },
        "read-invite" => Ask::ReadInvite { text: m.text("text")? },
        "join" => Ask::Join {
            text: m.text("text")?,
            outlet: m.card()?,
            member: m.text("member")?,
            server: m.server()?,
        },
        "enter" => Ask::Enter {
            investigation: m.text("investigation")?,
        },
        "invite" => Ask::Invite {
            outlet: m.text("outlet")?,
            role: m.text("role")?,
        },
        "confirm" => Ask::Confirm {
            request: m.text("request")?,
        },
        "refuse" => Ask::Refuse {
            request: m.text("request")?,
        },
        "new-story" => Ask::NewStory {
            lang: m.text("lang")?,
            headline: m.text("headline")?,
        },
        "new-edition" => Ask::NewEdition {
            edition: m.edition()?,
            from: m.some_text("from")?,
        },
        "open" => Ask::Open { edition: m.edition()? },
        "close" => Ask::Close { edition: m.edition()? },
        "import" => Ask::Import {
            edition: m.edition()?,
            name: m.text("name")?,
            text: m.text("text")?,
            tongue: m.some_text("tongue")?.unwrap_or_default(),
        },
        "steps" => Ask::Steps {
            edition: m.edition()?,
            seq: m.number("seq")?,
            taken: m.number("taken")?,
            steps: m.list("steps")?,
        },
        "whole" => Ask::Whole {
            edition: m.edition()?,
            seq: m.number("seq")?,
            taken: m.number("taken")?,
            doc: m.take("doc"),
        },
        "taken" => Ask::Taken {
            edition: m.edition()?,
            batch: m.number("batch")?,
            hash: m.some_text("hash")?.unwrap_or_default(),
        },
        "select" => Ask::Select {
            edition: m.edition()?,
            seq: m.number("seq")?,
            taken: m.number("taken")?,
            selection: m.selection()?,
        },
        "undo" => Ask::Undo { edition: m.edition()? },
        "redo" => Ask::Redo { edition: m.edition()? },
        "set-headline" => Ask::SetHeadline {
            edition: m.edition()?,
            before: m.text("before")?,
            text: m.text("text")?,
        },
        "set-summary" => Ask::SetSummary {
            edition: m.edition()?,
            before: m.text("before")?,
            text: m.text("text")?,
        },
        "set-byline" => Ask::SetByline {
            edition: m.edition()?,
            before: m.byline("before")?,
            byline: m.byline("byline")?,
        },
        "save-source" => Ask::SaveSource {
            source: Box::new(csl::source("source", m.take("source")).map_err(|error| error.to_string())?),
            about: match m.0.contains_key("about") {
                true => m.object("about")?.0,
                false => Map::new(),
            },
        },
        "paste-sources" => Ask::PasteSources { text: m.text("text")? },
        "cite" => Ask::Cite {
            edition: m.edition()?,
            seq: m.number("seq")?,
            taken: m.number("taken")?,
            from: m.place("from")?,
            to: m.place("to")?,
            source: m.text("source")?,
            locator: m.text("locator")?,
            quote: m.text("quote")?,
        },
        "edit-citation" => Ask::EditCitation {
            edition: m.edition()?,
            citation: m.text("citation")?,
            source: m.text("source")?,
            locator: m.text("locator")?,
            quote: m.text("quote")?,
        },
        "remove-citation" => Ask::RemoveCitation {
            edition: m.edition()?,
            citation: m.text("citation")?,
        },
        "comment" => Ask::Comment {
            edition: m.edition()?,
            seq: m.number("seq")?,
            taken: m.number("taken")?,
            from: m.place("from")?,
            to: m.place("to")?,
            text: m.text("text")?,
        },
        "reply" => Ask::Reply {
            edition: m.edition()?,
            thread: m.text("thread")?,
            text: m.text("text")?,
        },
        "resolve" => Ask::Resolve {
            edition: m.edition()?,
            thread: m.text("thread")?,
            resolved: m.yes_or_no("resolved")?,
        },
        "watch-dossier" => Ask::WatchDossier {
            edition: m.edition()?,
            on: m.yes_or_no("on")?,
        },
        "save-record" => Ask::SaveRecord {
            edition: m.some_edition()?,
            record: m.text("record")?,
            members: m.object("members")?.0,
        },
        "remove-record" => Ask::RemoveRecord {
            edition: m.some_edition()?,
            record: m.text("record")?,
        },
        "mark-span" => Ask::MarkSpan {
            edition: m.edition()?,
            seq: m.number("seq")?,
            taken: m.number("taken")?,
            from: m.place("from")?,
            to: m.place("to")?,
            kind: m.text("kind")?,
            members: m.object("members")?.0,
        },
        "add-file" => Ask::AddFile {
            media: m.text("media")?,
            bytes: m.text("bytes")?,
        },
        "get-file" => Ask::GetFile { file: m.text("file")? },
        "review" => Ask::Review {
            edition: m.edition()?,
            now: m.text("now")?,
            kind: m.some_text("kind")?.unwrap_or_default(),
            reason: m.text("reason")?,
            key: m.some_text("key")?.unwrap_or_default(),
        },
        "sign-off" => Ask::SignOff {
            edition: m.edition()?,
            release: m.text("release")?,
            signatures: m.texts("signatures")?,
            key: m.text("key")?,
        },
        "publish" => Ask::Publish {
            edition: m.edition()?,
            release: m.text("release")?,
        },
        "published" => Ask::Published {
            edition: m.edition()?,
            release: m.text("release")?,
        },
        "export" => Ask::Export {
            edition: m.edition()?,
            format: m.text("format")?,
            sure: m.take("sure") == true,
        },
        "backup" => Ask::Backup {
            passphrase: m.text("passphrase")?,
            page: m.text("page")?,
        },
        "restore" => Ask::Restore {
            bytes: m.text("bytes")?,
            passphrase: m.text("passphrase")?,
        },
        "who" => Ask::Who,
        "invite-device" => Ask::InviteDevice,
        "revoke" => Ask::Revoke {
            invite: m.text("invite")?,
        },
        "remove-member" => Ask::RemoveMember {
            member: m.text("member")?,
        },
        "give-role" => Ask::GiveRole {
            member: m.text("member")?,
            role: m.text("role")?,
        },
        "remove-device" => Ask::RemoveDevice {
            device: m.text("device")?,
        },
        "expel" => Ask::Expel {
            outlet: m.text("outlet")?,
        },
        "new-key" => Ask::NewKey,
        "part" => Ask::Part,
        "adopt" => Ask::Adopt {
            member: m.text("member")?,
        },
        "drop-words" => Ask::DropWords { key: m.text("key")? },
        "save" => Ask::Save,
        "leave" => Ask::Leave,
        other => {
            return Err(format!(
                "there is no ask {other:?}: page and engine are of different builds, reload the page"
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use komuz_release::story::{CslDate, Name, Source};
    use serde_json::json;

    fn edition() -> EditionId {
        EditionId {
            story: "samaragate".into(),
            lang: "ky".into(),
        }
    }

    fn all() -> Vec<Ask> {
        let text = || "текст 👩🏽‍💻".to_owned();
        let members = || {
            Map::from_iter([
                ("names.ky".to_owned(), text().into()),
                ("unnamed".to_owned(), true.into()),
            ])
        };
        let card = OutletCard {
            id: "kloop".into(),
            name: text(),
            domain: "kloop.example".into(),
            keys: vec![text(), text()],
            freshness: text(),
        };
        let server = Server {
            url: "https://desk.kloop.example".into(),
            ticket: text(),
        };
        let source = Source {
            id: "s-1".into(),
            kind: "report".into(),
            author: vec![Name {
                family: text(),
                given: text(),
                literal: String::new(),
            }],
            title: text(),
            issued: Some(CslDate {
                date_parts: vec![vec![2019, 11, 21]],
                literal: String::new(),
            }),
            url: "https://kloop.example/".into(),
            ..Source::default()
        };
        vec![
            Ask::Device,
            Ask::Found {
                title: text(),
                outlet: card.clone(),
                member: text(),
                server: server.clone(),
            },
            Ask::ReadInvite { text: text() },
            Ask::Join {
                text: text(),
                outlet: card.clone(),
                member: text(),
                server: Some(server),
            },
            Ask::Join {
                text: text(),
                outlet: card,
                member: text(),
                server: None,
            },
            Ask::Enter { investigation: text() },
            Ask::Invite {
                outlet: text(),
                role: "writer".into(),
            },
            Ask::Confirm { request: text() },
            Ask::Refuse { request: text() },
            Ask::NewStory {
                lang: "ky".into(),
                headline: text(),
            },
            Ask::NewEdition {
                edition: edition(),
                from: Some("en".into()),
            },
            Ask::NewEdition {
                edition: edition(),
                from: None,
            },
            Ask::Open { edition: edition() },
            Ask::Close { edition: edition() },
            Ask::Import {
                edition: edition(),
                name: text(),
                text: text(),
                tongue: "en".into(),
            },
            Ask::Steps {
                edition: edition(),
                seq: 1,
                taken: 2,
                steps: vec![json!({ "stepType": "replace" })],
            },
            Ask::Whole {
                edition: edition(),
                seq: 1,
                taken: 2,
                doc: json!({ "type": "doc" }),
            },
            Ask::Taken {
                edition: edition(),
                batch: 3,
                hash: text(),
            },
            Ask::Select {
                edition: edition(),
                seq: 1,
                taken: 2,
                selection: Some((3, 4)),
            },
            Ask::Select {
                edition: edition(),
                seq: 1,
                taken: 2,
                selection: None,
            },
            Ask::Undo { edition: edition() },
            Ask::Redo { edition: edition() },
            Ask::SetHeadline {
                edition: edition(),
                before: text(),
                text: text(),
            },
            Ask::SetSummary {
                edition: edition(),
                before: text(),
                text: text(),
            },
            Ask::SetByline {
                edition: edition(),
                before: Vec::new(),
                byline: vec![
                    Byline {
                        name: text(),
                        outlet: Some(text()),
                    },
                    Byline {
                        name: text(),
                        outlet: None,
                    },
                ],
            },
            Ask::SaveSource {
                source: Box::new(source.clone()),
                about: Map::new(),
            },
            Ask::SaveSource {
                source: Box::new(source),
                about: members(),
            },
            Ask::PasteSources { text: text() },
            Ask::Cite {
                edition: edition(),
                seq: 1,
                taken: 2,
                from: 3,
                to: 4,
                source: text(),
                locator: text(),
                quote: text(),
            },
            Ask::EditCitation {
                edition: edition(),
                citation: text(),
                source: text(),
                locator: text(),
                quote: text(),
            },
            Ask::RemoveCitation {
                edition: edition(),
                citation: text(),
            },
            Ask::Comment {
                edition: edition(),
                seq: 1,
                taken: 2,
                from: 3,
                to: 4,
                text: text(),
            },
            Ask::Reply {
                edition: edition(),
                thread: text(),
                text: text(),
            },
            Ask::Resolve {
                edition: edition(),
                thread: text(),
                resolved: true,
            },
            Ask::WatchDossier {
                edition: edition(),
                on: true,
            },
            Ask::SaveRecord {
                edition: None,
                record: "e-".into(),
                members: members(),
            },
            Ask::SaveRecord {
                edition: Some(edition()),
                record: "k-1".into(),
                members: members(),
            },
            Ask::RemoveRecord {
                edition: None,
                record: "r-1".into(),
            },
            Ask::MarkSpan {
                edition: edition(),
                seq: 1,
                taken: 2,
                from: 3,
                to: 9,
                kind: "claim".into(),
                members: members(),
            },
            Ask::AddFile {
                media: text(),
                bytes: text(),
            },
            Ask::GetFile { file: text() },
            Ask::Review {
                edition: edition(),
                now: text(),
                kind: text(),
                reason: text(),
                key: text(),
            },
            Ask::SignOff {
                edition: edition(),
                release: text(),
                signatures: vec![text()],
                key: text(),
            },
            Ask::Publish {
                edition: edition(),
                release: text(),
            },
            Ask::Published {
                edition: edition(),
                release: text(),
            },
            Ask::Export {
                edition: edition(),
                format: text(),
                sure: false,
            },
            Ask::Export {
                edition: edition(),
                format: text(),
                sure: true,
            },
            Ask::Backup {
                passphrase: text(),
                page: text(),
            },
            Ask::Restore {
                bytes: text(),
                passphrase: text(),
            },
            Ask::Who,
            Ask::InviteDevice,
            Ask::Revoke { invite: text() },
            Ask::RemoveMember { member: text() },
            Ask::GiveRole {
                member: text(),
                role: text(),
            },
            Ask::RemoveDevice { device: text() },
            Ask::Expel { outlet: text() },
            Ask::Part,
            Ask::NewKey,
            Ask::Adopt { member: text() },
            Ask::DropWords { key: text() },
            Ask::Save,
            Ask::Leave,
        ]
    }

    #[test]
    fn every_ask_that_is_written_is_read() {
        for (id, ask) in (1..).zip(all()) {
            let message = ToEngine { id, ask };
            let json = serde_json::to_string(&message).expect("a message is JSON");
            assert_eq!(read(&json), Ok(message));
        }
    }

    #[test]
    fn what_may_be_left_out_may_be_left_out() {
        let json = json!({ "id": 1, "ask": { "ask": "taken", "edition": { "story": "s", "lang": "en" }, "batch": 1 } });
        assert!(
            matches!(read(&json.to_string()), Ok(ToEngine { ask: Ask::Taken { hash, .. }, .. }) if hash.is_empty())
        );
    }

    #[test]
    fn a_message_that_cannot_be_read_says_where_and_keeps_its_id() {
        for (json, id, says) in [
            (r#"{"id":7,"ask":{"ask":"dance"}}"#, Some(7), "dance"),
            (r#"{"id":7,"ask":{"ask":"enter"}}"#, Some(7), "investigation"),
            (r#"{"id":7}"#, Some(7), "ask"),
            (r#"{"ask":{"ask":"device"}}"#, None, "id"),
            (r#"{"id":4294967296,"ask":{"ask":"device"}}"#, None, "id"),
            ("[]", None, "object"),
            ("{", None, "EOF"),
        ] {
            let bad = read(json).expect_err(json);
            assert_eq!(bad.id, id, "{json}");
            assert!(bad.message.contains(says), "{json}: {}", bad.message);
        }
    }
}

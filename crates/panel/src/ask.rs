//! What the panel asks the engine for, as the JSON of `komuz_messages::Ask`, and what comes back.

use serde_json::{Map, Value, json};

use crate::view::Edition;

/// What was not done, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Its stable name.
    pub code: String,
    /// An English sentence, for codes that are not worded here.
    pub message: String,
}

impl Trouble {
    /// A trouble of the panel's own; [`crate::words`] has its words.
    pub fn own(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            message: String::new(),
        }
    }
}

/// Members of a record: null deletes one and all below it.
pub type Members = Vec<(String, Value)>;

/// The path of a member. Dots in a name are written `~1`, tildes `~0`.
pub fn path(steps: &[&str]) -> String {
    let steps: Vec<String> = steps
        .iter()
        .map(|step| step.replace('~', "~0").replace('.', "~1"))
        .collect();
    steps.join(".")
}

/// A text as the value of a member: none when it is empty.
pub fn text(text: &str) -> Value {
    match text.trim() {
        "" => Value::Null,
        text => text.into(),
    }
}

fn object(members: &[(String, Value)]) -> Map<String, Value> {
    members.iter().cloned().collect()
}

/// Where a record lies: in the edition, or (null) in the registers that all editions share. Its id says it.
fn place(edition: &Edition, record: &str) -> Value {
    let of_edition = ["k-", "a-", "h-", "b-", "o-"];
    if of_edition.iter().any(|prefix| record.starts_with(prefix)) {
        json!({ "story": edition.story, "lang": edition.lang })
    } else {
        Value::Null
    }
}

/// Saves members of a record; an id that ends in `-` makes a new one.
pub fn save(edition: &Edition, record: &str, members: &[(String, Value)]) -> Value {
    json!({
        "ask": "save-record",
        "edition": place(edition, record),
        "record": record,
        "members": object(members),
    })
}

/// Removes a record.
pub fn remove(edition: &Edition, record: &str) -> Value {
    json!({ "ask": "remove-record", "edition": place(edition, record), "record": record })
}

/// Makes a claim or an answer of what is selected in the text; none when the selection is one of another edition.
pub fn mark(edition: &Edition, selected: &Value, kind: &str, members: &[(String, Value)]) -> Option<Value> {
    let here = json!({ "story": edition.story, "lang": edition.lang });
    (selected["edition"].is_null() || selected["edition"] == here).then(|| {
        json!({
            "ask": "mark-span",
            "edition": here,
            "seq": selected["seq"],
            "taken": selected["taken"],
            "from": selected["from"],
            "to": selected["to"],
            "kind": kind,
            "members": object(members),
        })
    })
}

/// What came of an ask: the id of what was made, empty where nothing was.
pub fn result(json: &str) -> Result<String, Trouble> {
    answer(json).map(|answer| answer["id"].as_str().unwrap_or_default().to_owned())
}

/// What an ask was answered with.
pub fn answer(json: &str) -> Result<Value, Trouble> {
    let mut result: Value = serde_json::from_str(json).unwrap_or_default();
    let answer = result["Ok"].take();
    if answer.is_object() {
        return Ok(answer);
    }
    let said = |name: &str| result["Err"][name].as_str().unwrap_or_default().to_owned();
    Err(Trouble {
        code: said("code"),
        message: said("message"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition() -> Edition {
        Edition {
            story: "issyk-kul".into(),
            lang: "ky".into(),
        }
    }

    #[test]
    fn claims_lie_in_the_edition_and_entities_in_the_registers() {
        let members = [("role".to_owned(), text(" deputy head of customs "))];
        let saved = save(&edition(), "e-7", &members);
        assert_eq!(saved["edition"], Value::Null);
        assert_eq!(saved["members"], json!({ "role": "deputy head of customs" }));
        let saved = save(&edition(), "k-7", &[("about.e-1".to_owned(), true.into())]);
        assert_eq!(saved["edition"], json!({ "story": "issyk-kul", "lang": "ky" }));
        assert_eq!(remove(&edition(), "s-3")["edition"], Value::Null);
    }

    #[test]
    fn an_emptied_field_deletes_its_member() {
        let saved = save(&edition(), "r-1", &[("deadline".to_owned(), text("  "))]);
        assert_eq!(saved["members"], json!({ "deadline": null }));
    }

    #[test]
    fn a_name_with_a_dot_is_one_step_of_a_path() {
        assert_eq!(path(&["byline", "A. Osmonova"]), "byline.A~1 Osmonova");
        assert_eq!(path(&["mentions", "~."]), "mentions.~0~1");
    }

    #[test]
    fn what_is_selected_in_another_edition_makes_no_claim() {
        let selected =
            json!({ "seq": 3, "taken": 2, "from": 4, "to": 9, "edition": { "story": "issyk-kul", "lang": "ru" } });
        assert_eq!(mark(&edition(), &selected, "claim", &[]), None);
        let selected =
            json!({ "seq": 3, "taken": 2, "from": 4, "to": 9, "edition": { "story": "issyk-kul", "lang": "ky" } });
        let asked = mark(&edition(), &selected, "answer", &[("reply".to_owned(), "r-1".into())]).expect("here");
        assert_eq!(asked["kind"], "answer");
        assert_eq!(
            (&asked["seq"], &asked["from"], &asked["members"]["reply"]),
            (&3.into(), &4.into(), &"r-1".into())
        );
    }

    #[test]
    fn a_result_is_an_id_or_a_trouble() {
        assert_eq!(result(r#"{"Ok":{"answer":"made","id":"k-1"}}"#), Ok("k-1".to_owned()));
        assert_eq!(result(r#"{"Ok":{"answer":"done"}}"#), Ok(String::new()));
        let trouble = result(r#"{"Err":{"code":"role","with":[],"message":"no"}}"#).expect_err("refused");
        assert_eq!((trouble.code.as_str(), trouble.message.as_str()), ("role", "no"));
        assert!(result("").is_err());
    }
}

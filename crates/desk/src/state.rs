//! What the page knows: the engine's views, whole as they came, and where the person is.

use std::ops::Deref;
use std::rc::Rc;

use komuz_messages::{EditionId, EditionView, InvestigationView, Joining, Listed, Person, StateView};
use serde_json::Value;
use yew::{Callback, MouseEvent};

use crate::app::{Click, Msg, Writing};
use crate::engine::Engine;
use crate::surface::{Range, Surface};
use crate::words::{Tongue, Words};

/// A view that is compared by identity: a component that was given the same one is not painted again.
pub struct Same<T>(Rc<T>);

impl<T> Same<T> {
    pub fn new(value: T) -> Self {
        Self(Rc::new(value))
    }
}

impl<T> Clone for Same<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> PartialEq for Same<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Deref for Same<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Default> Default for Same<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// What every component needs: the engine, the app, and the words of the interface's language. One pointer, since every
/// listener holds one.
#[derive(Clone)]
pub struct Context(Rc<Shared>);

pub struct Shared {
    pub engine: Engine,
    pub app: Callback<Msg>,
    pub writing: Rc<Writing>,
    pub tongue: Tongue,
}

impl Deref for Context {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl PartialEq for Context {
    fn eq(&self, other: &Self) -> bool {
        // Engine and app live as long as the page; the language alone changes what is painted.
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Context {
    pub fn new(engine: Engine, app: Callback<Msg>, tongue: Tongue) -> Self {
        Self(Rc::new(Shared {
            engine,
            app,
            writing: Rc::default(),
            tongue,
        }))
    }

    /// The same in another language.
    pub fn speaking(&self, tongue: Tongue) -> Self {
        let (engine, app, writing) = (self.engine.clone(), self.app.clone(), self.writing.clone());
        Self(Rc::new(Shared {
            engine,
            app,
            writing,
            tongue,
        }))
    }

    pub fn words(&self) -> &'static Words {
        self.tongue.words()
    }

    pub fn send(&self, msg: Msg) {
        self.app.emit(msg);
    }

    /// A listener that does this.
    pub fn click(&self, click: Click) -> Callback<MouseEvent> {
        let app = self.app.clone();
        Callback::from(move |_: MouseEvent| app.emit(Msg::Click(click.clone())))
    }

    /// The selection in the open text, as it is now.
    pub fn range(&self) -> Option<Range> {
        self.writing.surface.borrow().as_ref().map(Surface::range)
    }
}

/// What stood behind `#` in the desk's address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    #[default]
    None,
    /// The operator's ticket, with which an outlet's server takes logs and a first masthead.
    Ticket(String),
    /// An invitation.
    Invite(String),
}

impl Entry {
    /// Reads a fragment without its `#`.
    pub fn read(fragment: &str) -> Self {
        match fragment.strip_prefix("ticket=") {
            _ if fragment.is_empty() => Self::None,
            Some(ticket) => Self::Ticket(ticket.to_owned()),
            None => Self::Invite(fragment.to_owned()),
        }
    }
}

/// What this device has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    pub investigations: Vec<Listed>,
    pub joining: Vec<Joining>,
}

/// The document that the surface starts from; one of another number starts it again.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub edition: EditionId,
    pub batch: u64,
    pub doc: Value,
}

/// The engine's views.
#[derive(Clone, Default)]
pub struct Views {
    /// None until the engine has answered.
    pub device: Option<Same<Device>>,
    pub investigation: Option<Same<InvestigationView>>,
    pub edition: Option<Same<EditionView>>,
    pub page: Option<Same<Page>>,
    pub people: Same<Vec<Person>>,
    pub state: Same<StateView>,
}

/// What the page area shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Place {
    /// The list of stories.
    #[default]
    Stories,
    /// An edition.
    Story(EditionId),
    /// The register of sources.
    Sources,
    /// Members, invitations, requests.
    People,
    /// The servers.
    Servers,
    /// Backup, restore, leaving.
    Device,
}

/// A tab of the side column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    Sources,
    #[default]
    Notes,
    Comments,
    People,
    Checks,
}

/// An outlet's string: the class that colours it, from the order in which outlets came.
pub fn string_class(investigation: &InvestigationView, outlet: &str) -> &'static str {
    match investigation
        .outlets
        .iter()
        .position(|card| card.id == outlet)
        .map(|index| index % 3)
    {
        Some(0) => "string-1",
        Some(1) => "string-2",
        Some(2) => "string-3",
        _ => "string-0",
    }
}

/// An outlet's name, or its id while its card is not here.
pub fn outlet_name<'a>(investigation: &'a InvestigationView, outlet: &'a str) -> &'a str {
    investigation
        .outlets
        .iter()
        .find(|card| card.id == outlet)
        .map_or(outlet, |card| card.name.as_str())
}

/// The first letters of a name's first and last word; the style sheet makes them capitals.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    first.into_iter().chain(last).collect()
}

/// A letter in lower case, of the scripts that are searched here: Latin with its first accents, Cyrillic with the Kyrgyz
/// letters. The standard library's tables for all scripts weigh more than the rest of this module.
fn lower(c: char) -> char {
    let moved = match c {
        'A'..='Z' | 'À'..='Ö' | 'Ø'..='Þ' | 'А'..='Я' => 0x20,
        'Ѐ'..='Џ' => 0x50,
        // In pairs, the capital first.
        'Ѡ'..='Ѿ' | 'Ҋ'..='Ҿ' | 'Ӑ'..='Ԯ' => u32::from(u32::from(c) % 2 == 0),
        _ => 0,
    };
    char::from_u32(u32::from(c) + moved).unwrap_or(c)
}

/// A text in lower case, for searching.
pub fn folded(text: &str) -> String {
    text.chars().map(lower).collect()
}

/// A short id of an outlet made from its name: `a-z`, `0-9`, `-`; Cyrillic in the Latin letters of everyday use.
pub fn outlet_id(name: &str) -> String {
    let mut id = String::new();
    for c in name.chars().map(lower) {
        let latin = match c {
            'a'..='z' | '0'..='9' => {
                id.push(c);
                continue;
            }
            'а' => "a",
            'б' => "b",
            'в' => "v",
            'г' => "g",
            'д' => "d",
            'е' | 'э' | 'ё' => "e",
            'ж' => "j",
            'з' => "z",
            'и' | 'й' => "i",
            'к' => "k",
            'л' => "l",
            'м' => "m",
            'н' => "n",
            'ң' => "ng",
            'о' => "o",
            'ө' => "o",
            'п' => "p",
            'р' => "r",
            'с' => "s",
            'т' => "t",
            'у' => "u",
            'ү' => "u",
            'ф' => "f",
            'х' => "h",
            'ц' => "ts",
            'ч' => "ch",
            'ш' => "sh",
            'щ' => "sch",
            'ы' => "y",
            'ю' => "yu",
            'я' => "ya",
            'ъ' | 'ь' => "",
            _ => {
                if !id.is_empty() && !id.ends_with('-') {
                    id.push('-');
                }
                continue;
            }
        };
        id.push_str(latin);
    }
    id.truncate(40);
    let id = id.trim_matches('-');
    if id.is_empty() {
        "outlet".to_owned()
    } else {
        id.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outlet_gets_an_id_of_plain_letters() {
        assert_eq!(outlet_id("Kloop Media"), "kloop-media");
        assert_eq!(outlet_id("Ала-Тоо үнү"), "ala-too-unu");
        assert_eq!(outlet_id("«…»"), "outlet");
        assert!(outlet_id(&"ж".repeat(200)).len() <= 40);
    }

    #[test]
    fn searching_does_not_mind_capitals() {
        assert_eq!(folded("ЁЛКА Ңөү ÉTÉ ABC ҚЫРҒЫЗ"), "ёлка ңөү été abc қырғыз");
        let cyrillic = "АБВЯЀЏҢӨҮ";
        assert_eq!(folded(cyrillic), cyrillic.to_lowercase());
    }

    #[test]
    fn initials_are_of_the_first_and_the_last_name() {
        assert_eq!(initials("Айгүл Касымова"), "АК");
        assert_eq!(initials("Nurlan"), "N");
        assert_eq!(initials(""), "");
    }

    #[test]
    fn a_fragment_is_a_ticket_or_an_invitation() {
        assert_eq!(Entry::read(""), Entry::None);
        assert_eq!(Entry::read("ticket=abc"), Entry::Ticket("abc".to_owned()));
        assert_eq!(Entry::read("join=abc"), Entry::Invite("join=abc".to_owned()));
    }
}

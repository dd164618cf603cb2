//! The element's inside: waiting, checked, not checked, refused.

use js_sys::{Array, Object, Reflect, Uint8Array};
use komuz_release::folder::Place;
use komuz_release::story::BlockKind;
use komuz_release::verify::Refusal;
use komuz_release::words::{Lang, direction};
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use web_sys::{Blob, BlobPropertyBag, CustomEvent, CustomEventInit, HtmlElement, Url};
use yew::prelude::*;

use crate::check::{Asked, Failure, Found, address, newest, picture};
use crate::markup::{Tag, class, list, tag};
use crate::signed::Checked;
use crate::story::{StoryView, Theme};
use crate::words::words;

/// What the page says by attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which edition, from which mirrors.
    pub asked: Asked,
    /// The outlet on whose page it stands.
    pub outlet: Option<String>,
    /// Colours.
    pub theme: Theme,
    /// Where readers are sent whose browser cannot check.
    pub copy: String,
}

/// Properties of [`Embed`].
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct EmbedProps {
    /// The element; events are dispatched on it.
    pub host: HtmlElement,
    /// What the page says.
    pub settings: Settings,
}

/// What happens to an [`Embed`].
#[derive(Debug)]
pub enum Msg {
    /// A release was checked. The number tells for which question.
    Found(u32, Found),
    /// There is nothing genuine to show.
    Failed(u32, Failure),
    /// A picture was checked: its hash and the address of its bytes.
    Picture(String, String),
    /// The reader chose a language.
    Language(String),
    /// The browser is online again.
    Online,
}

/// What is shown.
#[derive(Debug)]
enum Shown {
    /// The page's own article; nothing is known yet.
    Waiting,
    /// A checked release.
    Checked(Found),
    /// The page's own article, with the sentence that it was not checked.
    Unchecked,
    /// The page's own article, marked as not genuine.
    Refused(Box<Refusal>),
}

/// The component in the element's shadow root.
#[derive(Debug)]
pub struct Embed {
    /// What is asked for now: the page's edition or the one that the reader chose.
    asked: Asked,
    /// Counts questions, so that the answer to an old one changes nothing.
    question: u32,
    shown: Shown,
    awaited: Option<String>,
    said: Option<String>,
    pictures: Vec<(String, AttrValue)>,
    online: Option<Closure<dyn Fn()>>,
}

impl Component for Embed {
    type Message = Msg;
    type Properties = EmbedProps;

    fn create(ctx: &Context<Self>) -> Self {
        let mut embed = Self {
            asked: ctx.props().settings.asked.clone(),
            question: 0,
            shown: Shown::Waiting,
            awaited: None,
            said: None,
            pictures: Vec::new(),
            online: None,
        };
        embed.ask(ctx);
        embed
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &EmbedProps) -> bool {
        let asked = &ctx.props().settings.asked;
        if *asked != old.settings.asked {
            if asked.edition.story != self.asked.edition.story
                || asked.edition.fingerprint != self.asked.edition.fingerprint
            {
                self.shown = Shown::Waiting;
            }
            self.asked = asked.clone();
            self.ask(ctx);
        }
        true
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Found(question, found) if question == self.question => {
                self.awaited = None;
                self.said = None;
                self.tell_verified(ctx, &found);
                self.fetch_pictures(ctx, &found);
                self.shown = Shown::Checked(found);
            }
            Msg::Failed(question, failure) if question == self.question => {
                self.awaited = None;
                self.failed(ctx, failure);
            }
            Msg::Picture(file, at) => {
                self.pictures.push((file, at.into()));
            }
            Msg::Language(tag) => {
                if let Shown::Checked(found) = &self.shown
                    && found.release.lang == tag
                {
                    return false;
                }
                self.asked.edition.lang.clone_from(&tag);
                // Each edition has numbers of its own.
                let page = &ctx.props().settings.asked;
                self.asked.floor = if page.edition.lang == tag { page.floor } else { 0 };
                self.awaited = Some(tag);
                self.said = None;
                self.ask(ctx);
            }
            Msg::Online if matches!(self.shown, Shown::Unchecked) => self.ask(ctx),
            _ => return false,
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let settings = &ctx.props().settings;
        match &self.shown {
            Shown::Waiting => tag("slot").html(),
            Shown::Checked(found) => self.story(ctx, found),
            Shown::Unchecked => {
                let lang = Lang::of(&settings.asked.edition.lang);
                let said = format!("{} {} ", lang.words().not_checked_here, words(lang).unreachable);
                let notice = notice(settings, "komuz notice", "note")
                    .text(&said)
                    .with(copy(settings));
                list(vec![notice.html(), tag("slot").html()])
            }
            Shown::Refused(refusal) => {
                let lang = Lang::of(&settings.asked.edition.lang);
                let said = format!("{} {}", lang.words().refused, refusal.sentence(lang));
                let notice = notice(settings, "komuz notice refused", "alert")
                    .with(tag("p").text(&said).html())
                    .with(tag("p").with(copy(settings)).html());
                list(vec![
                    notice.html(),
                    class("div", "refused-text").with(tag("slot").html()).html(),
                ])
            }
        }
    }
}

/// What stands over an article that was not checked or was refused.
fn notice(settings: &Settings, name: &'static str, role: &'static str) -> Tag {
    let lang = &settings.asked.edition.lang;
    class("div", name)
        .set("part", "notice")
        .set("role", role)
        .set("data-theme", settings.theme.as_str())
        .set("lang", lang)
        .set("dir", direction(lang))
}

/// The way to a copy that can be checked.
fn copy(settings: &Settings) -> Html {
    let words = Lang::of(&settings.asked.edition.lang).words();
    tag("a").set("href", &settings.copy).text(words.open_checkable).html()
}

impl Embed {
    /// Asks the mirrors for the newest release of the edition that is wanted now.
    fn ask(&mut self, ctx: &Context<Self>) {
        self.question += 1;
        let (question, asked, link) = (self.question, self.asked.clone(), ctx.link().clone());
        wasm_bindgen_futures::spawn_local(async move {
            let show = |found| link.send_message(Msg::Found(question, found));
            if let Err(failure) = newest(&asked, show).await {
                link.send_message(Msg::Failed(question, failure));
            }
        });
    }

    fn failed(&mut self, ctx: &Context<Self>, failure: Failure) {
        if let Failure::Refused { refusal, mirror } = &failure {
            self.tell_refused(ctx, refusal, mirror);
        }
        // Two releases under one number, in the language that is shown: neither is shown as genuine.
        let is_two = matches!(&failure, Failure::Refused { refusal, .. } if matches!(**refusal, Refusal::Two { .. }));
        if let Shown::Checked(found) = &self.shown
            && !(is_two && found.release.lang == self.asked.edition.lang)
        {
            // Another language was asked for: the checked one stays, and says why.
            let lang = found.release.lang.clone();
            let words = words(Lang::of(&lang));
            self.said = Some(match &failure {
                Failure::Refused { refusal, .. } => {
                    format!("{} {}", refusal.sentence(Lang::of(&lang)), words.other_language)
                }
                _ => words.other_language.to_owned(),
            });
            self.asked.edition.lang = lang;
            return;
        }
        self.shown = match failure {
            Failure::Refused { refusal, .. } => Shown::Refused(refusal),
            Failure::NoMirror | Failure::Unreachable(_) => {
                self.ask_when_online(ctx);
                Shown::Unchecked
            }
        };
    }

    /// On a line that comes and goes, the next chance is when the browser says so.
    fn ask_when_online(&mut self, ctx: &Context<Self>) {
        if self.online.is_some() {
            return;
        }
        let link = ctx.link().clone();
        let listener = Closure::<dyn Fn()>::new(move || link.send_message(Msg::Online));
        if let Some(window) = web_sys::window() {
            let _ = window.add_event_listener_with_callback("online", listener.as_ref().unchecked_ref());
        }
        self.online = Some(listener);
    }

    fn story(&self, ctx: &Context<Self>, found: &Found) -> Html {
        let settings = &ctx.props().settings;
        let plain_page = Place::Index(self.edition_of(found), found.hash.clone());
        let checked = Checked {
            freshness: found.freshness,
            plain_page: address(&found.mirror, &plain_page).into(),
        };
        html! {
            <StoryView
                release={found.release.clone()}
                outlets={found.outlets.clone()}
                outlet={settings.outlet.clone()}
                {checked}
                pictures={self.pictures.clone()}
                theme={settings.theme}
                on_language={ctx.link().callback(Msg::Language)}
                awaited={self.awaited.clone()}
                said={self.said.clone().map(AttrValue::from)}
            />
        }
    }

    fn edition_of(&self, found: &Found) -> komuz_release::folder::Edition {
        let mut edition = self.asked.edition.clone();
        edition.lang.clone_from(&found.release.lang);
        edition
    }

    fn fetch_pictures(&self, ctx: &Context<Self>, found: &Found) {
        let fingerprint = self.asked.edition.fingerprint.clone();
        let mut mirrors = vec![found.mirror.clone()];
        mirrors.extend(self.asked.mirrors.iter().filter(|m| **m != found.mirror).cloned());
        let mut wanted: Vec<(String, String)> = Vec::new();
        for block in &found.release.body.blocks {
            if let BlockKind::Figure { file, media, .. } = &block.kind
                && PICTURES.contains(&media.as_str())
                && !self.pictures.iter().any(|(had, _)| had == file)
                && !wanted.iter().any(|(had, _)| had == file)
            {
                wanted.push((file.clone(), media.clone()));
            }
        }
        let link = ctx.link().clone();
        wasm_bindgen_futures::spawn_local(async move {
            for (file, media) in wanted {
                if let Some(bytes) = picture(&fingerprint, &file, &mirrors).await
                    && let Some(at) = blob(&bytes, &media)
                {
                    link.send_message(Msg::Picture(file, at));
                }
            }
        });
    }

    fn tell_verified(&self, ctx: &Context<Self>, found: &Found) {
        let release = &found.release;
        let signed: Array = found
            .outlets
            .iter()
            .filter(|outlet| outlet.signed)
            .map(|outlet| JsValue::from_str(&outlet.id))
            .collect();
        tell(
            &ctx.props().host,
            "komuz-verified",
            &[
                ("story", release.story.as_str().into()),
                ("lang", release.lang.as_str().into()),
                ("number", (release.number as f64).into()),
                ("hash", found.hash.as_str().into()),
                ("mirror", found.mirror.as_str().into()),
                ("signed", signed.into()),
            ],
        );
    }

    fn tell_refused(&self, ctx: &Context<Self>, refusal: &Refusal, mirror: &str) {
        let edition = &self.asked.edition;
        tell(
            &ctx.props().host,
            "komuz-refused",
            &[
                ("story", edition.story.as_str().into()),
                ("lang", edition.lang.as_str().into()),
                ("code", refusal.code().into()),
                ("reason", refusal.to_string().into()),
                ("mirror", mirror.into()),
            ],
        );
    }
}

/// Pictures that browsers show without running anything; SVG is a document.
const PICTURES: [&str; 5] = ["image/avif", "image/gif", "image/jpeg", "image/png", "image/webp"];

/// An address for checked bytes.
fn blob(bytes: &[u8], media: &str) -> Option<String> {
    let parts = Array::of1(&Uint8Array::from(bytes));
    let options = BlobPropertyBag::new();
    options.set_type(media);
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options).ok()?;
    Url::create_object_url_with_blob(&blob).ok()
}

/// Dispatches an event that crosses shadow roots.
fn tell(host: &HtmlElement, name: &str, detail: &[(&str, JsValue)]) {
    let object = Object::new();
    for (key, value) in detail {
        let _ = Reflect::set(&object, &(*key).into(), value);
    }
    let init = CustomEventInit::new();
    init.set_bubbles(true);
    init.set_composed(true);
    init.set_detail(&object);
    if let Ok(event) = CustomEvent::new_with_event_init_dict(name, &init) {
        let _ = host.dispatch_event(&event);
    }
}

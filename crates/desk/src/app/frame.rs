//! The frame around everything: header, rail, foot, and what the page area shows.

use komuz_messages::{Ask, EditionId, InvestigationView, Signing, StateView, StoryView};
use serde_json::Map;
use wasm_bindgen::JsCast;
use yew::prelude::*;

use super::bits::{self, signed_words, strings};
use super::people::people;
use super::review::changes;
use super::servers::servers;
use super::side::Side;
use super::sources::sources;
use super::{App, Click, Dialog, Msg, Sheet};
use crate::state::{Context, Place, Same, initials, outlet_name, string_class};
use crate::words::{TONGUES, Tongue, Words};

impl App {
    pub(super) fn frame(&self) -> Html {
        let Some(investigation) = self.views.investigation.clone() else {
            return Html::default();
        };
        let w = self.ctx.words();
        let writing = matches!(self.place, Place::Story(_));
        let sheet = match self.sheet {
            Sheet::None => "",
            Sheet::Rail => "rail-sheet",
            Sheet::Side => "side-sheet",
        };
        let close_sheet = self.ctx.click(Click::Sheet(Sheet::None));
        let behind = self.sheet != Sheet::None;
        let escape = {
            let ctx = self.ctx.clone();
            Callback::from(move |event: KeyboardEvent| {
                if event.key() == "Escape" {
                    ctx.send(Msg::Sheet(Sheet::None));
                }
            })
        };
        html! {
            <div class={classes!("frame", sheet, writing.then_some("writing"), self.stopped.then_some("locked"))}>
                { self.header(&investigation) }
                <nav class="rail" aria-label={w.stories()} inert={self.sheet == Sheet::Side} onkeydown={escape.clone()}>
                    <button type="button" class="quiet sheet-close" onclick={close_sheet.clone()}>{ w.close() }</button>
                    <Rail ctx={self.ctx.clone()} investigation={investigation.clone()} place={self.place.clone()}
                        open_threads={self.open_threads()} />
                    { self.settings() }
                </nav>
                <main class="page" id="text" tabindex="-1" ref={self.main.clone()} inert={behind}>
                    { self.lacking() }
                    { self.trouble_bar() }
                    { self.let_in() }
                    { self.page(&investigation) }
                </main>
                if writing {
                    <aside class="side" aria-label={w.side_column()} inert={self.sheet == Sheet::Rail} onkeydown={escape}>
                        <button type="button" class="quiet sheet-close" onclick={close_sheet}>{ w.close() }</button>
                        <Side ctx={self.ctx.clone()} {investigation} edition={self.views.edition.clone()} tab={self.tab}
                            people={self.views.people.clone()} active={self.active.clone()} />
                    </aside>
                }
                { self.foot() }
            </div>
        }
    }

    fn skip(&self) -> Callback<MouseEvent> {
        let (ctx, main) = (self.ctx.clone(), self.main.clone());
        Callback::from(move |_| {
            if let Some(surface) = ctx.writing.surface.borrow().as_ref() {
                surface.focus();
            } else if let Some(main) = main.cast::<web_sys::HtmlElement>() {
                let _ = main.focus();
            }
        })
    }

    fn page(&self, investigation: &Same<InvestigationView>) -> Html {
        match &self.place {
            Place::Stories => self.stories(investigation),
            Place::Story(edition) => self.story(investigation, edition),
            Place::Sources => sources(&self.ctx, &investigation.sources),
            Place::People => people(&self.ctx, investigation),
            Place::Servers => servers(&self.ctx, investigation, &self.views.state),
            Place::Device => self.device_place(),
        }
    }

    /// News that matters stays until the person has read it.
    pub(super) fn trouble_bar(&self) -> Html {
        let Some(trouble) = &self.trouble else {
            return Html::default();
        };
        let w = self.ctx.words();
        let close = self.ctx.click(Click::Calm);
        // What is left to who is out: a copy of all, leaving.
        let (words, click) = match self.views.state.closed {
            Some(_) => (w.this_device(), Click::Go(Place::Device)),
            None => (w.open_again(), Click::Reload),
        };
        html! {
            <div class="notice bad above" role="alert" data-test="trouble">
                <p>{ w.trouble(trouble) }</p>
                if self.stopped {
                    <button type="button" class="main" data-test="open-again" onclick={self.ctx.click(click)}>{ words }</button>
                }
                <button type="button" class="quiet" onclick={close}>{ w.close() }</button>
            </div>
        }
    }

    /// Another investigation took this device in while the person works in the open one.
    fn let_in(&self) -> Html {
        let Some(id) = &self.admitted else {
            return Html::default();
        };
        let w = self.ctx.words();
        let listed = self.views.device.as_ref();
        let title = listed
            .and_then(|device| device.investigations.iter().find(|listed| listed.id == *id))
            .map_or(id.as_str(), |listed| listed.title.as_str());
        html! {
            <div class="notice above" role="status" data-test="let-in">
                <p dir="auto">{ w.let_in().fill(&[title]) }</p>
                <button type="button" data-test="let-in-open" onclick={self.ctx.click(Click::Enter(id.clone()))}>
                    { w.let_in_open() }
                </button>
            </div>
        }
    }

    fn open_threads(&self) -> u32 {
        self.views.edition.as_ref().map_or(0, |view| {
            view.threads.iter().filter(|thread| !thread.resolved).count() as u32
        })
    }

    fn header(&self, investigation: &InvestigationView) -> Html {
        let w = self.ctx.words();
        let editor = investigation.role == "editor" && !self.stopped;
        let signing = self.views.edition.as_ref().map(|view| &view.signing);
        let rail = self.ctx.click(Click::Sheet(Sheet::Rail));
        html! {
            <header inert={self.sheet != Sheet::None}>
                <button type="button" class="skip" onclick={self.skip()}>{ w.skip_to_text() }</button>
                <button type="button" class="quiet narrow" data-test="rail-open" onclick={rail}>{ w.stories() }</button>
                { strings(w, investigation, signing.unwrap_or(&Signing::default())) }
                <h1 dir="auto" data-test="title">{ investigation.title.clone() }</h1>
                { self.saved() }
                <div class="who" data-test="people">
                    // Where the device has a passphrase: the way to lock it now.
                    <komuz-lock lang={self.ctx.tongue.tag()} now="" />
                    { self.people_here(investigation) }
                    if let Some(signing) = signing.filter(|_| editor) {
                        { self.sign_buttons(w, signing) }
                    }
                </div>
            </header>
        }
    }

    fn sign_buttons(&self, w: &Words, signing: &Signing) -> Html {
        let open = |dialog: Dialog| self.ctx.click(Click::Dialog(Some(dialog)));
        html! {
            <>
                if signing.published > 0 {
                    <button type="button" data-test="snippet" onclick={open(Dialog::Snippet)}>{ w.snippet() }</button>
                }
                if let Some(release) = signing.proposal.clone().filter(|_| signing.complete) {
                    <button type="button" class="main" data-test="publish" onclick={open(Dialog::Publish(release))}>
                        { w.publish() }
                    </button>
                }
                <button type="button" class={(!signing.complete).then_some("main")} data-test="review"
                    onclick={open(Dialog::Review)}>
                    { w.review() }<span class="long">{ w.and_sign() }</span>
                </button>
            </>
        }
    }

    /// Who else is in the open edition, and oneself.
    fn people_here(&self, investigation: &InvestigationView) -> Html {
        let me = investigation
            .members
            .iter()
            .find(|member| member.id == investigation.me);
        let mine = me.map(|me| (me.name.as_str(), me.outlet.as_str()));
        let others = self
            .views
            .people
            .iter()
            .map(|person| (person.name.as_str(), person.outlet.as_str()));
        html! {
            <ul class="people" aria-label={self.ctx.words().who_is_here()}>
                { for others.chain(mine).map(|(name, outlet)| {
                    let title = format!("{name} · {}", outlet_name(investigation, outlet));
                    html! {
                        <li class={string_class(investigation, outlet)} title={title.clone()}>
                            <span aria-hidden="true">{ initials(name) }</span>
                            <span class="hidden" dir="auto">{ title }</span>
                        </li>
                    }
                }) }
            </ul>
        }
    }

    /// The saved state: a sentence that is always there, and one that is read out only when something is wrong or right again.
    fn saved(&self) -> Html {
        let w = self.ctx.words();
        let state = &self.views.state;
        let (mut class, mut sentence) = saved_words(w, state);
        // What was typed and has not reached the engine is not saved either.
        if state.save_trouble.is_none() && self.ctx.engine.is_busy() {
            (class, sentence) = ("busy", w.saving().to_owned());
        }
        let spoken = if state.saved || state.save_trouble.is_some() {
            sentence.clone()
        } else {
            String::new()
        };
        html! {
            <div class={classes!("state", class)} data-test="saved" data-state={class}>
                <i class="dot" aria-hidden="true" />
                <span>{ sentence }</span>
                <Spoken text={spoken} />
            </div>
        }
    }

    fn foot(&self) -> Html {
        let w = self.ctx.words();
        let Some(investigation) = &self.views.investigation else {
            return Html::default();
        };
        let side = self.ctx.click(Click::Sheet(Sheet::Side));
        html! {
            <footer inert={self.sheet != Sheet::None}>
                if let Some(edition) = &self.views.edition {
                    <span>
                        { strings(w, investigation, &edition.signing) }
                        { signed_words(w, investigation, &edition.signing) }
                    </span>
                    <span data-test="words">{ w.count(edition.words, w.words()) }</span>
                    if !edition.signing.moved.is_empty() {
                        <details class="moved" data-test="moved">
                            <summary>{ w.moved_on().fill(&[&bits::outlet_names(investigation, &edition.signing.moved)]) }</summary>
                            { changes(w, &edition.signing.changes) }
                        </details>
                    }
                    <button type="button" class="quiet narrow" data-test="side-open" onclick={side}>{ w.side_open() }</button>
                }
                <span class="warning">{ w.not_reviewed() }</span>
            </footer>
        }
    }

    /// The list of stories, for a start.
    fn stories(&self, investigation: &Same<InvestigationView>) -> Html {
        let w = self.ctx.words();
        let new = self.ctx.click(Click::Dialog(Some(Dialog::NewStory)));
        html! {
            <section class="sheet plainly">
                <h2>{ w.stories() }</h2>
                if investigation.stories.is_empty() {
                    <p class="soft">{ w.no_stories() }</p>
                }
                <>{ for investigation.stories.iter().map(|story| html! {
                    <div class="card" key={story.id.clone()}>
                        if investigation.stories.len() > 1 {
                            { self.part(w, story, investigation.stories.iter().any(|other| other.part > story.part)) }
                        }
                        { for story.editions.iter().map(|line| {
                            let place = Place::Story(EditionId { story: story.id.clone(), lang: line.lang.clone() });
                            let open = self.ctx.click(Click::Go(place));
                            html! {
                                <button type="button" class="row" onclick={open}>
                                    <span lang={line.lang.clone()} dir="auto">{ headline(w, &line.headline) }</span>
                                    <small>{ format!("{} · {} · ", line.lang, w.count(line.words, w.words())) }
                                        { signing_words(w, investigation, &line.signing) }</small>
                                </button>
                            }
                        }) }
                    </div>
                }) }</>
                <p><button type="button" class="main offer" data-test="new-story-first" onclick={new}>{ w.new_story() }</button></p>
            </section>
        }
    }

    /// Where a story stands in the series, and what changes that. What leads nowhere keeps the focus that it got on the way.
    fn part(&self, w: &Words, story: &StoryView, more: bool) -> Html {
        let part = w.part().fill(&[&story.part.to_string()]);
        let button = |sign: &'static str, title: &str, member: &str, value: i64, test: &'static str| {
            let mut members = Map::new();
            members.insert(member.to_owned(), value.into());
            let ask = Ask::SaveRecord {
                edition: None,
                record: format!("p-{}", story.id),
                members,
            };
            let label = (!sign.is_empty()).then(|| format!("{part}: {title}"));
            let ends = value < 0 && story.part == 1 || value > 0 && !more;
            let click = (!ends).then(|| self.ctx.click(Click::Ask(ask.into())));
            html! {
                <button type="button" class="quiet offer" aria-label={label} aria-disabled={ends.then_some("true")} data-test={test} onclick={click}>
                    { if sign.is_empty() { title } else { sign } }
                </button>
            }
        };
        html! {
            <p class="part row-of">
                if story.part == 0 {
                    { button("", w.part_make(), "move", 0, "part-make") }
                } else {
                    <b>{ part.clone() }</b>
                    { button("↑", w.part_earlier(), "move", -1, "part-earlier") }
                    { button("↓", w.part_later(), "move", 1, "part-later") }
                    { button("", w.part_not(), "number", 0, "part-not") }
                }
            </p>
        }
    }

    /// Language and theme of the interface.
    pub(super) fn settings(&self) -> Html {
        let w = self.ctx.words();
        let ctx = self.ctx.clone();
        let language = Callback::from(move |event: Event| {
            if let Some(select) = event
                .target()
                .and_then(|target| target.dyn_into::<web_sys::HtmlSelectElement>().ok())
            {
                ctx.send(Msg::Tongue(Tongue::of(&select.value())));
            }
        });
        let ctx = self.ctx.clone();
        let theme = Callback::from(move |event: Event| {
            if let Some(select) = event
                .target()
                .and_then(|target| target.dyn_into::<web_sys::HtmlSelectElement>().ok())
            {
                ctx.send(Msg::Theme(select.value()));
            }
        });
        html! {
            <div class="settings">
                <label>
                    <span class="hidden">{ w.language() }</span>
                    <select data-test="language" onchange={language}>
                        { for TONGUES.iter().map(|(tongue, tag, name)| html! {
                            <option value={*tag} lang={*tag} selected={*tongue == self.ctx.tongue}>{ *name }</option>
                        }) }
                    </select>
                </label>
                <label>
                    <span class="hidden">{ w.theme() }</span>
                    <select data-test="theme" onchange={theme}>
                        <option value="" selected={self.theme.is_empty()}>{ w.theme_system() }</option>
                        <option value="light" selected={self.theme == "light"}>{ w.theme_light() }</option>
                        <option value="dark" selected={self.theme == "dark"}>{ w.theme_dark() }</option>
                    </select>
                </label>
            </div>
        }
    }
}

/// A headline, or that there is none yet.
pub fn headline(w: &Words, text: &str) -> String {
    if text.is_empty() {
        w.no_headline().to_owned()
    } else {
        text.to_owned()
    }
}

/// How far an edition is: "published 2", "signed", "2 of 3", "not signed".
pub fn signing_words(w: &Words, investigation: &InvestigationView, signing: &Signing) -> String {
    let signed = signing.signed.len();
    if signing.published > 0 && signing.proposal == signing.published_release && signing.moved.is_empty() {
        return w.published_number().fill(&[&signing.published.to_string()]);
    }
    if signing.complete {
        return w.signed().to_owned();
    }
    if signed == 0 && signing.published > 0 {
        return w.published_number().fill(&[&signing.published.to_string()]);
    }
    w.of()
        .fill(&[&signed.to_string(), &investigation.outlets.len().to_string()])
}

/// Where words are, in one sentence, with its class: `good`, `busy`, `away`, `bad`.
pub fn saved_words(w: &Words, state: &StateView) -> (&'static str, String) {
    if let Some(why) = &state.save_trouble {
        return ("bad", w.not_saved().fill(&[&w.trouble(why)]));
    }
    // However well it is kept here: nothing more comes, and nothing goes.
    if let Some(why) = &state.closed {
        return ("away", w.trouble(why));
    }
    if !state.saved {
        return ("busy", w.saving().to_owned());
    }
    let all = state.servers.len();
    let reached = state.servers.iter().filter(|server| server.reached).count();
    if all == 0 {
        return ("away", w.saved_here().to_owned());
    }
    let tail = if reached == 0 {
        w.no_server().to_owned()
    } else if reached < all {
        w.reaching().fill(&[&reached.to_string(), &all.to_string()])
    } else if state.unsent == 0 && state.servers.iter().all(|server| server.in_sync) {
        return ("good", format!("{} · {}", w.saved_here(), w.all_in_sync()));
    } else {
        w.sending().to_owned()
    };
    (
        if reached == 0 { "away" } else { "busy" },
        format!("{} · {tail}", w.saved_here()),
    )
}

#[derive(Properties, PartialEq)]
struct SpokenProps {
    text: String,
}

/// Reads a sentence out when it changes to another one that is not empty.
#[component]
fn Spoken(props: &SpokenProps) -> Html {
    let last = use_mut_ref(String::new);
    if !props.text.is_empty() {
        last.borrow_mut().clone_from(&props.text);
    }
    let text = last.borrow().clone();
    html! { <span class="hidden" role="status" aria-live="polite">{ text }</span> }
}

#[derive(Properties, PartialEq)]
struct RailProps {
    ctx: Context,
    investigation: Same<InvestigationView>,
    place: Place,
    open_threads: u32,
}

#[component]
fn Rail(props: &RailProps) -> Html {
    let w = props.ctx.words();
    let ctx = &props.ctx;
    let go = |place: Place, name: &'static str, label: String, count: usize| {
        let current = (props.place == place).then_some("page");
        let to = ctx.click(Click::Go(place));
        html! {
            <button type="button" class="row" aria-current={current} data-test={name} onclick={to}>
                <span>{ label }</span>
                if count > 0 {
                    <em>{ count }</em>
                }
            </button>
        }
    };
    let new = ctx.click(Click::Dialog(Some(Dialog::NewStory)));
    let comments = ctx.click(Click::Tab(crate::state::Tab::Comments));
    let requests = props.investigation.requests.len();
    html! {
        <>
            <h2>{ w.stories() }</h2>
            { for props.investigation.stories.iter().map(|story| story_entry(w, props, story)) }
            <button type="button" class="row add offer" data-test="new-story" onclick={new}>{ w.new_story() }</button>
            if requests > 0 || props.open_threads > 0 {
                <div data-test="waiting">
                    <h2>{ w.waiting_for_you() }</h2>
                    if requests > 0 {
                        { go(Place::People, "waiting-requests", w.want_to_join().to_owned(), requests) }
                    }
                    if props.open_threads > 0 {
                        <button type="button" class="row" onclick={comments}>
                            <span>{ w.open_comments() }</span><em>{ props.open_threads }</em>
                        </button>
                    }
                </div>
            }
            <h2>{ w.investigation() }</h2>
            { go(Place::Stories, "go-stories", w.stories().to_owned(), props.investigation.stories.len()) }
            { go(Place::Sources, "go-sources", w.sources().to_owned(), props.investigation.sources.len()) }
            { go(Place::People, "go-people", w.people_and_invites().to_owned(), 0) }
            { go(Place::Servers, "go-servers", w.servers().to_owned(), 0) }
            { go(Place::Device, "go-device", w.this_device().to_owned(), 0) }
        </>
    }
}

fn story_entry(w: &Words, props: &RailProps, story: &StoryView) -> Html {
    let here = match &props.place {
        Place::Story(edition) if edition.story == story.id => Some(edition.lang.as_str()),
        _ => None,
    };
    // The edition that is open names the story; else the interface's language, else the first.
    let shown = here
        .and_then(|lang| story.editions.iter().find(|line| line.lang == lang))
        .or_else(|| story.editions.iter().find(|line| line.lang == props.ctx.tongue.tag()))
        .or(story.editions.first());
    let add = props
        .ctx
        .click(Click::Dialog(Some(Dialog::NewEdition(story.id.clone()))));
    let open = |lang: &str| {
        let place = Place::Story(EditionId {
            story: story.id.clone(),
            lang: lang.to_owned(),
        });
        props.ctx.click(Click::Go(place))
    };
    html! {
        <div class={classes!("story", here.map(|_| "here"))}>
            if let Some(line) = shown {
                <button type="button" class="row" data-test={format!("story-{}", story.id)} onclick={open(&line.lang)}>
                    <span lang={line.lang.clone()} dir="auto">{ headline(w, &line.headline) }</span>
                    <em>{ signing_words(w, &props.investigation, &line.signing) }</em>
                </button>
            }
            <div class="editions">
                { for story.editions.iter().map(|line| {
                    let label = w.edition_in().fill(&[&line.lang, &signing_words(w, &props.investigation, &line.signing)]);
                    html! {
                        <button type="button" aria-current={(here == Some(line.lang.as_str())).then_some("page")}
                            aria-label={label} data-test={format!("edition-{}", line.lang)} onclick={open(&line.lang)}>
                            { line.lang.clone() }
                        </button>
                    }
                }) }
                <button type="button" class="offer" data-test="new-edition" aria-label={w.new_edition()} title={w.new_edition()} onclick={add}>
                    { "+" }
                </button>
            </div>
        </div>
    }
}

//! The app: takes the engine's events, keeps where the person is, and paints.
//!
//! # Hooks for tests
//!
//! Elements that a person uses carry `data-test`:
//!
//! | where | names |
//! |---|---|
//! | welcome | `welcome`, `found`, `join`, `restore` (forms; fields by their names: `title`, `outlet`, `domain`, `member`, `link`, `server`, `ticket`, `file`, `passphrase`), `submit`, `open-<investigation>`, `unsent`, `joining-code` |
//! | dialogs | `dialog-recovery` (`recovery-key`, `recovery-done`), `dialog-new-story`, `dialog-new-edition`, `dialog-cite`, `dialog-comment`, `dialog-link`, `dialog-source`, `dialog-paste-sources`, `dialog-figure`, `dialog-footnotes`, `dialog-imported`, `dialog-invite` (`invite-link`), `dialog-review` (`notice-kind`, `reason-first`), `dialog-publish`, `dialog-snippet` (`send-again`), `dialog-export`; each with `close` and `submit`; in `dialog-cite` also `csl`, `paste-csl` |
//! | header | `strings`, `title`, `saved`, `people`, `review`, `publish`, `snippet`, `rail-open`, `side-open` |
//! | rail | `story-<id>`, `edition-<lang>`, `new-story`, `new-edition`, `waiting`, `go-stories`, `go-sources`, `go-people`, `go-servers`, `go-device`, `language`, `theme` |
//! | list of stories | `part-earlier`, `part-later`, `part-not`, `part-make` |
//! | story | `headline`, `summary`, `byline`, `text`, `tool-<name>`, `more-tools`, `import`, `export`, `moved` |
//! | side column | `tab-sources`, `tab-notes`, `tab-comments`, `tab-people`, `tab-checks` (its own hooks: `crates/panel/src/app.rs`); in them `source`, `note`, `thread`, `reply`, `resolve` |
//! | people | `request`, `request-code`, `confirm`, `refuse`, `invite` |
//! | device | `other-investigations`, `unsent` |
//! | everywhere | `trouble` (`open-again`), `let-in` (`let-in-open`) |

mod bits;
mod cite;
mod device;
mod dialogs;
mod frame;
mod people;
mod publish;
mod review;
mod servers;
mod side;
mod sources;
mod story;
mod welcome;

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Function;
use komuz_messages::{Answer, Ask, EditionId, Event, InvestigationView, StateView, Trouble};
use serde_json::{Value, json};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use web_sys::Element;
use yew::prelude::*;

use self::bits::{spawn, tell};
use crate::browser;
use crate::engine::Engine;
use crate::state::{Context, Device, Entry, Page, Place, Same, Tab, Views};
use crate::surface::{Said, Selection, Surface};
use crate::words::Tongue;

/// What the app is started with.
#[derive(Clone, Properties)]
pub struct Props {
    /// What stood behind `#`.
    pub entry: Entry,
    /// Makes the engine's worker.
    pub worker: Function,
}

impl PartialEq for Props {
    fn eq(&self, other: &Self) -> bool {
        self.entry == other.entry
    }
}

/// The surface that is mounted, and the batches that came before it was.
#[derive(Default)]
pub struct Writing {
    /// The surface.
    pub surface: RefCell<Option<Surface>>,
    /// Batches for the document that is about to be mounted; none once it is.
    pub early: RefCell<Option<Vec<Value>>>,
}

/// A dialog that is open.
#[derive(Debug, Clone, PartialEq)]
pub enum Dialog {
    /// Show a recovery key once.
    Recovery(String),
    NewStory,
    /// A language for this story.
    NewEdition(String),
    /// Cite for the selection.
    Cite,
    /// Change this citation.
    EditCitation(String),
    Comment,
    Link,
    /// Add a source (empty) or change it (its id).
    Source(String),
    PasteSources,
    /// A picture's description: where it is, what it shows, who made it.
    Figure {
        pos: u32,
        alt: String,
        credit: String,
    },
    /// A document with footnotes was pasted.
    Footnotes {
        html: String,
        count: u32,
    },
    /// What an import brought: blocks, citations, sources, what was left out.
    Imported {
        blocks: u32,
        citations: u32,
        sources: u32,
        left_out: Vec<String>,
    },
    Invite,
    /// An invitation that was made.
    Invited {
        link: String,
        expires: String,
    },
    Review,
    /// Send a release (its hash) to all servers, for the first time or again.
    Publish(String),
    Snippet,
    /// A file in this format would hold confidential sources.
    Export(String, Trouble),
}

/// What lies over the page on a phone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sheet {
    #[default]
    None,
    Rail,
    Side,
}

/// What a click does. One kind of listener for all, since each other one is Wasm of its own.
#[derive(Clone)]
pub enum Click {
    /// Open an investigation of this device.
    Enter(String),
    Go(Place),
    Tab(Tab),
    Sheet(Sheet),
    Dialog(Option<Dialog>),
    /// The trouble was read.
    Calm,
    /// Go to the words under an anchor.
    Reveal(String),
    /// A tool by its name.
    Tool(&'static str),
    Ask(Rc<Ask>),
    /// Leave the open investigation for the list of them.
    Leave,
    /// Load the page anew.
    Reload,
}

/// What happens to the app.
pub enum Msg {
    Click(Click),
    Entry(Entry),
    Event(Event),
    /// The worker's script did not load or stopped.
    WorkerFailed(String),
    /// The engine has answered everything that was typed.
    Quiet,
    /// The page goes out of sight and may not come back.
    Hidden,
    Device(Device),
    /// An invitation was used; the device waits for an editor.
    Joined(Device),
    Said(Said),
    /// Open an investigation of this device.
    Enter(String),
    /// Leave the open investigation for the list of them.
    Leave,
    Go(Place),
    Tab(Tab),
    Sheet(Sheet),
    Dialog(Option<Dialog>),
    Trouble(Option<Trouble>),
    /// Go to the words under an anchor.
    Reveal(String),
    /// A tool by its name.
    Tool(&'static str),
    Tongue(Tongue),
    /// The words of a language are here.
    Learned(Tongue),
    /// `light`, `dark` or empty for the system's.
    Theme(String),
    /// All is deleted; sentences for what is not.
    Left(Vec<String>),
}

/// The app.
pub struct App {
    ctx: Context,
    views: Views,
    entry: Entry,
    ticket: String,
    place: Place,
    tab: Tab,
    sheet: Sheet,
    dialog: Option<Dialog>,
    trouble: Option<Trouble>,
    selection: Selection,
    /// The anchor that the side column is about.
    active: Option<String>,
    theme: String,
    /// Where the cursor was when it was last told.
    told: Option<(u32, u32)>,
    lacks: Vec<String>,
    /// The words of the interface are on their way: nothing is painted, so that no other language flashes up.
    mute: bool,
    left: Option<Vec<String>>,
    /// The person is at the list of investigations; one may be open in the engine all the same, and goes on sending.
    outside: bool,
    /// An investigation that was joined while another one is open.
    admitted: Option<String>,
    /// Nothing can be written: the engine has stopped, and the page is to be loaded anew; or one is out (`StateView::closed`).
    /// What is typed in is read-only then (`.locked` in desk.css, surface.js).
    stopped: bool,
    /// States of signing in which this desk has signed anew what its outlet signed a moment apart from others.
    met: Vec<String>,
    /// The page area, which the skip link leads to where no text is open.
    main: NodeRef,
    /// What had the focus before a sheet was opened.
    before_sheet: Option<web_sys::HtmlElement>,
    /// What has the focus before the page is painted anew.
    focused: Option<web_sys::HtmlElement>,
    /// The sheet that was painted last.
    painted_sheet: Sheet,
}

impl Component for App {
    type Message = Msg;
    type Properties = Props;

    fn create(ctx: &yew::Context<Self>) -> Self {
        let link = ctx.link();
        let engine = Engine::start(
            &ctx.props().worker,
            link.callback(Msg::Event),
            link.callback(Msg::WorkerFailed),
            link.callback(|()| Msg::Quiet),
        );
        browser::watch(
            listener(link.callback(|()| Msg::Hidden)),
            listener(link.callback(|()| Msg::Sheet(Sheet::None))),
        );
        let kept = browser::setting("language");
        let tongue = Tongue::of(if kept.is_empty() { preferred() } else { kept }.as_str());
        let mut app = Self {
            ctx: Context::new(engine, link.callback(|msg| msg), tongue),
            views: Views::default(),
            entry: Entry::None,
            ticket: String::new(),
            place: Place::Stories,
            tab: Tab::default(),
            sheet: Sheet::None,
            dialog: None,
            trouble: None,
            selection: Selection::default(),
            active: None,
            theme: browser::setting("theme"),
            told: None,
            lacks: browser::missing(),
            mute: true,
            left: None,
            outside: false,
            admitted: None,
            stopped: false,
            met: Vec::new(),
            main: NodeRef::default(),
            before_sheet: None,
            focused: None,
            painted_sheet: Sheet::None,
        };
        app.take_entry(ctx.props().entry.clone());
        app.ask_device();
        learn(&app.ctx, tongue, true);
        app
    }

    #[expect(clippy::only_used_in_recursion, reason = "Yew's trait hands it over")]
    fn update(&mut self, ctx: &yew::Context<Self>, msg: Msg) -> bool {
        self.focused = browser::focused();
        match msg {
            Msg::Entry(entry) => self.take_entry(entry),
            Msg::Event(event) => return self.event(event),
            Msg::WorkerFailed(message) => {
                let mut state = (*self.views.state).clone();
                state.saved = false;
                state.save_trouble = Some(Trouble {
                    message,
                    ..bits::page_trouble("engine-stopped")
                });
                self.stop(state);
            }
            Msg::Quiet => {}
            Msg::Hidden => {
                self.send(Ask::Save);
                return false;
            }
            Msg::Device(device) => self.device(device),
            Msg::Joined(device) => {
                self.entry = Entry::None;
                self.views.device = Some(Same::new(device));
            }
            Msg::Said(said) => return self.said(said),
            Msg::Click(click) => {
                let msg = match click {
                    Click::Enter(investigation) => Msg::Enter(investigation),
                    Click::Go(place) => Msg::Go(place),
                    Click::Tab(tab) => Msg::Tab(tab),
                    Click::Sheet(sheet) => Msg::Sheet(sheet),
                    Click::Dialog(dialog) => Msg::Dialog(dialog),
                    Click::Calm => Msg::Trouble(None),
                    Click::Reveal(anchor) => Msg::Reveal(anchor),
                    Click::Tool(name) => Msg::Tool(name),
                    Click::Leave => Msg::Leave,
                    Click::Ask(ask) => {
                        tell(&self.ctx, &ask);
                        return false;
                    }
                    Click::Reload => {
                        browser::reload();
                        return false;
                    }
                };
                return Component::update(self, ctx, msg);
            }
            Msg::Enter(investigation) => self.enter(investigation),
            Msg::Leave => self.leave(),
            Msg::Go(place) => self.go(place),
            Msg::Tab(tab) => {
                self.tab = tab;
                self.show_sheet(Sheet::Side);
            }
            Msg::Sheet(sheet) => self.show_sheet(sheet),
            Msg::Dialog(dialog) => self.dialog = dialog,
            Msg::Trouble(trouble) => self.trouble = trouble,
            Msg::Reveal(anchor) => {
                self.show_sheet(Sheet::None);
                self.active = Some(anchor.clone());
                self.surface(|surface| {
                    if surface.reveal(&anchor) {
                        surface.focus();
                    }
                });
            }
            Msg::Tool(name) => self.tool(name),
            Msg::Tongue(tongue) => {
                browser::keep_setting("language", tongue.tag());
                learn(&self.ctx, tongue, false);
            }
            Msg::Learned(tongue) => {
                self.mute = false;
                self.ctx = self.ctx.speaking(tongue);
                browser::speak(tongue.tag(), tongue.words().desk_title());
            }
            Msg::Theme(theme) => {
                browser::keep_setting("theme", &theme);
                self.theme = theme;
            }
            Msg::Left(remains) => {
                self.views = Views::default();
                self.place = Place::Stories;
                self.dialog = None;
                self.left = Some(remains);
                self.ask_device();
            }
        }
        true
    }

    fn rendered(&mut self, _: &yew::Context<Self>, _: bool) {
        let state = &self.views.state;
        let open = self.views.investigation.is_some();
        browser::hold(open && (self.ctx.engine.is_busy() || !state.saved));
        browser::refocus(self.focused.take());
        if self.sheet != std::mem::replace(&mut self.painted_sheet, self.sheet) {
            match (self.sheet, self.before_sheet.take()) {
                (Sheet::None, Some(back)) => {
                    let _ = back.focus();
                }
                (Sheet::None, None) => {}
                (_, before) => {
                    self.before_sheet = before.or_else(browser::focused);
                    browser::focus_in_sheet(self.main.cast::<Element>().as_ref());
                }
            }
        }
    }

    fn view(&self, _: &yew::Context<Self>) -> Html {
        let theme = (!self.theme.is_empty()).then(|| self.theme.clone());
        html! {
            <div class="desk" lang={self.ctx.tongue.tag()} data-theme={theme}>
                if self.mute {
                    <p class="loading" role="status">{ "Komuz…" }</p>
                } else if self.views.investigation.is_some() {
                    { self.frame() }
                } else {
                    { self.welcome() }
                }
                { self.dialog() }
            </div>
        }
    }
}

/// How long after a failure the words of a language are asked for again, in milliseconds.
const WORDS_AGAIN: u32 = 1500;

/// Fetches the words of a language, once. While nothing is painted yet, they are asked for until they are there, and after two
/// failures English ones do; later the language stays what it was.
fn learn(ctx: &Context, tongue: Tongue, first: bool) {
    let ctx = ctx.clone();
    spawn(async move {
        for failures in 0u32.. {
            let wanted = if failures >= 2 && failures.is_multiple_of(2) {
                Tongue::En
            } else {
                tongue
            };
            if !wanted.words().tag().is_empty() || fetch_words(wanted).await {
                ctx.send(Msg::Learned(wanted));
                return;
            }
            if !first && failures >= 2 {
                ctx.send(Msg::Trouble(Some(bits::page_trouble("words-missing"))));
                return;
            }
            let _ = JsFuture::from(browser::later(WORDS_AGAIN)).await;
        }
    });
}

async fn fetch_words(tongue: Tongue) -> bool {
    let json = JsFuture::from(browser::words_file(tongue.tag())).await;
    json.ok()
        .and_then(|json| json.as_string())
        .is_some_and(|json| tongue.learn(&json))
}

/// A function for JavaScript, which lives as long as the page.
fn listener(call: Callback<()>) -> Function {
    Closure::<dyn FnMut()>::new(move || call.emit(()))
        .into_js_value()
        .unchecked_into()
}

/// The language that the browser asks for.
fn preferred() -> String {
    web_sys::window()
        .and_then(|window| window.navigator().language())
        .unwrap_or_default()
}

impl App {
    fn take_entry(&mut self, entry: Entry) {
        match &entry {
            Entry::None => return,
            Entry::Ticket(ticket) => self.ticket.clone_from(ticket),
            Entry::Invite(_) => {}
        }
        self.entry = entry;
        // One device may work on several investigations: a link leads to the welcome page, where it can be seen.
        if self.views.investigation.is_some() {
            self.leave();
        }
    }

    /// Opens an investigation of this device.
    fn enter(&mut self, investigation: String) {
        self.entry = Entry::None;
        self.go(Place::Stories);
        self.outside = false;
        if self.admitted.as_ref() == Some(&investigation) {
            self.admitted = None;
        }
        self.send(Ask::Enter { investigation });
    }

    /// Leaves the open investigation for the list of them: its text is closed, so that nothing is typed into an old page.
    fn leave(&mut self) {
        self.go(Place::Stories);
        self.views.investigation = None;
        self.outside = true;
        if !matches!(self.dialog, Some(Dialog::Recovery(_))) {
            self.dialog = None;
        }
        self.ask_device();
    }

    /// Signs anew what several outlets have signed a moment apart, once for each state of it: the first of them proposes, the
    /// others follow.
    fn sign_apart(&mut self, view: &InvestigationView) {
        let mine = view.outlets.iter().find(|outlet| outlet.id == view.my_outlet);
        let Some(mine) = mine.filter(|_| view.role == "editor") else {
            return;
        };
        for story in &view.stories {
            for line in &story.editions {
                let signing = &line.signing;
                let begins = signing.apart.len() > 1 && signing.apart.first() == Some(&mine.id);
                let follows = !signing.signed.is_empty() && signing.apart.contains(&mine.id);
                let mut state = signing.proposal.clone().unwrap_or_default();
                state.push_str(&signing.signed.len().to_string());
                if (begins || follows) && !self.met.contains(&state) {
                    self.met.push(state);
                    let edition = EditionId {
                        story: story.id.clone(),
                        lang: line.lang.clone(),
                    };
                    let task = review::sign_apart(self.ctx.clone(), edition, mine.keys.clone());
                    spawn(async move {
                        task.await;
                    });
                }
            }
        }
    }

    /// On a phone rail and side column lie over the page; elsewhere they are beside it.
    fn show_sheet(&mut self, sheet: Sheet) {
        self.sheet = if browser::narrow() { sheet } else { Sheet::None };
    }

    /// The engine has stopped or cannot save, or one is out: what is on the screen can be read and copied.
    fn stop(&mut self, state: StateView) {
        self.stopped = true;
        self.trouble = state.closed.clone().or_else(|| state.save_trouble.clone());
        self.views.state = Same::new(state);
        self.surface(Surface::lock);
    }

    fn ask_device(&self) {
        let ctx = self.ctx.clone();
        let asked = self.ctx.engine.ask(Ask::Device);
        spawn(async move {
            match asked.await {
                Ok(Answer::Device {
                    investigations,
                    joining,
                }) => ctx.send(Msg::Device(Device {
                    investigations,
                    joining,
                })),
                Ok(_) => {}
                Err(trouble) => ctx.send(Msg::Trouble(Some(trouble))),
            }
        });
    }

    fn device(&mut self, device: Device) {
        // The usual case, one investigation and no invitation in hand, opens by itself.
        let idle = self.entry == Entry::None && self.left.is_none();
        let idle = idle && !self.outside && self.views.investigation.is_none();
        if let ([only], [], true) = (device.investigations.as_slice(), device.joining.as_slice(), idle) {
            self.enter(only.id.clone());
        }
        self.views.device = Some(Same::new(device));
    }

    fn send(&self, ask: Ask) {
        tell(&self.ctx, &ask);
    }

    fn surface(&self, act: impl FnOnce(&Surface)) {
        if let Some(surface) = self.ctx.writing.surface.borrow().as_ref() {
            act(surface);
        }
    }

    fn edition(&self) -> Option<EditionId> {
        match &self.place {
            Place::Story(edition) => Some(edition.clone()),
            _ => None,
        }
    }

    fn event(&mut self, event: Event) -> bool {
        match event {
            Event::Entered { investigation } => {
                // Somebody who is writing in another one is not taken out of it.
                if self.views.investigation.is_none() {
                    self.enter(investigation);
                } else {
                    self.admitted = Some(investigation);
                }
                self.ask_device();
            }
            Event::JoinEnded { trouble, .. } => {
                self.trouble = Some(trouble);
                self.ask_device();
            }
            Event::Investigation(view) => {
                if self.outside {
                    return false;
                }
                self.sign_apart(&view);
                self.views.investigation = Some(Same::new(*view));
            }
            Event::Page { edition, batch, doc } => {
                if self.edition().as_ref() != Some(&edition) {
                    return false;
                }
                *self.ctx.writing.early.borrow_mut() = Some(Vec::new());
                self.told = None;
                self.views.page = Some(Same::new(Page { edition, batch, doc }));
            }
            Event::Batch {
                edition,
                seq,
                batch,
                steps,
                selection,
            } => {
                if self.edition().as_ref() == Some(&edition) {
                    let batch = json!({ "seq": seq, "batch": batch, "steps": steps, "selection": selection });
                    if let Some(early) = self.ctx.writing.early.borrow_mut().as_mut() {
                        early.push(batch);
                    } else {
                        self.surface(|surface| surface.take_batch(&batch));
                    }
                }
                return false;
            }
            Event::Lost { edition } => {
                if self.edition().as_ref() == Some(&edition) {
                    self.surface(Surface::whole);
                }
                return false;
            }
            Event::Edition(view) => {
                if self.edition().as_ref() == Some(&view.edition) {
                    self.views.edition = Some(Same::new(*view));
                }
            }
            Event::People { edition, people } => {
                if self.edition().as_ref() != Some(&edition) {
                    return false;
                }
                self.views.people = Same::new(people);
            }
            // It goes to the panel.
            Event::Dossier { .. } => return false,
            Event::State(state) => {
                let stops = |trouble: &Trouble| trouble.code.starts_with("engine-");
                if state.closed.is_some() || state.save_trouble.as_ref().is_some_and(stops) {
                    self.stop(state);
                } else {
                    // Another investigation is open.
                    if self.views.state.closed.is_some() {
                        self.stopped = false;
                        self.trouble = None;
                    }
                    self.views.state = Same::new(state);
                }
            }
        }
        true
    }

    fn said(&mut self, said: Said) -> bool {
        let Some(edition) = self.edition() else { return false };
        match said {
            Said::Steps { seq, taken, steps } => self.send(Ask::Steps {
                edition,
                seq,
                taken,
                steps,
            }),
            Said::Taken { batch, hash } => self.send(Ask::Taken { edition, batch, hash }),
            Said::Whole { seq, taken, doc } => self.send(Ask::Whole {
                edition,
                seq,
                taken,
                doc,
            }),
            Said::Selection(selection) => {
                let at = selection.focused.then_some((selection.anchor, selection.head));
                if at != self.told {
                    self.told = at;
                    self.send(Ask::Select {
                        edition,
                        seq: selection.seq,
                        taken: selection.taken,
                        selection: at,
                    });
                }
                if selection == self.selection {
                    return false;
                }
                if selection.anchors != self.selection.anchors {
                    self.active = selection.anchors.first().cloned();
                }
                self.selection = selection;
                return true;
            }
            Said::Command(name) => match name.as_str() {
                "undo" => self.tool("undo"),
                "redo" => self.tool("redo"),
                "link" => self.tool("link"),
                "cite" => self.tool("cite"),
                "comment" => self.tool("comment"),
                "tools" => self.ctx.send(Msg::Tool("focus-tools")),
                _ => {}
            },
            Said::Anchor(id) => {
                self.tab = if id.starts_with("c-") {
                    Tab::Notes
                } else {
                    Tab::Comments
                };
                self.active = Some(id);
                self.show_sheet(Sheet::Side);
            }
            Said::Trouble(code) => self.trouble = Some(bits::page_trouble(&code)),
            Said::Footnotes { html, count } => self.dialog = Some(Dialog::Footnotes { html, count }),
            Said::Figure { pos, alt, credit } => self.dialog = Some(Dialog::Figure { pos, alt, credit }),
            Said::Picture(hash) => {
                self.fetch_picture(hash);
                return false;
            }
        }
        true
    }

    fn fetch_picture(&self, hash: String) {
        let ctx = self.ctx.clone();
        let asked = self.ctx.engine.ask(Ask::GetFile { file: hash.clone() });
        spawn(async move {
            // Until a picture has come, its description stands there.
            if let Ok(Answer::File { media, bytes, .. }) = asked.await
                && let Some(surface) = ctx.writing.surface.borrow().as_ref()
            {
                surface.picture(&hash, &browser::blob_address(&media, &bytes));
            }
        });
    }

    fn go(&mut self, place: Place) {
        self.show_sheet(Sheet::None);
        if self.place == place {
            return;
        }
        if let Some(edition) = self.edition() {
            self.send(Ask::Close { edition });
        }
        self.views.edition = None;
        self.views.page = None;
        self.views.people = Same::default();
        self.selection = Selection::default();
        self.active = None;
        self.place = place;
        if self.place == Place::Device {
            self.ask_device();
        }
        if let Some(edition) = self.edition() {
            self.send(Ask::Open { edition });
        }
    }

    fn tool(&mut self, name: &'static str) {
        let Some(edition) = self.edition() else { return };
        match name {
            "undo" => self.undo(Ask::Undo { edition }),
            "redo" => self.undo(Ask::Redo { edition }),
            "link" => self.dialog = Some(Dialog::Link),
            "cite" if self.selection.from != self.selection.to => self.dialog = Some(Dialog::Cite),
            "comment" if self.selection.from != self.selection.to => self.dialog = Some(Dialog::Comment),
            "cite" | "comment" => {
                self.trouble = Some(bits::page_trouble("select-first"));
            }
            "focus-tools" => story::focus_tools(),
            _ => self.surface(|surface| {
                surface.command(name);
            }),
        }
    }

    /// Nothing to undo is no trouble worth a line.
    fn undo(&self, ask: Ask) {
        let ctx = self.ctx.clone();
        let asked = self.ctx.engine.ask(ask);
        spawn(async move {
            if let Err(trouble) = asked.await
                && trouble.code != "nothing-to-undo"
                && trouble.code != "nothing-to-redo"
            {
                ctx.send(Msg::Trouble(Some(trouble)));
            }
        });
    }
}

/// Imports a chosen file into an edition.
pub fn import_file(ctx: &Context, edition: EditionId, file: web_sys::File) {
    let ctx = ctx.clone();
    spawn(async move {
        match JsFuture::from(browser::file_text(&file)).await {
            Ok(text) => import_text(ctx, edition, file.name(), text.as_string().unwrap_or_default()).await,
            Err(code) => {
                let code = code.as_string();
                let code = code.as_deref().unwrap_or("file-unreadable");
                ctx.send(Msg::Trouble(Some(bits::page_trouble(code))));
            }
        }
    });
}

/// Imports a text into an edition and shows what came of it.
pub async fn import_text(ctx: Context, edition: EditionId, name: String, text: String) {
    let tongue = ctx.tongue.tag().into();
    let ask = Ask::Import {
        edition,
        name,
        text,
        tongue,
    };
    match ctx.engine.ask(ask).await {
        Ok(Answer::Imported {
            blocks,
            citations,
            sources,
            left_out,
        }) => {
            ctx.send(Msg::Dialog(Some(Dialog::Imported {
                blocks,
                citations,
                sources,
                left_out,
            })));
        }
        Ok(_) => {}
        Err(trouble) => ctx.send(Msg::Trouble(Some(trouble))),
    }
}

/// The file that was chosen in a file input, which is emptied so that the same file may be chosen again.
pub fn chosen(event: &web_sys::Event) -> Option<web_sys::File> {
    let input = event.target()?.dyn_into::<web_sys::HtmlInputElement>().ok()?;
    let file = input.files()?.get(0);
    input.set_value("");
    file
}

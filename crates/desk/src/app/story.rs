//! An edition: headline, summary, byline, the tools and the text.

use komuz_messages::{Answer, Ask, EditionId, EditionView, InvestigationView, Person, Trouble};
use komuz_release::story::Byline;
use serde_json::{Map, Value, json};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::bits::{Form, Modal, act, area, field, page_trouble, spawn};
use super::{App, Click, Dialog, Msg, chosen, import_file};
use crate::browser;
use crate::state::{Context, Page, Same, string_class};
use crate::surface::{Selection, Surface};

impl App {
    /// The open edition.
    pub(super) fn story(&self, investigation: &Same<InvestigationView>, id: &EditionId) -> Html {
        let ctx = &self.ctx;
        let (Some(page), Some(view)) = (&self.views.page, &self.views.edition) else {
            return html! { <p class="soft sheet" role="status">{ ctx.words().opening() }</p> };
        };
        html! {
            <>
                <Tools ctx={ctx.clone()} id={id.clone()} selection={self.selection.clone()}
                    can_undo={view.can_undo} can_redo={view.can_redo} />
                <article class="sheet" key={format!("{}/{}", id.story, id.lang)}>
                    <Field ctx={ctx.clone()} id={id.clone()} what={What::Headline} locked={self.stopped} text={view.headline.clone()} />
                    <Field ctx={ctx.clone()} id={id.clone()} what={What::Summary} locked={self.stopped} text={view.summary.clone()} />
                    <Field ctx={ctx.clone()} id={id.clone()} what={What::Byline} locked={self.stopped} text={names_text(&view.byline)}
                        names={view.byline.clone()} />
                    <Text ctx={ctx.clone()} investigation={investigation.clone()} page={page.clone()} view={view.clone()}
                        people={self.views.people.clone()} active={self.active.clone()} lang={id.lang.clone()} />
                </article>
            </>
        }
    }
}

#[derive(Properties, PartialEq)]
struct TextProps {
    ctx: Context,
    investigation: Same<InvestigationView>,
    page: Same<Page>,
    view: Same<EditionView>,
    people: Same<Vec<Person>>,
    active: Option<String>,
    lang: String,
}

/// The writing surface. Yew owns the element around it and never what is in it.
#[component]
fn Text(props: &TextProps) -> Html {
    let place = use_node_ref();
    let w = props.ctx.words();
    use_effect_with(props.page.clone(), {
        let (ctx, place, lang) = (props.ctx.clone(), place.clone(), props.lang.clone());
        move |page: &Same<Page>| {
            let mut mounted = ctx.writing.surface.borrow_mut();
            match (mounted.as_ref(), place.cast::<Element>()) {
                (Some(surface), _) => surface.reset(page, &lang, w.text_label()),
                (None, Some(element)) => {
                    let app = ctx.app.clone();
                    let on = Callback::from(move |said| app.emit(Msg::Said(said)));
                    *mounted = Some(Surface::mount(&element, page, &lang, w.text_label(), on));
                }
                (None, None) => {}
            }
            // What the engine sent since it sent this document.
            let early = ctx.writing.early.borrow_mut().take().unwrap_or_default();
            if let Some(surface) = mounted.as_ref() {
                for batch in early {
                    surface.take_batch(&batch);
                }
            }
        }
    });
    use_effect_with((), {
        let ctx = props.ctx.clone();
        move |()| {
            move || {
                ctx.writing.surface.borrow_mut().take();
            }
        }
    });
    let shown = (
        props.page.batch,
        props.view.clone(),
        props.people.clone(),
        props.active.clone(),
        props.ctx.tongue,
    );
    use_effect_with(shown, {
        let ctx = props.ctx.clone();
        let investigation = props.investigation.clone();
        move |(_, view, people, active, _): &(_, Same<EditionView>, Same<Vec<Person>>, Option<String>, _)| {
            if let Some(surface) = ctx.writing.surface.borrow().as_ref() {
                surface.set_marks(&shown_marks(&ctx, &investigation, view, people, active));
            }
        }
    });
    html! { <div class="surface" ref={place} /> }
}

fn shown_marks(
    ctx: &Context,
    investigation: &InvestigationView,
    view: &EditionView,
    people: &[Person],
    active: &Option<String>,
) -> Value {
    let w = ctx.words();
    let mut notes = Map::new();
    for citation in &view.citations {
        if let Some(number) = citation.number {
            let number = number.to_string();
            let label = w.note_number().fill(&[&number]);
            notes.insert(citation.id.clone(), json!({ "number": number, "label": label }));
        }
    }
    let mut threads = Map::new();
    for thread in &view.threads {
        threads.insert(
            thread.id.clone(),
            if thread.resolved { "resolved" } else { "open" }.into(),
        );
    }
    let people: Vec<Value> = people
        .iter()
        .filter_map(|person| {
            let (anchor, head) = person.selection?;
            Some(json!({
                "session": person.session,
                "name": person.name,
                "colour": string_class(investigation, &person.outlet),
                "selection": [anchor, head],
            }))
        })
        .collect();
    let labels = json!({ "text": w.text_label(), "figure": w.describe_picture() });
    json!({ "notes": notes, "threads": threads, "active": active, "people": people, "labels": labels })
}

/// A field above the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Headline,
    Summary,
    /// Names with commas between them.
    Byline,
}

#[derive(Properties, PartialEq)]
struct FieldProps {
    ctx: Context,
    id: EditionId,
    what: What,
    text: String,
    /// Nothing can be written.
    locked: bool,
    /// Of a byline the names with their outlets.
    #[prop_or_default]
    names: Vec<Byline>,
}

/// A text of the field, and of a byline its names.
type Held = (String, Vec<Byline>);

/// How long after the last key what others typed waits, in milliseconds: until then the engine has merged both.
const SETTLE: u32 = 800;

/// Headline, summary or byline: what the person does is sent as it is typed, as a change of what was sent or shown last; what
/// comes back is put in without moving the cursor, and not while something is being composed.
#[component]
fn Field(props: &FieldProps) -> Html {
    let w = props.ctx.words();
    let node = use_node_ref();
    let newest = use_mut_ref(Held::default);
    // What the engine was told or has shown last.
    let before = use_mut_ref(Held::default);
    // Counts the keys, so that the timer of the last one alone puts the newest text in.
    let keys = use_mut_ref(|| 0u32);
    let waiting = use_mut_ref(|| false);
    let what = props.what;
    *newest.borrow_mut() = (props.text.clone(), props.names.clone());
    use_effect_with((props.text.clone(), props.names.clone()), {
        let (node, waiting, before) = (node.clone(), waiting.clone(), before.clone());
        move |held: &Held| {
            let free = |field: &Element| !*waiting.borrow() && !browser::composing(field);
            if let Some(element) = node.cast::<Element>().filter(free) {
                browser::set_text(&element, &held.0);
                browser::fit(&element);
                before.borrow_mut().clone_from(held);
            }
        }
    });
    let oninput = {
        let (ctx, edition) = (props.ctx.clone(), props.id.clone());
        let node = node.clone();
        Callback::from(move |_: InputEvent| {
            let Some(field) = node.cast::<web_sys::HtmlTextAreaElement>() else {
                return;
            };
            browser::fit(&field);
            let edition = edition.clone();
            let text = field.value().replace('\n', " ");
            let names = match what {
                What::Byline => names(&text, &before.borrow().1),
                _ => Vec::new(),
            };
            let (shown, shown_names) = before.replace((text.clone(), names.clone()));
            let asked = ctx.engine.ask(match what {
                What::Headline => Ask::SetHeadline {
                    edition,
                    before: shown,
                    text,
                },
                What::Summary => Ask::SetSummary {
                    edition,
                    before: shown,
                    text,
                },
                What::Byline => Ask::SetByline {
                    edition,
                    before: shown_names,
                    byline: names,
                },
            });
            *waiting.borrow_mut() = true;
            *keys.borrow_mut() += 1;
            let key = *keys.borrow();
            let (ctx, newest, before) = (ctx.clone(), newest.clone(), before.clone());
            let (keys, waiting) = (keys.clone(), waiting.clone());
            spawn(async move {
                if let Err(trouble) = asked.await {
                    ctx.send(Msg::Trouble(Some(trouble)));
                }
                let _ = JsFuture::from(browser::later(SETTLE)).await;
                while browser::composing(&field) {
                    let _ = JsFuture::from(browser::later(SETTLE)).await;
                }
                if *keys.borrow() == key {
                    *waiting.borrow_mut() = false;
                    let newest = newest.borrow().clone();
                    // A comma behind the last name says nothing yet, and stays for the name to come.
                    if what != What::Byline || newest.1 != before.borrow().1 {
                        browser::set_text(&field, &newest.0);
                    }
                    *before.borrow_mut() = newest;
                }
            });
        })
    };
    let onkeydown = {
        let ctx = props.ctx.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Enter" && !event.is_composing() {
                event.prevent_default();
                if let Some(surface) = ctx.writing.surface.borrow().as_ref() {
                    surface.focus();
                }
            }
        })
    };
    let (class, label, hint, test) = match what {
        What::Headline => ("headline", w.headline(), w.headline(), "headline"),
        What::Summary => ("dek", w.summary(), w.summary(), "summary"),
        What::Byline => ("byline", w.byline(), w.byline_hint(), "byline"),
    };
    html! {
        <textarea ref={node} {class} rows="1" lang={props.id.lang.clone()} dir="auto" aria-label={label} placeholder={hint}
            spellcheck="true" autocomplete="off" readonly={props.locked} data-test={test} {oninput} {onkeydown} />
    }
}

fn names_text(byline: &[Byline]) -> String {
    let names: Vec<&str> = byline.iter().map(|name| name.name.as_str()).collect();
    names.join(", ")
}

/// The names of a text with commas. One keeps its outlet when it is the same or stands where another one of as many stood.
fn names(text: &str, before: &[Byline]) -> Vec<Byline> {
    let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let as_many = names.len() == before.len();
    let one = |(index, name): (usize, &&str)| {
        let same = before.iter().find(|had| had.name == *name);
        let had = same.or_else(|| before.get(index).filter(|_| as_many));
        Byline {
            name: (*name).to_owned(),
            outlet: had.and_then(|had| had.outlet.clone()),
        }
    };
    names.iter().enumerate().map(one).collect()
}

#[derive(Properties, PartialEq)]
struct ToolsProps {
    ctx: Context,
    id: EditionId,
    selection: Selection,
    can_undo: bool,
    can_redo: bool,
}

/// Tools that a phone shows when they are asked for.
const MORE: [&str; 7] = ["code", "heading3", "numbers", "shallower", "deeper", "rule", "redo"];

/// The tools. One tab stop; arrow keys go from tool to tool, Escape back to the text.
#[component]
fn Tools(props: &ToolsProps) -> Html {
    let w = props.ctx.words();
    let ctx = &props.ctx;
    let selection = &props.selection;
    let tool = |name: &'static str, label: Html, title: &str, pressed: Option<bool>, disabled: bool| {
        let run = ctx.click(Click::Tool(name));
        let chord = browser::chord(name);
        let title_ = if chord.is_empty() {
            title.to_owned()
        } else {
            format!("{title} ({chord})")
        };
        html! {
            <button type="button" tabindex={if name == "strong" { "0" } else { "-1" }} aria-pressed={pressed.map(|on| if on { "true" } else { "false" })}
                class={MORE.contains(&name).then_some("more")} title={title_} aria-label={title.to_owned()} {disabled}
                data-test={format!("tool-{name}")} onclick={run}>
                { label }
            </button>
        }
    };
    let all = use_state(|| false);
    let fold = {
        let all = all.clone();
        Callback::from(move |_: MouseEvent| all.set(!*all))
    };
    let mark = |name: &str| Some(selection.marks.iter().any(|on| on == name));
    let block = |name: &str| Some(selection.block == name);
    let empty = selection.from == selection.to;
    let item = selection.block == "bullets" || selection.block == "numbers";
    let import = {
        let (ctx, id) = (ctx.clone(), props.id.clone());
        Callback::from(move |event: Event| {
            if let Some(file) = chosen(&event) {
                import_file(&ctx, id.clone(), file);
            }
        })
    };
    let figure = {
        let ctx = ctx.clone();
        Callback::from(move |event: Event| {
            if let Some(file) = chosen(&event) {
                add_picture(&ctx, file);
            }
        })
    };
    let export = {
        let (ctx, id) = (ctx.clone(), props.id.clone());
        Callback::from(move |event: Event| {
            let Some(select) = event
                .target()
                .and_then(|target| target.dyn_into::<web_sys::HtmlSelectElement>().ok())
            else {
                return;
            };
            let format = select.value();
            select.set_value("");
            if !format.is_empty() {
                save_as(&ctx, id.clone(), format, false);
            }
        })
    };
    html! {
        <div class={classes!("tools", all.then_some("all"))} role="toolbar" aria-label={w.tools()} onkeydown={move_in_tools(ctx)} onmousedown={keep_focus()}>
            { tool("undo", html! { w.undo() }, w.undo(), None, !props.can_undo) }
            { tool("redo", html! { w.redo() }, w.redo(), None, !props.can_redo) }
            <hr />
            { tool("strong", html! { <b>{ w.bold_letter() }</b> }, w.bold(), mark("strong"), false) }
            { tool("emphasis", html! { <i>{ w.italic_letter() }</i> }, w.italic(), mark("emphasis"), false) }
            { tool("code", html! { <code>{ "‹›" }</code> }, w.code(), mark("code"), false) }
            { tool("link", html! { w.link() }, w.link(), Some(!selection.link.is_empty()), false) }
            <hr />
            { tool("heading2", html! { w.heading() }, w.heading(), block("heading2"), false) }
            { tool("heading3", html! { w.subheading() }, w.subheading(), block("heading3"), false) }
            { tool("quote", html! { w.quote() }, w.quote(), block("quote"), false) }
            { tool("bullets", html! { w.list() }, w.list(), block("bullets"), false) }
            { tool("numbers", html! { w.numbered() }, w.numbered(), block("numbers"), false) }
            if item {
                { tool("shallower", html! { "←" }, w.shallower(), None, false) }
                { tool("deeper", html! { "→" }, w.deeper(), None, false) }
            }
            { tool("rule", html! { "—" }, w.rule(), None, false) }
            <label class="file more">
                <span>{ w.picture() }</span>
                <input type="file" accept="image/*" tabindex="-1" data-test="picture" onchange={figure} />
            </label>
            <hr />
            { tool("cite", html! { w.cite() }, w.cite(), None, empty) }
            { tool("comment", html! { w.comment() }, w.comment(), None, empty) }
            <hr />
            <label class="file more">
                <span>{ w.import() }</span>
                <input type="file" accept=".html,.htm,.md,.markdown,.txt,.json,text/html,text/markdown" tabindex="-1"
                    data-test="import" onchange={import} />
            </label>
            // A list takes arrow keys itself, so it has a tab stop of its own; and it is left where nothing can be written.
            <label class="more">
                <span class="hidden">{ w.save_as() }</span>
                <select data-test="export" onchange={export}>
                    <option value="" selected=true>{ w.save_as() }</option>
                    <option value="html">{ "HTML" }</option>
                    <option value="markdown">{ "Markdown" }</option>
                    <option value="csl-json">{ "CSL-JSON" }</option>
                    <option value="json">{ "JSON" }</option>
                    <option value="automerge">{ "Automerge" }</option>
                </select>
            </label>
            <button type="button" class="narrow" tabindex="-1" aria-expanded={if *all { "true" } else { "false" }}
                data-test="more-tools" onclick={fold}>
                { w.more_tools() }
            </button>
        </div>
    }
}

/// A click on a button leaves the focus, and so the selection, in the text.
fn keep_focus() -> Callback<MouseEvent> {
    Callback::from(|event: MouseEvent| {
        let target = event.composed_path().get(0).dyn_into::<Element>().ok();
        if target
            .and_then(|element| element.closest("button").ok().flatten())
            .is_some()
        {
            event.prevent_default();
        }
    })
}

fn tools() -> Vec<HtmlElement> {
    let Some(root) =
        browser::focused().and_then(|element| element.get_root_node().dyn_into::<web_sys::ShadowRoot>().ok())
    else {
        return Vec::new();
    };
    let Ok(list) = root.query_selector_all(".tools button:not(:disabled), .tools input, .tools select") else {
        return Vec::new();
    };
    (0..list.length())
        .filter_map(|index| list.get(index)?.dyn_into::<HtmlElement>().ok())
        // What is folded away cannot be focused.
        .filter(|tool| tool.offset_parent().is_some())
        .collect()
}

/// Puts the focus on the first tool (Alt-F10 in the text).
pub fn focus_tools() {
    if let Some(first) = tools().first() {
        let _ = first.focus();
    }
}

/// Arrow keys, Home and End among the tools; Escape goes back to the text.
fn move_in_tools(ctx: &Context) -> Callback<KeyboardEvent> {
    let ctx = ctx.clone();
    Callback::from(move |event: KeyboardEvent| {
        let all = tools();
        let Some(here) = browser::focused().and_then(|element| all.iter().position(|tool| **tool == *element)) else {
            return;
        };
        let last = all.len() - 1;
        let to = match event.key().as_str() {
            "ArrowRight" => (here + 1) % all.len(),
            "ArrowLeft" => here.checked_sub(1).unwrap_or(last),
            "Home" => 0,
            "End" => last,
            "Escape" => {
                if let Some(surface) = ctx.writing.surface.borrow().as_ref() {
                    surface.focus();
                }
                return;
            }
            _ => return,
        };
        event.prevent_default();
        let _ = all[to].focus();
    })
}

/// Puts a chosen picture into the investigation and into the text.
fn add_picture(ctx: &Context, file: web_sys::File) {
    let ctx = ctx.clone();
    spawn(async move {
        let drawn = JsFuture::from(browser::picture(&file))
            .await
            .map(|drawn| js_sys::Array::from(&drawn));
        let Ok(drawn) = drawn else {
            ctx.send(Msg::Trouble(Some(page_trouble("picture-unreadable"))));
            return;
        };
        let media = drawn.get(0).as_string().unwrap_or_default();
        let bytes = drawn.get(1).as_string().unwrap_or_default();
        match ctx
            .engine
            .ask(Ask::AddFile {
                media: media.clone(),
                bytes: bytes.clone(),
            })
            .await
        {
            Ok(Answer::Made { id }) => {
                if let Some(surface) = ctx.writing.surface.borrow().as_ref() {
                    surface.picture(&id, &browser::blob_address(&media, &bytes));
                    surface.insert_figure(&json!({ "file": id, "media": media, "alt": "", "credit": "" }));
                }
            }
            Ok(_) => {}
            Err(trouble) => ctx.send(Msg::Trouble(Some(trouble))),
        }
    });
}

/// Saves the edition as a file of the person. One that would hold confidential sources is asked about first.
fn save_as(ctx: &Context, edition: EditionId, format: String, sure: bool) {
    let ctx = ctx.clone();
    let asked = ctx.engine.ask(Ask::Export {
        edition,
        format: format.clone(),
        sure,
    });
    spawn(async move {
        match asked.await {
            Ok(Answer::File { name, media, bytes }) => browser::save_file(&name, &media, &bytes),
            Ok(_) => {}
            Err(inside) if inside.code == "confidential-inside" => {
                ctx.send(Msg::Dialog(Some(Dialog::Export(format, inside))));
            }
            Err(trouble) => ctx.send(Msg::Trouble(Some(trouble))),
        }
    });
}

/// Asks whether a file with confidential sources in it is to be saved.
pub fn export_sure(ctx: &Context, edition: EditionId, format: String, inside: &Trouble) -> Html {
    let w = ctx.words();
    let act = {
        let ctx = ctx.clone();
        act(move |_| {
            save_as(&ctx, edition.clone(), format.clone(), true);
            ctx.send(Msg::Dialog(None));
            async { Ok(()) }
        })
    };
    html! {
        <Modal ctx={ctx.clone()} title={w.export_inside()} test="dialog-export" close={super::dialogs::closer(ctx)}>
            <Form ctx={ctx.clone()} send={w.export_sure()} {act}><p>{ w.trouble(inside) }</p></Form>
        </Modal>
    }
}

/// The dialog for a picture's description.
pub fn describe(ctx: &Context, pos: u32, alt: &str, credit: &str) -> Html {
    let w = ctx.words();
    let act = {
        let ctx = ctx.clone();
        act(move |fields| {
            if let Some(surface) = ctx.writing.surface.borrow().as_ref() {
                surface.edit_figure(
                    pos,
                    &json!({ "alt": fields.text("alt"), "credit": fields.text("credit") }),
                );
            }
            ctx.send(Msg::Dialog(None));
            async { Ok(()) }
        })
    };
    html! {
        <Modal ctx={ctx.clone()} title={w.picture()} test="dialog-figure" close={super::dialogs::closer(ctx)}>
            <Form ctx={ctx.clone()} send={w.save()} {act}>
                { area(w.picture_alt(), "alt", alt, w.picture_alt_hint(), false) }
                { field(w.picture_credit(), "credit", credit, "", false) }
            </Form>
        </Modal>
    }
}

//! The sections, and the way between them.
//!
//! # Hooks for tests
//!
//! | where | names of `data-test` |
//! |---|---|
//! | everywhere | `panel`, `panel-checks`, `panel-claims`, `panel-sources`, `panel-people`, `panel-translation`, `panel-outlet`, `panel-group` (tabs), `reveal`, `open-record`, `sure`, `trouble` |
//! | checks | `finding`, `no-findings`; in the review `panel-brief`, `nothing-to-mend` |
//! | claims | `claim-make`, `claim`, `claim-status`, `claim-about`, `evidence`, `evidence-new` (`evidence-source`, `evidence-stance`, `evidence-locator`, `evidence-quote`, `evidence-add`), `claim-check` (`claim-reasons`, `claim-check-holds`, `claim-check-disputed`), `claim-remove`, `backed`, `backed-say` |
//! | sources | `source-new` (`source-title`, `source-what`, `source-secrecy`, `source-described`, `source-add`), `source-record`, and each field by its member: `reliability.state`, `custody.by` … |
//! | people | `entity-new` (`entity-name`, `entity-add`), `entity`, `name-ky`, `name-ru`, `name-en`, `reply-new`, `reply-asked`, `reply-deadline`, `reply-outcome`, `reply-answer`, `reply-mark`, `connections` (`picture-save`, `picture-insert`) |
//! | translation | `block-behind`, `block-current`, `block-missing` |
//! | who is in | `group-out`, `group-invite` (`group-revoke`), `group-device-asks` (`group-device-code`, `group-let-in`, `group-not-mine`), `group-outlet`, `group-voted`, `member`, `group-role`, `group-remove`, `group-leave`, `group-adopt`, `group-devices` (`group-device-out`), `group-device-add`, `group-device-link`, `group-expel`, `group-new-key`, `group-part`, `group-gone`, `group-words` |
//! | outlet | `front-headline`, `front-summary`, `front-note`, `front-figure`, `policy-sources`, `policy-<check>` |

use std::rc::Rc;

use js_sys::Promise;
use komuz_dossier::finding::Check;
use komuz_release::words::Lang;
use serde_json::Value;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

use crate::ask::{self, Trouble};
use crate::bits::trouble;
use crate::bridge::Bridge;
use crate::view::View;
use crate::words::{self, Words};
use crate::{claims, found, group, outlet, people, sources, translation};

/// What the app is given.
#[derive(Clone, Properties)]
pub struct AppProps {
    /// Language of the interface.
    pub lang: Lang,
    /// The page.
    pub bridge: Rc<Bridge>,
    /// What is shown; none before it has come.
    pub view: Option<Rc<View>>,
    /// Why nothing can be shown.
    pub failed: Option<Trouble>,
    /// The claim in whose words the cursor stands; empty when it stands in none.
    pub at: AttrValue,
    /// Only what must be mended is shown.
    pub brief: bool,
    /// The reason of the correction that is reviewed; empty when there is none.
    pub reason: AttrValue,
    /// The record to go to, and how often somebody went.
    pub wanted: (AttrValue, u32),
}

impl PartialEq for AppProps {
    fn eq(&self, other: &Self) -> bool {
        (self.lang == other.lang && self.at == other.at && self.wanted == other.wanted)
            && self.failed == other.failed
            && self.reason == other.reason
            && same(&self.view, &other.view)
    }
}

fn same(one: &Option<Rc<View>>, other: &Option<Rc<View>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => Rc::ptr_eq(one, other),
        _ => false,
    }
}

/// A section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What the checks found.
    Checks,
    /// The claims.
    Claims,
    /// The sources.
    Sources,
    /// People and organisations, and what they were asked.
    People,
    /// What the translation lacks.
    Translation,
    /// What this outlet puts around the text, and what the checks ask for.
    Outlet,
    /// Who is in the investigation.
    Group,
}

const SECTIONS: [(Section, &str); 7] = [
    (Section::Checks, "panel-checks"),
    (Section::Claims, "panel-claims"),
    (Section::Sources, "panel-sources"),
    (Section::People, "panel-people"),
    (Section::Translation, "panel-translation"),
    (Section::Outlet, "panel-outlet"),
    (Section::Group, "panel-group"),
];

impl Section {
    /// The section that a record is shown in.
    pub fn of(record: &str) -> Self {
        match record.split_once('-').map(|(kind, _)| kind) {
            Some("k" | "h") => Self::Claims,
            Some("s") => Self::Sources,
            Some("e" | "r" | "a") => Self::People,
            Some("b") => Self::Translation,
            Some("o") => Self::Outlet,
            _ => Self::Checks,
        }
    }
}

/// Where to go.
#[derive(Debug, Clone, PartialEq)]
pub enum Go {
    /// To a section.
    Section(Section),
    /// To a record, opened.
    Record(String),
    /// To the tab of the section.
    Tab,
}

/// What every part needs.
#[derive(Clone)]
pub struct Ctx(Rc<Shared>);

/// The same.
pub struct Shared {
    /// The page.
    pub bridge: Rc<Bridge>,
    /// Language of the interface.
    pub lang: Lang,
    /// Its words.
    pub w: &'static Words,
    /// What is shown.
    pub view: Rc<View>,
    /// The claim in whose words the cursor stands.
    pub at: AttrValue,
    go: Callback<Go>,
}

impl std::ops::Deref for Ctx {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl PartialEq for Ctx {
    fn eq(&self, other: &Self) -> bool {
        self.lang == other.lang && self.at == other.at && Rc::ptr_eq(&self.view, &other.view)
    }
}

impl Ctx {
    /// Goes somewhere.
    pub fn go(&self, go: Go) {
        self.go.emit(go);
    }

    /// Asks at once; what comes back may be awaited or left.
    pub fn ask(&self, ask: Value) -> impl Future<Output = Result<String, Trouble>> + use<> {
        let said = self.said(ask);
        async move { ask::result(&said.await?) }
    }

    /// Asks for something to show.
    pub fn ask_whole(&self, ask: Value) -> impl Future<Output = Result<Value, Trouble>> + use<> {
        let said = self.said(ask);
        async move { ask::answer(&said.await?) }
    }

    fn said(&self, ask: Value) -> impl Future<Output = Result<String, Trouble>> + use<> {
        let promise: Promise = self.bridge.ask(&ask.to_string());
        async move {
            match JsFuture::from(promise).await {
                Ok(json) => Ok(json.as_string().unwrap_or_default()),
                Err(_) => Err(Trouble::own("unanswered")),
            }
        }
    }
}

/// The panel.
#[component]
pub fn App(props: &AppProps) -> Html {
    let section = use_state(|| Section::Checks);
    // The record to go to, and how often somebody went: it may not have come yet.
    let target = use_state(|| (String::new(), 0u32));
    let root = use_node_ref();
    let go = {
        let (section, target, root) = (section.clone(), target.clone(), root.clone());
        let away = props.brief.then(|| props.bridge.clone());
        Callback::from(move |go: Go| match go {
            Go::Section(to) => section.set(to),
            Go::Record(id) if away.is_some() => away.iter().for_each(|bridge| bridge.open(&id)),
            Go::Record(id) => {
                section.set(Section::of(&id));
                target.set((id, target.1.wrapping_add(1)));
            }
            Go::Tab => {
                let root = root.cast::<Element>();
                let tab = root.and_then(|root| root.query_selector("[role=tab][aria-selected=true]").ok()?);
                if let Some(tab) = tab.and_then(|tab| tab.dyn_into::<HtmlElement>().ok()) {
                    let _ = tab.focus();
                }
            }
        })
    };
    use_effect_with(props.wanted.clone(), {
        let go = go.clone();
        move |(id, times): &(AttrValue, u32)| {
            if *times > 0 {
                go.emit(Go::Record(id.to_string()));
            }
        }
    });
    use_effect_with(props.at.clone(), {
        let root = root.clone();
        move |at: &AttrValue| {
            if let Some(record) = record(&root, at).filter(|_| !at.is_empty()) {
                let near = ScrollIntoViewOptions::new();
                near.set_block(ScrollLogicalPosition::Nearest);
                record.scroll_into_view_with_scroll_into_view_options(&near);
            }
        }
    });
    let reached = use_mut_ref(|| 0u32);
    use_effect({
        let (root, target) = (root.clone(), target.clone());
        move || {
            let (id, times) = &*target;
            if *reached.borrow() != *times && show(&root, id) {
                *reached.borrow_mut() = *times;
            }
        }
    });
    let w = words::of(props.lang);
    let Some(view) = &props.view else {
        return match &props.failed {
            None => html! { <p class="soft" role="status" data-test="panel">{ w.waiting }</p> },
            Some(failed) => html! { <p class="trouble" role="alert" data-test="panel">{ w.trouble(failed) }</p> },
        };
    };
    let ctx = Ctx(Rc::new(Shared {
        bridge: props.bridge.clone(),
        lang: props.lang,
        w,
        view: view.clone(),
        at: props.at.clone(),
        go: go.clone(),
    }));
    if props.brief {
        return html! { <div class="panel" lang={props.lang.tag()} data-test="panel-brief">{ found::brief(&ctx, &props.reason) }</div> };
    }
    let translated = view.facts.known.original.is_some();
    let shown: Vec<_> = (SECTIONS.iter())
        .filter(|(section, _)| translated || *section != Section::Translation)
        .collect();
    let here = shown.iter().position(|(one, _)| *one == *section).unwrap_or_default();
    // Arrow keys choose among the tabs, as the pattern for tabs asks (WAI-ARIA Authoring Practices).
    let onkeydown = {
        let (go, sections) = (
            go.clone(),
            shown.iter().map(|(section, _)| *section).collect::<Vec<_>>(),
        );
        move |event: KeyboardEvent| {
            let count = sections.len();
            let to = match event.key().as_str() {
                "ArrowRight" => (here + 1) % count,
                "ArrowLeft" => (here + count - 1) % count,
                "Home" => 0,
                "End" => count - 1,
                _ => return,
            };
            event.prevent_default();
            focus_tab(&event, to as u32);
            go.emit(Go::Section(sections[to]));
        }
    };
    let key = format!("{} {}", view.edition.story, view.edition.lang);
    html! {
        <div class="panel" ref={root} key={key} lang={props.lang.tag()} data-test="panel">
            <div class="sections" role="tablist" aria-label={w.sections} {onkeydown}>
                { for shown.iter().enumerate().map(|(at, (one, test))| {
                    let (one, go) = (*one, go.clone());
                    html! {
                        <button type="button" role="tab" aria-selected={if at == here { "true" } else { "false" }}
                            tabindex={if at == here { "0" } else { "-1" }} data-test={*test}
                            onclick={move |_: MouseEvent| go.emit(Go::Section(one))}>
                            { label(&ctx, one) }
                            if let Some(count) = count(&ctx, one) {
                                <span class="count">{ count }</span>
                            }
                        </button>
                    }
                }) }
            </div>
            { trouble(&ctx, &props.failed) }
            <div role="tabpanel" aria-label={label(&ctx, shown[here].0)} tabindex="-1" key={shown[here].1}>
                { match shown[here].0 {
                    Section::Checks => found::section(&ctx),
                    Section::Claims => claims::section(&ctx),
                    Section::Sources => sources::section(&ctx),
                    Section::People => people::section(&ctx),
                    Section::Translation => translation::section(&ctx),
                    Section::Outlet => outlet::section(&ctx),
                    Section::Group => group::section(&ctx),
                } }
            </div>
        </div>
    }
}

fn label(ctx: &Ctx, section: Section) -> &'static str {
    match section {
        Section::Checks => ctx.w.found,
        Section::Claims => ctx.w.claims,
        Section::Sources => ctx.w.sources,
        Section::People => ctx.w.people,
        Section::Translation => ctx.w.translation,
        Section::Outlet => ctx.w.outlet,
        Section::Group => ctx.w.group,
    }
}

/// How much there is in a section; none where that says nothing.
fn count(ctx: &Ctx, section: Section) -> Option<usize> {
    let known = &ctx.view.facts.known;
    let count = match section {
        Section::Checks => ctx.view.findings.len(),
        Section::Claims => known.claims.len(),
        Section::Sources => ctx.view.facts.sources.len() + known.confidential.len(),
        Section::People => known.entities.len(),
        // The checks have compared it already.
        Section::Translation => (ctx.view.findings.iter())
            .filter(|finding| matches!(finding.check, Check::TranslationBehind | Check::TranslationMissing))
            .count(),
        Section::Outlet | Section::Group => 0,
    };
    (count > 0).then_some(count)
}

fn focus_tab(event: &KeyboardEvent, at: u32) {
    let list = event.current_target().and_then(|list| list.dyn_into::<Element>().ok());
    let tabs = list.and_then(|list| list.query_selector_all("[role=tab]").ok());
    let tab = tabs.and_then(|tabs| tabs.get(at)?.dyn_into::<HtmlElement>().ok());
    if let Some(tab) = tab {
        let _ = tab.focus();
    }
}

/// Where a record is shown.
fn record(root: &NodeRef, id: &str) -> Option<Element> {
    let escaped = id.replace(['"', '\\'], "");
    let selector = format!("[data-record=\"{escaped}\"]");
    root.cast::<Element>()?.query_selector(&selector).ok()?
}

/// Opens the record, scrolls to it and gives it the focus; whether it is there.
fn show(root: &NodeRef, id: &str) -> bool {
    let Some(record) = record(root, id) else {
        return false;
    };
    let head = record.query_selector(".head").ok().flatten();
    if let Some(head) = head.and_then(|head| head.dyn_into::<HtmlElement>().ok()) {
        if head.get_attribute("aria-expanded").as_deref() == Some("false") {
            head.click();
        }
        let _ = head.focus();
    }
    record.scroll_into_view();
    true
}

#[cfg(test)]
mod tests {
    use super::Section;

    #[test]
    fn each_record_has_its_section() {
        assert_eq!(Section::of("k-1"), Section::Claims);
        assert_eq!(Section::of("h-headline"), Section::Claims);
        assert_eq!(Section::of("s-3"), Section::Sources);
        assert_eq!(Section::of("r-2"), Section::People);
        assert_eq!(Section::of("o-kloop"), Section::Outlet);
    }
}

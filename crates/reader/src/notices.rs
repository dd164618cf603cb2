//! Corrections, clarifications, updates, a retraction: the line at the top, the list, and the marks in the text.

use komuz_release::difference::Change;
use komuz_release::notice::Notice;
use komuz_release::release::Release;
use komuz_release::story::{Block, BlockKind};
use komuz_release::words::Lang;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use crate::markup::{Tag, class, list, tag, text};
use crate::signed::published;
use crate::story::{go_to, lines, part};

/// The notices of a release, oldest first, and where they meet the text.
pub struct Notices {
    list: Vec<Notice>,
    /// Blocks that are concerned and have a text to mark, each with the newest notice that concerns it.
    marks: Vec<(String, usize)>,
}

impl Notices {
    /// Those of a release.
    pub fn of(release: &Release) -> Self {
        let list = release.notices();
        let mut marks = Vec::new();
        for block in &release.body.blocks {
            let is_shown = match block.kind {
                BlockKind::Figure { .. } => true,
                BlockKind::Rule => false,
                _ => !block.text.is_empty(),
            };
            let concerns = |notice: &Notice| notice.changes.iter().any(|c| of_block(c) == Some(&block.id));
            if let Some(newest) = list.iter().rposition(concerns).filter(|_| is_shown) {
                marks.push((block.id.clone(), newest));
            }
        }
        Self { list, marks }
    }

    /// What the newest says, in one line that leads to the list; nothing in a first release.
    pub fn newest(&self, lang: Lang) -> Html {
        let Some(notice) = self.list.last() else {
            return Html::default();
        };
        let line = said(part("p", "correction"), notice, lang).text(" ");
        line.with(way("notices", lang.words().changes).html()).html()
    }

    fn marked(&self, block: &str) -> Option<&Notice> {
        let (_, at) = self.marks.iter().find(|(marked, _)| marked == block)?;
        self.list.get(*at)
    }

    /// What stands at the end of a block that a notice concerns: a way to the notice. Links of the list lead here.
    pub fn mark(&self, block: &Block, lang: Lang) -> Html {
        let Some(notice) = self.marked(&block.id) else {
            return Html::default();
        };
        let mark = way(&notice_id(notice), lang.kind(notice.kind)).set("id", &block_id(&block.id));
        list(vec![text(" "), class("sup", "mark").with(mark.html()).html()])
    }
}

/// The block that a change is in.
fn of_block(change: &Change) -> Option<&str> {
    change.place.strip_prefix("block:")
}

fn notice_id(notice: &Notice) -> String {
    format!("notice-{}", notice.number)
}

fn block_id(block: &str) -> String {
    format!("block-{block}")
}

/// A link to an element of the story. Browsers look for a fragment's element in the page and not in a shadow root.
fn way(id: &str, text: &str) -> Tag {
    let press = |event: MouseEvent| {
        event.prevent_default();
        let link = event.target_dyn_into::<Element>();
        let found = link.and_then(|link| {
            let selector = link.get_attribute("href")?;
            link.closest("article").ok()??.query_selector(&selector).ok()?
        });
        if let Some(found) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
            // The text of a withdrawn story is closed.
            if let Ok(Some(closed)) = found.closest("details") {
                let _ = closed.set_attribute("open", "");
            }
            go_to(&found);
        }
    };
    tag("a")
        .set("href", &format!("#{id}"))
        .text(text)
        .pressed(Callback::from(press))
}

/// `Corrected on 3 December 2019, 06:00 UTC: ...`
fn said(line: Tag, notice: &Notice, lang: Lang) -> Tag {
    let date = published(&notice.published, lang);
    let time = tag("time").set("datetime", &notice.published).text(&date);
    let line = line.text(lang.noticed(notice.kind)).text(" ").with(time.html());
    if notice.reason.is_empty() {
        return line.text(".");
    }
    let reason = tag("span").set("dir", "auto").with(lines(&notice.reason));
    line.text(": ").with(reason.html())
}

/// What stands over a story that was withdrawn.
pub fn retraction(newest: Html, lang: Lang) -> Html {
    let withdrawn = tag("b").text(lang.words().retracted);
    part("div", "retraction")
        .set("role", "note")
        .with(tag("p").with(withdrawn.html()).html())
        .with(newest)
        .html()
}

/// All notices, newest first.
pub fn notice_list(notices: &Notices, lang: Lang) -> Html {
    if notices.list.is_empty() {
        return Html::default();
    }
    let words = lang.words();
    let mut entries = tag("ul");
    for notice in notices.list.iter().rev() {
        let kind = tag("b").text(lang.kind(notice.kind)).text(". ").html();
        let line = said(tag("p").with(kind), notice, lang).text(" ");
        let number = tag("small").text(&lang.release(notice.number)).html();
        let mut entry = tag("li")
            .set("id", &notice_id(notice))
            .set("tabindex", "-1")
            .with(line.with(number).html());
        if notice.shortened {
            entry = entry.with(tag("p").text(words.shortened).html());
        }
        let changes = notice.changes.iter().map(|change| change_line(change, notices, lang));
        entries = entries.with(entry.with(tag("ul").with(list(changes.collect())).html()).html());
    }
    let heading = tag("h3").set("id", "notices").set("tabindex", "-1").text(words.changes);
    part("section", "notices")
        .set("aria-labelledby", "notices")
        .with(heading.html())
        .with(entries.html())
        .html()
}

/// One change: where, the words around it, what went and what came. An item of a list.
fn change_line(change: &Change, notices: &Notices, lang: Lang) -> Html {
    let words = lang.words();
    let mut line = tag("li").set("dir", "auto");
    let place = lang.place(&change.place);
    let place = match of_block(change).filter(|block| notices.marked(block).is_some()) {
        Some(block) => way(&block_id(block), place).html(),
        None => text(place),
    };
    line = line.with(tag("b").with(place).text(".").html()).text(" ");
    if !change.before.is_empty() {
        line = line.text(&format!("… {} ", change.before.trim()));
    }
    if change.withheld {
        let label = tag("small").text(words.was).text(" ").text(words.withheld).html();
        line = line.with(label).text(" ");
    }
    for (what, label, element) in [(&change.old, words.was, "del"), (&change.new, words.now, "ins")] {
        if !what.is_empty() {
            let label = tag("small").text(label).html();
            line = line
                .with(label)
                .text(" ")
                .with(tag(element).with(lines(what)).html())
                .text(" ");
        }
    }
    if !change.after.is_empty() {
        line = line.text(&format!("{} …", change.after.trim()));
    }
    line.html()
}

//! Corrections, clarifications, updates, a retraction: the line at the top, the list, and the marks in the text.

use std::collections::BTreeMap;

use super::{View, escape, lines};
use crate::difference::Change;
use crate::notice::Notice;
use crate::release::Release;
use crate::story::{Block, BlockKind};

/// The notices of a release and where they meet the text.
#[derive(Default)]
pub(super) struct Notices {
    /// Oldest first.
    list: Vec<Notice>,
    /// For each block that is concerned and has a text to mark, the newest notice that concerns it.
    marks: BTreeMap<String, usize>,
}

impl Notices {
    pub(super) fn of(release: &Release) -> Self {
        let list = release.notices();
        let shown = |block: &&Block| match block.kind {
            BlockKind::Figure { .. } => true,
            BlockKind::Rule => false,
            _ => !block.text.is_empty(),
        };
        let concerns = |notice: &Notice, block: &Block| notice.changes.iter().any(|c| of_block(c) == Some(&block.id));
        let mark = |block: &Block| {
            let newest = list.iter().rposition(|notice| concerns(notice, block))?;
            Some((block.id.clone(), newest))
        };
        Self {
            marks: release.body.blocks.iter().filter(shown).filter_map(mark).collect(),
            list,
        }
    }
}

/// The block that a change is in.
fn of_block(change: &Change) -> Option<&str> {
    change.place.strip_prefix("block:")
}

impl View<'_> {
    /// What the newest notice says, in one line that leads to the list.
    pub(super) fn newest_notice(&self, out: &mut String) {
        let Some(notice) = self.notices.list.last() else { return };
        out.push_str(&format!(
            "<p class=\"komuz-correction\">{}{} <a href=\"#{}-notices\">{}</a></p>\n",
            self.noticed(notice),
            self.reason(notice),
            self.ids,
            self.lang.words().changes,
        ));
    }

    fn noticed(&self, notice: &Notice) -> String {
        format!("{} {}", self.lang.noticed(notice.kind), self.date(&notice.published))
    }

    fn reason(&self, notice: &Notice) -> String {
        match notice.reason.as_str() {
            "" => ".".to_owned(),
            reason => format!(": <span dir=\"auto\">{}</span>", lines(reason)),
        }
    }

    /// All notices, newest first.
    pub(super) fn notices(&self, out: &mut String) {
        if self.notices.list.is_empty() {
            return;
        }
        let (level, words) = (self.level(2), self.lang.words());
        let id = format!("{}-notice", self.ids);
        out.push_str(&format!(
            "<section class=\"komuz-notices\" aria-labelledby=\"{id}s\">\n<h{level} id=\"{id}s\">{}</h{level}>\n<ul>\n",
            words.changes,
        ));
        for notice in self.notices.list.iter().rev() {
            out.push_str(&format!(
                "<li id=\"{id}-{}\"><p><b>{}.</b> {}{} <small>{}</small></p>\n",
                notice.number,
                self.lang.kind(notice.kind),
                self.noticed(notice),
                self.reason(notice),
                escape(&self.lang.release(notice.number)),
            ));
            if notice.shortened {
                out.push_str(&format!("<p>{}</p>\n", words.shortened));
            }
            if !notice.changes.is_empty() {
                out.push_str("<ul>\n");
                for change in &notice.changes {
                    out.push_str(&format!("<li>{}</li>\n", self.change(change)));
                }
                out.push_str("</ul>\n");
            }
            out.push_str("</li>\n");
        }
        out.push_str("</ul>\n</section>\n");
    }

    /// Where, the words around, what went and what came, with a way to the block where that is still there. Meaning is in
    /// elements and words, not in colour alone.
    fn change(&self, change: &Change) -> String {
        let words = self.lang.words();
        let place = self.lang.place(&change.place);
        let mut parts = vec![
            match of_block(change).filter(|block| self.notices.marks.contains_key(*block)) {
                Some(block) => format!("<b><a href=\"#{}\">{place}</a>.</b>", self.mark_id(block)),
                None => format!("<b>{place}.</b>"),
            },
        ];
        if !change.before.is_empty() {
            parts.push(format!("… {}", escape(&change.before)));
        }
        if change.withheld {
            parts.push(format!("<small>{} {}</small>", words.was, words.withheld));
        }
        for (text, said, tag) in [(&change.old, words.was, "del"), (&change.new, words.now, "ins")] {
            if !text.is_empty() {
                parts.push(format!("<small>{said}</small> <{tag}>{}</{tag}>", lines(text)));
            }
        }
        if !change.after.is_empty() {
            parts.push(format!("{} …", escape(&change.after)));
        }
        parts.join(" ")
    }

    fn mark_id(&self, block: &str) -> String {
        format!("{}-block-{}", self.ids, escape(block))
    }

    /// What stands at the end of a block that a notice concerns: a way to the notice. Links of the list lead here.
    pub(super) fn mark(&self, block: &Block) -> String {
        let Some(notice) = self
            .notices
            .marks
            .get(&block.id)
            .and_then(|at| self.notices.list.get(*at))
        else {
            return String::new();
        };
        format!(
            " <sup class=\"komuz-mark\"><a id=\"{}\" href=\"#{}-notice-{}\">{}</a></sup>",
            self.mark_id(&block.id),
            self.ids,
            notice.number,
            self.lang.kind(notice.kind),
        )
    }
}

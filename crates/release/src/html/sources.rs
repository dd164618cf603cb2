//! The numbered list of sources.

use super::{View, escape, lines, name_plain};
use crate::notes::Note;
use crate::story::safe_link;
use crate::words::{appeared, authors, title};

impl View<'_> {
    pub(super) fn sources(&self, out: &mut String) {
        if self.notes.list.is_empty() {
            return;
        }
        let level = self.level(2);
        let id = format!("{}-sources", self.ids);
        out.push_str(&format!(
            "<section class=\"komuz-sources\" aria-labelledby=\"{id}\">\n<h{level} id=\"{id}\">{}</h{level}>\n<ol>\n",
            self.lang.words().sources
        ));
        for note in &self.notes.list {
            self.note(note, out);
        }
        out.push_str("</ol>\n</section>\n");
    }

    fn note(&self, note: &Note<'_>, out: &mut String) {
        let words = self.lang.words();
        let Note {
            number,
            source,
            locator,
            citations,
        } = note;
        out.push_str(&format!("<li id=\"{}-note-{number}\">", self.ids));
        let authors = authors(source);
        if !authors.is_empty() {
            out.push_str(&format!("{}. ", name_plain(&authors)));
        }
        let title = format!(
            "<cite{} dir=\"auto\">{}</cite>",
            in_language(&source.language),
            escape(title(source))
        );
        out.push_str(&match safe_link(&source.url) {
            true => format!(
                "<a href=\"{}\" rel=\"noopener noreferrer\">{title}</a>.",
                escape(&source.url)
            ),
            false => format!("{title}."),
        });
        let mut parts = vec![appeared(source, self.lang), (*locator).to_owned()];
        parts.retain(|p| !p.is_empty());
        if !parts.is_empty() {
            out.push_str(&format!(" {}.", name_plain(&parts.join(", "))));
        }
        let mut quotes: Vec<&str> = citations
            .iter()
            .map(|c| c.quote.trim())
            .filter(|q| !q.is_empty())
            .collect();
        quotes.dedup();
        for quote in quotes {
            out.push_str(&format!(
                " <q{} dir=\"auto\">{}</q>",
                in_language(&source.language),
                lines(quote)
            ));
        }
        let mut small = Vec::new();
        if !source.language.is_empty() {
            small.push(escape(
                self.lang.language_name(&source.language).unwrap_or(&source.language),
            ));
        }
        if let Some(date) = source
            .accessed
            .as_ref()
            .map(|d| self.lang.date(d))
            .filter(|d| !d.is_empty())
        {
            small.push(escape(&self.lang.accessed(&date)));
        }
        if safe_link(&source.custom.archive_url) {
            small.push(format!(
                "<a href=\"{}\" rel=\"noopener noreferrer\">{}</a>",
                escape(&source.custom.archive_url),
                words.archived
            ));
        }
        if !small.is_empty() {
            out.push_str(&format!(" <small>{}</small>", small.join(" · ")));
        }
        out.push_str(&format!(
            " <a class=\"komuz-back\" href=\"#{}-ref-{number}\" role=\"doc-backlink\" aria-label=\"{}, {number}\">↑</a></li>\n",
            self.ids, words.back_to_text
        ));
    }
}

fn in_language(tag: &str) -> String {
    match tag {
        "" => String::new(),
        tag => format!(" lang=\"{}\"", escape(tag)),
    }
}

//! `komuz import` and `komuz export`: stories from and to other programs.

use std::path::{Path, PathBuf};

use komuz_core::body::Body;
use komuz_import::{DEFAULT_LIMIT, Imported, export_csl, export_json, export_markdown, import};
use komuz_release::story::Story;

/// `komuz import`.
#[derive(Debug, clap::Args)]
pub struct Import {
    /// Markdown, HTML, a story's JSON, or CSL-JSON with sources; texts are put one behind the other.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The story to write, as JSON (docs/story.schema.json).
    #[arg(long)]
    out: PathBuf,
    /// Language of the story (BCP 47) where no file tells it.
    #[arg(long)]
    lang: Option<String>,
    /// The most that is read from one file, in megabytes.
    #[arg(long, default_value_t = DEFAULT_LIMIT >> 20)]
    limit: usize,
}

/// `komuz export`.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// A story that `komuz import` or the desk has written.
    story: PathBuf,
    /// What to write.
    #[arg(long, value_enum)]
    format: Format,
    /// Where to; standard output when not given.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// A format that stories are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// An HTML page that needs nothing else.
    Html,
    /// Markdown with footnotes.
    Markdown,
    /// The sources for a citation manager.
    CslJson,
    /// The whole story; reads back to an equal one.
    Json,
    /// The text as an Automerge document (the sources are not in it).
    Automerge,
}

/// Reads all files first and writes only when every one could be read.
///
/// # Errors
/// A sentence that names the file and the place in it.
pub fn run_import(args: &Import) -> Result<(), String> {
    let limit = args.limit.saturating_mul(1 << 20);
    let mut whole: Option<Story> = None;
    for file in &args.files {
        let bytes = read(file, limit)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let Imported { story, left_out } =
            import(&name, &bytes, limit).map_err(|error| format!("{}: {error}", file.display()))?;
        for sentence in left_out {
            eprintln!("{}: {sentence}", file.display());
        }
        whole = Some(match whole {
            None => story,
            Some(before) => joined(before, story),
        });
    }
    let mut story = whole.ok_or("no file was given")?;
    if let Some(lang) = &args.lang
        && story.lang == "und"
    {
        story.lang.clone_from(lang);
    }
    for citation in &story.citations {
        if !story.sources.iter().any(|source| source.id == citation.source) {
            return Err(format!(
                "the text cites {:?}, but no file has a source with that id",
                citation.source
            ));
        }
    }
    write(&args.out, export_json(&story).as_bytes())?;
    eprintln!(
        "{}: {} blocks, {} citations, {} sources",
        args.out.display(),
        story.blocks.len(),
        story.citations.len(),
        story.sources.len()
    );
    Ok(())
}

/// Writes a story in another format.
///
/// # Errors
/// A sentence that names the file and the place in it.
pub fn run_export(args: &Export) -> Result<(), String> {
    let bytes = read(&args.story, DEFAULT_LIMIT)?;
    let story = import("story.json", &bytes, DEFAULT_LIMIT)
        .map_err(|error| format!("{}: {error}", args.story.display()))?
        .story;
    let out = match args.format {
        Format::Html => komuz_release::html::draft_html(&story).into_bytes(),
        Format::Markdown => export_markdown(&story).into_bytes(),
        Format::CslJson => export_csl(&story.sources).into_bytes(),
        Format::Json => export_json(&story).into_bytes(),
        Format::Automerge => {
            let mut actor = [0u8; 16];
            getrandom::fill(&mut actor).map_err(|error| format!("no randomness: {error}"))?;
            let (document, _) =
                Body::from_story(&story, &actor).map_err(|error| format!("{}: {error}", args.story.display()))?;
            document.save()
        }
    };
    match &args.out {
        Some(path) => write(path, &out),
        None => std::io::Write::write_all(&mut std::io::stdout().lock(), &out)
            .map_err(|error| format!("could not write to standard output: {error}")),
    }
}

/// One story behind another: blocks and citations get ids of their own, sources with one id must be equal or are renamed.
fn joined(mut story: Story, next: Story) -> Story {
    if story.blocks.is_empty() && story.headline.is_empty() {
        // Sources came first.
        let sources = std::mem::take(&mut story.sources);
        let mut next = next;
        next.sources.splice(0..0, sources);
        return next;
    }
    let free = |taken: &dyn Fn(&str) -> bool, letter: char| {
        (1..)
            .map(|number| format!("{letter}{number}"))
            .find(|id| !taken(id))
            .unwrap_or_default()
    };
    let mut renamed = std::collections::BTreeMap::new();
    for mut source in next.sources {
        match story.sources.iter().find(|known| known.id == source.id) {
            Some(known) if *known == source => {}
            Some(_) => {
                let id = free(&|id| story.sources.iter().any(|source| source.id == id), 's');
                renamed.insert(std::mem::replace(&mut source.id, id.clone()), id);
                story.sources.push(source);
            }
            None => story.sources.push(source),
        }
    }
    let mut blocks = std::collections::BTreeMap::new();
    for mut block in next.blocks {
        let id = free(&|id| story.blocks.iter().any(|block| block.id == id), 'b');
        blocks.insert(std::mem::replace(&mut block.id, id.clone()), id);
        story.blocks.push(block);
    }
    for mut citation in next.citations {
        citation.id = free(&|id| story.citations.iter().any(|citation| citation.id == id), 'c');
        for place in [&mut citation.start, &mut citation.end] {
            if let Some(id) = blocks.get(&place.block) {
                place.block.clone_from(id);
            }
        }
        if let Some(id) = renamed.get(&citation.source) {
            citation.source.clone_from(id);
        }
        story.citations.push(citation);
    }
    if story.lang == "und" {
        story.lang = next.lang;
    }
    story
}

fn read(path: &Path, limit: usize) -> Result<Vec<u8>, String> {
    let size = std::fs::metadata(path)
        .map_err(|error| format!("{}: {error}", path.display()))?
        .len();
    if size > limit as u64 {
        return Err(format!(
            "{}: {size} bytes are more than the limit of {limit}; --limit raises it",
            path.display()
        ));
    }
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Writes beside the file and renames, so that what was there is never half replaced.
fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let error = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    std::fs::write(&part, bytes).map_err(error)?;
    std::fs::rename(&part, path).map_err(error)
}

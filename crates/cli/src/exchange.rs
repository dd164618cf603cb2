//! `komuz import` and `komuz export`: stories from and to other programs.

mod join;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use komuz_core::body::Body;
use komuz_dossier::{Dossier, Known};
use komuz_import::{DEFAULT_LIMIT, Imported, export_csl, export_dossier, export_json, export_markdown, import};
use komuz_release::folder::is_lang;
use komuz_release::story::Story;

use join::Part;

/// `komuz import`.
#[derive(Debug, clap::Args)]
pub struct Import {
    /// Markdown, HTML, plain text, a story's JSON, or CSL-JSON with sources; texts are put one behind the other.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The story to write, as JSON (docs/story.schema.json).
    #[arg(long)]
    out: PathBuf,
    /// Language of the story (BCP 47) where no file tells it.
    #[arg(long, value_parser = lang)]
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
    /// The most that is read of the story's file, in megabytes.
    #[arg(long, default_value_t = DEFAULT_LIMIT >> 20)]
    limit: usize,
}

fn lang(tag: &str) -> Result<String, String> {
    if is_lang(tag) {
        Ok(tag.to_owned())
    } else {
        Err("a language is a tag such as ky, ru or zh-Hant".to_owned())
    }
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
    /// The whole story with what the newsrooms know of it, confidential sources too; reads back to an equal one.
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
    let mut parts = Vec::new();
    let mut dossiers = Vec::new();
    for file in &args.files {
        let bytes = read(file, limit)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let imported = import(&name, &bytes, limit).map_err(|error| format!("{}: {error}", file.display()))?;
        for sentence in imported.left_out {
            eprintln!("{}: {sentence}", file.display());
        }
        if !imported.dossier.is_empty() {
            dossiers.push(imported.dossier);
        }
        parts.push(Part {
            name: file.display().to_string(),
            story: imported.story,
            public: name.to_ascii_lowercase().ends_with(".json"),
        });
    }
    if !dossiers.is_empty() && parts.len() > 1 {
        return Err(
            "a story with a dossier is imported by itself: joined to others its claims would stand on other words"
                .to_owned(),
        );
    }
    let (mut story, said) = join::join(parts)?;
    for sentence in said {
        eprintln!("{sentence}");
    }
    if let Some(lang) = &args.lang
        && story.lang == "und"
    {
        story.lang.clone_from(lang);
    }
    // What is written is read back first: nothing is written that `komuz export` would refuse.
    let json = whole_json(&story, dossiers.pop().unwrap_or_default());
    let again = import("story.json", json.as_bytes(), usize::MAX).map_err(|error| format!("together, {error}"))?;
    if again.story != story {
        return Err("together, the files make a story that does not read back".to_owned());
    }
    write(&args.out, json.as_bytes())?;
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
    let limit = args.limit.saturating_mul(1 << 20);
    let bytes = read(&args.story, limit)?;
    let Imported { story, dossier, .. } =
        import("story.json", &bytes, limit).map_err(|error| format!("{}: {error}", args.story.display()))?;
    let inside = confidential_inside(&story, &dossier, args.format);
    if inside > 0 {
        let holds = if inside == 1 {
            "a confidential source"
        } else {
            "confidential sources"
        };
        eprintln!(
            "{}: the export holds {holds} in the clear ({inside}): for colleagues alone",
            args.story.display()
        );
    }
    let out = match args.format {
        Format::Html => komuz_release::html::draft_html(&story).into_bytes(),
        Format::Markdown => export_markdown(&story).into_bytes(),
        Format::CslJson => export_csl(&story.sources).into_bytes(),
        Format::Json => whole_json(&story, dossier).into_bytes(),
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
        None => std::io::stdout()
            .lock()
            .write_all(&out)
            .map_err(|error| format!("could not write to standard output: {error}")),
    }
}

/// How many sources that readers may not learn of a format would hold: the story's JSON all, the Automerge document those that the
/// text cites, with what it quotes of them.
fn confidential_inside(story: &Story, dossier: &Known, format: Format) -> usize {
    let cited = |id: &&String| story.citations.iter().any(|citation| citation.source == **id);
    match format {
        Format::Html | Format::Markdown | Format::CslJson => 0,
        Format::Json => dossier.confidential.len(),
        Format::Automerge => dossier.confidential.keys().filter(cited).count(),
    }
}

/// A story as JSON, with what the newsrooms know of it.
fn whole_json(story: &Story, dossier: Known) -> String {
    if dossier.is_empty() {
        return export_json(story);
    }
    export_dossier(&Dossier {
        story: story.clone(),
        dossier,
    })
}

/// A file, or an error when it is larger than the limit. No more than that is read of it, whatever its size is said to be.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, String> {
    let error = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(error)?;
    file.take((limit as u64).saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(error)?;
    if bytes.len() > limit {
        return Err(format!(
            "{}: more than the limit of {} MB; --limit raises it",
            path.display(),
            limit >> 20
        ));
    }
    Ok(bytes)
}

/// Writes beside the file and renames, so that what was there is never half replaced.
fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let error = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let written = std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    written.map_err(error)
}

// Pasted and dropped documents: words and structure come in, looks stay out.
//
// The markup is parsed into a document of its own that is never shown, runs no script and loads nothing, and is then read
// element by element into blocks of the schema. So nothing of a foreign page reaches the desk's own DOM.
//
// A file of its own that is fetched when something is pasted: what it needs of ProseMirror comes in as an argument.

// What comes in must be what the importer makes of the same markup (crates/import): both are held to one table of samples,
// crates/import/tests/samples/paste.json.

/** The largest pasted markup that is read, in UTF-16 code units; more is refused, and that is said. */
export const MAX_PASTE = 16 << 20

const policy = globalThis.trustedTypes?.createPolicy("komuz-desk", { createHTML: (html) => html })

/**
 * Parses markup into an inert document. Styles are only read, never applied: under another attribute's name, so that the
 * page's policy has nothing to refuse.
 */
function inert(html) {
  html = html
    .replace(/<style\b[\s\S]*?<\/style\s*>/gi, "")
    .replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\sstyle\s*=/gi, " data-look=").replace(/\son\w+\s*=/gi, " data-gone="))
  return new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html")
}

const SKIPPED = new Set(["script", "style", "head", "title", "meta", "link", "template", "noscript", "iframe", "object", "svg", "math", "select", "button", "input", "textarea", "img", "video", "audio", "canvas", "nav", "form", "datalist", "noframes", "del"])
const BLOCKS = new Set(["address", "article", "aside", "body", "caption", "center", "dd", "details", "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "header", "html", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"])

const said = (element, pattern) => pattern.exec(element.getAttribute("data-look") ?? "")

/** What is never shown of a foreign page, by what its elements say of themselves. */
const HIDDEN = /mso-list:\s*ignore|display:\s*none|mso-hide:\s*all|mso-special-character:\s*comment|mso-element:\s*comment/i

/** Remarks of editors to each other: Word marks them by class, Google Docs by the names that its links point to. */
const isComment = (element) =>
  /(^|\s)msocom(anchor|txt|hide)(\s|$)/.test(element.getAttribute("class") ?? "") ||
  (element.localName === "a" && /^#(cmnt|_msocom_|_msoanchor_)/i.test(element.getAttribute("href") ?? ""))

/** Whether a block holds the text of a comment of Google Docs: it starts with the way back to its mark. */
const isCommentText = (element) => !!element.querySelector('a[href^="#cmnt_ref" i]')

/** The address behind the redirect that Google Docs puts around every link. */
function unwrapped(href) {
  if (!href?.startsWith("https://www.google.com/url?")) return href
  return new URL(href).searchParams.get("q") ?? href
}

/** How many footnotes pasted markup brings, as Google Docs, Word, LibreOffice, pandoc and GitHub write them. */
export function footnotes(html) {
  const names = /href=["']?[^"'\s>]*#(_?ftn(?:t)?\d+|sd(?:foot|end)note\d+sym|_edn\d+|(?:user-content-)?fn[:-]?\d+)\b/gi
  return new Set(Array.from(html.matchAll(names), (m) => m[1].toLowerCase())).size
}

/** The readers for a schema: `{readHTML(html), readText(text, marks)}`, both making slices. */
export function readers({ schema, MAX_DEPTH, safeLink, anonymous, Fragment, Slice, SchemaParser }) {
  class Reader {
    blocks = []
    /** Text nodes of the block that is being read. */
    runs = []
    kind = null

    /** How many cells of a table are open, one in the other; their blocks are words of the table's row. */
    cells = 0
    /** What stands before the next words of a row. */
    gap = ""

    /** Ends the block that is being read; an empty one is dropped. White space is folded as a browser shows it. */
    close() {
      if (this.cells) {
        this.gap ||= " "
        return
      }
      this.gap = ""
      const runs = this.runs
      let spaced = true
      for (const run of runs) {
        if (!run.pre && spaced) run.text = run.text.replace(/^ /, "")
        if (run.text) spaced = /[ \n]$/.test(run.text)
      }
      for (let i = runs.length - 1; i >= 0; i--) {
        runs[i].text = runs[i].text.replace(/[ \n]+$/, "")
        if (runs[i].text) break
      }
      const nodes = runs.filter(({ text }) => text).map(({ text, marks }) => schema.text(text, marks))
      if (nodes.length) {
        const { type, attrs } = this.kind ?? { type: schema.nodes.paragraph, attrs: {} }
        this.blocks.push(type.create(attrs, Fragment.fromArray(nodes)))
      }
      this.runs = []
    }

    text(text, marks, pre) {
      if (pre) text = text.replace(/\r\n?/g, "\n")
      else text = text.replace(/[ \t\r\n\f]+/g, " ")
      text = text.replace(/[\ufffc\ufeff]|(?![\n\t])\p{Cc}/gu, "")
      if (this.gap && (pre ? text : text.trim())) {
        if (this.runs.some((run) => run.text.trim())) this.runs.push({ text: this.gap, marks: [], pre: false })
        this.gap = ""
      }
      if (text) this.runs.push({ text, marks, pre })
    }

    /** A cell of a table. */
    cell(element, at) {
      this.cells++
      this.children(element, { ...at, marks: this.marks(element, at.marks) })
      this.cells--
      this.gap = " · "
    }

    /** Reads the children of an element. `at` says in what they lie: marks, list, quote. */
    children(element, at) {
      for (const child of element.childNodes) {
        if (child.nodeType === 3) this.text(child.nodeValue, at.marks, at.pre)
        else if (child.nodeType === 1) this.element(child, at)
      }
    }

    element(element, at) {
      const name = element.localName
      if (SKIPPED.has(name) || said(element, HIDDEN) || isComment(element)) return
      if ((name === "p" || name === "div") && isCommentText(element)) return
      if (name === "br") {
        this.runs.push({ text: "\n", marks: [], pre: true })
        return
      }
      if (name === "hr") {
        this.close()
        this.blocks.push(schema.nodes.rule.create())
        return
      }
      const heading = /^h([1-6])$/.exec(name)
      if (heading) return this.block(element, at, { type: schema.nodes.heading, attrs: { level: heading[1] < 3 ? 2 : 3 } })
      if (name === "blockquote") return this.block(element, { ...at, kind: { type: schema.nodes.quote, attrs: {} } })
      if (name === "ul" || name === "ol" || name === "menu") {
        return this.block(element, { ...at, list: { ordered: name === "ol", depth: at.list ? at.list.depth + 1 : 0 } })
      }
      if (name === "li") {
        const level = element.hasAttribute("aria-level") ? element.getAttribute("aria-level") - 1 : Number(/\bli-bullet-(\d)/.exec(element.className)?.[1] ?? -1)
        const depth = Math.min(MAX_DEPTH, level >= 0 ? level : at.list?.depth ?? 0)
        return this.block(element, { ...at, kind: this.item(at.list?.ordered ?? false, depth) })
      }
      const word = said(element, /mso-list:[^;]*level(\d)/i)
      if (name === "p" && word) {
        const marker = element.querySelector('[data-look*="mso-list:Ignore" i]')?.textContent ?? ""
        return this.block(element, at, this.item(/^\s*\(?[\p{L}\d]{1,4}[.)]/u.test(marker), Math.min(MAX_DEPTH, word[1] - 1)))
      }
      if (name === "pre") return this.block(element, { ...at, pre: true, marks: schema.marks.code.create().addToSet(at.marks) })
      if (name === "td" || name === "th") return this.cell(element, at)
      if (name === "tr" && this.cells) {
        this.children(element, at)
        this.gap = " "
        return
      }
      if (BLOCKS.has(name)) return this.block(element, at)
      this.children(element, { ...at, marks: this.marks(element, at.marks) })
    }

    item(ordered, depth) {
      return { type: schema.nodes.item, attrs: { ordered, depth } }
    }

    block(element, at, kind = at.kind) {
      this.close()
      const outer = this.kind
      this.kind = kind ?? null
      this.children(element, { ...at, kind, marks: this.marks(element, at.marks) })
      this.close()
      this.kind = outer
    }

    /** Marks from the element's name and, as Google Docs writes them, from its style; `<b style="font-weight:normal">` is none. */
    marks(element, marks) {
      const { strong, emphasis, code, link } = schema.marks
      const name = element.localName
      const weight = said(element, /font-weight:\s*(\w+)/i)?.[1]
      if (weight ? weight === "bold" || weight >= 600 : name === "b" || name === "strong") marks = strong.create().addToSet(marks)
      const slant = said(element, /font-style:\s*(\w+)/i)?.[1]
      if (slant ? slant === "italic" : name === "i" || name === "em" || name === "cite") marks = emphasis.create().addToSet(marks)
      if (name === "code" || name === "kbd" || name === "samp") marks = code.create().addToSet(marks)
      const href = name === "a" ? unwrapped(element.getAttribute("href")) : null
      if (safeLink(href)) marks = link.create({ href }).addToSet(marks)
      return marks
    }
  }

  /**
   * Reads pasted markup into a slice. Markup that a desk wrote (`data-pm-slice`) is read by the schema, all marks included;
   * any other by its structure alone.
   */
  function readHTML(html) {
    const doc = inert(html)
    const own = /^(\d+) (\d+)/.exec(doc.querySelector("[data-pm-slice]")?.getAttribute("data-pm-slice") ?? "")
    if (own) {
      const slice = SchemaParser.fromSchema(schema).parseSlice(doc.body, { preserveWhitespace: "full" })
      const { content } = slice
      const open = (wanted, node) => (content.size && node?.isTextblock ? Math.min(1, Number(wanted)) : 0)
      if (content.firstChild?.isText) return anonymous(new Slice(content, 0, 0))
      return anonymous(new Slice(content, open(own[1], content.firstChild), open(own[2], content.lastChild)))
    }
    const reader = new Reader()
    reader.children(doc.body, { marks: [], list: null, kind: null, pre: false })
    reader.close()
    return opened(reader.blocks)
  }

  /** Reads plain text: an empty line, or any line break, starts a new paragraph. */
  function readText(text, marks) {
    const lines = text.replace(/[\ufffc\ufeff]|(?![\n\r\t])\p{Cc}/gu, "").split(/(?:\r\n?|\n)+/)
    return opened(lines.map((line) => schema.nodes.paragraph.create(null, line ? schema.text(line, marks) : null)))
  }

  /** A slice whose first and last paragraphs join the text around them. */
  function opened(blocks) {
    const ends = (node) => (node?.type === schema.nodes.paragraph ? 1 : 0)
    if (blocks.length === 1 && blocks[0].isTextblock) return new Slice(Fragment.from(blocks[0]), 1, 1)
    return new Slice(Fragment.fromArray(blocks), ends(blocks[0]), ends(blocks.at(-1)))
  }

  return { readHTML, readText }
}

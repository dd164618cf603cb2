// Pasted and dropped documents: words and structure come in, looks stay out.
//
// The markup is parsed into a document of its own that is never shown, runs no script and loads nothing, and is then read
// element by element into blocks of the schema. So nothing of a foreign page reaches the desk's own DOM.
//
// A file of its own that is fetched when something is pasted: what it needs of ProseMirror comes in as an argument.

/** The largest pasted markup that is read, in UTF-16 code units. */
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

const SKIPPED = new Set(["script", "style", "head", "title", "meta", "link", "template", "noscript", "iframe", "object", "svg", "math", "select", "button", "input", "textarea", "img", "video", "audio", "canvas"])
const BLOCKS = new Set(["address", "article", "aside", "body", "caption", "center", "dd", "details", "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "html", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"])

const said = (element, pattern) => pattern.exec(element.getAttribute("data-look") ?? "")

/** How many footnotes pasted markup brings, as Google Docs, Word and LibreOffice write them. */
export function footnotes(html) {
  return new Set(Array.from(html.matchAll(/href=["']?[^"'\s>]*#(_?ftn(?:t)?\d+|sdfootnote\d+sym|_edn\d+)\b/gi), (m) => m[1].toLowerCase())).size
}

/** The readers for a schema: `{readHTML(html), readText(text, marks)}`, both making slices. */
export function readers({ schema, MAX_DEPTH, safeLink, anonymous, Fragment, Slice, SchemaParser }) {
  class Reader {
    blocks = []
    /** Text nodes of the block that is being read. */
    runs = []
    kind = null

    /** Ends the block that is being read; an empty one is dropped. White space is folded as a browser shows it. */
    close() {
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
      text = text.replace(/\ufffc/g, "")
      if (text) this.runs.push({ text, marks, pre })
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
      if (SKIPPED.has(name) || said(element, /mso-list:\s*ignore|display:\s*none/i)) return
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
        const level = Number(element.getAttribute("aria-level")) - 1
        const depth = Math.min(MAX_DEPTH, level >= 0 ? level : at.list?.depth ?? 0)
        return this.block(element, { ...at, kind: this.item(at.list?.ordered ?? false, depth) })
      }
      const word = said(element, /mso-list:[^;]*level(\d)/i)
      if (name === "p" && word) {
        const marker = element.querySelector('[data-look*="mso-list:Ignore" i]')?.textContent ?? ""
        return this.block(element, at, this.item(/^\s*\(?[\p{L}\d]{1,4}[.)]/u.test(marker), Math.min(MAX_DEPTH, word[1] - 1)))
      }
      if (name === "pre") return this.block(element, { ...at, pre: true })
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
      const href = name === "a" ? element.getAttribute("href") : null
      if (safeLink(href)) marks = link.create({ href }).addToSet(marks)
      return marks
    }
  }

  /**
   * Reads pasted markup into a slice. Markup that a desk wrote (`data-pm-slice`) is read by the schema, all marks included;
   * any other by its structure alone.
   */
  function readHTML(html) {
    const doc = inert(html.slice(0, MAX_PASTE))
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
    const lines = text.slice(0, MAX_PASTE).replace(/\ufffc/g, "").split(/(?:\r\n?|\n)+/)
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

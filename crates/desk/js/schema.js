// The page's document: a flat list of blocks (docs/design.md, section 10).
//
// Every block has the attribute `id`, the id of its marker in the body; `null` on a block that this page has just made,
// until the engine names it. A line break is "\n", so text blocks keep white space as it is.
import { Schema } from "prosemirror-model"

const id = { default: null }

/** The JSON of an attribute; pasted markup may hold anything. */
function read(json, fallback) {
  try {
    return JSON.parse(json) ?? fallback
  } catch {
    return fallback
  }
}

/** How deep list items nest; the same bound as `komuz_release::story::MAX_DEPTH`. */
export const MAX_DEPTH = 3

const block = (spec) => ({ group: "block", content: "text*", marks: "_", whitespace: "pre", defining: true, ...spec })

const nodes = {
  doc: { content: "block+" },
  paragraph: block({
    attrs: { id },
    defining: false,
    parseDOM: [{ tag: "p" }],
    toDOM: () => ["p", { dir: "auto" }, 0],
  }),
  heading: block({
    attrs: { id, level: { default: 2 } },
    parseDOM: [
      { tag: "h2", attrs: { level: 2 } },
      { tag: "h3", attrs: { level: 3 } },
    ],
    toDOM: (node) => [`h${node.attrs.level === 3 ? 3 : 2}`, { dir: "auto" }, 0],
  }),
  quote: block({
    attrs: { id },
    parseDOM: [{ tag: "blockquote" }],
    toDOM: () => ["blockquote", { dir: "auto" }, 0],
  }),
  item: block({
    attrs: { id, ordered: { default: false }, depth: { default: 0 } },
    parseDOM: [
      {
        tag: "div[data-item]",
        getAttrs: (dom) => ({
          ordered: dom.dataset.item === "ordered",
          depth: Math.min(MAX_DEPTH, Number(dom.dataset.depth) || 0),
        }),
      },
    ],
    toDOM: (node) => [
      "div",
      {
        class: "item",
        dir: "auto",
        "data-item": node.attrs.ordered ? "ordered" : "bullet",
        "data-depth": String(node.attrs.depth),
      },
      0,
    ],
  }),
  figure: block({
    attrs: { id, file: { default: "" }, media: { default: "" }, alt: { default: "" }, credit: { default: "" } },
    isolating: true,
    parseDOM: [
      {
        tag: "figure",
        contentElement: "figcaption",
        getAttrs: (dom) => ({
          file: dom.dataset.file ?? "",
          media: dom.dataset.media ?? "",
          alt: dom.dataset.alt ?? "",
          credit: dom.dataset.credit ?? "",
        }),
      },
    ],
    toDOM: ({ attrs }) => [
      "figure",
      { "data-file": attrs.file, "data-media": attrs.media, "data-alt": attrs.alt, "data-credit": attrs.credit },
      ["figcaption", { dir: "auto" }, 0],
    ],
  }),
  rule: { group: "block", attrs: { id }, parseDOM: [{ tag: "hr" }], toDOM: () => ["hr"] },
  other: block({
    attrs: { id, name: { default: "" }, attrs: { default: {} } },
    parseDOM: [
      {
        tag: "div[data-other]",
        getAttrs: (dom) => ({ name: dom.dataset.other, attrs: read(dom.dataset.attrs, {}) }),
      },
    ],
    toDOM: ({ attrs }) => ["div", { "data-other": attrs.name, "data-attrs": JSON.stringify(attrs.attrs), dir: "auto" }, 0],
  }),
  text: {},
}

// In the order in which a text's marks are sorted.
const marks = {
  strong: { parseDOM: [{ tag: "strong" }, { tag: "b" }], toDOM: () => ["strong", 0] },
  emphasis: { parseDOM: [{ tag: "em" }, { tag: "i" }], toDOM: () => ["em", 0] },
  code: { parseDOM: [{ tag: "code" }], toDOM: () => ["code", 0] },
  link: {
    attrs: { href: {} },
    inclusive: false,
    parseDOM: [{ tag: "a[href]", getAttrs: (dom) => safeLink(dom.getAttribute("href")) && { href: dom.getAttribute("href") } }],
    toDOM: (mark) => ["a", { href: safeLink(mark.attrs.href) ? mark.attrs.href : "#", rel: "noreferrer" }, 0],
  },
  foreign: {
    attrs: { name: {}, value: { default: null } },
    inclusive: false,
    excludes: "",
    parseDOM: [
      {
        tag: "span[data-foreign]",
        getAttrs: (dom) => ({ name: dom.dataset.foreign, value: read(dom.dataset.value, null) }),
      },
    ],
    toDOM: (mark) => ["span", { "data-foreign": mark.attrs.name, "data-value": JSON.stringify(mark.attrs.value) }, 0],
  },
  anchor: {
    attrs: { id: {} },
    inclusive: false,
    excludes: "",
    parseDOM: [{ tag: "span[data-anchor]", getAttrs: (dom) => ({ id: dom.dataset.anchor }) }],
    toDOM: (mark) => [
      "span",
      { class: { c: "cited", t: "threaded" }[mark.attrs.id[0]] ?? "claim", "data-anchor": mark.attrs.id },
      0,
    ],
  },
}

/** The schema of the page's document. */
export const schema = new Schema({ nodes, marks })

/**
 * Whether an address may be a link: the same rule as `komuz_release::story::safe_link`, which has the last word.
 */
export function safeLink(address) {
  if (!address || address.length > 2048 || /[\s\p{Cc}\\]/u.test(address)) return false
  const [, scheme, rest] = /^([^:]*):(.*)$/s.exec(address) ?? []
  switch (scheme?.toLowerCase()) {
    case "http":
    case "https": {
      const authority = rest.startsWith("//") ? rest.slice(2).split(/[/?#]/)[0] : ""
      return authority !== "" && !authority.includes("@")
    }
    case "mailto":
      return rest !== ""
    default:
      return false
  }
}

// What the keyboard and the tools do to the document. Each is a ProseMirror command: (state, dispatch) -> whether it applies.
import { Fragment, Slice } from "prosemirror-model"
import { AllSelection, NodeSelection, TextSelection } from "prosemirror-state"
import { MAX_DEPTH, safeLink, schema } from "./schema.js"

const { paragraph, heading, quote, item, figure, rule } = schema.nodes

/** The text blocks that the selection touches, with their positions. */
function blocks(state) {
  const found = []
  const { from, to } = state.selection
  state.doc.nodesBetween(from, to, (node, pos) => {
    if (node.isTextblock) found.push({ node, pos })
    return false
  })
  return found
}

/** Whether every selected text block is of this type and has these attributes. */
export function isBlock(state, type, attrs) {
  const all = blocks(state)
  return all.length > 0 && all.every(({ node }) => node.type === type && Object.entries(attrs).every(([k, v]) => node.attrs[k] === v))
}

/** Makes the selected text blocks of one type; when they already are, paragraphs again. Identity stays. */
export function setBlock(type, attrs = {}) {
  return (state, dispatch) => {
    const all = blocks(state).filter(({ node }) => node.type !== figure)
    if (!all.length) return false
    if (!dispatch) return true
    const back = type !== paragraph && isBlock(state, type, attrs)
    const tr = state.tr
    for (const { node, pos } of all) {
      const depth = type === item && !back ? { depth: node.attrs.depth ?? 0 } : {}
      tr.setNodeMarkup(pos, back ? paragraph : type, { ...(back ? {} : { ...depth, ...attrs }), id: node.attrs.id })
    }
    dispatch(tr.scrollIntoView())
    return true
  }
}

/** Nests the selected items deeper (1) or less deep (-1). */
export function nest(by) {
  return (state, dispatch) => {
    const items = blocks(state).filter(({ node }) => node.type === item)
    const moved = items.filter(({ node }) => node.attrs.depth + by >= 0 && node.attrs.depth + by <= MAX_DEPTH)
    if (!moved.length) return false
    if (dispatch) {
      const tr = state.tr
      for (const { node, pos } of moved) tr.setNodeAttribute(pos, "depth", node.attrs.depth + by)
      dispatch(tr.scrollIntoView())
    }
    return true
  }
}

/** What follows when a block is left by Enter at its end. */
function following(node, atEnd) {
  if (node.type === item) return { type: item, attrs: { ordered: node.attrs.ordered, depth: node.attrs.depth, id: null } }
  if (node.type === quote) return { type: quote, attrs: { id: null } }
  if (node.type === heading && !atEnd) return { type: heading, attrs: { level: node.attrs.level, id: null } }
  return { type: paragraph, attrs: { id: null } }
}

/**
 * Enter. The first half keeps the block's identity, the second is new; at the start of a block the new one comes before it,
 * so that the words stay where they were. In an empty item, quote or heading it leaves that kind.
 */
export function enter(state, dispatch) {
  const { selection } = state
  if (selection instanceof NodeSelection) {
    if (!selection.node.isBlock) return false
    if (dispatch) {
      const tr = state.tr.insert(selection.to, paragraph.create())
      dispatch(tr.setSelection(TextSelection.create(tr.doc, selection.to + 1)).scrollIntoView())
    }
    return true
  }
  if (!(selection instanceof TextSelection || selection instanceof AllSelection)) return false
  const tr = state.tr
  if (!selection.empty) tr.deleteSelection()
  const { $from } = tr.selection
  const node = $from.parent
  if (!node.isTextblock) return false
  if (!dispatch) return true
  if (node.content.size === 0 && (node.type === item || node.type === quote || node.type === heading)) {
    if (node.type === item && node.attrs.depth > 0) tr.setNodeAttribute($from.before(), "depth", node.attrs.depth - 1)
    else tr.setNodeMarkup($from.before(), paragraph, { id: node.attrs.id })
  } else if ($from.parentOffset === 0 && node.content.size > 0 && node.type !== figure) {
    const before = following(node, node.type === heading)
    tr.insert($from.before(), before.type.create(before.attrs))
  } else {
    const atEnd = $from.parentOffset === node.content.size
    tr.split($from.pos, 1, [following(node, atEnd)])
  }
  dispatch(tr.scrollIntoView())
  return true
}

/** Backspace at the start of an item, a quote or a heading: less deep, then a paragraph, and only then joined. */
export function backspace(state, dispatch) {
  const { $cursor } = state.selection
  if (!$cursor || $cursor.parentOffset > 0) return false
  const node = $cursor.parent
  if (node.type === item && node.attrs.depth > 0) return nest(-1)(state, dispatch)
  if (node.type !== item && node.type !== quote && node.type !== heading) return false
  if (dispatch) dispatch(state.tr.setNodeMarkup($cursor.before(), paragraph, { id: node.attrs.id }).scrollIntoView())
  return true
}

/** A line break inside the block. */
export function lineBreak(state, dispatch) {
  if (!state.selection.$from.parent.isTextblock) return false
  if (dispatch) dispatch(state.tr.insertText("\n").scrollIntoView())
  return true
}

/** Puts a block behind the one with the cursor, in place of that one when it is an empty paragraph, and a paragraph after it. */
function put(make) {
  return (state, dispatch) => {
    const { $from } = state.selection
    if (!dispatch) return true
    const tr = state.tr
    const node = make()
    let at = $from.depth ? $from.after(1) : state.selection.to
    if ($from.parent.type === paragraph && $from.parent.content.size === 0 && state.doc.childCount > 1) {
      at = $from.before(1)
      tr.delete(at, $from.after(1))
    }
    tr.insert(at, node)
    const after = at + node.nodeSize
    if (after >= tr.doc.content.size) tr.insert(after, paragraph.create())
    tr.setSelection(TextSelection.near(tr.doc.resolve(node.isTextblock ? at + 1 : after)))
    dispatch(tr.scrollIntoView())
    return true
  }
}

/** A horizontal rule. */
export const insertRule = put(() => rule.create())

/** A picture; the cursor goes into its caption. */
export const insertFigure = (attrs) => put(() => figure.create({ ...attrs, id: null }))

/** Changes a picture's description and credit. */
export function editFigure(pos, attrs) {
  return (state, dispatch) => {
    const node = state.doc.nodeAt(pos)
    if (node?.type !== figure) return false
    if (dispatch) {
      const tr = state.tr
      for (const name of ["file", "media", "alt", "credit"])
        if (name in attrs && attrs[name] !== node.attrs[name]) tr.setNodeAttribute(pos, name, attrs[name])
      if (tr.docChanged) dispatch(tr)
    }
    return true
  }
}

/** The stretch of text around the cursor that carries the same link, or the selection. */
function linkRange(state) {
  const { from, to, empty, $from } = state.selection
  if (!empty) return { from, to }
  const here = schema.marks.link.isInSet($from.marks()) || ($from.nodeAfter && schema.marks.link.isInSet($from.nodeAfter.marks))
  if (!here) return { from, to }
  let start = from
  let end = to
  $from.parent.forEach((child, offset) => {
    const at = $from.start() + offset
    if (at <= from && at + child.nodeSize >= from && here.isInSet(child.marks)) {
      start = Math.min(start, at)
      end = Math.max(end, at + child.nodeSize)
    }
  })
  return { from: start, to: end }
}

/** The link at the cursor, or an empty string. */
export function linkAt(state) {
  const { from, to } = linkRange(state)
  let href = ""
  state.doc.nodesBetween(from, to, (node) => {
    href ||= schema.marks.link.isInSet(node.marks)?.attrs.href ?? ""
  })
  return href
}

/** Links the selection, changes the link under the cursor, or takes it away when `href` is empty. */
export function setLink(href) {
  return (state, dispatch) => {
    const { from, to } = linkRange(state)
    if (href && !safeLink(href)) return false
    if (from === to) {
      if (!href) return false
      if (dispatch) dispatch(state.tr.replaceSelectionWith(schema.text(href, [schema.marks.link.create({ href })]), false))
      return true
    }
    if (dispatch) {
      const tr = state.tr.removeMark(from, to, schema.marks.link)
      if (href) tr.addMark(from, to, schema.marks.link.create({ href }))
      dispatch(tr)
    }
    return true
  }
}

/** Takes the identities off: a copy is a new block. */
export function anonymous(slice) {
  const nodes = []
  slice.content.forEach((node) => {
    nodes.push(node.isBlock ? node.type.create({ ...node.attrs, id: null }, node.content, node.marks) : node)
  })
  return new Slice(Fragment.fromArray(nodes), slice.openStart, slice.openEnd)
}

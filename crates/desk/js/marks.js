// What is drawn over the text but is not in it: the notes' numbers, what the side column is about, others' carets.
import { Plugin, PluginKey } from "prosemirror-state"
import { Decoration, DecorationSet } from "prosemirror-view"
import { schema } from "./schema.js"

/** The plugin's key; its meta replaces what is shown. */
export const shownKey = new PluginKey("shown")

/** The stretches of text under each anchor: id -> [from, to], from its first character to its last. */
export function anchors(doc) {
  const found = new Map()
  doc.descendants((node, pos) => {
    for (const mark of node.marks) {
      if (mark.type !== schema.marks.anchor) continue
      const range = found.get(mark.attrs.id)
      if (range) range[1] = pos + node.nodeSize
      else found.set(mark.attrs.id, [pos, pos + node.nodeSize])
    }
  })
  return found
}

function number(id, text, label) {
  const make = () => {
    const sup = document.createElement("sup")
    sup.className = "note"
    sup.dataset.note = id
    sup.textContent = text
    sup.setAttribute("aria-label", label)
    sup.setAttribute("role", "img")
    return sup
  }
  return { make, spec: { side: -1, marks: [], key: `${id} ${text} ${label}`, ignoreSelection: true } }
}

function caret(person) {
  const make = () => {
    const span = document.createElement("span")
    span.className = `caret ${person.colour}`
    span.dataset.name = person.name
    span.setAttribute("aria-hidden", "true")
    return span
  }
  return { make, spec: { side: 1, marks: [], key: `${person.session} ${person.name} ${person.colour}`, ignoreSelection: true } }
}

function draw(doc, shown) {
  const all = []
  for (const [id, [from, to]] of anchors(doc)) {
    const note = shown.notes[id]
    if (note) {
      const { make, spec } = number(id, note.number, note.label)
      all.push(Decoration.widget(to, make, spec))
    }
    const on = id === shown.active ? "on" : ""
    const state = id.startsWith("t-") ? (shown.threads[id] ?? "resolved") : ""
    if (on || state) all.push(Decoration.inline(from, to, { class: `${on} ${state}`.trim() }))
  }
  const end = doc.content.size
  for (const person of shown.people) {
    const [anchor, head] = person.selection.map((pos) => Math.max(0, Math.min(end, pos)))
    if (anchor !== head) {
      all.push(Decoration.inline(Math.min(anchor, head), Math.max(anchor, head), { class: `theirs ${person.colour}` }))
    }
    const { make, spec } = caret(person)
    all.push(Decoration.widget(head, make, spec))
  }
  return DecorationSet.create(doc, all)
}

const nothing = { notes: {}, threads: {}, active: null, people: [] }

/**
 * Draws `{notes: {id: {number, label}}, threads: {id: "open" | "resolved"}, active, people: [{session, name, colour,
 * selection: [anchor, head]}]}`; others' positions follow what is typed here until the engine sends new ones.
 */
export const shownPlugin = () =>
  new Plugin({
    key: shownKey,
    state: {
      init: (_, state) => ({ shown: nothing, drawn: draw(state.doc, nothing) }),
      apply(tr, value) {
        const meta = tr.getMeta(shownKey)
        if (!meta && !tr.docChanged) return value
        const shown = { ...value.shown }
        if (tr.docChanged) {
          shown.people = shown.people.map((person) => ({
            ...person,
            selection: person.selection.map((pos) => tr.mapping.map(pos, -1)),
          }))
        }
        Object.assign(shown, meta)
        return { shown, drawn: draw(tr.doc, shown) }
      },
    },
    props: { decorations: (state) => shownKey.getState(state).drawn },
  })

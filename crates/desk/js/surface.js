// The writing surface: ProseMirror in the desk's shadow root, and the exchange of steps with the engine.
//
// Thin on purpose: what steps mean for the story is decided in the engine (crates/core). Everything that the page's Rust
// hears comes through one callback, `on(kind, json)`:
//
//   steps      {seq, taken, steps}                 the person changed the text
//   taken      {batch, hash}                       a batch of the engine was taken; with the hash, when nothing happens
//   whole      {seq, taken, doc}                   the engine wants all of the document, or a batch did not fit it
//   selection  {from, to, anchor, head, seq, taken, block, marks, link, anchors, words}
//   command    "undo" | "redo" | "link" | "cite" | "comment" | "tools"
//   anchor     id                                  a note's number or a commented passage was clicked
//   footnotes  {html, count}                       a document with footnotes was pasted; nothing was inserted yet
//   figure     {pos, alt, credit}                  a picture's description is to be edited
//   picture    hash                                a picture's file is wanted: answer with `picture(hash, address)`
//   trouble    code                                something was not taken
import { baseKeymap, toggleMark } from "prosemirror-commands"
import { keymap } from "prosemirror-keymap"
import { DOMParser as SchemaParser, Fragment, Node, Slice } from "prosemirror-model"
import { EditorState, Selection, TextSelection } from "prosemirror-state"
import { Step } from "prosemirror-transform"
import { EditorView } from "prosemirror-view"
import * as commands from "./commands.js"
import { hash } from "./hash.js"
import { anchors, shownKey, shownPlugin } from "./marks.js"
import { MAX_DEPTH, safeLink, schema } from "./schema.js"

export * from "./page.js"

const { nodes, marks } = schema

/** What the keyboard does: for each key what is run (the name of a tool) or said to the page. */
const KEYS = {
  "Mod-b": "strong",
  "Mod-i": "emphasis",
  "Mod-e": "code",
  "Mod-k": "link",
  "Mod-Alt-0": "paragraph",
  "Mod-Alt-1": "heading2",
  "Mod-Alt-2": "heading3",
  "Mod-Alt-3": "quote",
  "Mod-Alt-4": "bullets",
  "Mod-Alt-5": "numbers",
  "Mod-]": "deeper",
  "Mod-[": "shallower",
  "Mod-Alt-c": "cite",
  "Mod-Alt-m": "comment",
  "Mod-z": "undo",
  "Mod-y": "redo",
  "Shift-Mod-z": "redo",
  "Alt-F10": "tools",
}

/** Windows gives Ctrl and Alt with a Cyrillic letter no Latin one beside it: the letters on the same keys. */
const CYRILLIC = { "Mod-Alt-c": "Mod-Alt-с", "Mod-Alt-m": "Mod-Alt-ь" }

const MAC = /Mac|iP(hone|ad|od)/.test(navigator.platform)

/** The keys that do what a tool does, as this machine writes them; empty when there are none. */
export function chord(tool) {
  const keys = Object.keys(KEYS).find((keys) => KEYS[keys] === tool) ?? ""
  const said = MAC ? { Mod: "⌘", Alt: "⌥", Shift: "⇧" } : { Mod: "Ctrl" }
  const parts = keys.split("-").map((key) => said[key] ?? (key.length === 1 ? key.toUpperCase() : key))
  return parts.join(MAC ? "" : "+")
}

/** The tools' names for what the keyboard does too. */
const COMMANDS = {
  paragraph: commands.setBlock(nodes.paragraph),
  heading2: commands.setBlock(nodes.heading, { level: 2 }),
  heading3: commands.setBlock(nodes.heading, { level: 3 }),
  quote: commands.setBlock(nodes.quote),
  bullets: commands.setBlock(nodes.item, { ordered: false }),
  numbers: commands.setBlock(nodes.item, { ordered: true }),
  deeper: commands.nest(1),
  shallower: commands.nest(-1),
  strong: toggleMark(marks.strong),
  emphasis: toggleMark(marks.emphasis),
  code: toggleMark(marks.code),
  rule: commands.insertRule,
}

/** What the block with the cursor is called among the tools. */
function blockName(node) {
  if (node.type === nodes.heading) return `heading${node.attrs.level}`
  if (node.type === nodes.item) return node.attrs.ordered ? "numbers" : "bullets"
  return node.type.name
}

/** After so many milliseconds without a change the engine is told what the document is. */
const IDLE = 3000

let paster = null

/** What reads pasted documents (www/desk/paste.js), fetched when something is pasted for the first time. */
function reading() {
  paster ??= import(new URL("paste.js", import.meta.url).href).then(({ footnotes, readers, MAX_PASTE }) => ({
    footnotes,
    MAX_PASTE,
    ...readers({ schema, MAX_DEPTH, safeLink, anonymous: commands.anonymous, Fragment, Slice, SchemaParser }),
  }))
  paster.catch(() => (paster = null))
  return paster
}

/**
 * Keeps the cursor behind the character that it stands behind, and a selection around what it holds: what others write at
 * that very place comes after it, so that no word is torn that two people type at one spot.
 */
function stay(tr, selection) {
  if (!(selection instanceof TextSelection)) return
  const { from, to, anchor, head, empty } = selection
  const end = tr.mapping.map(to, -1)
  const start = empty ? end : Math.min(end, tr.mapping.map(from, 1))
  const [first, last] = [start, end].map((pos) => tr.doc.resolve(pos))
  tr.setSelection(anchor <= head ? TextSelection.between(first, last, -1) : TextSelection.between(last, first, -1))
}

/** Plain text as paragraphs. */
const plain = (text) =>
  new Slice(
    Fragment.fromArray(text.split(/\r?\n+/).map((line) => nodes.paragraph.create(null, line ? schema.text(line) : null))),
    1,
    1,
  )

/** The engine's steps that touch the block from `from` to `to`, positions before the first step. */
function touches(steps, from, to) {
  for (const step of steps) {
    const { from: start = step.pos, to: end = start } = step
    if (start <= to && end >= from) return true
    const map = step.getMap()
    from = map.map(from, -1)
    to = map.map(to, 1)
  }
  return false
}

export class Surface {
  /** The one that is in the page, for what is loaded later (www/desk/checks.js). */
  static open = null
  /** Hears the anchors under the cursor. */
  static heard = null

  /**
   * Mounts in `place`. `doc` is the page's document as JSON text, `batch` its number, `lang` its language, `label` its
   * accessible name.
   */
  constructor(place, batch, doc, lang, label, on) {
    this.tell = (kind, value) => on(kind, typeof value === "string" ? value : JSON.stringify(value))
    this.place = place
    Surface.open = this
    this.pictures = new Map()
    this.views = new Set()
    this.frame = 0
    this.marks = null
    this.labels = { text: label, figure: "…" }
    this.reset(batch, doc, lang, label)
    // A paste must not wait for the network.
    const idle = globalThis.requestIdleCallback ?? ((call) => setTimeout(call, 2000))
    idle(() => reading().catch(() => {}))
  }

  /** Starts again with a document. */
  reset(batch, doc, lang, label) {
    this.seq = 0
    this.taken = batch
    this.deferred = null
    const state = EditorState.create({
      doc: Node.fromJSON(schema, JSON.parse(doc)),
      plugins: [this.keys(), keymap(baseKeymap), shownPlugin()],
    })
    if (this.view) {
      this.view.updateState(state)
      this.view.setProps({ attributes: this.attributes(lang, label) })
    } else {
      this.view = new EditorView(this.place, {
        state,
        editable: () => !this.place.closest(".locked"),
        attributes: this.attributes(lang, label),
        dispatchTransaction: (tr) => this.dispatch(tr),
        nodeViews: { figure: (node, view, getPos) => new Figure(this, node, getPos) },
        handleDOMEvents: {
          paste: (view, event) => this.paste(event),
          drop: (view, event) => this.drop(event),
          beforeinput: (view, event) => this.beforeInput(event),
          compositionend: () => {
            // ProseMirror reads what was composed after this event; a batch that waited comes behind it.
            setTimeout(() => {
              this.takeDeferred()
              if (this.marks) this.setMarks(this.marks)
            }, 50)
            return false
          },
          focus: () => this.report(),
          blur: () => this.report(),
        },
        handleClickOn: (view, pos, node, nodePos, event) => this.click(event),
        transformPasted: commands.anonymous,
      })
    }
    this.report()
  }

  attributes(lang, label) {
    this.lang = lang
    return {
      class: "text",
      lang,
      role: "textbox",
      "aria-multiline": "true",
      "aria-label": label,
      spellcheck: "true",
      autocapitalize: "sentences",
      "data-test": "text",
    }
  }

  keys() {
    const say = (name) => () => {
      this.tell("command", name)
      return true
    }
    const named = {}
    for (const [keys, name] of Object.entries(KEYS)) {
      named[keys] = COMMANDS[name] ?? say(name)
      if (CYRILLIC[keys]) named[CYRILLIC[keys]] = named[keys]
    }
    return keymap({
      Enter: commands.enter,
      "Shift-Enter": commands.lineBreak,
      "Mod-Enter": commands.enter,
      Backspace: commands.backspace,
      ...named,
    })
  }

  /** Applies what the person did and sends it. */
  dispatch(tr) {
    if (tr.docChanged && !this.view.editable) return
    const before = this.view.state
    this.view.updateState(before.apply(tr))
    if (tr.docChanged && !tr.getMeta("engine")) {
      this.seq += 1
      this.tell("steps", { seq: this.seq, taken: this.taken, steps: tr.steps.map((step) => step.toJSON()) })
    }
    if (tr.docChanged) {
      clearTimeout(this.idle)
      this.idle = setTimeout(() => this.tell("taken", { batch: this.taken, hash: hash(this.view.state.doc) }), IDLE)
    }
    if (tr.docChanged || tr.selectionSet || tr.storedMarksSet) this.report()
  }

  /** Says all of the document. */
  whole() {
    this.tell("whole", { seq: this.seq, taken: this.taken, doc: this.view.state.doc })
  }

  /**
   * Has ProseMirror read what the browser has not told it yet: a cursor that a person has moved is told a moment later, and
   * would be put back to where it was when the page is drawn anew before that.
   */
  catchUp() {
    if (!this.view.composing) this.view.domObserver.flush()
  }

  /**
   * Takes a batch of the engine if the page is still in the state that it was made on. One that touches the block under
   * composition waits for its end; if something was typed by then, the engine has sent or will send a newer one.
   */
  takeBatch(json) {
    this.catchUp()
    const batch = JSON.parse(json)
    if (batch.seq !== this.seq || batch.batch <= this.taken) return
    let steps
    try {
      steps = batch.steps.map((step) => Step.fromJSON(schema, step))
    } catch {
      this.whole()
      return
    }
    if (this.view.composing) {
      const { $from } = this.view.state.selection
      if (!$from.depth || touches(steps, $from.before(1), $from.after(1))) {
        this.deferred = json
        return
      }
    }
    const { storedMarks } = this.view.state
    const tr = this.view.state.tr.setMeta("engine", true)
    try {
      for (const step of steps) tr.step(step)
    } catch {
      this.whole()
      return
    }
    if (batch.selection) {
      const [anchor, head] = batch.selection.map((pos) => tr.doc.resolve(Math.max(0, Math.min(tr.doc.content.size, pos))))
      tr.setSelection(TextSelection.between(anchor, head)).scrollIntoView()
    } else {
      stay(tr, this.view.state.selection)
    }
    // A mark that was put on for what is about to be typed stays on.
    if (storedMarks) tr.setStoredMarks(storedMarks)
    this.taken = batch.batch
    this.view.dispatch(tr)
    this.tell("taken", { batch: batch.batch })
  }

  takeDeferred() {
    const json = this.deferred
    if (!json || this.view.composing) return
    this.deferred = null
    this.takeBatch(json)
  }

  /**
   * Replaces what is drawn over the text; see `shownPlugin`. Members that are left out stay. `labels`: the names of the text
   * and of a picture's button. While something is composed nothing is drawn: it would end the composition.
   */
  setMarks(json) {
    this.marks = this.view.composing ? json : null
    if (this.marks) return
    this.catchUp()
    const { labels, ...shown } = JSON.parse(json)
    this.view.dispatch(this.view.state.tr.setMeta(shownKey, shown))
    if (!labels || JSON.stringify(labels) === JSON.stringify(this.labels)) return
    this.labels = labels
    this.view.setProps({ attributes: this.attributes(this.lang, labels.text) })
    for (const view of this.views) view.show()
  }

  /** Nothing can be written any more: the engine has stopped. */
  lock() {
    this.view.setProps({ editable: () => false })
  }

  /** Runs one of the tools. */
  command(name) {
    const done = COMMANDS[name]?.(this.view.state, this.view.dispatch, this.view) ?? false
    this.view.focus()
    return done
  }

  /** Links the selection; an empty address takes the link away. False when the address is no safe one. */
  link(href) {
    const done = commands.setLink(href)(this.view.state, this.view.dispatch)
    if (done) this.view.focus()
    return done
  }

  /** Puts a picture behind the block with the cursor. */
  insertFigure(json) {
    commands.insertFigure(JSON.parse(json))(this.view.state, this.view.dispatch)
    this.view.focus()
  }

  /** Changes the description or credit of the picture at `pos`. */
  editFigure(pos, json) {
    commands.editFigure(pos, JSON.parse(json))(this.view.state, this.view.dispatch)
    this.view.focus()
  }

  /** The address under which a picture's file can be shown; empty when it is not here. */
  picture(hash, address) {
    this.pictures.set(hash, address)
    for (const view of this.views) view.show()
  }

  /** Lets go of the bytes of pictures that are in the text no more. */
  sweep() {
    const shown = new Set([...this.views].map((view) => view.node.attrs.file))
    for (const [hash, address] of this.pictures) {
      if (shown.has(hash)) continue
      URL.revokeObjectURL(address)
      this.pictures.delete(hash)
    }
  }

  /** Pastes the words of a document whose footnotes were not wanted. */
  async pasteWords(html) {
    const { readHTML } = await reading()
    this.insert(readHTML(html))
    this.view.focus()
  }

  /**
   * Shows the words under an anchor, or selects those of a block (its id) from one UTF-16 code unit to another. False when
   * they are gone.
   */
  reveal(id, start, end) {
    const { tr } = this.view.state
    let range = anchors(tr.doc).get(id)?.slice(1)
    tr.doc.forEach((node, pos) => {
      if (node.attrs.id === id && node.inlineContent) range = [start, end].map((at) => pos + 1 + Math.min(at, node.content.size))
    })
    if (!range) return false
    tr.setSelection(TextSelection.create(tr.doc, ...range)).scrollIntoView()
    this.view.dispatch(tr)
    return true
  }

  focus() {
    this.view.focus()
  }

  /** The selection as it is now: [from, to, seq, taken]. */
  range() {
    const { from, to } = this.view.state.selection
    return [from, to, this.seq, this.taken]
  }

  /** Says the selection and what it stands in, once a frame. */
  report() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0
      const { state } = this.view
      const { from, to, anchor, head, empty, $from } = state.selection
      const here = state.storedMarks ?? $from.marks()
      const has = (type) => (empty ? !!type.isInSet(here) : state.doc.rangeHasMark(from, to, type))
      const on = [marks.strong, marks.emphasis, marks.code].filter(has).map((type) => type.name)
      const under = new Set()
      if (empty) for (const mark of $from.marks().concat($from.nodeAfter?.marks ?? [])) if (mark.type === marks.anchor) under.add(mark.attrs.id)
      Surface.heard?.(under)
      this.tell("selection", {
        from,
        to,
        anchor,
        head,
        seq: this.seq,
        taken: this.taken,
        focused: this.view.hasFocus(),
        block: $from.depth ? blockName($from.node(1)) : state.selection.node?.type.name ?? "",
        marks: on,
        link: commands.linkAt(state),
        anchors: [...under],
        text: state.doc.textBetween(from, Math.min(to, from + 400), " "),
      })
    })
  }

  click(event) {
    const note = event.target.closest?.("[data-note]")
    const anchor = note ? note.dataset.note : event.target.closest?.(".cited, .threaded")?.dataset.anchor
    if (anchor) this.tell("anchor", anchor)
    return !!note
  }

  beforeInput(event) {
    const undo = { historyUndo: "undo", historyRedo: "redo" }[event.inputType]
    if (!undo) return false
    event.preventDefault()
    this.tell("command", undo)
    return true
  }

  insert(slice, at = this.view.state.tr) {
    this.view.dispatch(at.replaceSelection(slice).scrollIntoView().setMeta("paste", true))
  }

  /** What a clipboard or a drag brings, taken before its event ends. `plain`: words only. */
  brought(data, plain) {
    return { html: plain ? "" : data.getData("text/html"), text: data.getData("text/plain") }
  }

  /** Puts what was brought in, or asks about its footnotes. */
  async take({ html, text }, select = (tr) => tr) {
    let reader
    try {
      reader = await reading()
    } catch {
      // What reads documents could not be fetched: the words alone are here, and are not lost.
      if (text) this.insert(plain(text), select(this.view.state.tr))
      else this.tell("trouble", "paste-unreadable")
      return
    }
    const { footnotes, readHTML, readText, MAX_PASTE } = reader
    const { state } = this.view
    if (Math.max(html.length, text.length) > MAX_PASTE) {
      this.tell("trouble", "import-too-large")
      return
    }
    const count = html && !html.includes("data-pm-slice") ? footnotes(html) : 0
    if (count) {
      this.tell("footnotes", { html, count })
      return
    }
    const slice = html ? readHTML(html) : readText(text, state.storedMarks ?? state.selection.$from.marks())
    if (slice.size) this.insert(slice, select(state.tr))
    if (html && !html.includes("data-pm-slice") && /<img\b/i.test(html)) this.tell("trouble", "picture-pasted")
    this.view.focus()
  }

  paste(event) {
    if (!event.clipboardData || (this.view.composing && !/Android/.test(navigator.userAgent))) return false
    event.preventDefault()
    const brought = this.brought(event.clipboardData, this.view.input?.shiftKey ?? false)
    if (brought.html || brought.text) this.take(brought)
    else if (event.clipboardData.files.length) this.tell("trouble", "picture-pasted")
    return true
  }

  drop(event) {
    if (this.view.dragging || !event.dataTransfer) return false
    event.preventDefault()
    const place = this.view.posAtCoords({ left: event.clientX, top: event.clientY })
    const brought = this.brought(event.dataTransfer, false)
    if (place && (brought.html || brought.text)) {
      this.take(brought, (tr) => tr.setSelection(Selection.near(tr.doc.resolve(Math.min(place.pos, tr.doc.content.size)))))
    } else if (event.dataTransfer.files.length) this.tell("trouble", "picture-pasted")
    return true
  }

  /** Takes the surface out of the page with all its listeners. */
  destroy() {
    if (Surface.open === this) Surface.open = null
    cancelAnimationFrame(this.frame)
    clearTimeout(this.idle)
    this.view.destroy()
    this.sweep()
  }
}

/** A picture with its caption. */
class Figure {
  constructor(surface, node, getPos) {
    this.surface = surface
    this.node = node
    this.dom = document.createElement("figure")
    this.image = this.dom.appendChild(document.createElement("img"))
    this.image.contentEditable = "false"
    this.image.draggable = true
    this.contentDOM = this.dom.appendChild(document.createElement("figcaption"))
    this.contentDOM.dir = "auto"
    this.credit = this.dom.appendChild(document.createElement("button"))
    this.credit.type = "button"
    this.credit.className = "credit"
    this.credit.contentEditable = "false"
    this.credit.addEventListener("click", () => {
      const { alt, credit } = this.node.attrs
      surface.tell("figure", { pos: getPos(), alt, credit })
    })
    surface.views.add(this)
    this.show()
    // Its bytes are fetched once somebody comes near it.
    this.near = new IntersectionObserver((seen) => seen.some((it) => it.isIntersecting) && this.want(), { rootMargin: "100%" })
    this.near.observe(this.dom)
  }

  want() {
    const { file } = this.node.attrs
    this.seen = true
    if (file && !this.surface.pictures.has(file)) {
      this.surface.pictures.set(file, "")
      this.surface.tell("picture", file)
    }
  }

  show() {
    const { file, alt, credit } = this.node.attrs
    const address = this.surface.pictures.get(file)
    if (this.seen) this.want()
    if (address) this.image.src = address
    this.image.alt = alt
    this.image.hidden = !address
    this.credit.textContent = [alt, credit].filter(Boolean).join(" · ") || this.surface.labels.figure
  }

  update(node) {
    if (node.type !== this.node.type) return false
    this.node = node
    this.show()
    return true
  }

  stopEvent(event) {
    return event.target === this.credit
  }

  ignoreMutation(mutation) {
    return mutation.type !== "selection" && !this.contentDOM.contains(mutation.target)
  }

  destroy() {
    this.near.disconnect()
    this.surface.views.delete(this)
    // One that was moved is made anew first.
    queueMicrotask(() => this.surface.sweep())
  }
}

// Writes prosemirror.json: steps as ProseMirror itself makes them from commands, with the document before and after, and the
// page's hash of the latter.
// Run it in the project's root after `npm ci` when the schema or ProseMirror changes: node crates/core/tests/prosemirror.mjs
import { writeFileSync } from "node:fs"
import { baseKeymap, joinBackward, setBlockType, splitBlock, toggleMark } from "prosemirror-commands"
import { Fragment, Slice } from "prosemirror-model"
import { AllSelection, EditorState, NodeSelection, TextSelection } from "prosemirror-state"
import { hash } from "../../desk/js/hash.js"
import { schema } from "../../desk/js/schema.js"

const { paragraph, heading, quote, item, figure, rule, other } = schema.nodes
const { strong, emphasis, link, anchor, foreign } = schema.marks
const text = (words, ...marks) => schema.text(words, marks)
const block = (type, attrs, ...content) => type.create(attrs, content)
const doc = schema.node("doc", null, [
  block(paragraph, { id: "a" }, text("Кыргыз "), text("жаңылык", strong.create()), text(" 😀!")),
  block(heading, { id: "b", level: 2 }, text("Two")),
  block(rule, { id: "c" }),
  block(item, { id: "d", ordered: true, depth: 1 }, text("item "), text("cited", anchor.create({ id: "c-1" }), anchor.create({ id: "t-2" }))),
  block(figure, { id: "e", file: "f00d", media: "image/webp", alt: "A bridge", credit: "Kloop" }, text("caption")),
  block(other, { id: "f", name: "verse", attrs: { stanza: 3 } }, text("שלום", foreign.create({ name: "voice", value: "bard" }))),
  block(paragraph, { id: "g" }),
])

const cases = []
const record = (name, make) => {
  const tr = make(EditorState.create({ doc }))
  cases.push({ name, steps: tr.steps, after: tr.doc, hash: hash(tr.doc) })
}
const run = (command, select) => (state) => {
  let made
  state = state.apply(state.tr.setSelection(select(state.doc)))
  if (!command(state, (tr) => (made = tr))) throw new Error("the command does not apply")
  return made
}
const at = (from, to = from) => (doc) => TextSelection.create(doc, from, to)

record("typing", (state) => state.tr.insertText("ң", 5))
record("typing inside a mark", (state) => state.tr.insertText("x", 10))
record("typing over blocks", (state) => state.tr.insertText("x", 4, 24))
record("a character beyond the first plane goes", (state) => state.tr.delete(16, 18))
record("a line break", (state) => state.tr.insertText("\n", 3))
record("Enter in the middle", run(splitBlock, at(6)))
record("Enter at the start", run(splitBlock, at(1)))
record("Enter at the end of a heading", run(splitBlock, at(24)))
record("Enter over a selection", run(splitBlock, at(4, 23)))
record("Backspace at the start", run(joinBackward, at(21)))
record("join", (state) => state.tr.join(20))
record("a heading", run(setBlockType(heading, { level: 3 }), at(5)))
record("a quote of several", run(setBlockType(quote), (doc) => new AllSelection(doc)))
record("markup keeps the identity", (state) => state.tr.setNodeMarkup(20, item, { ordered: false, depth: 0, id: "b" }))
record("an attribute", (state) => state.tr.setNodeAttribute(26, "depth", 2))
record("an attribute of a figure", (state) => state.tr.setNodeAttribute(38, "alt", "😀"))
record("strong", run(toggleMark(strong), at(2, 24)))
record("not strong", run(toggleMark(strong), at(8, 15)))
record("a link over a link", (state) => state.tr.addMark(2, 9, link.create({ href: "https://kloop.kg/" })).addMark(5, 12, link.create({ href: "https://occrp.org/" })))
record("an anchor beside others", (state) => state.tr.addMark(28, 37, anchor.create({ id: "c-0" })))
record("an anchor goes", (state) => state.tr.removeMark(28, 37, anchor.create({ id: "c-1" })))
record("anchors in another order on each of two words", (state) =>
  state.tr
    .addMark(21, 22, anchor.create({ id: "c-0" })).addMark(21, 22, anchor.create({ id: "c-1" }))
    .addMark(22, 23, anchor.create({ id: "c-1" })).addMark(22, 23, anchor.create({ id: "c-0" })))
record("all emphasis goes", (state) => state.tr.addMark(1, 18, emphasis.create()).removeMark(1, 18, emphasis))
record("blocks pasted into text", (state) =>
  state.tr.replace(5, 5, new Slice(Fragment.from([block(paragraph, null, text("one")), block(item, null, text("two")), block(quote, null, text("three"))]), 1, 1)))
record("closed blocks pasted", (state) => state.tr.setSelection(TextSelection.create(state.doc, 5)).replaceSelection(new Slice(Fragment.from([block(figure, { alt: "x" }, text("cap"))]), 0, 0)))
record("a rule put between", (state) => state.tr.insert(20, rule.create()))
record("a rule deleted", run((state, dispatch) => (dispatch(state.tr.deleteSelection()), true), (doc) => NodeSelection.create(doc, 25)))
record("deleted over a rule", (state) => state.tr.delete(22, 29))
record("whole blocks deleted", (state) => state.tr.delete(20, 38))
record("everything deleted", run(baseKeymap.Backspace, (doc) => new AllSelection(doc)))
record("a block moved", (state) => {
  const moved = state.doc.child(1)
  const tr = state.tr.delete(20, 25)
  return tr.insert(tr.doc.content.size, moved)
})
record("a copy replaced by another block", (state) => state.tr.replaceWith(0, 20, [block(paragraph, { id: "a" }, text("again")), block(rule, null)]))

const lines = cases.map((one) => `  ${JSON.stringify(one)}`).join(",\n")
writeFileSync(new URL("prosemirror.json", import.meta.url), `{"before": ${JSON.stringify(doc)},\n"cases": [\n${lines}\n]}\n`)

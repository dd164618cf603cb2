// The hash by which the page and the engine notice that their documents differ: `komuz_core::page::hash` says of what.

const VALUES = ["href", "name", "value", "id"]

export function hash(doc) {
  let a = 0x811c9dc5
  let b = 0x01234567
  const put = (value) => {
    const text = typeof value === "string" ? value : JSON.stringify(value)
    for (let at = 0; at <= text.length; at++) {
      const unit = at < text.length ? text.charCodeAt(at) : 0xffff
      a = Math.imul(a ^ unit, 0x01000193)
      b = Math.imul(b ^ unit, 0x5bd1e995)
    }
  }
  // Of several marks of one type the engine sorts by name or id; ProseMirror keeps them as they came.
  const key = ({ type, attrs }) => type.rank + (attrs.name ?? attrs.id ?? "")
  doc.forEach((block) => {
    put(block.type.name)
    for (const name of Object.keys(block.attrs).sort()) {
      put(name)
      put(block.attrs[name])
    }
    let text = ""
    let last = []
    const flush = () => {
      if (!text) return
      put(text)
      for (const { type, attrs } of last) {
        put(type.name)
        for (const name of VALUES) if (name in attrs) put(attrs[name])
      }
    }
    block.forEach((run) => {
      const marks = [...run.marks].sort((one, other) => (key(one) < key(other) ? -1 : 1))
      if (marks.length !== last.length || !marks.every((mark, nth) => mark.eq(last[nth]))) {
        flush()
        text = ""
        last = marks
      }
      text += run.text
    })
    flush()
    put("")
  })
  const hex = (n) => (n >>> 0).toString(16).padStart(8, "0")
  return hex(a) + hex(b)
}

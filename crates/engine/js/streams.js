// One connection to a relay by plain HTTP (docs/protocol.md, "Without WebSocket"): what the server says comes as the body of one
// answer that does not end, what the engine says goes by numbered posts, one at a time with all that has gathered meanwhile.

const LENGTH = 4;
/** The server says something every 15 seconds. After so many milliseconds without, somebody keeps the body back, or it is gone. */
const SILENCE = 40_000;
/** How often a post is tried, and the milliseconds after the first try, doubling. */
const TRIES = 6;
const PAUSE = 500;

/** Opens a connection below `base`, the address of `/sync`. `gone` comes at most once, and not after `close`. */
export function openStream(base, maxFrame, { open, frame, gone }) {
  const stop = new AbortController();
  let name = null;
  let number = 0;
  let waiting = [];
  let asked = false;
  let posting = false;
  let alarm = 0;

  const alive = () => {
    clearTimeout(alarm);
    alarm = setTimeout(end, SILENCE);
  };
  const close = () => {
    clearTimeout(alarm);
    const was = !stop.signal.aborted;
    stop.abort();
    return was;
  };
  const end = () => close() && gone();
  const post = (path, body) =>
    fetch(`${base}/${path}`, { method: "POST", body, signal: stop.signal, cache: "no-store", credentials: "omit", redirect: "error" });

  async function listen() {
    alive();
    const { ok, body } = await post("open");
    if (!ok) throw new Error("the server takes no more");
    for await (const record of records(body, maxFrame)) {
      if (stop.signal.aborted) return;
      alive();
      if (name === null) {
        name = new TextDecoder().decode(record);
        open();
      } else if (record.length) {
        frame(record);
      } else {
        asked = true;
        say();
      }
    }
  }

  async function say() {
    if (posting) return;
    posting = true;
    while (waiting.length || asked) {
      asked = false;
      number += 1;
      await bring(`${name}/${number}`, packed(waiting, maxFrame));
    }
    posting = false;
  }

  /** Brings one post, again where no answer came: the server takes it once. */
  async function bring(path, body) {
    for (let tries = 1; ; tries += 1) {
      const answer = await post(path, body).catch(() => null);
      if (answer?.status === 204) return;
      const again = !answer || answer.status === 408 || answer.status === 409 || answer.status === 429 || answer.status >= 500;
      if (!again || tries === TRIES || stop.signal.aborted) throw new Error("the post is not taken");
      await new Promise((resolve) => setTimeout(resolve, PAUSE * 2 ** (tries - 1)));
    }
  }

  listen().then(end, end);
  return {
    send: (bytes) => {
      waiting.push(bytes);
      say().catch(end);
    },
    close,
  };
}

/** Takes as many frames from the front of `waiting` as one post holds, as records. */
function packed(waiting, maxFrame) {
  let size = 0;
  let count = 0;
  while (count < waiting.length && size + LENGTH + waiting[count].length <= LENGTH + maxFrame) {
    size += LENGTH + waiting[count].length;
    count += 1;
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const bytes of waiting.splice(0, count)) {
    new DataView(body.buffer).setUint32(at, bytes.length);
    body.set(bytes, at + LENGTH);
    at += LENGTH + bytes.length;
  }
  return body;
}

/** The records of a body. One that is longer than a frame may be ends it with an error. */
async function* records(body, maxFrame) {
  const reader = body.getReader();
  let come = new Uint8Array(0);
  const take = async (count) => {
    while (come.length < count) {
      const { done, value } = await reader.read();
      if (done) return null;
      const both = new Uint8Array(come.length + value.length);
      both.set(come);
      both.set(value, come.length);
      come = both;
    }
    const taken = come.slice(0, count);
    come = come.subarray(count);
    return taken;
  };
  for (;;) {
    const head = await take(LENGTH);
    if (!head) return;
    const length = new DataView(head.buffer).getUint32(0);
    if (length > maxFrame) throw new RangeError("a record is longer than a frame may be");
    const record = length ? await take(length) : new Uint8Array(0);
    if (!record) return;
    yield record;
  }
}

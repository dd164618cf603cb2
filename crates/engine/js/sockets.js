// Connections to relays: WebSockets, and where none gets through the same frames by plain HTTP (streams.js). The engine says
// when to connect and, after a connection is gone, when to try again; which way is taken is decided here.

/** A WebSocket that is not open after so many milliseconds is raced by plain HTTP. */
const PATIENCE = 4_000;
/** How long plain HTTP is the only way to a server that it has reached alone, before a WebSocket is tried again: at first, at most. */
const AGAIN = 60_000;
const AGAIN_AT_MOST = 3_600_000;

export class Sockets {
  /** For each relay its line: the ways that are tried, and the one that opened first. */
  #lines = new Map();
  /** For each address that no WebSocket reached while plain HTTP did: until when, and for how long that is taken for true. */
  #plain = new Map();
  #maxFrame;
  #report;

  /** A frame of more than `maxFrame` bytes, the protocol's own limit, ends the connection. */
  constructor(maxFrame, report) {
    this.#maxFrame = maxFrame;
    this.#report = report;
  }

  connect(relay, url) {
    this.close(relay);
    const line = { relay, url, ways: new Set(), open: null, timer: 0 };
    this.#lines.set(relay, line);
    if (performance.now() < this.#plain.get(url)?.until) this.#begin(line, stream);
    else {
      this.#begin(line, socket);
      line.timer = setTimeout(() => this.#begin(line, stream), PATIENCE);
    }
  }

  close(relay) {
    const line = this.#lines.get(relay);
    this.#lines.delete(relay);
    if (!line) return;
    clearTimeout(line.timer);
    for (const way of line.ways) way.close();
  }

  closeAll() {
    for (const relay of [...this.#lines.keys()]) this.close(relay);
  }

  send(relay, bytes) {
    this.#lines.get(relay)?.open?.send(bytes);
  }

  /** Tries one way. What it says comes later than this returns, because the engine is still at work now. */
  #begin(line, kind) {
    const mine = () => this.#lines.get(line.relay) === line && line.ways.has(way);
    const way = kind(line.url, this.#maxFrame, {
      open: () => mine() && this.#opened(line, way),
      frame: (bytes) => {
        if (!mine() || line.open !== way) return;
        if (kind === socket) this.#plain.delete(line.url);
        way.heard = true;
        this.#report.frame(line.relay, bytes);
      },
      gone: () => mine() && this.#gone(line, way),
    });
    way.kind = kind;
    line.ways.add(way);
  }

  #opened(line, way) {
    if (line.open) {
      // A WebSocket beside plain HTTP: the engine connects anew, and this way then.
      this.#doubted(line.url);
      this.#end(line);
      return;
    }
    clearTimeout(line.timer);
    line.open = way;
    for (const other of line.ways) {
      if (other === way) continue;
      line.ways.delete(other);
      other.close();
    }
    if (way.kind === stream) this.#onlyPlain(line);
    this.#report.open(line.relay);
  }

  #gone(line, way) {
    line.ways.delete(way);
    way.close();
    if (way === line.open) {
      // Let in and cut off before a word came through, as some that stand in between do.
      if (way.kind === socket && !way.heard) this.#noted(line.url);
      this.#end(line);
    } else if (line.open) {
      this.#onlyPlain(line);
    } else if (way.kind === socket) {
      clearTimeout(line.timer);
      if (!line.ways.size) this.#begin(line, stream);
    } else if (!line.ways.size) {
      this.#doubted(line.url);
      this.#end(line);
    }
  }

  /** Ends a line; the engine tries again. */
  #end(line) {
    this.close(line.relay);
    this.#report.gone(line.relay);
  }

  /** An open line by plain HTTP alone: tries a WebSocket when that is due. */
  #onlyPlain(line) {
    const known = this.#plain.get(line.url);
    const wait = performance.now() < known?.until ? known.until - performance.now() : this.#noted(line.url);
    line.timer = setTimeout(() => this.#begin(line, socket), wait);
  }

  /** What was noted of an address may not be true any more: the next time a WebSocket is tried first. */
  #doubted(url) {
    const known = this.#plain.get(url);
    if (known) known.until = 0;
  }

  /** Notes that an address is reached by plain HTTP alone: for how many milliseconds. */
  #noted(url) {
    const wait = Math.min((this.#plain.get(url)?.wait ?? AGAIN / 2) * 2, AGAIN_AT_MOST);
    this.#plain.set(url, { wait, until: performance.now() + wait });
    return wait;
  }
}

function socket(url, maxFrame, report) {
  let socket;
  try {
    socket = new WebSocket(url);
  } catch {
    // An address that is none.
    queueMicrotask(report.gone);
    return { send() {}, close() {} };
  }
  socket.binaryType = "arraybuffer";
  socket.onopen = report.open;
  socket.onmessage = ({ data }) => {
    if (!(data instanceof ArrayBuffer) || data.byteLength > maxFrame) report.gone();
    else report.frame(new Uint8Array(data));
  };
  socket.onerror = report.gone;
  socket.onclose = report.gone;
  return {
    send: (bytes) => socket.readyState === WebSocket.OPEN && socket.send(bytes),
    close: () => socket.close(),
  };
}

/** Plain HTTP, by a file of its own that most never need. */
function stream(url, maxFrame, report) {
  let opened = null;
  let closed = false;
  import("./streams.js").then(({ openStream }) => {
    if (!closed) opened = openStream(url.replace(/^ws/, "http"), maxFrame, report);
  }, report.gone);
  return {
    send: (bytes) => opened?.send(bytes),
    close: () => {
      closed = true;
      opened?.close();
    },
  };
}

// WebSocket connections to relays. The engine says when to connect and, after a connection is gone, when to try again.

export class Sockets {
  #open = new Map();
  #maxFrame;
  #report;

  /** A frame of more than `maxFrame` bytes, the protocol's own limit, ends the connection. */
  constructor(maxFrame, report) {
    this.#maxFrame = maxFrame;
    this.#report = report;
  }

  connect(relay, url) {
    this.close(relay);
    let socket;
    try {
      socket = new WebSocket(url);
    } catch {
      // An address that is none: reported as unreachable, later, because the engine is still at work now.
      queueMicrotask(() => this.#report.gone(relay));
      return;
    }
    socket.binaryType = "arraybuffer";
    this.#open.set(relay, socket);
    const mine = () => this.#open.get(relay) === socket;
    const gone = () => {
      if (!mine()) return;
      this.#open.delete(relay);
      socket.close();
      this.#report.gone(relay);
    };
    socket.onopen = () => mine() && this.#report.open(relay);
    socket.onmessage = ({ data }) => {
      if (!mine()) return;
      if (!(data instanceof ArrayBuffer) || data.byteLength > this.#maxFrame) gone();
      else this.#report.frame(relay, new Uint8Array(data));
    };
    socket.onerror = gone;
    socket.onclose = gone;
  }

  close(relay) {
    const socket = this.#open.get(relay);
    this.#open.delete(relay);
    socket?.close();
  }

  closeAll() {
    for (const relay of [...this.#open.keys()]) this.close(relay);
  }

  send(relay, bytes) {
    const socket = this.#open.get(relay);
    if (socket?.readyState === WebSocket.OPEN) socket.send(bytes);
  }
}

// The engine's worker: does for the Wasm engine what it cannot do itself, and nothing else. What the engine wants comes as
// a list of [name, ...arguments] (crates/engine/src/wasm.rs); what happens goes in by the method of the same meaning.
//
// The page makes this worker as a module (`{type: "module"}`) through its own Trusted Types policy; nothing in here is a
// sink of strings, so that it runs under `require-trusted-types-for 'script'`.

import init, { KomuzEngine, maxFrame } from "./komuz_engine.js";
import { openStore } from "./store.js";
import { Sockets } from "./sockets.js";

/** A clock in milliseconds since 1970 that never goes back and follows the machine's clock forward (sleep, a correction). */
let base = Date.now() - performance.now();
const now = () => {
  const gap = Date.now() - (base + performance.now());
  if (gap > 0) base += gap;
  return Math.floor(base + performance.now());
};

let engine = null;
let started = false;
// Opened once and again after everything was deleted; what comes meanwhile waits for it.
let store = null;
let sockets = null;
let tabs = null;
let timer = 0;
const fetched = {};
const early = [];

self.onmessage = ({ data }) => {
  if (typeof data !== "string") return;
  if (started) feed(() => engine.message(data, now()));
  else early.push(data);
};

/** Lets something happen to the engine and does what it then wants. */
function feed(happens) {
  if (!engine) return; // It stopped: nothing goes into a Wasm that panicked.
  let wishes;
  try {
    wishes = happens();
  } catch (error) {
    // A panic leaves the Wasm in an unknown state: nothing more goes in. The page starts a new worker; what was stored is safe.
    engine = null;
    stopped("engine-stopped", "The engine stopped; what was saved is safe. Open the desk again.");
    throw error;
  }
  for (const [name, ...args] of wishes) does[name](...args);
}

const does = {
  message: (json) => self.postMessage(json),
  load: async (load, table, prefix) => {
    const rows = await (await store).load(table, prefix);
    feed(() => engine.loaded(load, rows, now()));
  },
  store: async (batch, rows) => (await store).write(batch, rows),
  lock: (name) =>
    navigator.locks.request(`komuz/${name}`, { ifAvailable: true }, (lock) => {
      if (!lock || !engine) return undefined;
      feed(() => engine.locked(name, now()));
      return new Promise(() => {}); // held until this worker ends
    }),
  watch: (name) =>
    navigator.locks.request(`komuz/${name}`, { mode: "shared" }, () => {
      feed(() => engine.gone(name, now()));
    }),
  connect: (relay, url) => sockets.connect(relay, url),
  close: (relay) => sockets.close(relay),
  send: (relay, bytes) => sockets.send(relay, bytes),
  "to-tabs": (bytes) => tabs.postMessage(bytes),
  job: (job, ...task) =>
    run(...task).then(
      (json) => feed(() => engine.job_done(job, json, undefined, now())),
      (error) => feed(() => engine.job_done(job, undefined, String(error?.message ?? error), now())),
    ),
  erase: async () => {
    sockets.closeAll();
    const remains = await (await store).erase();
    // An empty store in its place: the person may found or join something new without a reload. Where another tab keeps the
    // old one from going, it is opened when that is gone, and the answer does not wait for it.
    store = openStore(stores);
    store.catch((error) => stopped("engine-cannot-start", String(error?.message ?? error)));
    feed(() => engine.erased(remains, now()));
  },
  wake: (at) => {
    clearTimeout(timer);
    timer = setTimeout(() => feed(() => engine.tick(now())), Math.max(0, at - now()));
  },
};

/** Work for which the engine's file has no room: the checks lie with the panel that shows them, the parsers by themselves. */
const FILES = { check: "../panel/komuz_panel.js", gather: "../panel/komuz_panel.js", read: "../import/komuz_import.js", write: "../import/komuz_import.js" };

/** Does a job with the file that can do it, fetched when it is first wanted. */
async function run(kind, ...task) {
  const file = FILES[kind];
  fetched[file] ??= import(file).then(async (module) => {
    await module.default();
    return module;
  });
  // Not fetched (offline, before the service worker kept it): the next time tries again.
  const module = await fetched[file].catch((error) => {
    delete fetched[file];
    throw error;
  });
  return module.run(kind, ...task);
}

const stores = {
  stored: (batch) => feed(() => engine.stored(batch, now())),
  failed: (batch, why) => feed(() => engine.store_failed(batch, why, now())),
};

function stopped(code, message) {
  const event = { event: "state", saved: false, save_trouble: { code, message }, unsent: 0, servers: [], refused: [] };
  self.postMessage(JSON.stringify({ kind: "event", event }));
}

async function start() {
  if (!self.isSecureContext || !navigator.locks || !self.indexedDB || !self.crypto?.subtle) {
    throw new Error("This page needs https (or localhost) and a browser with storage, locks and cryptography.");
  }
  const wasm = init();
  store = openStore(stores);
  await store;
  await wasm;
  sockets = new Sockets(maxFrame(), {
    open: (relay) => feed(() => engine.connected(relay, now())),
    frame: (relay, bytes) => feed(() => engine.frame(relay, bytes, now())),
    gone: (relay) => feed(() => engine.disconnected(relay, now())),
  });
  tabs = new BroadcastChannel("komuz");
  tabs.onmessage = ({ data }) => engine && data instanceof Uint8Array && feed(() => engine.tab_said(data, now()));
  engine = new KomuzEngine();
  started = true;
  feed(() => engine.start(now()));
  for (const message of early.splice(0)) feed(() => engine.message(message, now()));
}

start().catch((error) => stopped("engine-cannot-start", String(error?.message ?? error)));

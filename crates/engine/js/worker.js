// The engine's worker: does for the Wasm engine what it cannot do itself, and nothing else. What the engine wants comes as
// a list of [name, ...arguments] (crates/engine/src/wasm.rs); what happens goes in by the method of the same meaning.
//
// The page makes this worker as a module (`{type: "module"}`) through its own Trusted Types policy; nothing in here is a
// sink of strings, so that it runs under `require-trusted-types-for 'script'`.

import init, { KomuzEngine, maxFrame, passphraseCost, passphraseKey } from "./komuz_engine.js";
import { Memory, Refused, Store } from "./store.js";
import { Sockets } from "./sockets.js";
// Named here, so that it is fetched beside the store that wants it and not behind it.
import "./keys.js";
import { erase as eraseVault } from "../vault.js";

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
let wasm = null;
/** The store that waits for its passphrase, and what is called when it was given. */
let locked = null;
let unlocked = null;
let sockets = null;
let tabs = null;
let timer = 0;
const fetched = {};
const early = [];

self.onmessage = ({ data }) => {
  if (typeof data !== "string") return void about(data);
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

/** The ask for everything typed to be written, before this worker lets go: the page's own ask ids are smaller, the panel's larger. */
const LAST = 2 ** 31 - 1;
let asked = null;

const does = {
  message: (json) => {
    if (asked && json.startsWith(`{"kind":"answer","id":${LAST},`)) return asked();
    self.postMessage(unkept ? warned(json) : json);
  },
  load: async (load, table, prefix, names) => {
    const rows = await (await store).load(table, prefix, names);
    feed(() => engine.loaded(load, rows, now()));
  },
  store: async (batch, rows) => {
    writes += 1;
    (await store).write(batch, rows);
  },
  lock: (name) =>
    navigator.locks.request(`komuz/${name}`, { ifAvailable: true }, (lock) => {
      if (!lock || !engine) return undefined;
      feed(() => engine.locked(name, now()));
      return new Promise(() => {}); // held until this worker ends
    }),
  watch: (name) =>
    // Let go of before it is said: then one of those who watched can have it alone.
    navigator.locks.request(`komuz/${name}`, { mode: "shared" }, () => {}).then(() => feed(() => engine.gone(name, now()))),
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
    tell({ left: true });
    if (!isInMemory()) {
      unkept = null;
      store = opened();
    }
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

/** Batches that are on their way to the disk; what waits until there are none or one has failed. */
let writes = 0;
let written = null;
/** The last batch has failed: the engine writes it again after a while. */
let failing = false;

/** What is written is not on the disk: the store that is in its place, or that there is none any more. */
let unkept = null;

const isInMemory = () => unkept instanceof Memory;

/** A message, with the standing warning in the state of saving. */
function warned(json) {
  if (!json.startsWith('{"kind":"event","event":{"event":"state"')) return json;
  const said = JSON.parse(json);
  said.event.saved = false;
  said.event.save_trouble = { code: "disk-none", with: [], message: "Nothing is saved on this device." };
  return JSON.stringify(said);
}

const stores = {
  lost: () => (unkept ??= true),
  stored: (batch) => {
    failing = false;
    // What waited behind it is on its way before this one is counted as done.
    feed(() => engine.stored(batch, now()));
    writes -= 1;
    if (writes === 0) written?.();
  },
  failed: (batch, why) => {
    failing = true;
    writes -= 1;
    written?.(why);
    feed(() => engine.store_failed(batch, why, now()));
  },
};

async function opened() {
  const store = new Store(stores, () => tell({ leave: true }));
  if (await store.begin()) {
    tell({ locked: true });
    locked = store;
    await new Promise((resolve) => (unlocked = resolve));
  }
  await store.probe();
  tell({ locked: false, passphrase: await store.hasPassphrase(), vault: store.vault, fresh: store.isFresh });
  return store;
}

/** The store does not open: nothing of it is touched. The page asks the person, who may want to go on without. */
async function without(error) {
  tell({ locked: false, broken: error?.code === "engine-too-old" ? "newer" : "broken", why: `${error?.name}: ${error?.message}` });
  await new Promise((resolve) => (wanted.without = async () => resolve()));
  tell({ wants: "without", locked: false, broken: "", vault: null });
  return (unkept = new Memory(stores));
}

/** Says something about the lock of this device, past the engine's messages. */
const tell = (said) => self.postMessage(said);

/** What the page wants of the lock (www/desk/lock.js). */
async function about({ wants, old, passphrase }) {
  try {
    await wasm;
    await wanted[wants]?.(old ?? "", passphrase ?? "");
  } catch (error) {
    tell({ wants, refused: error instanceof Refused ? error.code : "failed", why: String(error?.message ?? error) });
  }
}

const wanted = {
  async unlock(_, passphrase) {
    if (!(await locked?.unlock(passphrase, passphraseKey))) throw new Refused("wrong");
    locked = null;
    unlocked();
  },
  /** A passphrase for this device, another one, or (empty) none. */
  async passphrase(old, passphrase) {
    const device = await store;
    await device.setPassphrase(old, passphrase, passphraseCost(), passphraseKey);
    tell({ wants: "passphrase", locked: false, passphrase: Boolean(passphrase), vault: device.vault });
  },
  /** Everything that was typed is written; then this worker has ended, and the page knows that it may forget it. */
  async leave() {
    if (isInMemory()) throw new Error("nothing is saved here");
    if (engine) {
      await new Promise((resolve) => {
        asked = resolve;
        feed(() => engine.message(JSON.stringify({ id: LAST, ask: { ask: "save" } }), now()));
      });
      asked = null;
      const failed = await new Promise((resolve) => {
        written = resolve;
        if (writes === 0 && !failing) resolve();
      });
      written = null;
      if (failed) throw new Error(failed);
      engine = null;
      clearTimeout(timer);
      sockets.closeAll();
    }
    tell({ wants: "leave" });
  },
  /** Deletes all of a locked device: its passphrase is forgotten. */
  async forget() {
    const remains = (await locked.erase()).length > 0;
    if (remains || !(await eraseVault())) throw new Refused("other-tab");
    tell({ left: true });
    tell({ wants: "forget" });
  },
};

function stopped(code, message) {
  const event = { event: "state", saved: false, save_trouble: { code, message }, unsent: 0, servers: [], refused: [] };
  self.postMessage(JSON.stringify({ kind: "event", event }));
}

async function start() {
  if (!self.isSecureContext || !navigator.locks || !self.indexedDB || !self.crypto?.subtle) {
    throw new Error("This page needs https (or localhost) and a browser with storage, locks and cryptography.");
  }
  wasm = init();
  wasm.catch(() => {}); // Said below, when the store is open.
  store = opened().catch(without);
  await store;
  await wasm;
  sockets = new Sockets(maxFrame(), {
    open: (relay) => feed(() => engine.connected(relay, now())),
    frame: (relay, bytes) => feed(() => engine.frame(relay, bytes, now())),
    gone: (relay) => feed(() => engine.disconnected(relay, now())),
  });
  // What is in memory alone is no matter of other tabs.
  tabs = new BroadcastChannel(unkept ? "komuz/none" : "komuz");
  tabs.onmessage = ({ data }) => engine && data instanceof Uint8Array && feed(() => engine.tab_said(data, now()));
  engine = new KomuzEngine();
  started = true;
  feed(() => engine.start(now()));
  for (const message of early.splice(0)) feed(() => engine.message(message, now()));
}

start().catch((error) => stopped(error instanceof Refused ? error.code : "engine-cannot-start", String(error?.message ?? error)));

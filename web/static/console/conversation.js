// One topic's numbered events, and what still waits to be sent. No I/O here: it is fed frames and says what to ask for.

/**
 * The events of one topic, gapless: last+1 is kept, anything at or below last is known already, anything further shows a gap.
 * A log is current only when everything that the server is known to have has arrived.
 */
export class Log {
  constructor(topic) {
    this.topic = topic;
    this.events = [];
    this.last = 0;
    this.known = 0; // the highest number that the server has told of
    this.subscribed = false;
    this.asked = false; // a `sub` is under way
    this.told = false; // since it is subscribed, the server has said how far the topic goes
  }

  /** Returns "kept", "old" or "gap"; after a gap the missing events must be asked for. */
  receive(event) {
    this.known = Math.max(this.known, event.seq);
    if (event.seq <= this.last) return "old";
    if (event.seq > this.last + 1) return "gap";
    this.events.push(event);
    this.last = event.seq;
    return "kept";
  }

  /** The server sends us everything from here on; how far that is, a number read from its database must tell. */
  confirm(last) {
    this.subscribed = true;
    this.asked = false;
    if (last !== undefined) this.beat(last);
  }

  /** A number as the database has it. Returns whether something is missing and nobody has asked for it yet. */
  beat(last) {
    this.known = Math.max(this.known, last);
    this.told = this.subscribed;
    return this.behind && !this.asked;
  }

  /** The connection is gone: what arrives next needs a new `sub`. */
  lose() {
    this.subscribed = this.asked = this.told = false;
  }

  get behind() {
    return this.last < this.known;
  }

  get current() {
    return this.subscribed && this.told && !this.behind;
  }
}

/**
 * What was written and is not yet acknowledged, in order, kept in a storage so that a reload loses nothing. Every entry keeps its
 * client id over resends: the server absorbs doubles.
 */
export class Outbox {
  constructor(storage, key = "outbox") {
    this.storage = storage;
    this.key = key;
    this.entries = this.#read();
  }

  /** A new entry: {id, kind: "post" | "note", session, text, at}. */
  add(entry) {
    this.entries.push({ ...entry, sent: false, seq: 0, refused: "" });
    this.#write();
  }

  /** What should leave now, in order. Nothing of a conversation leaves before what was written earlier in it. */
  due() {
    const busy = new Set();
    return this.entries.filter((entry) => {
      const lane = `${entry.kind}/${entry.session}`;
      if (entry.refused || entry.seq || busy.has(lane)) return false;
      busy.add(lane);
      return !entry.sent && !entry.wait;
    });
  }

  /** It has left over the present connection. */
  leave(id) {
    this.#change(id, (entry) => (entry.sent = true));
  }

  /** The connection is gone: whatever had left without an acknowledgement leaves again. */
  lose() {
    for (const entry of this.entries) entry.sent = false;
  }

  /** It is durable under this number; the entry stays until the event itself has arrived. */
  acknowledge(id, seq) {
    this.#change(id, (entry) => Object.assign(entry, { seq, sent: false }));
  }

  /** The server would not take it: it stays, with the reason, until its writer decides. */
  refuse(id, message) {
    this.#change(id, (entry) => Object.assign(entry, { refused: message, sent: false }));
  }

  /** The server was too busy: it may leave again later. */
  hold(id, waiting) {
    this.#change(id, (entry) => Object.assign(entry, { wait: waiting, sent: false }));
  }

  /** Its event has arrived, or its writer gave it up. */
  drop(id) {
    const kept = this.entries.filter((entry) => entry.id !== id);
    if (kept.length === this.entries.length) return;
    this.entries = kept;
    this.#write();
  }

  of(session, kind) {
    return this.entries.filter((entry) => entry.session === session && entry.kind === kind);
  }

  #change(id, change) {
    const entry = this.entries.find((one) => one.id === id);
    if (!entry) return;
    change(entry);
    this.#write();
  }

  #read() {
    try {
      return JSON.parse(this.storage.getItem(this.key) ?? "[]").map((entry) => ({
        ...entry,
        sent: false,
        wait: false,
      }));
    } catch {
      return [];
    }
  }

  #write() {
    try {
      this.storage.setItem(this.key, JSON.stringify(this.entries));
    } catch {
      // storage full or forbidden: the entries live on in memory
    }
  }
}

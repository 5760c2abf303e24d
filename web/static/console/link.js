// The line to the server: one WebSocket, or an event stream with posts where WebSockets are blocked. Protocol v1, nothing about chats.

const CAP_MS = 30_000;
const BASE_MS = 500;
const OPEN_WITHIN_MS = 10_000;
const SOCKET_AGAIN_MS = 300_000;
const STOP_CODES = new Set([4401, 4403]);

/**
 * How long to wait before try number `tries` (0 for the first): anywhere between nothing and a bound that doubles (full jitter), so
 * that thousands of consoles do not come back at once. A server that says good-bye names the range itself.
 */
export function pause(tries, range, random = Math.random) {
  if (range) return range[0] + random() * Math.max(0, range[1] - range[0]);
  return random() * Math.min(CAP_MS, BASE_MS * 2 ** tries);
}

/**
 * Keeps a connection. `hello()` gives the first frame; `post(frame)` sends one beside an event stream and returns the answers; `heard(frame)` gets every frame; `changed(state)` is told "connecting", "open",
 * "waiting" (until `link.retryAt`) or "stopped" (log-in has run out).
 */
export class Link {
  constructor({
    socketUrl,
    streamUrl,
    healthUrl,
    post,
    hello,
    heard,
    changed,
    WebSocket = globalThis.WebSocket,
    EventSource = globalThis.EventSource,
  }) {
    Object.assign(this, {
      socketUrl,
      streamUrl,
      healthUrl,
      post,
      hello,
      heard,
      changed,
      WebSocket,
      EventSource,
    });
    this.state = "waiting";
    this.tries = 0;
    this.never = 0; // attempts in a row in which a WebSocket never opened
    this.beatMs = 10_000;
    this.wire = null;
    addEventListener("online", () => {
      this.tries = 0; // those failed for a reason that is gone
      this.hurry();
    });
    addEventListener("offline", () => this.#fall());
    document.addEventListener(
      "visibilitychange",
      () => document.visibilityState === "visible" && this.hurry(),
    );
    addEventListener("pagehide", () => this.wire?.close());
    addEventListener("pageshow", (event) => event.persisted && this.#fall());
  }

  /** Connects now, unless connected. */
  start() {
    clearTimeout(this.timer);
    if (this.wire || this.state === "stopped") return;
    this.#say("connecting");
    this.wire = this.streaming ? new StreamWire(this) : new SocketWire(this);
    this.#watch(OPEN_WITHIN_MS);
  }

  /** Sends a frame if the line is open. Returns whether it left. */
  send(frame) {
    return this.state === "open" && this.wire.send(frame);
  }

  /** Tries again at once when a try was only waiting for its time. */
  hurry() {
    if (this.state === "waiting") this.start();
  }

  /** Whether the fall-back is in use: after two tries in which a WebSocket never opened, for some minutes. */
  get streaming() {
    if (this.never < 2 || !this.streamUrl) return false;
    if (Date.now() - this.neverSince < SOCKET_AGAIN_MS) return true;
    this.never = 1; // one more try with a WebSocket; if it fails we stream on
    return false;
  }

  received(frame) {
    if (frame.t === "welcome") {
      this.tries = this.never = 0;
      this.range = null;
      this.beatMs = (frame.beat_seconds ?? 10) * 1000;
      if (this.wire.stream) this.never = 2;
      this.#say("open", frame);
    } else if (frame.t === "bye") this.range = frame.retry_ms;
    this.#watch(this.beatMs * 2.5);
    this.heard(frame);
  }

  /** The wire is gone. */
  lost(code, opened) {
    if (!opened && !this.wire?.stream) this.#suspect();
    this.wire = null;
    clearTimeout(this.watchdog);
    if (STOP_CODES.has(code)) return this.#say("stopped", { code });
    const wait = pause(this.tries++, this.range);
    this.range = null;
    this.retryAt = Date.now() + wait;
    this.timer = setTimeout(() => this.start(), wait);
    this.#say("waiting");
  }

  /** No WebSocket opened: blocked on the way, or is the server away? Only if it answers otherwise does it count as blocked. */
  async #suspect() {
    const answers = await fetch(this.healthUrl, { cache: "no-store" })
      .then((response) => response.ok)
      .catch(() => false);
    if (!answers) return;
    this.never += 1;
    this.neverSince = Date.now();
  }

  #fall() {
    const wire = this.wire;
    if (!wire) return;
    wire.close();
    this.lost(0, true);
  }

  #watch(ms) {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.#give_up(), ms);
  }

  #give_up() {
    const wire = this.wire;
    if (!wire) return;
    wire.close();
    this.lost(0, this.state === "open");
  }

  #say(state, detail) {
    this.state = state;
    this.changed(state, detail);
  }
}

class SocketWire {
  constructor(link) {
    this.opened = this.closed = false;
    this.socket = new link.WebSocket(link.socketUrl);
    this.socket.onopen = () => {
      this.opened = true;
      this.socket.send(JSON.stringify(link.hello()));
    };
    this.socket.onmessage = (event) => !this.closed && link.received(JSON.parse(event.data));
    this.socket.onclose = (event) => {
      if (this.closed) return;
      this.closed = true;
      link.lost(event.code, this.opened);
    };
  }

  send(frame) {
    if (this.socket.readyState !== 1) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  close() {
    this.closed = true;
    this.socket.close();
  }
}

// Downwards an event stream whose address names the topics; upwards one post per frame, in order. A new topic means a new stream.
class StreamWire {
  constructor(link) {
    this.stream = true;
    this.link = link;
    this.closed = false;
    this.queue = Promise.resolve();
    this.#open();
  }

  send(frame) {
    if (frame.t === "sub" || frame.t === "unsub") {
      clearTimeout(this.reopening);
      this.reopening = setTimeout(() => this.#open(), 50); // the new stream asks for every topic from its last number
      return true;
    }
    this.queue = this.queue.then(() => this.#post(frame));
    return true;
  }

  close() {
    this.closed = true;
    clearTimeout(this.reopening);
    this.source?.close();
  }

  #open() {
    if (this.closed) return;
    this.source?.close();
    const { link } = this;
    const topics = Object.entries(link.hello().topics).map(([topic, after]) => `${topic}:${after}`);
    this.source = new link.EventSource(`${link.streamUrl}?topics=${encodeURIComponent(topics.join(","))}`);
    this.source.onmessage = (event) => !this.closed && link.received(JSON.parse(event.data));
    this.source.addEventListener("close", (event) => this.#lose(Number.parseInt(event.data, 10)));
    this.source.onerror = () => this.#lose(0);
  }

  async #post(frame) {
    if (this.closed) return;
    try {
      for (const reply of await this.link.post(frame)) if (!this.closed) this.link.received(reply);
    } catch {
      this.#lose(0);
    }
  }

  #lose(code) {
    if (this.closed) return;
    this.close();
    this.link.lost(code, true);
  }
}

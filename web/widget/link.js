// The line to the server: a WebSocket, or where that is blocked an event stream with POST; found anew whenever lost.
//
// It knows frames only as things to carry. Reconnecting waits a random time that grows (full jitter), or what the
// server asked for in its good-bye. Silence of two and a half beats is a lost line.

const WELCOME = 10_000; // how long a server may take to greet
const ANSWER = 8_000; // what was posted is answered within so long, or the line is lost
const FIRST = 500; // upper bound of the first wait, doubled up to…
const LONGEST = 30_000;
const SOCKET_AGAIN = 600_000; // after so long a blocked WebSocket is tried again

// Full jitter: anything between nothing and the bound, so that five thousand readers do not return as one.
export function waitBefore(attempt, random, asked) {
  if (asked) return asked[0] + random() * Math.max(0, asked[1] - asked[0]);
  return random() * Math.min(LONGEST, FIRST * 2 ** Math.min(attempt, 10));
}

export class Link {
  // hooks: token(stale) → Promise of a conversation token, after() → last number applied, frame(frame), state(open),
  // language() of refusals, gone(error) when there is nothing to come back to, remember(way) and way() to know a blocked socket by.
  constructor(origin, session, hooks, world = globalThis) {
    Object.assign(this, { origin, session, hooks, world });
    this.topic = `chat/${session}`;
    this.attempt = 0;
    this.refusals = 0; // sockets in a row that never greeted
    this.beat = 10_000;
    this.line = null;
    this.stopped = true;
    this.way = hooks.way?.() ?? "socket";
  }

  start() {
    this.stopped = false;
    this.world.document?.addEventListener(
      "securitypolicyviolation",
      (this.barred = (violation) => this.#barred(violation)),
    );
    this.#connect();
  }

  stop() {
    this.stopped = true;
    this.world.document?.removeEventListener("securitypolicyviolation", this.barred);
    this.world.clearTimeout(this.timer);
    this.#drop();
  }

  // Something suggests that now is a good moment: back online, tab in front again, the reader presses a key.
  hurry() {
    if (this.stopped) return;
    this.attempt = 0;
    if (!this.line) return this.#again(0);
    if (this.open && this.world.Date.now() - this.heardAt > this.beat * 2.5) this.#lost();
  }

  // A new line on purpose: the server or the conversation asked for it.
  restart() {
    this.#lost();
  }

  send(frame) {
    if (!this.open) return;
    this.line.send(frame);
    if (frame.t === "post") this.#listen(ANSWER);
  }

  async #connect() {
    const line = (this.line = { way: this.way, tried: false, send() {}, close() {} });
    let token;
    try {
      token = await this.hooks.token(this.stale);
      this.stale = false;
    } catch (error) {
      if (this.line !== line) return;
      if (error.final) return this.hooks.gone(error);
      return this.#lost();
    }
    if (this.line !== line || this.stopped) return;
    this.#listen(WELCOME);
    line.tried = true;
    Object.assign(line, line.way === "stream" ? this.#stream(line, token) : this.#socket(line, token));
  }

  #socket(line, token) {
    let socket;
    try {
      socket = new this.world.WebSocket(
        `${this.origin.replace(/^http/, "ws")}/api/socket?lang=${this.hooks.language()}`,
      );
    } catch {
      this.world.queueMicrotask(() => this.#lost(line));
      return {};
    }
    const send = (frame) => socket.readyState === 1 && socket.send(JSON.stringify(frame));
    socket.onopen = () => send({ t: "hello", v: 1, token, topics: { [this.topic]: this.hooks.after() } });
    socket.onmessage = ({ data }) => this.line === line && this.#received(JSON.parse(data));
    socket.onclose = ({ code }) => {
      if (code === 4401) {
        this.stale = true;
        line.tried = false;
      }
      this.#lost(line);
    };
    socket.onerror = () => this.#lost(line); // one that a policy forbids has no close event
    return { send, close: () => socket.close(1000) };
  }

  #stream(line, token) {
    const query = new URLSearchParams({ after: this.hooks.after(), token, lang: this.hooks.language() });
    const source = new this.world.EventSource(`${this.origin}/api/sessions/${this.session}/stream?${query}`);
    const read = ({ data }) => this.line === line && this.#received(JSON.parse(data));
    source.onmessage = read;
    source.onerror = () => {
      if (!this.open) this.stale = true; // a refused stream does not say why: a fresh token costs little
      this.#lost(line);
    };
    source.addEventListener("close", () => this.#lost(line));
    return { send: (frame) => this.#post(line, frame, token), close: () => source.close() };
  }

  // Upstream of the event stream. A gap is closed by a new stream; a lost answer is a lost line, as with a socket.
  async #post(line, frame, token) {
    if (frame.t === "sub") return this.#lost(line);
    try {
      const answer = await this.world.fetch(
        `${this.origin}/api/sessions/${this.session}/frames?lang=${this.hooks.language()}`,
        {
          method: "POST",
          credentials: "omit",
          headers: { "Content-Type": "application/json", Authorization: `Token ${this.fresh ?? token}` },
          body: JSON.stringify(frame),
        },
      );
      const reply = await answer.json().catch(() => null);
      if (this.line !== line) return;
      for (const said of reply?.frames ?? []) this.#received(said);
      if (answer.status === 401) this.stale = true;
      if (frame.t === "post" && !answer.ok) {
        if (!reply?.error || answer.status === 401) return this.#lost(line);
        this.#received({ t: "err", id: frame.id, ...reply.error });
      }
    } catch {
      if (frame.t === "post") this.#lost(line);
    }
  }

  #received(frame) {
    this.heardAt = this.world.Date.now();
    if (frame.t === "welcome") {
      this.beat = (frame.beat_seconds || 10) * 1000;
      this.#opened();
    }
    if (frame.t === "bye") this.asked = frame.retry_ms;
    if (frame.t === "token") this.fresh = frame.token;
    if (frame.t === "err" && frame.code?.startsWith("token_")) this.stale = true;
    this.#listen(this.beat * 2.5);
    this.hooks.frame(frame);
  }

  #opened() {
    if (this.open) return;
    this.open = true;
    this.attempt = this.refusals = 0;
    this.fresh = undefined;
    this.hooks.state(true);
  }

  // A line that stays silent for so long is lost, whatever the network believes.
  #listen(milliseconds) {
    this.world.clearTimeout(this.watch);
    this.watch = this.world.setTimeout(() => this.#lost(), milliseconds);
  }

  #lost(line = this.line) {
    if (this.line !== line || !line) return;
    const greeted = this.open;
    this.#drop();
    if (this.stopped) return;
    if (!greeted && line.tried) this.#choose(line);
    this.#again(waitBefore(this.attempt++, this.world.Math.random, this.asked));
    this.asked = undefined;
  }

  #drop() {
    const line = this.line;
    this.line = null;
    this.world.clearTimeout(this.watch);
    line?.close();
    if (this.open) {
      this.open = false;
      this.hooks.state(false);
    }
  }

  #again(milliseconds) {
    this.world.clearTimeout(this.timer);
    this.timer = this.world.setTimeout(() => !this.line && !this.stopped && this.#connect(), milliseconds);
  }

  // Two sockets that were never greeted while plain requests got through: something blocks WebSockets.
  async #choose(line) {
    if (line.way === "stream") this.way = "socket";
    else if ((await this.hooks.reachable()) && ++this.refusals >= 2) this.#block();
  }

  // The host page's policy names our origin but not wss: the browser says so, no need to try again.
  #barred({ blockedURI, effectiveDirective }) {
    const ours = this.origin.replace(/^http/, "ws");
    if (effectiveDirective === "connect-src" && blockedURI.startsWith(ours)) this.#block();
  }

  #block() {
    this.way = "stream";
    this.hooks.remember?.("stream", this.world.Date.now() + SOCKET_AGAIN);
    if (!this.open) this.hurry();
  }
}

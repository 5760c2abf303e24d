// One reader at one desk: the open conversation with its line and its outbox, shared between tabs, kept over reloads.
// The rules are conversation.js, the line is link.js; this grants their wishes and tells the views what changed.

import { begin, connection, leftOver, step } from "./conversation.js";
import { newId } from "./dom.js";
import { Link } from "./link.js";
import { Uploads } from "./uploads.js";

const TYPING_EVERY = 3000;
const RECEIPT_AFTER = 250;
const TOKEN_GOOD = 600_000;
const WAKING = ["online", "focus", "pageshow", "visibilitychange"];

export class Consultation {
  constructor({ origin, slug, keeping, api }, changed) {
    Object.assign(this, { origin, slug, keeping, api, changed });
    api.unknown = (as) => this.#unknown(as);
    this.state = null;
    this.view = null; // the session as the HTTP API showed it last
    this.uploads = new Uploads(
      api,
      () => this.state?.session,
      (refusal) => {
        this.refusal = refusal;
        changed();
      },
    );
    this.watching = () => false; // does the reader look at the end of the conversation now?
    this.told = { delivered: 0, read: 0 };
    const { signal } = (this.over = new AbortController());
    keeping.listen((name, now, before) => this.#elsewhere(name, now, before), signal);
    addEventListener("offline", () => this.link?.restart(), { signal });
    for (const sign of WAKING) addEventListener(sign, () => this.link?.hurry(), { signal });
  }

  leave() {
    this.link?.stop();
    this.over.abort();
  }

  // --- who asks -------------------------------------------------------------------------------------------------

  get reader() {
    return this.keeping.login?.reader;
  }

  logIn(code) {
    return this.#inTurn(async () => {
      const visitor = this.keeping.get("visitor") ?? "";
      const { bearer, reader } = await this.api.post("/api/widget/login", { desk: this.slug, code, visitor }, "");
      this.keeping.set("login", { bearer, reader, until: Date.now() + 11.5 * 3_600_000 });
      if (this.talk) await this.#bound();
      await this.findOpen();
    });
  }

  logOut() {
    this.api.post("/api/widget/logout", {}, this.keeping.bearer).catch(() => {}); // it runs out by itself anyway
    ["login", "visitor", "asking", "draft"].forEach((name) => this.keeping.drop(name));
    this.keeping.set("out", newId()); // other tabs have heard by then that the rest is gone, and begin anew
    this.earlier = null;
  }

  // A conversation that this reader has open, perhaps on another device, where none is open here nor waits to be sent.
  async findOpen() {
    const as = this.keeping.bearer || this.keeping.proof();
    if (as && this.talk?.ended !== false && !this.state?.outbox.length) {
      const { sessions } = await this.api.get(`/api/me/sessions?desk=${this.slug}&limit=5`, as);
      this.earlier = sessions.filter(({ end_reason }) => end_reason);
      const open = sessions.find(({ end_reason }) => !end_reason);
      if (open) this.#take(open);
      else this.view = this.earlier.find(({ id }) => id === this.talk?.id) ?? this.view; // rated elsewhere, perhaps
    }
    this.changed(); // who stopped waiting for the answer shows it all the same
  }

  // --- the conversation -------------------------------------------------------------------------------------------

  get talk() {
    return this.keeping.get("talk");
  }

  get connection() {
    return this.state ? connection(this.state) : "offline";
  }

  get unread() {
    const seen = Math.max(this.talk?.seen ?? 0, this.state?.marks.reader?.read ?? 0); // here, or on another device
    return (this.state?.events ?? []).filter((event) => event.seq > seen && event.by.kind === "staff").length;
  }

  resume() {
    if (this.talk && !this.state) this.#listen(this.talk.id);
  }

  // Ask: a double click, a second tab or a lost answer open one conversation, and the question stands in it once.
  open(asking) {
    return this.#inTurn(async () => {
      const { bearer } = this.keeping;
      let visitor = this.keeping.get("visitor") ?? ""; // goes on from what they asked before logging in
      if (!visitor && !bearer) this.keeping.set("visitor", (visitor = newId())); // who asks again is the same one
      const body = { ...asking, visitor, page_url: location.href, page_title: document.title };
      const opened = await this.api.post(`/api/desks/${this.slug}/sessions`, body, bearer);
      this.#keepToken(opened.session.id, opened.token);
      for (const { id } of this.held()) this.keeping.drop(`unsent ${id}`); // they went into the new question
      this.keeping.drop("draft"); // and so did this
      const files = this.uploads.list.filter(({ late }) => late);
      this.#take(opened.session, bearer); // whoever has logged in meanwhile, in another tab
      for (const { file } of files) this.uploads.attach(file);
    });
  }

  write(text) {
    this.#step({ t: "write", id: newId(), text, at: Date.now() });
    this.link?.hurry();
  }

  discard(id) {
    this.#step({ t: "discard", id });
  }

  held() {
    return this.state ? leftOver(this.state) : [];
  }

  typing() {
    if (this.connection !== "current" || Date.now() - (this.typedAt ?? 0) < TYPING_EVERY) return;
    this.typedAt = Date.now();
    this.link.send({ t: "typing", session: this.state.session });
  }

  // Tell how far this browser has come, and what its reader has seen; a little later, several at once.
  receipts() {
    this.receiptTimer ??= setTimeout(() => {
      this.receiptTimer = undefined;
      if (!this.state?.open) return;
      const read = this.watching() ? this.state.last : this.told.read;
      if (this.watching()) this.#saw(this.state.last);
      if (this.state.last <= this.told.delivered && read <= this.told.read) return;
      this.told = { delivered: this.state.last, read };
      if (this.state.phase !== "ended") this.link.send({ t: "receipt", session: this.state.session, ...this.told });
    }, RECEIPT_AFTER);
  }

  end() {
    return this.#post("end");
  }

  rate(rating, comment) {
    return this.#post("rating", { rating, comment });
  }

  mailTranscript(mail) {
    return this.#post("transcript", { mail });
  }

  async transcript() {
    const answer = await fetch(this.api.address(`/api/sessions/${this.state.session}/transcript.txt`), {
      headers: { Authorization: this.keeping.proof() },
      credentials: "omit",
    }).catch(() => null);
    if (!answer?.ok) throw this.api.away(answer?.status);
    return answer.blob();
  }

  // The question becomes a form question: with the conversation while it is open, with what is left over after it.
  async ask(asking) {
    const talking = this.state && this.state.phase !== "ended";
    const kept = talking
      ? await this.#post("question", asking)
      : await this.api.post(`/api/desks/${this.slug}/questions`, asking);
    for (const { id } of this.state?.outbox ?? []) this.discard(id);
    this.keeping.drop("draft"); // all of it went along
    return kept;
  }

  // Open an earlier conversation again, to read.
  reread(session) {
    this.#take(session);
  }

  earlierEvents(session) {
    return this.api.get(`/api/sessions/${session}/events?after=0&limit=5000`);
  }

  // Put the conversation away: the next question begins a new one.
  forget() {
    this.link?.stop();
    this.link = this.state = this.view = null;
    this.uploads.clear();
    this.keeping.drop("talk");
    this.changed();
  }

  // --- inside -----------------------------------------------------------------------------------------------------

  // The log-in has run out, or was ended elsewhere.
  #unknown(as) {
    if (as !== this.keeping.bearer) return;
    this.keeping.drop("login");
    this.earlier = null;
    this.refusal = this.api.words.say("login.over");
    this.changed();
  }

  // Whether the reader logs in or asks first decides whose conversation it is: each waits for the other's answer.
  #inTurn(work) {
    return (this.turn = Promise.allSettled([this.turn]).then(work));
  }

  #take(session, bearer = this.keeping.login) {
    const same = this.talk?.id === session.id;
    this.view = session;
    if (!same)
      this.keeping.set("talk", {
        id: session.id,
        as: bearer ? "login" : "visitor",
        seen: 0,
        ended: false,
        topic: session.topic,
      });
    if (!this.state || this.state.session !== session.id) this.#listen(session.id);
    if (session.position) {
      const { position, wait_seconds, on_duty } = session;
      this.#step({ t: "queue", session: session.id, position, wait_seconds, on_duty });
    }
  }

  #listen(session) {
    this.link?.stop();
    this.state = begin(session, this.keeping.unsent(session));
    this.told = { delivered: 0, read: 0 };
    this.uploads.clear();
    this.link = new Link(this.origin, session, {
      token: (stale) => this.#token(session, stale),
      after: () => this.state.last,
      language: () => this.api.words.language,
      frame: (frame) => {
        if (frame.t === "notices" || frame.t === "subbed") this.changed("notices"); // now, or while no line stood
        this.#step(frame.t === "typing" ? { ...frame, now: Date.now() } : frame);
      },
      state: (open) => this.#step({ t: open ? "opened" : "closed" }),
      gone: (error) => this.#gone(error),
      reachable: () =>
        this.api.get(`/api/desks/${this.slug}`).then(
          () => true,
          (error) => !!error.status,
        ),
      way: () => ((this.keeping.get("way")?.until ?? 0) > Date.now() ? "stream" : "socket"),
      remember: (way, until) => this.keeping.set("way", { way, until }),
    });
    this.link.start();
    this.#look(session);
    this.changed();
  }

  // The place in the queue and the like, which no event tells.
  async #look(session) {
    const view = await this.api.get(`/api/sessions/${session}`).catch(() => null);
    if (!view || this.state?.session !== session) return;
    this.view = view;
    if (view.position && this.state.phase === "waiting" && !this.state.queue) this.#step({ t: "queue", ...view });
    this.changed();
  }

  async #token(session, stale) {
    if (!stale && this.token?.session === session && this.token.until > Date.now()) return this.token.value;
    try {
      this.#keepToken(session, (await this.api.post(`/api/sessions/${session}/token`)).token);
      return this.token.value;
    } catch (error) {
      error.final = error.code !== "offline" && [401, 403, 404].includes(error.status);
      throw error;
    }
  }

  // Good for a quarter of an hour: a server that restarts is not asked by everybody for a new one.
  #keepToken(session, value) {
    this.token = { session, value, until: Date.now() + TOKEN_GOOD };
  }

  #step(input) {
    if (!this.state) return;
    const before = this.state;
    const [state, wishes] = step(before, input);
    this.state = state;
    for (const wish of wishes) this.#grant(wish);
    if (state.phase === "ended" && before.phase !== "ended") this.#saw(this.talk?.seen ?? 0, { ended: true });
    if (state.last > before.last || input.t === "opened") this.receipts();
    if (this.connection === "current" && connection(before) !== "current") this.#caughtUp();
    if (input.t === "typing") setTimeout(() => this.changed(), 6100);
    this.changed();
  }

  #grant(wish) {
    if (wish.send) this.link?.send(wish.send);
    else if (wish.keep) this.keeping.set(`unsent ${wish.keep.id}`, wish.keep);
    else if (wish.forget) this.keeping.drop(`unsent ${wish.forget}`);
    else if (wish.reconnect) this.link?.restart();
    else if (wish.later) setTimeout(() => this.#step({ t: "pump" }), wish.later);
    else if (wish.token) this.#keepToken(this.state.session, wish.token);
    else if (wish.refused) this.refusal = wish.refused.message;
  }

  // Everything is here: files that waited go now; an ended conversation needs no line any more.
  #caughtUp() {
    this.refusal = null;
    this.uploads.resume();
    if (this.state.phase === "waiting" && !this.state.queue) this.#look(this.state.session);
    if (this.state.phase === "ended") setTimeout(() => this.state?.phase === "ended" && this.link?.stop(), 2000);
  }

  #saw(seq, more = {}) {
    const talk = this.talk;
    if (!talk || talk.id !== this.state?.session) return;
    if (seq > talk.seen || more.ended !== undefined) {
      this.keeping.set("talk", { ...talk, seen: Math.max(talk.seen, seq), ...more });
      this.changed("seen");
    }
  }

  // The server does not know this reader's conversation (any more). After a log-in that ran out the next one finds it
  // again, with what waits to be sent; else all of that stands in the next question.
  #gone({ message }) {
    this.refusal = message;
    if (this.talk?.as === "login" && !this.keeping.login) this.refusal = this.api.words.say("login.over");
    else {
      const { outbox: held } = this.state;
      const draft = this.keeping.get("draft");
      const question = [...held.map(({ text }) => text), draft].filter(Boolean).join("\n");
      this.keeping.set("asking", { question });
      held.forEach(({ id }) => this.discard(id));
    }
    this.forget();
  }

  // After a log-in the conversation belongs to the reader's account, unless they have another one open there.
  async #bound() {
    const own = await this.api.get(`/api/sessions/${this.talk.id}`, this.keeping.bearer).catch(() => null);
    if (own) {
      this.keeping.set("talk", { ...this.talk, as: "login" });
      this.#renamed();
    }
  }

  // It belongs to the reader's account now: the token names the visitor, who hears and says nothing here any more.
  #renamed() {
    this.token = null;
    this.link?.restart();
  }

  async #post(what, body) {
    const answer = await this.api.post(`/api/sessions/${this.state.session}/${what}`, body);
    if (what === "end") this.view = answer;
    this.link?.hurry();
    return answer;
  }

  // Another tab of this site did something.
  #elsewhere(name, now, before) {
    if (name === "talk") {
      if (!now) this.state?.phase === "ended" && this.forget();
      else if (now.id !== this.state?.session) this.#listen(now.id);
      else if (now.as !== before?.as) this.#renamed();
      return this.changed("seen");
    }
    if (name === "login") {
      this.earlier = null; // of another reader
      return this.changed();
    }
    if (name === "out") return this.changed("out");
    if (now?.session === this.state?.session) this.#step({ t: "kept", entry: now }); // an unsent message
    else if (!now && before?.session === this.state?.session) this.#step({ t: "forgotten", id: before.id });
  }
}

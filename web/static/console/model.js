// What the console knows: the state that /api/console gives, the conversations that the line brings, and what the librarian is writing.

import { Link } from "./link.js";
import { soon } from "./dom.js";
import { FRAMES, clockSkew, deeds, get, post, renewCsrf } from "./http.js";
import { Outgoing } from "./outgoing.js";
import { recall, remember } from "./memory.js";
import { Conversation } from "./talk.js";

const TYPING_SHOWN_MS = 5_000;
const ASK_AGAIN_MS = 2_000;

/** The model; views are told by the event "change", and of single happenings by "ready", "offer", "invited", "said", "note", "gone", "unsent". */
export class Console extends EventTarget {
  constructor({ socketUrl, streamUrl, storage = sessionStorage }) {
    super();
    this.state = null; // ConsoleState, as last fetched
    this.problem = null; // why it could not be fetched
    this.conversations = new Map();
    this.shownOffers = new Set();
    this.changed = soon(() => this.dispatchEvent(new Event("change")));
    this.version = 0; // the newest state that we have heard of, whether or not we hold it
    this.era = 0; // how often the line has opened
    this.link = new Link({
      socketUrl,
      streamUrl,
      healthUrl: "/healthz",
      post: async (frame) => (await post(FRAMES, frame)).frames,
      hello: () => ({ t: "hello", v: 1, topics: this.#topics() }),
      heard: (frame) => this.#heard(frame),
      changed: (state) => this.#lineChanged(state),
    });
    this.refetch = soon(() => this.#fetch(), 60);
    this.outgoing = new Outgoing(this, storage);
  }

  start() {
    this.#fetch();
  }

  get me() {
    return this.state?.me ?? null;
  }

  /** The line in one word, truthfully: "current" only when everything that the server has is here. */
  get currency() {
    if (this.link.state !== "open") return this.link.state === "stopped" ? "stopped" : "offline";
    if (this.stale || this.version > this.state.duty.version) return "catching";
    for (const conversation of this.conversations.values()) {
      if (!conversation.log.current) return "catching";
    }
    return "current";
  }

  conversation(id) {
    return this.conversations.get(id) ?? null;
  }

  /** Conversations in the order in which they were taken. */
  list(state) {
    const found = [...this.conversations.values()].filter((one) =>
      state === "active" ? !one.over : one.over,
    );
    return found.sort(
      (a, b) =>
        (a.card.accepted_at ?? "").localeCompare(b.card.accepted_at ?? "") || a.id.localeCompare(b.id),
    );
  }

  get overdue() {
    const ids = new Set((this.state?.overdue_wrap_ups ?? []).map((card) => card.id));
    return this.list("over").filter((one) => ids.has(one.id));
  }

  get outbox() {
    return this.outgoing.outbox;
  }

  /** The librarian has seen a conversation up to a number. */
  hasSeen(id, seq) {
    const conversation = this.conversation(id);
    if (!conversation || (conversation.seen ?? 0) >= seq) return;
    conversation.seen = seq;
    remember(`seen.${id}`, seq); // the server writes receipts every few seconds only: a window opened before knows no less
    this.changed();
    this.outgoing.tellReceipts();
  }

  hasSeenNotes(id) {
    const conversation = this.conversation(id);
    if (!conversation || conversation.notesRead === conversation.notes.last) return;
    conversation.notesRead = conversation.notes.last;
    remember(`notes.${id}`, conversation.notesRead);
    this.changed();
  }

  /** An answer held a newer card: show it before the next fetch confirms it. */
  takeCard(card) {
    if (!card?.id) return this.refetch();
    this.#keep(card);
    this.#listen();
    this.changed();
    this.refetch();
  }

  /** An answer held what has become of one's duty. */
  takeDuty(duty) {
    if (duty.version >= this.state.duty.version) this.state.duty = duty;
    this.version = Math.max(this.version, duty.version);
    this.refetch();
  }

  /** The page behind a conversation; fetched once, and again when the crew or the documents changed. */
  async lookBehind(id, again = false) {
    const conversation = this.conversation(id);
    if (!conversation || (conversation.view && !again)) return;
    if (conversation.looking) {
      conversation.lookAgain ||= again; // what is on its way may be older than the change
      return;
    }
    conversation.looking = true;
    do {
      conversation.lookAgain = false;
      try {
        conversation.view = await get(`/api/sessions/${id}/desk-view`);
        conversation.viewProblem = null;
      } catch (problem) {
        conversation.viewProblem = problem;
      }
    } while (conversation.lookAgain && this.conversations.has(id));
    conversation.looking = false;
    this.changed();
  }

  async #fetch() {
    if (this.fetching) {
      this.again = true;
      return;
    }
    this.fetching = true;
    clearTimeout(this.fetchTimer);
    try {
      const sent = Date.now();
      const { era, version } = this;
      const { done } = deeds;
      const state = await get("/api/console");
      if (this.state && state.me.id !== this.me.id) return location.reload(); // somebody else has logged in here
      clockSkew.ms = Date.parse(state.now) - (sent + Date.now()) / 2 || 0;
      renewCsrf(state.csrf);
      if (done < deeds.done)
        this.again = true; // it may be older than what was done meanwhile, and showing it would undo that
      else {
        this.#take(state);
        if (state.duty.version < version) this.#beginAnew(state.duty.version);
        if (era && era === this.era) this.#compare(state);
      }
      this.problem = null;
      this.stale = false;
    } catch (problem) {
      this.problem = problem;
      this.stale = true;
      if (problem.retry !== "stop")
        this.fetchTimer = setTimeout(() => this.#fetch(), 2_000 + Math.random() * 3_000);
    }
    this.fetching = false;
    if (this.again) {
      this.again = false;
      this.refetch();
    }
    this.changed();
  }

  /** The server counts from a lower number than the one that we had heard of: it was set up anew, or our duty was. */
  #beginAnew(version) {
    this.version = version;
    this.link.send({ t: "sub", topic: `staff/${this.me.id}`, after: version });
  }

  #take(state) {
    const first = !this.state;
    this.state = state;
    this.version = Math.max(this.version, state.duty.version);
    const here = new Set(state.sessions.map((card) => card.id));
    for (const card of state.sessions) this.#keep(card);
    for (const id of this.conversations.keys()) {
      if (!here.has(id)) this.#forget(id);
    }
    this.outgoing.giveBack();
    for (const offer of state.offers) {
      if (this.shownOffers.has(offer.offer_id)) continue;
      this.shownOffers.add(offer.offer_id);
      this.dispatchEvent(new CustomEvent("offer", { detail: offer }));
    }
    if (first) this.link.start();
    else this.#listen();
    if (first) this.dispatchEvent(new Event("ready"));
    this.greeted = true;
  }

  /** Cards read after the line opened tell how far their topics go. */
  #compare(state) {
    for (const card of state.sessions) {
      const { log, notes } = this.conversations.get(card.id);
      if (log.beat(card.last_seq)) this.#ask(log);
      if (notes.beat(card.last_staff_seq)) this.#ask(notes);
    }
  }

  #keep(card) {
    let conversation = this.conversations.get(card.id);
    const before = conversation?.card;
    if (!conversation) {
      conversation = new Conversation(card.id, this.me.id);
      conversation.notesRead = recall(`notes.${card.id}`) ?? 0;
      conversation.seen = recall(`seen.${card.id}`) ?? 0;
      this.conversations.set(card.id, conversation);
    }
    conversation.card = card;
    if (!before && this.greeted && card.role === "colleague")
      this.dispatchEvent(new CustomEvent("invited", { detail: conversation }));
    for (const who of card.participants) conversation.moveMark(who.id, who);
    if (before && (conversation.view || conversation.looking) && behind(before) !== behind(card)) this.lookBehind(card.id, true);
  }

  #forget(id) {
    const conversation = this.conversations.get(id);
    this.conversations.delete(id);
    remember(`seen.${id}`, null);
    for (const log of [conversation.log, conversation.notes])
      this.link.send({ t: "unsub", topic: log.topic });
    this.dispatchEvent(new CustomEvent("gone", { detail: conversation }));
  }

  *#logs() {
    for (const conversation of this.conversations.values()) yield* [conversation.log, conversation.notes];
  }

  #topics() {
    const topics = { [`staff/${this.me.id}`]: this.version };
    for (const log of this.#logs()) {
      topics[log.topic] = log.last;
      log.asked = true;
    }
    return topics;
  }

  #listen() {
    for (const log of this.#logs()) {
      if (!log.subscribed && !log.asked) this.#ask(log);
    }
  }

  #ask(log) {
    log.asked = this.link.send({ t: "sub", topic: log.topic, after: log.last });
  }

  #askAgain() {
    this.refetch();
    clearTimeout(this.asking);
    this.asking = setTimeout(() => {
      for (const log of this.#logs()) log.asked &&= log.subscribed;
      this.#listen();
    }, ASK_AGAIN_MS);
  }

  #logOf(topic) {
    const [, id, audience] = topic.split("/");
    const conversation = topic.startsWith("chat/") ? this.conversations.get(id) : null;
    return (
      conversation && { conversation, log: audience === "staff" ? conversation.notes : conversation.log }
    );
  }

  #lineChanged(state) {
    if (state === "waiting" || state === "stopped") {
      for (const log of this.#logs()) log.lose();
      for (const conversation of this.conversations.values()) conversation.typing.clear();
      this.outbox.lose();
    }
    if (state === "open") {
      this.era += 1;
      this.refetch(); // hints may have passed us by
    }
    this.changed();
  }

  #heard(frame) {
    const handler = HANDLERS[frame.t];
    if (handler) handler.call(this, frame);
    this.changed();
  }

  /** @private handlers, by the frame's `t` */
  static handlers = {
    welcome() {
      this.outgoing.flush();
      this.#listen();
    },
    subbed({ topic, last }) {
      const found = this.#logOf(topic);
      if (found) found.log.confirm(last);
      else if (topic === `staff/${this.me.id}` && last > this.version) this.refetch();
    },
    ev(event) {
      const found = this.#logOf(event.topic);
      if (!found) return;
      const { conversation, log } = found;
      const live = log.subscribed && log.last >= log.known;
      const result = log.receive(event);
      if (event.id) this.outbox.drop(event.id);
      if (result === "gap" && !log.asked) this.#ask(log);
      if (result === "kept") this.#keptEvent(conversation, log, event, live);
    },
    ack({ id, seq, at }) {
      const entry = this.outbox.entries.find((one) => one.id === id);
      if (!entry) return;
      this.outbox.acknowledge(id, seq);
      this.#standFor(entry, seq, at);
      this.outgoing.flush();
    },
    err(frame) {
      if (frame.id && this.outbox.entries.some((entry) => entry.id === frame.id))
        this.outgoing.refused(frame);
      else this.#askAgain(); // we asked for what is no longer ours, or not at the moment
    },
    unsubbed({ topic }) {
      this.#logOf(topic)?.log.lose();
      this.refetch();
    },
    cur({ topics }) {
      for (const [topic, last] of Object.entries(topics)) {
        const found = this.#logOf(topic);
        if (found?.log.beat(last)) this.#ask(found.log);
        if (topic === `staff/${this.me.id}` && last > this.version) this.refetch();
      }
    },
    rcpt({ topic, who, delivered, read }) {
      this.#logOf(topic)?.conversation.moveMark(who, { delivered, read });
    },
    typing({ topic, who, name }) {
      const found = this.#logOf(topic);
      if (!found || who === this.me.id || found.conversation.over) return;
      found.conversation.typing.set(who, { name, until: Date.now() + TYPING_SHOWN_MS });
      setTimeout(this.changed, TYPING_SHOWN_MS + 50);
    },
    duty({ version }) {
      this.version = Math.max(this.version, version ?? 0);
      this.refetch();
    },
    reader({ session, away }) {
      const conversation = this.conversation(session);
      if (!conversation) return;
      conversation.card.reader_away = away;
      this.again ||= this.fetching; // what is being fetched may be older
    },
    crew() {
      this.refetch(); // the page behind follows, if the conversation is still ours
    },
  };

  #keptEvent(conversation, log, event, live) {
    if (event.kind === "ended") conversation.typing.clear();
    else conversation.typing.delete(event.by.kind === "reader" ? "reader" : event.by.id);
    if (log === conversation.notes) {
      if (event.by.id === this.me.id && conversation.notesRead === event.seq - 1)
        conversation.notesRead = event.seq;
      if (live && event.by.id !== this.me.id)
        this.dispatchEvent(new CustomEvent("note", { detail: { conversation, event } }));
      return;
    }
    if (event.by.kind === "reader" && live) conversation.card.reader_away = null;
    this.outgoing.tellReceipts();
    if (STATE_CHANGES.has(event.kind)) this.refetch();
    if (event.kind === "document") this.refetch();
    if (live && event.by.id !== this.me.id)
      this.dispatchEvent(new CustomEvent("said", { detail: { conversation, event } }));
  }

  /** To its writer an acknowledgement of the very next number stands for the event itself, which need not come any more. */
  #standFor(entry, seq, at) {
    const conversation = this.conversations.get(entry.session);
    if (!conversation) return;
    const log = entry.kind === "note" ? conversation.notes : conversation.log;
    const kind = entry.kind === "note" ? "note" : "message";
    const by = { kind: "staff", id: this.me.id, name: this.me.name };
    const event = { t: "ev", topic: log.topic, seq, kind, by, id: entry.id, text: entry.text, data: {}, at };
    if (seq <= log.last + 1) {
      if (log.receive(event) === "kept") this.#keptEvent(conversation, log, event, false);
      this.outbox.drop(entry.id);
    } else log.beat(seq);
  }
}

/** What of a card tells that the page behind it has changed. */
const behind = ({ state, documents, participants }) =>
  JSON.stringify([state, documents, participants.map((who) => [who.id, who.left])]);

const HANDLERS = Console.handlers;
const STATE_CHANGES = new Set(["joined", "left", "transferred", "requeued", "ended", "supervised", "rated"]);

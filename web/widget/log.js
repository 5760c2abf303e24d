// The conversation as it is read: one row an event, added at the end and never redrawn; below them what is on its way.

import { h, linked, picture, quiet, button } from "./dom.js";
import { progress } from "./conversation.js";

const GROUP = 180_000; // messages of one person within three minutes stand together
const NEAR = 90; // pixels from the end that still count as reading the end
const SHOWN = /^image\/(png|jpeg|gif|webp)$/;

export class Log {
  constructor(chat) {
    this.chat = chat;
    this.rows = h("div.rows", { role: "log", "aria-live": "off", "aria-label": chat.words.say("log.label") });
    this.pending = h("div.rows.pending");
    this.writing = h(
      "div.writing",
      { hidden: true },
      h("span.dots", { "aria-hidden": "true" }, h("i"), h("i"), h("i")),
      h("span"),
    );
    this.intro = h("div.rows.intro");
    this.element = h(
      "div.log",
      { tabindex: "0", role: "region", "aria-label": chat.words.say("log.region") },
      this.intro,
      this.rows,
      this.pending,
      this.writing,
    );
    this.newest = button("newest", chat.words.say("log.newest"), () => this.toEnd(), "down");
    this.newest.hidden = true;
    this.element.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    // The end stays in sight when less fits: in large type, over a keyboard or a long draft, once a picture is there.
    const resized = new ResizeObserver(() => this.stays && this.toEnd());
    resized.observe(this.element);
    resized.observe(this.rows);
    this.shown = this.top = 0;
    this.stays = true;
    this.last = null;
    this.mine = [];
  }

  get atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
    this.newest.hidden = true;
  }

  update(state, uploads) {
    const fresh = state.events.filter((event) => event.seq > this.shown);
    for (const event of fresh) this.#add(event, this.rows);
    if (fresh.length) this.shown = fresh.at(-1).seq;
    this.#ticks(state);
    this.#waiting(state, uploads);
    this.#typing(state);
    if (this.chat.consultation.connection === "current") this.rows.setAttribute("aria-live", "polite");
    if (this.stays) this.toEnd();
    else if (fresh.some((event) => event.by.kind === "staff")) this.newest.hidden = false;
  }

  // An earlier conversation, above this one.
  before(events) {
    const { last, mine } = this;
    Object.assign(this, { last: null, mine: [] });
    const rows = h("div.rows.earlier");
    for (const event of events) this.#add(event, rows);
    Object.assign(this, { last, mine });
    this.intro.replaceChildren(rows, this.#line(this.chat.words.say("log.earlier_end")));
  }

  #add(event, rows) {
    const row = this.#row(event);
    if (!row) return;
    const { last } = this;
    const { bubble } = row;
    const at = new Date(event.at);
    const day = this.chat.words.date.format(at);
    const by = event.by.kind + event.by.id;
    if (last?.day !== day) rows.append(h("div.day", {}, day));
    const follows = last?.day === day && last.by === by && last.bubble && bubble && at - last.at < GROUP;
    row.classList.toggle("follows", !!follows);
    rows.append(row);
    this.last = { day, by, at, bubble };
  }

  #row(event) {
    const { words } = this.chat;
    const { data, by } = event;
    switch (event.kind) {
      case "message":
        return this.#bubble(event, h("div.text", { dir: "auto" }, linked(event.text)));
      case "file":
        return this.#bubble(event, this.#file(data.file));
      case "document":
        return this.#bubble(event, this.#document(data));
      case "queued":
        return data.previous_id ? this.#continued(data.previous_id) : null;
      case "joined":
        return this.#line(
          words.say(data.role === "colleague" || data.role === "supervisor" ? "line.joined_too" : "line.joined", {
            name: data.staff?.name ?? by.name,
            library: words.of(data.library),
          }),
          "person",
        );
      case "left":
        return this.#line(words.say("line.left", { name: data.staff?.name ?? by.name }));
      case "transferred":
        return this.#line(
          [
            words.say(`line.transferred_${data.to?.kind ?? "desk"}`, {
              name: words.of(data.to?.name) || (data.to?.name ?? ""),
            }),
            data.reason,
          ].filter(Boolean).join(" · "),
        );
      case "requeued":
        return this.#line(words.say(data.why === "lost" ? "line.requeued_lost" : "line.requeued"));
      case "ended": {
        const why = `line.ended_${data.reason}`;
        return this.#line(words.say(why in words.texts ? why : "phase.ended"));
      }
      case "rated":
        return this.#line(words.say("line.rated", { rating: words.say(`rating.${data.rating}`) }));
      case "supervised":
        return this.#line(words.say("line.supervised"));
      default:
        return null;
    }
  }

  #line(text, pictured) {
    return h("div.line", {}, pictured && picture(pictured), h("span", {}, text));
  }

  #bubble(event, content) {
    const { words } = this.chat;
    const mine = event.by.kind === "reader";
    const at = new Date(event.at);
    const time = h("time", { datetime: event.at, title: words.exact.format(at) }, words.clock.format(at));
    const tick = mine ? h("span.tick") : null;
    const who = mine ? quiet(words.say("log.me")) : h("div.who", {}, event.by.name);
    const row = h(
      `div.row${mine ? ".mine" : ""}`,
      {},
      mine ? null : h("div.face", { "aria-hidden": "true" }, [...(event.by.name || "·")][0]),
      h("div.bubble", {}, who, content, h("div.foot", {}, time, tick)),
    );
    row.bubble = true;
    if (mine) this.mine.push({ seq: event.seq, tick, level: "" });
    return row;
  }

  #file(file) {
    const { words, origin } = this.chat;
    const address = origin + new URL(file.url, origin).pathname; // the one origin that policies of host pages name
    const about = h("span.about", {}, h("b", {}, file.name), h("small", {}, words.size(file.size)));
    const link = h(
      "a.file",
      { href: address, target: "_blank", rel: "noopener", download: file.name },
      picture("file"),
      about,
    );
    if (!SHOWN.test(file.kind)) return link;
    const image = h("img", { src: address, alt: file.name, loading: "lazy" });
    image.addEventListener("error", () => image.replaceWith(link));
    return h("a.image", { href: address, target: "_blank", rel: "noopener" }, image);
  }

  #document({ title, url, file }) {
    const { words, origin } = this.chat;
    const address = new URL(file?.url || url || "", origin).href;
    return h(
      "div.document",
      {},
      picture("book"),
      h(
        "div.about",
        {},
        h("small", {}, words.say("document.label")),
        h("b", {}, words.say("document.title", { title })),
        /^https?:/.test(address)
          ? h(
              "a.button",
              { href: address, target: "_blank", rel: "noopener noreferrer" },
              words.say(file ? "document.fetch" : "document.open"),
            )
          : null,
      ),
    );
  }

  #continued(previous) {
    const { words, consultation } = this.chat;
    const row = this.#line(words.say("line.continued"));
    const show = button("link", words.say("line.show_earlier"), async () => {
      show.disabled = true;
      try {
        this.before((await consultation.earlierEvents(previous)).events);
        show.remove();
        this.intro.scrollIntoView();
        this.element.focus();
      } catch (error) {
        show.disabled = false;
        this.chat.tell(error.message);
      }
    });
    row.append(show);
    return row;
  }

  #ticks(state) {
    const { words } = this.chat;
    const last = this.mine.at(-1);
    for (const mark of this.mine) {
      const level = progress(state, mark.seq);
      const kind = `${level}${mark === last}`;
      if (mark.level === kind) continue;
      mark.level = kind;
      const text = words.say(`tick.${level}`);
      mark.tick.className = `tick ${level}`;
      mark.tick.replaceChildren(picture(level), mark === last ? h("span", {}, text) : quiet(text));
    }
  }

  // What is written and not yet acknowledged, and files on their way.
  #waiting(state, uploads) {
    const offline = !state.open;
    const key = JSON.stringify([
      offline,
      state.phase,
      state.outbox,
      uploads.map(({ id, error, waits }) => [id, error, waits]),
    ]);
    if (key === this.waitingKey) return;
    this.waitingKey = key;
    const texts = state.phase === "ended" ? [] : state.outbox.map((entry) => this.#unsent(entry, offline));
    this.pending.replaceChildren(...texts, ...uploads.map((upload) => this.#upload(upload)));
  }

  #unsent(entry, offline) {
    const { words, consultation } = this.chat;
    const note = entry.refused ?? words.say(entry.seq ? "tick.sent" : offline ? "tick.kept" : "tick.sending");
    const foot = h(
      `div.foot${entry.refused ? ".wrong" : ""}`,
      {},
      picture(entry.refused ? "alert" : "clock"),
      h("span", {}, note),
    );
    if (entry.refused) {
      foot.append(
        button("link", words.say("unsent.edit"), () => {
          consultation.discard(entry.id);
          this.chat.room.compose(entry.text);
        }),
        button("link", words.say("unsent.discard"), () => consultation.discard(entry.id)),
      );
    }
    return h("div.row.mine.waits", {}, h("div.bubble", {}, h("div.text", { dir: "auto" }, entry.text), foot));
  }

  #upload(upload) {
    const { words, consultation } = this.chat;
    const { file } = upload;
    const about = h("span.about", {}, h("b", {}, file.name), h("small", {}, words.size(file.size)));
    const note = upload.error ?? words.say(upload.waits ? "file.waits" : "tick.sending");
    const foot = h(
      `div.foot${upload.error ? ".wrong" : ""}`,
      {},
      h("span", {}, note),
      upload.error ? button("link", words.say("file.again"), () => consultation.uploads.send(upload)) : null,
      button("link", words.say("file.cancel"), () => consultation.uploads.cancel(upload)),
    );
    return h(
      "div.row.mine.waits",
      {},
      h("div.bubble", {}, h("div.file", {}, picture("file"), about), upload.error ? null : upload.bar, foot),
    );
  }

  #typing(state) {
    const now = Date.now();
    const names = Object.values(state.typing)
      .filter(({ until }) => until > now)
      .map(({ name }) => name);
    this.writing.hidden = !names.length;
    this.writing.lastChild.textContent = this.chat.words.say("log.typing", { name: names.join("、") });
  }

  #scrolled() {
    const { scrollTop } = this.element;
    this.stays = this.atEnd || (this.stays && scrollTop >= this.top); // only the reader goes up
    this.top = scrollTop;
    if (this.stays) {
      this.newest.hidden = true;
      this.chat.consultation.receipts();
    }
  }
}

// What was said, in order. New lines are appended, nothing is ever redrawn; who reads back is not pulled to the end.

import { h, keyed, set, show, write } from "./dom.js";
import { icon } from "./icons.js";
import { isElsewhere } from "./alarm.js";
import { SAID } from "./talk.js";
import { clock, day, duration, exactly, has, named, size, t } from "./words.js";

const TOGETHER_MS = 120_000;
const NEAR_END_PX = 48;
const ADDRESS = /https?:\/\/[^\s<>"'，。；！？）】」]+/g;

/** Text with its web addresses as links; everything else stays text. */
export function linked(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const address = found[0].replace(/[.,;:!?)]+$/, "");
    parts.push(
      text.slice(from, found.index),
      h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, address),
    );
    from = found.index + address.length;
  }
  return [...parts, text.slice(from)].filter((part) => part !== "");
}

/** One event as an element. `me` is the librarian's id, `follows` whether the same person went on speaking. */
export function drawn(event, me, follows = false) {
  if (!SAID.has(event.kind) && event.kind !== "note")
    return h(
      "div",
      { class: "bubble bubble--system", "data-kind": event.kind },
      told(event, me),
      " ",
      h("time", { datetime: event.at, title: exactly(event.at) }, clock(event.at)),
    );
  const mine = event.by.kind === "staff" && event.by.id === me;
  const classes = [
    "bubble",
    mine && "bubble--mine",
    event.kind === "note" && "bubble--note",
    event.kind === "document" && "bubble--document",
    event.kind !== "note" && event.by.kind === "staff" && !mine && "bubble--colleague",
    follows && "bubble--follows",
  ];
  return h(
    "div",
    { class: classes.filter(Boolean).join(" "), "data-seq": event.seq },
    h("span", { class: mine ? "visually-hidden" : "bubble__by" }, mine ? t("thread.you") : author(event.by)),
    content(event),
    h(
      "span",
      { class: "bubble__foot" },
      h("time", { datetime: event.at, title: exactly(event.at) }, clock(event.at)),
      h("span", { class: "bubble__mark" }),
    ),
  );
}

const author = (by) => by.name || t(by.kind === "reader" ? "reader.visitor" : "thread.system");

function content(event) {
  if (event.kind === "file") return attachment(event.data.file ?? { name: event.text }, "file");
  if (event.kind === "document")
    return attachment(
      {
        name: event.data.title || event.text,
        url: event.data.url || event.data.file?.url,
        ...pick(event.data.file, "size"),
      },
      "document",
    );
  return h("div", { class: "bubble__text" }, linked(event.text));
}

const pick = (from, name) => (from?.[name] ? { [name]: from[name] } : {});

function attachment(file, kind) {
  const label = [
    h("span", { class: "attachment__name" }, file.name),
    h(
      "span",
      { class: "attachment__kind small" },
      [t(`thread.${kind}`), file.size && size(file.size)].filter(Boolean).join(" · "),
    ),
  ];
  const body = [icon(kind), h("span", { class: "attachment__main" }, label)];
  return h(
    "div",
    { class: "bubble__text attachment" },
    file.url
      ? h(
          "a",
          { class: "attachment__link", href: file.url, target: "_blank", rel: "noopener noreferrer" },
          body,
        )
      : body,
  );
}

/** A change of state in words. */
export function told(event, me) {
  const { data, by } = event;
  const staff = data.staff ?? {};
  const own = staff.id === me;
  switch (event.kind) {
    case "joined":
      return t(`event.joined_${own ? "you_" : ""}${data.role ?? "colleague"}`, {
        name: staff.name ?? by.name,
        library: named(data.library),
      });
    case "left":
      return t(own ? "event.left_you" : "event.left", { name: staff.name ?? by.name });
    case "transferred":
      return t("event.transferred", {
        from: by.name || t("thread.system"),
        to: named(data.to?.name) || t(`transfer.${data.to?.kind ?? "desk"}`),
        reason: data.reason ?? "",
      });
    case "requeued":
      return t(`event.requeued_${data.why === "lost" ? "lost" : "transfer"}`);
    case "ended":
      return has(`end_reason.${data.reason}`)
        ? t("event.ended", { reason: t(`end_reason.${data.reason}`) })
        : t("event.ended_plain");
    case "rated":
      return t("event.rated", {
        rating: has(`rating.${data.rating}`) ? t(`rating.${data.rating}`) : data.rating,
      });
    default:
      return has(`event.${event.kind}`) ? t(`event.${event.kind}`) : event.kind;
  }
}

/** A conversation's thread with what is still on its way. */
export class ThreadView {
  constructor(model, conversation) {
    Object.assign(this, { model, conversation });
    this.drawnTo = 0;
    this.stick = conversation.readAt == null;
    this.missed = this.stick ? 0 : conversation.unread; // what came while another one was looked at
    this.newFrom = conversation.unread ? Math.max(conversation.told.read, conversation.seen ?? 0) + 1 : 0;
    this.log = h("div", { class: "talk", role: "log", "aria-live": "off", "aria-label": t("thread.title") });
    this.pending = h("div", { class: "talk talk--pending" });
    this.typing = h("p", { class: "thread__typing small", "aria-live": "off" });
    this.face = h("p", { class: "thread__face small muted", role: "status" });
    this.scroller = h(
      "div",
      {
        class: "thread__scroll",
        tabindex: "0",
        role: "group",
        "aria-label": t("thread.region"),
        onscroll: () => this.#scrolled(),
      },
      this.face,
      this.log,
      this.pending,
      this.typing,
    );
    this.pill = h(
      "button",
      {
        type: "button",
        class: "thread__pill button button--small",
        hidden: true,
        onclick: () => this.toEnd(),
      },
      icon("down"),
      h("span", {}),
    );
    this.node = h("div", { class: "thread" }, this.scroller, this.pill);
    this.observer = new ResizeObserver(() => (this.stick ? this.toEnd() : this.resumes && this.resume()));
    this.observer.observe(this.scroller);
  }

  close() {
    this.observer.disconnect();
    this.conversation.readAt = this.stick ? null : this.at; // its place may be out of sight by now, and tell 0
  }

  /** Where one read when this conversation was last in sight: back among its older lines, or at its end. */
  resume() {
    const { readAt } = this.conversation;
    if (readAt == null) return this.toEnd();
    this.at = readAt;
    this.resumes = !this.node.offsetParent; // a narrow window shows it in a moment
    if (this.resumes) return;
    this.scroller.scrollTop = readAt;
    this.#scrolled();
  }

  update(focused) {
    const { log } = this.conversation;
    if (this.stick && this.scroller.scrollTop < this.end) this.#scrolled(); // its event comes a frame later
    set(this.log, { "aria-live": focused && log.current ? "polite" : "off" });
    const before = this.drawnTo;
    for (const event of log.events) if (event.seq > this.drawnTo) this.#append(event);
    this.#showMarks();
    this.#showPending();
    this.#showTyping();
    this.#showFace();
    if (this.stick) this.toEnd();
    else if (before && this.drawnTo > before) this.missed += this.drawnTo - before;
    this.#showPill();
    this.seen();
  }

  /** Tells the model what has been looked at: only what is on the screen of somebody who is here. */
  seen() {
    if (this.stick && !isElsewhere() && this.node.isConnected && this.node.offsetParent)
      this.model.hasSeen(this.conversation.id, this.conversation.log.last);
  }

  toEnd() {
    this.stick = true;
    this.missed = 0;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.end = this.scroller.scrollTop;
    this.#showPill();
  }

  #append(event) {
    const previous = this.previous;
    if (day(previous?.at ?? new Date()) !== day(event.at))
      this.log.append(h("div", { class: "talk__day", role: "separator" }, day(event.at)));
    if (event.seq === this.newFrom)
      this.log.append(h("div", { class: "talk__new", role: "separator" }, t("thread.new")));
    const follows =
      previous &&
      SAID.has(event.kind) &&
      SAID.has(previous.kind) &&
      previous.by.kind === event.by.kind &&
      previous.by.id === event.by.id &&
      Date.parse(event.at) - Date.parse(previous.at) < TOGETHER_MS;
    if (follows) this.log.lastElementChild.classList.add("bubble--followed");
    this.log.append(drawn(event, this.model.me.id, follows));
    this.previous = event;
    this.drawnTo = event.seq;
  }

  #showMarks() {
    const mark = this.conversation.marks.get("reader") ?? { delivered: 0, read: 0 };
    const bubbles = this.log.querySelectorAll(".bubble--mine");
    for (let at = bubbles.length - 1; at >= 0; at--) {
      const bubble = bubbles[at];
      const seq = Number(bubble.dataset.seq);
      const state = mark.read >= seq ? "read" : mark.delivered >= seq ? "delivered" : "sent";
      if (bubble.dataset.mark === state && state === "read") break; // everything before it was read already
      bubble.dataset.mark = state;
      write(bubble.querySelector(".bubble__mark"), t(`mark.${state}`));
    }
  }

  #showPending() {
    const entries = this.model.outbox.of(this.conversation.id, "post");
    keyed(
      this.pending,
      entries,
      (entry) => entry.id,
      (entry) => this.#waiting(entry),
      (node, entry) => this.#refreshWaiting(node, entry),
    );
    show(this.pending, entries.length > 0);
  }

  #waiting(entry) {
    return h(
      "div",
      { class: "bubble bubble--mine" },
      h("div", { class: "bubble__text" }, linked(entry.text)),
      h(
        "span",
        { class: "bubble__foot" },
        h("span", { class: "bubble__mark", role: "status" }),
        h(
          "button",
          {
            type: "button",
            class: "textual",
            hidden: true,
            onclick: () => this.model.outgoing.sendAgain(entry.id),
          },
          t("thread.resend"),
        ),
        h(
          "button",
          { type: "button", class: "textual", hidden: true, onclick: () => this.#takeBack(entry) },
          t("thread.take_back"),
        ),
      ),
    );
  }

  #refreshWaiting(node, entry) {
    const state = entry.refused ? "refused" : this.model.link.state === "open" ? "sending" : "waiting";
    node.className = `bubble bubble--mine ${entry.refused ? "bubble--failed" : "bubble--waiting"}`;
    write(node.querySelector(".bubble__mark"), entry.refused || t(`mark.${state}`));
    for (const button of node.querySelectorAll("button")) show(button, Boolean(entry.refused));
  }

  #takeBack(entry) {
    this.model.outgoing.drop(entry.id);
    this.node.dispatchEvent(new CustomEvent("take-back", { bubbles: true, detail: entry.text }));
  }

  #showTyping() {
    const now = Date.now();
    const names = [...this.conversation.typing.entries()]
      .filter(([, who]) => who.until > now)
      .map(([who, { name }]) => name || (who === "reader" ? t("reader.visitor") : ""));
    write(this.typing, names.length ? t("thread.typing", { names: names.join("、") }) : "");
    show(this.typing, names.length > 0);
  }

  #showFace() {
    const { log } = this.conversation;
    const text = log.events.length
      ? ""
      : log.current
        ? t("thread.empty")
        : t(this.model.link.state === "open" ? "common.loading" : "thread.offline");
    write(this.face, text);
    show(this.face, Boolean(text));
  }

  #showPill() {
    show(this.pill, !this.stick);
    write(this.pill.lastChild, this.missed ? t("thread.missed", { n: this.missed }) : t("thread.to_end"));
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const near = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    if (this.stick && !near && scrollTop >= this.end) return this.toEnd(); // nobody read back: a narrower column grew
    this.stick = near;
    this.at = scrollTop;
    if (this.stick) this.missed = 0;
    this.#showPill();
    this.seen();
  }
}

/** How long a conversation has lasted, or lasted in all: its end is heard before its card tells of it. */
export function lasted({ card, log }, now) {
  const ended = card.ended_at ?? log.events.findLast((event) => event.kind === "ended")?.at;
  return duration((ended ? Date.parse(ended) : now) - Date.parse(card.accepted_at ?? card.queued_at));
}

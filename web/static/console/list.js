// The left pane's lists: conversations under way, and those that wait for their record.

import { h, keyed, set, show, write } from "./dom.js";
import { serverNow } from "./http.js";
import { icon } from "./icons.js";
import { readerOf } from "./offers.js";
import { countdown, duration, exactly, has, moment, named, page, roughly, t } from "./words.js";

const SLOW_MS = 60_000;

/** What one line of a list says of the last thing said. */
export function preview(event) {
  if (!event) return "";
  if (event.kind === "file") return t("preview.file", { name: event.data.file?.name ?? event.text });
  if (event.kind === "document") return t("preview.document", { name: event.data.title ?? event.text });
  return event.text.replace(/\s+/g, " ").slice(0, 120);
}

/** Conversations and wrap-ups; `open(id)` is told what was chosen, `isShown(id)` says what stands in a column. */
export class ListView {
  constructor(model, { open, isShown, isFocused }) {
    Object.assign(this, { model, open, isShown, isFocused });
    this.active = this.#section("active", "talk");
    this.overdue = this.#section("overdue", "alert");
    this.waiting = this.#section("wrap_ups", "check");
    this.face = h("div", { class: "lists__face" });
    this.node = h(
      "div",
      { class: "lists" },
      this.active.node, // who waits for an answer comes before what is owed
      this.overdue.node,
      this.waiting.node,
      this.face,
    );
  }

  update() {
    const { model } = this;
    const overdue = model.overdue;
    this.#fill(this.overdue, overdue);
    this.#fill(this.active, model.list("active"));
    this.#fill(
      this.waiting,
      model.list("over").filter((one) => !overdue.includes(one)),
    );
    this.#showFace();
  }

  #section(name) {
    const list = h("ul", { class: "lists__list" });
    const count = h("span", { class: "lists__count number" });
    return {
      name,
      list,
      count,
      node: h(
        "section",
        { class: `lists__section lists__section--${name}`, hidden: true, "aria-label": t(`list.${name}`) },
        h("h2", { class: "lists__title" }, t(`list.${name}`), count),
        list,
      ),
    };
  }

  #fill(section, conversations) {
    show(section.node, conversations.length > 0);
    write(section.count, String(conversations.length));
    keyed(
      section.list,
      conversations,
      (one) => one.id,
      (one) => this.#make(one),
      (node, one) => this.#refresh(node, one),
    );
  }

  #showFace() {
    const { state, problem, conversations } = this.model;
    const face = !state
      ? problem
        ? "error"
        : "loading"
      : conversations.size || state.offers.length
        ? ""
        : `empty_${page.practises ? "practice" : state.duty.availability}`;
    if (this.faceShown === face + (problem?.message ?? "")) return;
    this.faceShown = face + (problem?.message ?? "");
    show(this.face, Boolean(face));
    this.face.replaceChildren();
    if (face === "loading") this.face.append(...skeleton());
    else if (face === "error") this.face.append(failed(problem, () => this.model.refetch()));
    else if (face)
      this.face.append(
        h(
          "div",
          { class: "face" },
          icon("talk"),
          h("p", { class: "face__title" }, t(`list.${face}.title`)),
          h("p", { class: "face__text small" }, t(`list.${face}.text`)),
        ),
      );
  }

  #make(one) {
    const node = h(
      "button",
      { type: "button", class: "entry", onclick: () => this.open(one.id) },
      h(
        "span",
        { class: "entry__line" },
        h("span", { class: "entry__name" }),
        h("time", { class: "entry__time number" }),
      ),
      h(
        "span",
        { class: "entry__line" },
        h("span", { class: "entry__library" }),
        h("span", { class: "entry__wait number" }),
      ),
      h(
        "span",
        { class: "entry__line" },
        h("span", { class: "entry__last", dir: "auto" }),
        h("span", { class: "badge", hidden: true }),
      ),
    );
    return h("li", { class: "lists__item" }, node);
  }

  #refresh(item, one) {
    const node = item.firstChild;
    const { card, unread } = one;
    const last = one.lastSaid;
    const find = (name) => node.querySelector(`.${name}`);
    set(node, {
      "aria-current": this.isFocused(one.id) ? "true" : null,
      "data-shown": this.isShown(one.id),
      "data-unread": unread > 0,
    });
    write(find("entry__name"), readerOf(card));
    write(find("entry__library"), named(card.desk.library));
    const at = last?.at ?? card.accepted_at ?? card.queued_at;
    const time = find("entry__time");
    write(time, moment(at));
    set(time, { datetime: at, title: exactly(at) });
    const typing = [...one.typing.values()].some((who) => who.until > Date.now());
    const own = last?.by.id === this.model.me.id;
    write(
      find("entry__last"),
      typing
        ? t("thread.typing_short")
        : own
          ? t("preview.mine", { text: preview(last) })
          : preview(last) || card.question,
    );
    set(find("entry__last"), { "data-typing": typing });
    this.#showWait(find("entry__wait"), one);
    const badge = find("badge");
    show(badge, unread > 0);
    write(badge, String(unread));
    set(badge, { "aria-label": t("list.unread", { n: unread }) });
  }

  #showWait(node, one) {
    const { card } = one;
    if (card.state === "wrapping_up") {
      const left = Date.parse(card.wrap_up_due_at) - serverNow();
      write(node, left >= 0 ? countdown(left) : t("time.overdue", { length: roughly(-left) }));
      set(node, {
        "data-late": left < 120_000,
        title: t("wrap_up.due", { at: exactly(card.wrap_up_due_at) }),
      });
      return;
    }
    if (one.absent) {
      write(node, t("list.away"));
      set(node, { "data-late": false, title: t("card.away", { length: roughly(one.absent) }) });
      return;
    }
    const since = one.waitingSince;
    const waited = since ? serverNow() - Date.parse(since) : 0;
    write(
      node,
      waited > 20_000
        ? t("list.waits", { length: roughly(waited) })
        : card.role === "holder"
          ? ""
          : roleShort(card.role),
    );
    set(node, {
      "data-late": waited > SLOW_MS,
      title: waited > 20_000 ? t("list.waits_long", { length: duration(waited) }) : null,
    });
  }
}

const roleShort = (role) => (has(`crew.${role}`) ? t(`crew.${role}`) : "");

/** Grey lines while something loads. */
export function skeleton(rows = 3) {
  return [
    h("p", { class: "visually-hidden", role: "status" }, t("common.loading")),
    ...Array.from({ length: rows }, () => [
      h("span", { class: "skeleton", "aria-hidden": "true" }),
      h("span", { class: "skeleton skeleton--short", "aria-hidden": "true" }),
    ]).flat(),
  ];
}

/** The error face of a list: what is the matter and a way to try again. */
export function failed(problem, again) {
  return h(
    "div",
    { class: "face face--bad", role: "alert" },
    icon("alert"),
    h("p", { class: "face__title" }, t("problem.title")),
    h("p", { class: "face__text" }, problem.message),
    problem.status !== 401 &&
      h("button", { type: "button", class: "button", onclick: again }, t("common.retry")),
  );
}

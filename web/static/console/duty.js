// The left pane's head: am I available, how many at a time, for what and in which languages; and the truth about the line.

import { freshId, h, set, show, write } from "./dom.js";
import { put, post } from "./http.js";
import { icon } from "./icons.js";
import * as alarm from "./alarm.js";
import { recall, remember } from "./memory.js";
import { page, t, countdown } from "./words.js";

const AVAILABILITIES = ["available", "busy", "away"];
const TOPICS = ["reference", "platform", "account", "order"];
const LANGUAGES = ["zh", "en"];
const ACTIVE_EVERY_MS = 60_000;
const BLINK_MS = 400;

/** The duty switch and its settings. */
export class DutyView {
  constructor(model) {
    this.model = model;
    this.pending = null; // what was chosen and has not been answered
    this.asked = 0; // how many answers are outstanding
    this.turn = Promise.resolve();
    this.choices = AVAILABILITIES.map((value) => this.#choice(value));
    this.reason = h(
      "p",
      { class: "duty__reason", hidden: true },
      h("span", {}),
      h(
        "button",
        {
          type: "button",
          class: "button button--small button--primary",
          onclick: () => this.change({ availability: "available" }),
        },
        t("duty.back"),
      ),
    );
    this.load = h("span", { class: "duty__load number" });
    this.gear = h(
      "button",
      {
        type: "button",
        class: "button button--quiet button--icon button--small",
        "aria-expanded": "false",
        "aria-controls": "duty-settings",
        "aria-label": t("duty.settings"),
        title: t("duty.settings"),
        onclick: () => this.#fold(),
      },
      icon("gear"),
    );
    this.mute = h("button", {
      type: "button",
      class: "button button--quiet button--icon button--small",
      onclick: () => this.toggleSound(),
    });
    this.settings = this.#settings();
    this.ask = this.#ask();
    this.node = h(
      "section",
      { class: "duty", "aria-label": t("duty.title") },
      h(
        "div",
        { class: "duty__switch", role: "radiogroup", "aria-label": t("duty.availability") },
        this.choices,
      ),
      this.reason,
      h("div", { class: "duty__row" }, this.load, h("span", { class: "duty__tools" }, this.mute, this.gear)),
      this.settings,
      this.ask,
    );
    this.#showSound();
    for (const input of ["pointerdown", "keydown", "pointermove"])
      addEventListener(input, () => this.#active(), { passive: true });
  }

  update() {
    const duty = this.model.state?.duty;
    if (!duty) return;
    const wanted = this.pending?.availability ?? duty.availability;
    for (const choice of this.choices)
      choice.querySelector("input").checked = choice.dataset.value === wanted;
    show(this.reason, wanted === "away" && duty.availability === "away" && Boolean(duty.away_reason));
    if (duty.away_reason) write(this.reason.firstChild, t(`duty.reason.${duty.away_reason}`));
    set(this.node, { "data-availability": wanted });
    write(this.load, t("duty.load", { load: duty.load, capacity: this.pending?.capacity ?? duty.capacity }));
    write(this.capacity, String(this.pending?.capacity ?? duty.capacity));
    this.#boxes(this.topicBoxes, this.pending?.topics ?? duty.topics);
    // Orders and complaints are the support agents', and theirs alone (R-ORG.5): nobody is offered what is refused.
    const { roles } = this.model.state.me;
    const supports = roles.includes("support_agent");
    const answers = roles.includes("librarian") || !supports;
    for (const box of this.topicBoxes) show(box, box.firstChild.value === "order" ? supports : answers);
    this.#boxes(this.languageBoxes, this.pending?.languages ?? duty.languages);
  }

  /** Changes something of one's duty; what is shown goes ahead of the answer and falls back with a reason. */
  change(change) {
    this.pending = { ...this.pending, ...change };
    this.asked += 1;
    this.update();
    this.turn = this.turn.then(() => this.#tell(change)); // two on their way at once may arrive the other way round
    return this.turn;
  }

  async #tell(change) {
    try {
      this.model.takeDuty(await put("/api/console/duty", change));
    } catch (refused) {
      alarm.toast(refused.message, { bad: true });
      this.model.refetch();
    }
    this.asked -= 1;
    if (!this.asked) this.pending = null;
    this.update();
  }

  toggleSound() {
    alarm.setMuted(!alarm.isMuted());
    this.#showSound();
    if (!alarm.isMuted()) alarm.ringMessage();
  }

  #showSound() {
    const muted = alarm.isMuted();
    const label = t(muted ? "duty.sound_off" : "duty.sound_on");
    set(this.mute, { "aria-pressed": String(!muted), "aria-label": t("duty.sound"), title: label });
    this.mute.replaceChildren(icon(muted ? "bellOff" : "bell"));
  }

  #choice(value) {
    const id = freshId("availability");
    return h(
      "label",
      { class: "duty__choice", "data-value": value, for: id },
      h("input", {
        type: "radio",
        name: "availability",
        id,
        value,
        onchange: () => this.change({ availability: value }),
      }),
      h("span", { class: "duty__dot", "aria-hidden": "true" }),
      h("span", {}, t(`availability.${value}`)),
    );
  }

  #settings() {
    this.capacity = h("output", { class: "stepper__value number", "aria-live": "polite" });
    this.topicBoxes = TOPICS.map((topic) =>
      this.#box(topic, t(`topic.${topic}`), () => this.#choose("topics", this.topicBoxes)),
    );
    this.languageBoxes = LANGUAGES.map((code) =>
      this.#box(code, t(`language.${code}`), () => this.#choose("languages", this.languageBoxes)),
    );
    const letters = this.#box("letters", t("duty.letters"), () =>
      remember("no-letters", !letters.querySelector("input").checked),
    );
    letters.querySelector("input").checked = !recall("no-letters");
    const step = (by, name) =>
      h(
        "button",
        {
          type: "button",
          class: "button button--small button--icon",
          "aria-label": t(`duty.${name}`),
          onclick: () => this.#step(by),
        },
        by > 0 ? "+" : "−",
      );
    return h(
      "div",
      { class: "duty__settings", id: "duty-settings", hidden: true },
      h(
        "div",
        { class: "duty__setting", role: "group", "aria-label": t("duty.capacity") },
        h("span", {}, t("duty.capacity")),
        h("span", { class: "stepper" }, step(-1, "fewer"), this.capacity, step(1, "more")),
      ),
      h("fieldset", {}, h("legend", {}, t("duty.topics")), this.topicBoxes),
      h(
        "fieldset",
        {},
        h("legend", {}, t("duty.languages")),
        h("div", { class: "duty__pair" }, this.languageBoxes),
      ),
      h("fieldset", {}, h("legend", {}, t("keys.title")), letters),
    );
  }

  #box(value, label, changed) {
    return h(
      "label",
      { class: "tick" },
      h("input", { type: "checkbox", value, onchange: changed }),
      h("span", {}, label),
    );
  }

  #boxes(boxes, values) {
    for (const box of boxes) {
      const input = box.querySelector("input");
      input.checked = values.includes(input.value);
    }
  }

  #choose(name, boxes) {
    const values = boxes
      .map((box) => box.querySelector("input"))
      .filter((input) => input.checked)
      .map((input) => input.value);
    if (values.length) return this.change({ [name]: values });
    alarm.toast(t(`duty.no_${name}`));
    this.update();
  }

  #step(by) {
    const now = this.pending?.capacity ?? this.model.state.duty.capacity;
    const capacity = Math.min(page.capacity_limit, Math.max(1, now + by));
    if (capacity !== now) this.change({ capacity });
  }

  #fold() {
    const open = this.settings.hidden;
    show(this.settings, open);
    set(this.gear, { "aria-expanded": String(open) });
  }

  #ask() {
    const done = () => show(box, false);
    const box = h(
      "div",
      { class: "duty__ask", hidden: !alarm.mayAskToNotify() },
      h("p", {}, t("notify.ask")),
      h(
        "p",
        { class: "duty__ask-row" },
        h(
          "button",
          {
            type: "button",
            class: "button button--small",
            onclick: async () => {
              await alarm.askToNotify();
              done();
            },
          },
          t("notify.allow"),
        ),
        h(
          "button",
          {
            type: "button",
            class: "button button--small button--quiet",
            onclick: () => {
              alarm.putOffNotifications();
              done();
            },
          },
          t("notify.later"),
        ),
      ),
    );
    return box;
  }

  #active() {
    const now = Date.now();
    if (!this.model.state || now - (this.activeTold ?? 0) < ACTIVE_EVERY_MS) return;
    this.activeTold = now;
    post("/api/console/active").catch(() => (this.activeTold = 0));
  }
}

/** The state of the line in words, at the top of the console; tells how long until the next try. */
export class LineView {
  constructor(model) {
    this.model = model;
    this.text = h("span", { class: "line__text" });
    this.count = h("span", { class: "line__count number" });
    this.again = h(
      "button",
      { type: "button", class: "button button--small", hidden: true, onclick: () => model.link.hurry() },
      t("line.now"),
    );
    this.node = h(
      "div",
      { class: "line" },
      h("span", { class: "line__dot", "aria-hidden": "true" }),
      h("span", { role: "status" }, this.text),
      this.count,
      this.again,
    );
  }

  update() {
    const { link, outbox } = this.model;
    const currency = this.#calm(this.model.currency);
    if (this.node.dataset.state !== currency) {
      this.node.dataset.state = currency;
      write(this.text, t(`line.${currency}`));
    }
    const waiting = outbox.entries.filter((entry) => !entry.refused && !entry.seq).length;
    const left = link.state === "waiting" ? link.retryAt - Date.now() : 0;
    const unsent = currency !== "current" && waiting ? t("line.unsent", { n: waiting }) : "";
    write(
      this.count,
      [left > 1_000 ? t("line.retry", { left: countdown(left) }) : "", unsent].filter(Boolean).join(" · "),
    );
    show(this.again, left > 3_000);
  }

  /** Catching up for less than a blink is not worth a word. */
  #calm(currency) {
    if (currency !== "catching") this.since = null;
    else if (this.node.dataset.state === "current") {
      this.since ??= Date.now();
      if (Date.now() - this.since < BLINK_MS) {
        setTimeout(() => this.update(), BLINK_MS);
        return "current";
      }
    }
    return currency;
  }
}

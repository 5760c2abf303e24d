// Offers: a reader asks, the ring runs down, one accepts or lets it go on. Never takes the keyboard away.

import { h, keyed, set, svg, write } from "./dom.js";
import { post, serverNow } from "./http.js";
import * as alarm from "./alarm.js";
import { duration, named, roughly, t } from "./words.js";

const ROUND = 100; // the ring's path length

/** Who asks, in a word: the reader's name, or "visitor" with a number, for several stand side by side. */
export function readerOf({ id, reader_name: name, reader_kind: kind }) {
  return name || `${t(kind === "reader" ? "reader.unnamed" : "reader.visitor")} ${numberOf(id)}`;
}

/** Three digits, the same at every desk and after every reload: what an id ends with is chance. */
const numberOf = (id) => 100 + (parseInt(id.slice(-6), 36) % 900);

/** Offers at the head of the left pane; `taken(card)` is told when one was accepted. */
export class OffersView {
  constructor(model, taken) {
    Object.assign(this, { model, taken });
    this.busy = new Map(); // offer id → what was pressed
    this.list = h("ol", { class: "offers__list" });
    this.node = h("section", { class: "offers", "aria-label": t("offer.title"), hidden: true }, this.list);
    this.notices = new Map();
    model.addEventListener("offer", ({ detail }) => this.#arrived(detail));
  }

  get offers() {
    const now = serverNow();
    return (this.model.state?.offers ?? []).filter((offer) => Date.parse(offer.expires_at) > now - 1_500);
  }

  update() {
    const { offers } = this;
    this.node.hidden = !offers.length;
    this.#settle(offers.length && document.querySelector("dialog[open]"));
    keyed(
      this.list,
      offers,
      (offer) => offer.offer_id,
      (offer) => this.#make(offer),
      (node, offer) => this.#refresh(node, offer),
    );
    if (offers.length) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.update(), 250);
    }
    for (const [id, notice] of this.notices) {
      if (offers.some((offer) => offer.offer_id === id)) continue;
      notice?.close();
      this.notices.delete(id);
    }
    if (!offers.length && this.ringing) {
      this.ringing = false;
      alarm.calmTitle();
    }
  }

  /** A modal dialog shuts off whatever is outside of it: for as long as it is open, offers are in it. */
  #settle(dialog) {
    if (dialog && !dialog.contains(this.node)) {
      this.after ??= this.node.nextElementSibling;
      dialog.prepend(this.node);
    } else if (!dialog && this.after && this.after.previousElementSibling !== this.node)
      this.after.before(this.node);
  }

  acceptFirst() {
    const [offer] = this.offers;
    if (offer) this.accept(offer);
    return Boolean(offer);
  }

  declineFirst() {
    const [offer] = this.offers;
    if (offer) this.decline(offer);
    return Boolean(offer);
  }

  accept(offer) {
    return this.#answer(offer, "accept", (card) => this.taken(card));
  }

  decline(offer) {
    return this.#answer(offer, "decline", () => alarm.announce(t("offer.declined")));
  }

  async #answer(offer, how, done) {
    if (this.busy.has(offer.offer_id)) return;
    this.busy.set(offer.offer_id, how);
    this.update();
    try {
      const answer = await post(`/api/offers/${offer.offer_id}/${how}`);
      this.model.state.offers = this.model.state.offers.filter(
        (one) => one !== offer && one.offer_id !== offer.offer_id,
      );
      if (how === "accept") this.model.takeCard(answer);
      done(answer);
    } catch (refused) {
      alarm.toast(refused.message, { bad: true });
    }
    this.busy.delete(offer.offer_id);
    this.model.refetch();
    this.update();
  }

  #arrived(offer) {
    const card = offer.session;
    const text = t("offer.arrived", { reader: readerOf(card), library: named(card.desk.library) });
    this.ringing = true;
    alarm.ringOffer();
    if (alarm.isElsewhere()) alarm.flashTitle(t("offer.flash"));
    alarm.announce(`${text} ${card.question} ${t("offer.how")}`, true);
    this.notices.set(offer.offer_id, alarm.notify(text, card.question, offer.offer_id));
  }

  #make(offer) {
    const card = offer.session;
    this.total ??= new Map();
    this.total.set(
      offer.offer_id,
      Math.max(offer.seconds * 1_000, Date.parse(offer.expires_at) - serverNow()),
    );
    const bar = svg("circle", {
      class: "ring__bar",
      cx: 18,
      cy: 18,
      r: 16,
      pathLength: ROUND,
      "stroke-dasharray": ROUND,
    });
    const left = h("span", { class: "ring__left number" });
    const button = (how, key) =>
      h(
        "button",
        {
          type: "button",
          class: `button ${how === "accept" ? "button--primary" : ""}`,
          "data-how": how,
          onclick: () => this[how](offer),
        },
        t(`offer.${how}`),
        h("kbd", { "aria-hidden": "true" }, key),
      );
    return Object.assign(
      h(
        "li",
        { class: "offer" },
        h(
          "div",
          { class: "offer__head" },
          h("div", { class: "ring", "aria-hidden": "true" }, ring(bar), left),
          h(
            "div",
            { class: "offer__who" },
            h("strong", {}, readerOf(card)),
            h("span", { class: "muted small" }, named(card.desk.library)),
          ),
          card.practice && h("span", { class: "chip chip--info" }, t("card.practice")),
        ),
        h("p", { class: "offer__question", dir: "auto" }, card.question),
        h(
          "p",
          { class: "offer__facts muted small" },
          [t(`topic.${card.topic}`), t(`language.${card.language}`)].join(" · "),
          h("span", { class: "offer__waited" }),
        ),
        h("div", { class: "offer__answer" }, button("accept", "A"), button("decline", "D")),
      ),
      { bar, left },
    );
  }

  #refresh(node, offer) {
    const left = Math.max(0, Date.parse(offer.expires_at) - serverNow());
    set(node.bar, { "stroke-dashoffset": ROUND - (ROUND * left) / (this.total.get(offer.offer_id) || 1) });
    write(node.left, String(Math.ceil(left / 1_000)));
    set(node, { "data-late": left < 4_000, "data-over": left <= 0 });
    write(
      node.querySelector(".offer__waited"),
      ` · ${t("offer.waited", { length: left > 0 ? roughly(serverNow() - Date.parse(offer.session.queued_at)) : duration(0) })}`,
    );
    const busy = this.busy.get(offer.offer_id);
    for (const button of node.querySelectorAll("button")) {
      button.disabled = Boolean(busy) || left <= 0;
      set(button, { "aria-busy": busy === button.dataset.how ? "true" : null });
    }
  }
}

function ring(bar) {
  const node = svg("svg", { viewBox: "0 0 36 36", width: 36, height: 36 });
  node.append(svg("circle", { class: "ring__ground", cx: 18, cy: 18, r: 16 }), bar);
  return node;
}

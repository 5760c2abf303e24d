// The right pane: who asks and from where, the home library's card, what was asked before, internal notes, documents passed on.

import { h, keyed, set, show, write } from "./dom.js";
import { icon } from "./icons.js";
import { isComposing } from "./composer.js";
import { failed, skeleton } from "./list.js";
import { tab } from "./memory.js";
import { readerOf } from "./offers.js";
import { drawn } from "./thread.js";
import { dated, day, exactly, has, moment, named, page, t } from "./words.js";

/** The page behind one conversation; made anew for each, kept up to date in place. */
export class ContextView {
  constructor(model, conversation, { back }) {
    Object.assign(this, { model, conversation });
    this.reader = section("reader");
    this.library = section("library");
    this.documents = section("documents");
    this.earlier = section("earlier");
    this.crew = section("crew");
    this.notes = new NotesView(model, conversation);
    this.node = h(
      "div",
      { class: "context" },
      h(
        "div",
        { class: "context__bar" },
        h(
          "button",
          { type: "button", class: "button button--quiet button--small", onclick: back },
          icon("back"),
          t("column.back_to_talk"),
        ),
      ),
      this.notes.node,
      this.library.node,
      this.reader.node,
      this.documents.node,
      this.earlier.node,
      this.crew.node,
    );
    model.lookBehind(conversation.id);
  }

  update() {
    this.notes.update();
    const { view, viewProblem } = this.conversation;
    if (!view) {
      const face = viewProblem ? `problem:${viewProblem.message}` : "loading";
      if (this.drawn === face) return;
      this.drawn = face;
      this.library.body.replaceChildren(
        ...(viewProblem
          ? [failed(viewProblem, () => this.model.lookBehind(this.conversation.id, true))]
          : skeleton(3)),
      );
      this.#drawReader();
      return;
    }
    const stamp = JSON.stringify([view, this.conversation.card]);
    if (this.drawn === stamp) return;
    this.drawn = stamp;
    this.#drawReader();
    this.#drawLibrary(view.library_card);
    this.#drawDocuments(view);
    this.#drawEarlier(view.earlier);
    this.#drawCrew();
  }

  #drawReader() {
    const { card } = this.conversation;
    const address = safeAddress(card.page_url);
    redraw(
      this.reader.body,
      facts([
        ["name", readerOf(card)],
        ["kind", t(`reader.kind_${card.reader_kind}`)],
        ["desk", `${named(card.desk.library)} · ${named(card.desk.name)}`],
        ["topic", `${t(`topic.${card.topic}`)} · ${t(`language.${card.language}`)}`],
        [
          "page",
          card.page_url &&
            (address
              ? h(
                  "a",
                  { href: address, target: "_blank", rel: "noopener noreferrer" },
                  card.page_title || card.page_url,
                )
              : card.page_title || card.page_url),
        ],
        ["asked", card.question],
        ["order", page.makes_cases && orderOf(card)],
        ["queued", time(card.queued_at)],
        ["accepted", card.accepted_at && time(card.accepted_at)],
        ["rating", card.rating && t(`rating.${card.rating}`)],
      ]),
    );
  }

  #drawLibrary(home) {
    const site = safeAddress(home.website);
    const policy = named(home.policy);
    redraw(
      this.library.body,
      h(
        "p",
        { class: "home__name" },
        h("strong", {}, named(home.library)),
        home.city && h("span", { class: "muted" }, ` ${home.city}`),
      ),
      h(
        "p",
        { class: "home__open" },
        h("span", { class: `dot ${home.open_now ? "dot--good" : ""}`, "aria-hidden": "true" }),
        ` ${t(home.open_now ? "home.open" : "home.closed")}`,
      ),
      facts([
        ["hours", named(home.hours)],
        ["address", home.address],
        ["phone", home.phone && h("a", { href: `tel:${home.phone.replace(/[^\d+]/g, "")}` }, home.phone)],
        [
          "website",
          home.website &&
            (site
              ? h(
                  "a",
                  { href: site, target: "_blank", rel: "noopener noreferrer" },
                  home.website.replace(/^https?:\/\//, ""),
                )
              : home.website),
        ],
      ]),
      policy
        ? h("div", { class: "home__policy keep-lines" }, policy)
        : h("p", { class: "muted small" }, t("home.no_policy")),
      h(
        "p",
        { class: "muted small", title: exactly(home.checked_at) },
        home.checked_at ? t("home.checked", { at: day(home.checked_at) }) : t("home.unchecked"),
      ),
    );
  }

  #drawDocuments({ documents, documents_limit: limit }) {
    write(this.documents.count, t("document.of", { n: documents.length, limit }));
    redraw(
      this.documents.body,
      documents.length
        ? h(
            "ol",
            { class: "plain" },
            documents.map((one) =>
              h(
                "li",
                {},
                icon("document"),
                h(
                  "span",
                  {},
                  safeAddress(one.url)
                    ? h("a", { href: one.url, target: "_blank", rel: "noopener noreferrer" }, one.title)
                    : one.title,
                  " ",
                  h("span", { class: "muted small" }, dated(one.at)),
                ),
              ),
            ),
          )
        : h("p", { class: "muted small" }, t("document.none")),
    );
  }

  #drawEarlier(earlier) {
    write(this.earlier.count, earlier.length ? String(earlier.length) : "");
    redraw(
      this.earlier.body,
      earlier.length
        ? h(
            "ol",
            { class: "plain" },
            earlier.map((one) =>
              h(
                "li",
                {},
                icon("clock"),
                h(
                  "span",
                  {},
                  h(
                    "a",
                    { href: `/console/archive#${one.id}`, target: "_blank" },
                    one.question || t(`topic.${one.topic}`),
                  ),
                  h(
                    "span",
                    { class: "earlier__facts muted small" },
                    [
                      moment(one.at),
                      t(`topic.${one.topic}`),
                      has(`outcome.${one.outcome}`) && t(`outcome.${one.outcome}`),
                    ]
                      .filter(Boolean)
                      .join(" · "),
                  ),
                ),
              ),
            ),
          )
        : h("p", { class: "muted small" }, t("context.no_earlier")),
    );
  }

  #drawCrew() {
    const here = this.conversation.card.participants.filter((who) => !who.left);
    redraw(
      this.crew.body,
      h(
        "ul",
        { class: "plain" },
        here.map((who) =>
          h(
            "li",
            {},
            icon(who.kind === "reader" ? "talk" : "people"),
            h(
              "span",
              {},
              who.kind === "reader" ? readerOf(this.conversation.card) : who.name,
              " ",
              h("span", { class: "muted small" }, t(`crew.${who.kind}`)),
            ),
          ),
        ),
      ),
    );
  }
}

/** Internal notes: a log of its own that the reader never sees. */
class NotesView {
  constructor(model, conversation) {
    Object.assign(this, { model, conversation, drawnTo: 0 });
    this.log = h("div", { class: "talk notes__log", role: "log", "aria-label": t("note.log") });
    this.pending = h("div", { class: "talk notes__log" });
    this.field = h("textarea", {
      class: "input notes__field",
      rows: 1,
      maxlength: 20_000,
      "aria-label": t("note.label"),
      placeholder: t("note.placeholder"),
      value: tab.get(`note.${conversation.id}`) ?? "",
      oninput: () => tab.set(`note.${conversation.id}`, this.field.value),
      onkeydown: (event) => this.#key(event),
    });
    const part = section("notes");
    write(part.count, t("note.hidden"));
    this.node = part.node;
    this.node.classList.add("notes");
    part.body.append(this.log, this.pending, this.field);
    this.node.addEventListener("focusin", () => model.hasSeenNotes(conversation.id));
  }

  update() {
    const { notes } = this.conversation;
    for (const event of notes.events) {
      if (event.seq <= this.drawnTo) continue;
      this.log.append(drawn(event, this.model.me.id));
      this.drawnTo = event.seq;
      this.node.scrollIntoView?.({ block: "nearest", behavior: "instant" });
      this.log.scrollTop = this.log.scrollHeight;
    }
    const entries = this.model.outbox.of(this.conversation.id, "note");
    keyed(
      this.pending,
      entries,
      (entry) => entry.id,
      (entry) =>
        h(
          "div",
          { class: "bubble bubble--mine bubble--note" },
          h("div", { class: "bubble__text" }, entry.text),
          h(
            "span",
            { class: "bubble__foot" },
            h("span", { class: "bubble__mark" }),
            h(
              "button",
              {
                type: "button",
                class: "textual",
                hidden: true,
                onclick: () => this.model.outgoing.drop(entry.id),
              },
              t("common.delete"),
            ),
          ),
        ),
      (node, entry) => {
        write(
          node.querySelector(".bubble__mark"),
          entry.refused || t(this.model.link.state === "open" ? "mark.sending" : "mark.waiting"),
        );
        show(node.querySelector("button"), Boolean(entry.refused));
      },
    );
    show(this.pending, entries.length > 0);
    show(this.log, notes.events.length > 0);
    if (document.visibilityState === "visible" && this.node.offsetParent)
      this.model.hasSeenNotes(this.conversation.id);
  }

  focus() {
    this.field.focus();
  }

  #key(event) {
    if (event.key === "Escape") this.field.blur();
    if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    const text = this.field.value.trim();
    if (!text) return;
    this.model.outgoing.write("note", this.conversation.id, text);
    this.field.value = "";
    tab.set(`note.${this.conversation.id}`, null);
  }
}

function section(name) {
  const body = h("div", { class: "context__body" });
  const count = h("span", { class: "context__count number muted small" });
  const node = h(
    "section",
    { class: `context__section context__section--${name}` },
    h("h2", { class: "context__title" }, t(`context.${name}`), count),
    body,
  );
  set(node, { "aria-label": t(`context.${name}`) });
  return { node, body, count };
}

function facts(rows) {
  return h(
    "dl",
    { class: "facts" },
    rows
      .filter(([, value]) => value)
      .map(([name, value]) => [h("dt", {}, t(`fact.${name}`)), h("dd", {}, value)]),
  );
}

/** The loan order that the first question names, for who helps with orders. */
function orderOf({ question }) {
  const [, day, rest] = /(\d{6})[ -]?([0-9A-Z]{5})(?![0-9A-Z])/i.exec(question ?? "") ?? [];
  return day && h("a", { href: `/console/orders/${day}${rest}`, target: "_blank" }, `${day} ${rest}`);
}

/** Draws a part anew only where it differs: a link that has the keyboard, or a passage that is marked, stays. */
function redraw(body, ...children) {
  const anew = body.cloneNode();
  anew.append(...children);
  if (!anew.isEqualNode(body)) body.replaceChildren(...anew.childNodes);
}

const time = (iso) => h("time", { datetime: iso, title: exactly(iso) }, dated(iso));

/** An address that may stand in a link: the web's own kinds only. */
export function safeAddress(address) {
  if (!address) return "";
  try {
    const { protocol, href } = new URL(address, location.href);
    return protocol === "https:" || protocol === "http:" ? href : "";
  } catch {
    return "";
  }
}

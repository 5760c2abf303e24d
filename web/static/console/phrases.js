// Canned phrases: fetched once, found by their short-cut, filled with what is known of the conversation.

import { h, set, show } from "./dom.js";
import { get } from "./http.js";
import { duration, fill, named, t } from "./words.js";

const SHOWN = 40;
// A slash that does not belong to a path or an address; at the very start also 、, which Chinese input makes of the same key.
const ASKED = /(?:(?:^|[^\w:/.])\/|^、)([^\s/]*)$/;

/** The phrases of this librarian. */
export class Phrases {
  constructor() {
    this.list = [];
    this.problem = null;
    this.loaded = false;
  }

  async load() {
    try {
      const answer = await get("/api/phrases");
      this.list = answer.phrases;
      this.problem = null;
      this.loaded = true;
    } catch (problem) {
      this.problem = problem;
    }
  }

  /** Those whose short-cut begins with the words, then those whose text holds them. */
  find(words, language) {
    const wanted = words.toLowerCase();
    const rank = (phrase) => {
      const shortcut = phrase.shortcut.toLowerCase();
      if (shortcut.startsWith(wanted)) return 0;
      if (shortcut.includes(wanted)) return 1;
      return phrase.text_zh.includes(words) || phrase.text_en.toLowerCase().includes(wanted) ? 2 : 9;
    };
    return this.list
      .map((phrase) => ({ ...phrase, text: wording(phrase, language), rank: rank(phrase) }))
      .filter((phrase) => phrase.rank < 9 && phrase.text)
      .sort((a, b) => a.rank - b.rank || a.shortcut.localeCompare(b.shortcut))
      .slice(0, SHOWN);
  }
}

const wording = (phrase, language) =>
  language === "en" ? phrase.text_en || phrase.text_zh : phrase.text_zh || phrase.text_en;

/** What placeholders stand for in a conversation, in its language. */
export function placeholders(me, conversation) {
  const { card, view } = conversation;
  const language = card.language;
  const home = view?.library_card;
  return {
    reader: card.reader_name || t(language === "en" ? "said.you_en" : "said.you_zh"),
    librarian: me.name,
    library: named(me.library, language),
    my_library: named(me.library, language),
    home_library: named(card.desk.library, language),
    desk: named(card.desk.name, language),
    hours: home ? named(home.hours, language) : "",
    phone: home?.phone ?? "",
    website: home?.website ?? "",
    address: home?.address ?? "",
    wait: card.accepted_at ? duration(Date.parse(card.accepted_at) - Date.parse(card.queued_at)) : "",
  };
}

/** The greeting that names both libraries, or the one when they are the same. */
export function greeting(me, conversation) {
  const values = placeholders(me, conversation);
  const language = conversation.card.language === "en" ? "en" : "zh";
  const same = values.my_library === values.home_library || !values.my_library;
  return fill(t(`said.greeting_${same ? "home" : "away"}_${language}`), values);
}

/** The pop-up over a text field. Arrow keys choose, Enter or Tab take, Escape closes; the field keeps the keyboard. */
export class PhrasePopup {
  constructor(phrases, field, { id, values, language }) {
    Object.assign(this, { phrases, field, values, language, at: 0, found: [] });
    this.list = h("ul", {
      class: "popup",
      role: "listbox",
      id,
      "aria-label": t("phrases.title"),
      hidden: true,
    });
    this.node = this.list;
    set(field, { "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-controls": id });
    field.addEventListener("input", () => this.look());
    field.addEventListener("blur", () => setTimeout(() => this.close(), 150));
  }

  get isOpen() {
    return !this.list.hidden;
  }

  /** Opens when the text before the caret asks for a phrase. */
  look() {
    const before = this.field.value.slice(0, this.field.selectionStart);
    const asked = before.match(ASKED);
    if (!asked) return this.close();
    this.start = before.length - asked[1].length - 1;
    this.show(asked[1]);
  }

  /** Opens by button or key: puts the slash for the writer. */
  open() {
    const { field } = this;
    field.focus();
    const at = field.selectionStart;
    const lead = at && !/\s$/.test(field.value.slice(0, at)) ? " /" : "/";
    field.setRangeText(lead, at, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input"));
  }

  show(words) {
    this.found = this.phrases.find(words, this.language());
    this.at = 0;
    this.list.replaceChildren(
      ...(this.found.length ? this.found.map((phrase, at) => this.#option(phrase, at)) : [this.#nothing()]),
    );
    show(this.list, true);
    this.#mark();
  }

  close() {
    if (!this.isOpen) return;
    show(this.list, false);
    set(this.field, { "aria-activedescendant": null });
  }

  /** Handles a key of the field. Returns whether it was one of ours. */
  key(event) {
    if (!this.isOpen) return false;
    if (event.key === "Escape") this.close();
    else if (!this.found.length) return false;
    else if (event.key === "ArrowDown") this.#move(1);
    else if (event.key === "ArrowUp") this.#move(-1);
    else if (event.key === "Enter" || event.key === "Tab") this.take(this.found[this.at]);
    else return false;
    event.preventDefault();
    return true;
  }

  take(phrase) {
    const { field } = this;
    const text = fill(phrase.text, this.values());
    field.setRangeText(text, this.start, field.selectionStart, "end");
    this.close();
    field.focus();
    const gap = /\{\w+\}/.exec(field.value);
    if (gap) field.setSelectionRange(gap.index, gap.index + gap[0].length); // nobody knows it: the writer fills it in
    field.dispatchEvent(new Event("input"));
  }

  #option(phrase, at) {
    const node = h(
      "li",
      { class: "popup__option", role: "option", id: `${this.list.id}-${at}`, "aria-selected": "false" },
      h("span", { class: "popup__shortcut" }, `/${phrase.shortcut}`),
      h("span", { class: "popup__text" }, fill(phrase.text, this.values())),
      h("span", { class: "popup__level small" }, t(`phrases.level.${phrase.level}`)),
    );
    node.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the field keeps the focus
      this.take(phrase);
    });
    return node;
  }

  #nothing() {
    const text =
      this.phrases.problem?.message ?? t(this.phrases.list.length ? "phrases.no_match" : "phrases.none");
    return h(
      "li",
      { class: "popup__nothing", role: "option", "aria-disabled": "true", "aria-selected": "false" },
      text,
    );
  }

  #move(by) {
    this.at = (this.at + by + this.found.length) % this.found.length;
    this.#mark();
  }

  #mark() {
    const options = [...this.list.children];
    options.forEach((option, at) =>
      set(option, { "aria-selected": String(at === this.at && this.found.length > 0) }),
    );
    const current = this.found.length ? options[this.at] : null;
    set(this.field, { "aria-activedescendant": current?.id });
    current?.scrollIntoView({ block: "nearest" });
  }
}

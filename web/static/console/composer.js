// Where the librarian writes: Enter sends (never half a word of Chinese), drafts stay, a slash finds phrases, files go with progress.

import { freshId, h, keyed, set, show, write } from "./dom.js";
import * as alarm from "./alarm.js";
import { icon } from "./icons.js";
import { tab } from "./memory.js";
import { readerOf } from "./offers.js";
import { greeting, placeholders, PhrasePopup } from "./phrases.js";
import { passes, upload } from "./uploads.js";
import { page, size, t } from "./words.js";

const LIMIT = page.message_limit;
const AGAIN_MS = 3_000;
const LONG = LIMIT - 500; // from here on the count of characters is shown
const SIZES_ITSELF = CSS.supports("field-sizing", "content");

/** Whether this key belongs to an input method that is still composing (229 is what Safari gives for its last Enter). */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

/** One conversation's composer; `actions.document()` opens the dialog for passing on a document. */
export class Composer {
  constructor(model, conversation, phrases, actions) {
    Object.assign(this, { model, conversation, actions });
    const id = freshId("composer");
    this.uploads = new Map();
    this.field = h("textarea", {
      class: "composer__field",
      id,
      rows: 2,
      maxlength: 20_000,
      "aria-label": t("composer.label"),
      placeholder: t("composer.placeholder"),
      oninput: () => this.#written(),
      onkeydown: (event) => this.#key(event),
      onfocus: () => this.#focused(),
      onpaste: (event) => this.#pasted(event),
    });
    this.popup = new PhrasePopup(phrases, this.field, {
      id: `${id}-phrases`,
      values: () => placeholders(model.me, conversation),
      language: () => conversation.card.language,
    });
    this.proposal = h(
      "p",
      { class: "composer__proposal small", hidden: true },
      h("span", {}, t("greeting.proposed")),
      h(
        "button",
        { type: "button", class: "textual", onclick: () => this.#dropProposal() },
        t("greeting.drop"),
      ),
    );
    this.hint = h("p", { class: "composer__hint small", role: "status", hidden: true });
    this.files = h("ul", { class: "composer__files", hidden: true });
    this.input = h("input", {
      type: "file",
      multiple: true,
      hidden: true,
      tabindex: "-1",
      "aria-hidden": "true",
      onchange: () => this.#chosen(),
    });
    this.documents = h("span", { class: "number" });
    this.sendButton = h(
      "button",
      { type: "button", class: "button button--primary button--small", onclick: () => this.send() },
      icon("send"),
      t("common.send"),
    );
    const tool = (name, label, work, extra = null) =>
      h(
        "button",
        {
          type: "button",
          class: "button button--quiet button--small",
          title: label,
          "aria-label": label,
          onclick: work,
        },
        icon(name),
        extra,
      );
    this.documentButton = tool("document", t("document.title"), () => actions.document(), [
      h("span", { class: "composer__label" }, t("document.short")),
      this.documents,
    ]);
    this.node = h(
      "div",
      { class: "composer" },
      this.proposal,
      this.popup.node,
      this.field,
      this.hint,
      this.files,
      h(
        "div",
        { class: "composer__tools" },
        tool("phrase", t("phrases.open"), () => this.popup.open(), [
          h("span", { class: "composer__label" }, t("phrases.short")),
        ]),
        tool("attach", t("file.send"), () => this.input.click()),
        this.documentButton,
        this.input,
        h("span", { class: "composer__space" }),
        this.sendButton,
      ),
    );
    this.field.value = tab.get(`draft.${conversation.id}`) ?? "";
    this.#fit();
  }

  update() {
    const { conversation } = this;
    const { documents, documentsLimit } = conversation;
    write(this.documents, documentsLimit == null ? String(documents) : `${documents}/${documentsLimit}`);
    const full = documentsLimit != null && documents >= documentsLimit;
    set(this.documentButton, {
      "aria-disabled": full ? "true" : null,
      title: t(full ? "document.full" : "document.title"),
    });
    this.#propose();
    this.sendButton.disabled = !this.field.value.trim();
    if (!SIZES_ITSELF && this.field.clientWidth !== this.fittedTo) this.#fit();
  }

  get isEmpty() {
    return !this.field.value || this.field.value === this.proposed;
  }

  /** What was written here, and did not leave. */
  get unsent() {
    return this.isEmpty ? "" : this.field.value.trim();
  }

  focus() {
    this.field.focus();
  }

  /** Puts text into the field, after what stands there. */
  insert(text) {
    const { field } = this;
    field.value = this.isEmpty ? text : `${field.value}\n${text}`;
    field.dispatchEvent(new Event("input"));
    this.focus();
  }

  send() {
    const text = this.field.value.trim();
    if (!text) return;
    this.model.outgoing.write("post", this.conversation.id, text);
    this.#dropProposal();
  }

  /** Sends files one after the other, each with its progress. */
  async sendFiles(files) {
    for (const file of files) {
      const entry = { id: this.model.outgoing.newId(), file, done: 0, problem: "", waits: false };
      this.uploads.set(entry.id, entry);
      await this.#upload(entry);
    }
  }

  /** Until the file is there, refused or cancelled; where the line breaks it goes on when there is one again. */
  async #upload(entry) {
    Object.assign(entry, { problem: "", waits: false, stop: new AbortController() });
    this.#showFiles();
    try {
      const limit = page.upload_limit;
      if (limit && entry.file.size > limit)
        throw new Error(t("file.too_large", { limit: size(limit), name: entry.file.name }));
      await upload(this.conversation.id, entry, (done) => this.#moved(entry, done), entry.stop.signal);
      this.uploads.delete(entry.id);
    } catch (problem) {
      if (entry.stop.signal.aborted) return;
      if (passes(problem)) return this.#later(entry);
      entry.problem = problem.message;
      if (!this.node.isConnected) this.#tellElsewhere(entry);
    }
    this.#showFiles();
  }

  /** Another conversation is looked at, or this one has ended: the file's line is out of sight. */
  #tellElsewhere({ problem }) {
    alarm.toast(t("file.failed", { reader: readerOf(this.conversation.card), problem }), { bad: true });
  }

  #moved(entry, done) {
    Object.assign(entry, { done, waits: false });
    this.#showFiles();
  }

  async #later(entry) {
    entry.waits = true;
    this.#showFiles();
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    if (!entry.stop.signal.aborted) await this.#upload(Object.assign(entry, { waits: true }));
  }

  #showFiles() {
    const entries = [...this.uploads.values()];
    show(this.files, entries.length > 0);
    keyed(
      this.files,
      entries,
      (entry) => entry.id,
      (entry) => this.#fileLine(entry),
      (node, entry) => {
        const bar = node.querySelector("progress");
        bar.value = entry.done;
        show(bar, !entry.problem);
        write(node.querySelector(".composer__waits"), entry.waits ? t("file.waits") : "");
        write(node.querySelector(".composer__problem"), entry.problem);
        show(node.querySelector(".textual"), Boolean(entry.problem));
      },
    );
  }

  #fileLine(entry) {
    const drop = () => {
      entry.stop.abort();
      this.uploads.delete(entry.id);
      this.#showFiles();
    };
    return h(
      "li",
      {},
      icon("file"),
      h("span", { class: "composer__file" }, `${entry.file.name} · ${size(entry.file.size)}`),
      h("progress", { max: 1, value: 0, "aria-label": t("file.progress", { name: entry.file.name }) }),
      h("span", { class: "composer__waits", role: "status" }),
      h("span", { class: "composer__problem", role: "alert" }),
      h(
        "button",
        { type: "button", class: "textual", onclick: () => this.#upload(entry) },
        t("common.retry"),
      ),
      h("button", { type: "button", class: "textual", onclick: drop }, t("common.cancel")),
    );
  }

  #chosen() {
    const files = [...this.input.files];
    this.input.value = "";
    this.sendFiles(files);
  }

  #pasted(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    this.sendFiles(files);
  }

  #key(event) {
    if (isComposing(event)) return;
    if (this.popup.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === "Escape" && this.proposed) this.#dropProposal();
    else if (event.key === "Escape") this.field.blur();
  }

  #written() {
    const { field } = this;
    if (this.proposed && field.value !== this.proposed) {
      this.proposed = null;
      this.greeted = true;
      show(this.proposal, false);
    }
    tab.set(`draft.${this.conversation.id}`, this.proposed ? "" : field.value);
    if (field.value && !this.proposed) this.model.outgoing.typing(this.conversation.id);
    this.sendButton.disabled = !field.value.trim();
    this.#hint();
    this.#fit();
  }

  /** What a reader may not understand, and how long the text has become (R-LIVE.3). */
  #hint() {
    const text = this.field.value;
    const language = this.conversation.card.language === "en" ? "en" : "zh";
    const jargon = Object.entries(page.jargon?.[language] ?? {}).find(([word]) =>
      new RegExp(`(?<![A-Za-z])${word}(?![A-Za-z])`).test(text),
    );
    const said =
      text.length > LONG
        ? t("composer.length", { length: text.length, limit: LIMIT })
        : jargon
          ? t("composer.jargon", { word: jargon[0], plain: jargon[1] })
          : "";
    write(this.hint, said);
    show(this.hint, Boolean(said));
    set(this.hint, { "data-bad": text.length > LIMIT });
  }

  /** The greeting stands ready while nobody has said a word yet; one key sends it, writing replaces it. */
  #propose() {
    const { conversation, model } = this;
    const { card, log } = conversation;
    if (
      this.greeted ||
      this.proposed ||
      this.field.value ||
      card.role !== "holder" ||
      card.state !== "active" ||
      !log.current
    )
      return;
    const spoken =
      log.events.some(
        (event) => event.by.kind === "staff" && event.kind === "message" && event.by.id === model.me.id,
      ) || model.outbox.of(conversation.id, "post").length;
    if (spoken) {
      this.greeted = true;
      return;
    }
    this.proposed = greeting(model.me, conversation);
    this.field.value = this.proposed;
    show(this.proposal, true);
    this.#fit();
    if (document.activeElement === this.field) this.field.select();
  }

  #dropProposal() {
    this.proposed = null;
    this.greeted = true;
    this.field.value = "";
    show(this.proposal, false);
    this.#written();
    this.focus();
  }

  #focused() {
    if (this.proposed) this.field.select();
  }

  /** As tall as its text, within what the style sheet allows. */
  #fit() {
    const { field } = this;
    if (SIZES_ITSELF) return;
    this.fittedTo = field.clientWidth;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 2}px`;
  }
}

// The record that archives a conversation (R-LIVE.5): sensible guesses, so that one click is enough when there is nothing to add.

import { freshId, h, set, show, write } from "./dom.js";
import { post, serverNow } from "./http.js";
import { tab } from "./memory.js";
import { SentFiles } from "./sent_files.js";
import * as alarm from "./alarm.js";
import { countdown, exactly, roughly, t } from "./words.js";

const TYPES = ["fact", "document", "platform", "account", "order", "other"];
const OUTCOMES = ["answered", "partly", "referred", "not_answered", "no_question"];
const EFFORTS = [1, 2, 3, 4, 5, 6];
const BY_TOPIC = { platform: "platform", account: "account", order: "order" };

/** What the record most likely says, from what happened. */
export function guess(conversation) {
  const { card, log } = conversation;
  const asked = log.events.some((event) => event.by.kind === "reader") || !log.events.length;
  const minutes =
    (Date.parse(card.ended_at ?? card.queued_at) - Date.parse(card.accepted_at ?? card.queued_at)) / 60_000;
  return {
    question_type: BY_TOPIC[card.topic] ?? (conversation.documents ? "document" : "fact"),
    effort: minutes < 3 ? 1 : minutes < 10 ? 2 : minutes < 25 ? 3 : 4,
    outcome: ["form_question", "phone", "document_request"].includes(card.end_reason)
      ? "referred"
      : !asked || card.end_reason === "abuse"
        ? "no_question"
        : "answered",
    typical_case: false,
    note: "",
    documents: {}, // file → title
  };
}

/** Sends a record; the conversation leaves the desk with the next fetch. Throws Refused. */
export async function archive(model, id, record) {
  const documents = Object.entries(record.documents).map(([file_id, title]) => ({ file_id, title }));
  await post(`/api/sessions/${id}/wrap-up`, { ...record, documents });
  tab.set(`wrap_up.${id}`, null);
  tab.set(`draft.${id}`, null);
  model.refetch();
}

/** The panel below an ended conversation. */
export class WrapUpPanel {
  constructor(model, conversation) {
    Object.assign(this, { model, conversation });
    this.record = { ...guess(conversation), ...tab.get(`wrap_up.${conversation.id}`) };
    this.files = new SentFiles(model, conversation, this.record.documents, () => {
      this.#keep();
      this.update();
    });
    this.due = h("span", { class: "wrap-up__due number" });
    this.problem = h("p", { class: "field__error", role: "alert", hidden: true });
    this.meaning = h("p", { class: "wrap-up__meaning small", id: freshId("effort") });
    this.note = h("textarea", {
      class: "input wrap-up__note",
      rows: 2,
      maxlength: 4_000,
      "aria-label": t("wrap_up.note"),
      placeholder: t("wrap_up.note_placeholder"),
      value: this.record.note,
      oninput: () => this.#set("note", this.note.value),
    });
    this.button = h("button", { type: "submit", class: "button button--primary" }, t("wrap_up.archive"));
    this.node = h(
      "form",
      { class: "wrap-up", "aria-label": t("wrap_up.title"), onsubmit: (event) => this.#submit(event) },
      h("div", { class: "wrap-up__head" }, h("strong", {}, t("wrap_up.title")), this.due),
      this.files.node,
      this.#choices(
        "question_type",
        t("wrap_up.question_type"),
        TYPES.map((value) => [value, t(`question_type.${value}`)]),
      ),
      this.#choices(
        "outcome",
        t("wrap_up.outcome"),
        OUTCOMES.map((value) => [value, t(`outcome.${value}`)]),
      ),
      this.#choices(
        "effort",
        t("wrap_up.effort"),
        EFFORTS.map((value) => [value, String(value)]),
        this.meaning,
      ),
      this.note,
      h(
        "div",
        { class: "wrap-up__foot" },
        this.problem,
        h(
          "label",
          { class: "tick" },
          h("input", {
            type: "checkbox",
            checked: this.record.typical_case,
            onchange: (event) => this.#set("typical_case", event.target.checked),
          }),
          h("span", {}, t("wrap_up.typical_case")),
        ),
        this.button,
      ),
    );
    this.#mean();
  }

  update() {
    const { card, documents } = this.conversation;
    const left = Date.parse(card.wrap_up_due_at) - serverNow();
    const due = Number.isNaN(left)
      ? ""
      : left >= 0
        ? t("wrap_up.left", { left: countdown(left) })
        : t("wrap_up.overdue", { length: roughly(-left) });
    const counted = documents + Object.keys(this.record.documents).length;
    write(this.due, [t("wrap_up.documents", { n: counted }), due].filter(Boolean).join(" · "));
    this.files.update();
    set(this.due, { "data-late": left < 120_000, title: exactly(card.wrap_up_due_at) });
  }

  focus() {
    this.button.focus();
  }

  #choices(name, legend, options, after = null) {
    const group = freshId(name);
    return h(
      "fieldset",
      { class: `chips chips--${name}` },
      h("legend", { class: "small" }, legend),
      h(
        "div",
        { class: "chips__row" },
        options.map(([value, label]) =>
          h(
            "label",
            { class: "chips__one" },
            h("input", {
              type: "radio",
              name: group,
              value,
              checked: this.record[name] === value,
              "aria-describedby": after?.id,
              onchange: () => this.#set(name, value),
            }),
            h("span", {}, label),
          ),
        ),
      ),
      after,
    );
  }

  #set(name, value) {
    this.record[name] = value;
    this.#keep();
    this.#mean();
  }

  #keep() {
    tab.set(`wrap_up.${this.conversation.id}`, this.record);
  }

  #mean() {
    write(this.meaning, t(`effort.${this.record.effort}`));
  }

  async #submit(event) {
    event.preventDefault();
    this.button.disabled = true;
    show(this.problem, false);
    try {
      await archive(this.model, this.conversation.id, this.record);
      alarm.toast(t("wrap_up.archived"));
    } catch (refused) {
      this.button.disabled = false;
      write(this.problem, refused.message);
      show(this.problem, true);
      this.files.focusEmpty();
    }
  }
}

// The kinds of answer: what the clock forbids cannot be chosen, and says by which rule, until when, and what is lawful instead.

import { freshId, h, keyed, set, show, write } from "../console/dom.js";
import { icon } from "../console/icons.js";
import { serverNow } from "../console/http.js";
import { duration, exactly, dated, t } from "../console/words.js";

/** The radio group; `changed(kind)` is told of a choice, `instead(name)` of a press on the lawful alternative. */
export class KindChoice {
  constructor({ changed, instead }) {
    Object.assign(this, { changed, instead });
    this.name = freshId("kind");
    this.list = h("div", { class: "kinds" });
    this.node = h("fieldset", { class: "field" }, h("legend", { class: "field__label" }, t("pool.answer.kind")), this.list);
    this.options = [];
    this.value = "";
  }

  get option() {
    return this.options.find((one) => one.kind === this.value);
  }

  /** The first kind that is allowed now. */
  get lawful() {
    return this.options.find((one) => one.allowed > 0)?.kind ?? "";
  }

  update(options) {
    this.options = options.filter((one) => !HIDDEN.has(one.refusal?.code) || one.kind === this.value);
    keyed(
      this.list,
      this.options,
      (one) => one.kind,
      (one) => this.#make(one),
      (node, one) => this.#refresh(node, one),
    );
  }

  choose(kind) {
    this.value = kind;
    for (const input of this.list.querySelectorAll("input")) input.checked = input.value === kind;
  }

  /** The time until which something is forbidden goes on. */
  tick() {
    for (const node of this.list.children) this.#tell(node, node.option);
  }

  #make(one) {
    const id = freshId("kind");
    const parts = {
      input: h("input", {
        type: "radio",
        name: this.name,
        id,
        value: one.kind,
        "aria-describedby": `${id}-why`,
        onchange: () => {
          this.value = one.kind;
          this.changed(one.kind);
        },
      }),
      why: h("span", { class: "kind__why small", id: `${id}-why` }),
      instead: h("button", { type: "button", class: "button button--small kind__instead" }),
    };
    parts.instead.addEventListener("click", () => this.instead(node.option.alternative));
    const node = h(
      "div",
      { class: "kind" },
      h("label", { class: "kind__label", for: id }, parts.input, h("span", { class: "kind__name" }, t(`pool.kind.${one.kind}`))),
      parts.why,
      parts.instead,
    );
    node.parts = parts;
    return node;
  }

  #refresh(node, one) {
    node.option = one;
    const forbidden = one.allowed === 0;
    set(node, { "data-forbidden": forbidden });
    set(node.parts.input, { disabled: forbidden, checked: one.kind === this.value });
    const instead = forbidden && ["hand_back", "convert"].includes(one.alternative);
    show(node.parts.instead, instead);
    if (instead) write(node.parts.instead, t(`pool.instead.${one.alternative}`));
    this.#tell(node, one);
  }

  #tell(node, one) {
    const { why } = node.parts;
    if (one.allowed > 0) {
      set(why, { title: null });
      return void write(why, allowedText(one));
    }
    const { refusal, until } = one;
    const { message } = refusal;
    const left = until ? Date.parse(until) - serverNow() : 0;
    const wait = until && left > 0 ? t("pool.answer.allowed_from", { at: dated(until), length: duration(left) }) : "";
    set(why, { title: until ? exactly(until) : null });
    const said = [message, wait].filter(Boolean).join(" ");
    if (why.said !== said) {
      why.said = said;
      why.replaceChildren(icon("info"), said);
    }
  }
}

// A question is answered with text, a request with a document: what never applies needs no line of its own.
const HIDDEN = new Set(["question_takes_text"]);

function allowedText(one) {
  const rule = one.rule ? t("common.rule", { rule: one.rule }) : "";
  const phrase = one.phrase ? t("pool.answer.with_phrase") : one.needs_reason ? t("pool.answer.with_reason") : t(`pool.kind_means.${one.kind}`);
  const some = one.of > one.allowed ? t("pool.answer.some", { n: one.allowed, of: one.of }) : "";
  return [phrase + rule, some].filter(Boolean).join(" ");
}

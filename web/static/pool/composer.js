// The answer as it is written: what the clock allows, how it is delivered, what it says; kept and judged while one types.

import { freshId, h, set, show, write } from "../console/dom.js";
import { post } from "../console/http.js";
import { icon } from "../console/icons.js";
import { t } from "../console/words.js";
import { Delivery } from "./delivery.js";
import { DocumentFields, PARTICULARS } from "./documents.js";
import { DraftKeeper } from "./draft.js";
import { KindChoice } from "./kinds.js";
import { PreviewPanel } from "./preview.js";

const LOOK_MS = 450;
const SWITCHES = ["name_changed", "citation_only", "abstract_only"];
const BOXES = [...SWITCHES, "same_anyway", "link_opened"];
const GIVES = new Set(["exact", "similar"]);

/** The composer of one task; `on.handBack`, `on.convert`, `on.sent(answer)` and `on.lost()` say what comes of it. */
export class AnswerComposer {
  constructor(view, on) {
    Object.assign(this, { view, on, turn: 0 });
    this.content = {};
    this.path = `/api/tasks/${encodeURIComponent(view.row.id)}`;
    this.keeper = new DraftKeeper(view.row.id, view.claim_number, () => on.lost());
    this.kinds = new KindChoice({
      changed: (kind) => this.#chooseKind(kind),
      instead: (name) => (name === "hand_back" ? on.handBack() : on.convert()),
    });
    this.delivery = new Delivery(view.row.id, (part) => this.#change(part));
    this.document = new DocumentFields(view.request.citation, (name, value) => this.#change({ [name]: value }));
    this.preview = new PreviewPanel((field) => this.reach(field));
    this.#makeTexts();
    this.#makeForm();
    this.#fill(this.keeper.left ?? view.draft?.content ?? {});
    this.update(view);
    this.#look();
  }

  /** The task has moved on, or the claim: what is written stays. */
  update(view) {
    this.view = view;
    this.keeper.claimNumber = view.held ? view.claim_number : this.keeper.claimNumber;
    this.kinds.update(view.options);
    if (!this.kinds.value) this.#chooseKind(this.kinds.lawful, false);
    set(this.send, { disabled: view.held ? null : true });
    write(this.sendText, t(view.intern ? "pool.answer.propose" : "pool.answer.send"));
    this.#arrange();
  }

  tick() {
    this.kinds.tick();
  }

  /** Takes over what a former holder left; what is written already stays in front of it. */
  use(content) {
    const mine = this.text.value.trim();
    const kept = mine === this.view.phrases["P-FOUND"].trim() ? "" : mine;
    this.#fill({ ...content, body: [kept, content.body].filter(Boolean).join("\n\n") });
    this.#change({});
    this.text.focus();
  }

  focus() {
    this.kinds.node.querySelector("input:checked, input:not([disabled])")?.focus();
  }

  reach(field) {
    if (PARTICULARS.includes(field)) return this.document.reach(field);
    if (["delivery", "link_url", "file_ids"].includes(field)) return this.delivery.reach(field);
    const wanted = { reason: this.reason, reviewer_id: this.reviewer, same_anyway: this.same, link_opened: this.boxes.link_opened, kind: this.kinds.node.querySelector("input:not([disabled])") };
    (wanted[field] ?? this.text).focus();
  }

  /** What goes to the server: the body as the locked phrase and the text around it make it. */
  get sending() {
    const { lead = "", text = "", title, author, source, date, ...rest } = this.content;
    const phrase = this.#phrase;
    const body = phrase && lead.trim() ? [lead.trimEnd(), phrase, text].filter(Boolean).join("\n\n") : text;
    return { ...rest, body, document: { title, author, source, date } };
  }

  get #phrase() {
    return this.kinds.option?.phrase_text ?? "";
  }

  #chooseKind(kind, tell = true) {
    const found = this.view.phrases["P-FOUND"];
    this.kinds.choose(kind);
    const { text = "" } = this.content;
    if (kind === "exact" && !text.trim()) this.#write(found);
    else if (kind !== "exact" && text.trim() === found.trim()) this.#write("");
    this.content.kind = kind;
    if (kind === "text" && !this.content.delivery) this.#deliver("mail_body");
    this.#arrange();
    if (tell) this.#change({ kind });
  }

  #deliver(way) {
    this.content.delivery = way;
    this.delivery.choose(way);
  }

  #write(text) {
    this.text.value = this.content.text = text;
  }

  /** The phrase for a found document, in front of what is written. */
  #sayFound() {
    this.#write([this.view.phrases["P-FOUND"], this.content.text.trim()].filter(Boolean).join("\n\n"));
    this.#change({});
    this.text.focus();
  }

  #fill({ body = "", document = {}, ...rest }) {
    this.kinds.update(this.view.options);
    this.kinds.choose(this.view.options.some((one) => one.kind === rest.kind) ? rest.kind : "");
    const [lead, text] = aroundPhrase(body, this.#phrase);
    this.content = { ...rest, ...document, lead, text, kind: this.kinds.value };
    this.delivery.fill(this.content);
    this.document.fill(this.content);
    this.text.value = text;
    this.lead.value = lead;
    this.reason.value = rest.reason ?? "";
    for (const name of BOXES) this.boxes[name].checked = Boolean(rest[name]);
    this.reviewer.value = rest.reviewer_id ?? "";
    if (this.reviewer.selectedIndex < 0) this.reviewer.value = this.content.reviewer_id = "";
    this.#arrange();
  }

  #change(part) {
    Object.assign(this.content, part);
    if ("link_url" in part) this.content.link_opened = this.boxes.link_opened.checked = false;
    this.#arrange();
    show(this.problem, false);
    this.keeper.note(this.sending);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#look(), LOOK_MS);
  }

  /** Shows what this kind of answer needs, and nothing else. */
  #arrange() {
    const { kind, delivery } = this.content;
    const option = this.kinds.option;
    const gives = GIVES.has(kind);
    const phrase = this.#phrase;
    show(this.delivery.node, gives || kind === "text");
    show(this.delivery.parts.mail_body, gives && delivery === "mail_body");
    show(this.document.node, gives);
    set(this.document.node, { "data-kind": kind });
    show(this.facts, gives);
    show(this.boxes.name_changed.parentElement, delivery === "attachment");
    show(this.openedField, this.delivery.meaning === "unsure" || Boolean(this.content.link_opened));
    show(this.locked, Boolean(phrase));
    write(this.lockedText, phrase);
    show(this.leadField, Boolean(phrase));
    write(this.textLabel, t(phrase ? "pool.answer.after_phrase" : delivery === "mail_body" && gives ? "pool.answer.body_document" : "pool.answer.body"));
    show(this.found, kind === "exact" && !this.text.value.includes(this.view.phrases["P-FOUND"]));
    const doubt = kind === "exact" && this.differs;
    show(this.sameField, doubt);
    show(this.reasonField, Boolean(option?.needs_reason) || (doubt && Boolean(this.content.same_anyway)));
    write(this.reasonLabel, t(option?.needs_reason ? "pool.answer.reason_early" : "pool.answer.reason_same"));
  }

  /** Asks the server what would become of it; only the last look counts. */
  async #look() {
    const mine = ++this.turn;
    if (!this.content.kind) return;
    try {
      const seen = await post(`${this.path}/preview`, { claim_number: this.keeper.claimNumber, content: this.sending });
      if (mine !== this.turn) return;
      this.seen = seen;
      this.differs = seen.comparison.some((one) => one.verdict === "differ" || (one.verdict === "missing" && this.content.title));
      this.document.compare(seen.comparison);
      this.preview.update(seen);
      this.#arrange();
    } catch (refused) {
      if (mine === this.turn) this.preview.fail(refused);
    }
  }

  async #submit(event) {
    event.preventDefault();
    if (this.sent) return;
    set(this.send, { disabled: true, "aria-busy": "true" });
    show(this.problem, false);
    await this.keeper.rest();
    try {
      const answer = await post(`${this.path}/answer`, { claim_number: this.keeper.claimNumber, content: this.sending });
      this.sent = true;
      this.keeper.forget();
      this.on.sent(answer);
    } catch (refused) {
      this.keeper.goOn();
      write(this.problem, refused.message);
      show(this.problem, true);
      if (refused.field) this.reach(refused.field);
      if (refused.code === "lease_over") this.on.lost();
      this.#look();
    }
    set(this.send, { disabled: this.sent ? true : null, "aria-busy": null });
  }

  #makeTexts() {
    const area = (name, rows, props = {}) => {
      const id = freshId("answer");
      const control = h("textarea", { class: "input", id, name, rows, ...props, oninput: () => this.#change({ [name]: control.value }) });
      const label = h("label", { class: "field__label", for: id });
      return { control, label, node: h("div", { class: "field" }, label, control) };
    };
    const text = area("text", 6, { maxlength: 20_000 });
    const lead = area("lead", 2, { maxlength: 2_000 });
    const reason = area("reason", 2, { maxlength: 1_000 });
    write(lead.label, t("pool.answer.before_phrase"));
    this.found = h(
      "button",
      { type: "button", class: "button button--quiet button--small", hidden: true, onclick: () => this.#sayFound() },
      t("pool.answer.say_found"),
    );
    text.node.append(this.found);
    Object.assign(this, { text: text.control, textLabel: text.label, textField: text.node });
    Object.assign(this, { lead: lead.control, leadField: lead.node });
    Object.assign(this, { reason: reason.control, reasonLabel: reason.label, reasonField: reason.node });
    this.lockedText = h("p", { class: "locked__text" });
    this.locked = h(
      "div",
      { class: "locked", role: "note" },
      h("p", { class: "small locked__why" }, icon("shield"), t("pool.answer.locked")),
      this.lockedText,
    );
    this.#makeReviewer();
    this.boxes = Object.fromEntries(BOXES.map((name) => [name, this.#box(name)]));
    this.same = this.boxes.same_anyway;
  }

  /** Whom an intern asks to release the answer; the choice is hers, and may be left open (R-ORG.5). */
  #makeReviewer() {
    const id = freshId("answer");
    const names = this.view.reviewers.map((one) => h("option", { value: one.id }, one.name));
    this.reviewer = h(
      "select",
      { class: "input", id, name: "reviewer_id", onchange: () => this.#change({ reviewer_id: this.reviewer.value }) },
      h("option", { value: "" }, t("pool.reviewer.anybody")),
      names,
    );
    this.reviewerField = h(
      "div",
      { class: "field", hidden: !names.length },
      h("label", { class: "field__label", for: id }, t("pool.reviewer.choose")),
      h("p", { class: "field__hint" }, t("pool.reviewer.hint")),
      this.reviewer,
    );
  }

  #makeForm() {
    const tick = (name) => h("label", { class: "tick" }, this.boxes[name], h("span", {}, t(`pool.answer.${name}`)));
    this.sameField = h("div", { class: "field" }, tick("same_anyway"));
    this.openedField = tick("link_opened");
    this.delivery.parts.link.append(this.openedField);
    this.facts = h("div", { class: "answer-facts" }, SWITCHES.map(tick));
    this.problem = h("p", { class: "flash flash--bad", role: "alert", hidden: true });
    this.sendText = h("span", {});
    this.send = h("button", { type: "submit", class: "button button--primary" }, icon("send"), this.sendText);
    this.node = h(
      "form",
      { class: "answer card", "aria-label": t("pool.answer.title"), novalidate: "", onsubmit: (event) => this.#submit(event) },
      h("div", { class: "spread" }, h("h2", {}, t("pool.answer.title")), this.keeper.node),
      this.kinds.node,
      this.delivery.node,
      this.document.node,
      this.sameField,
      this.reasonField,
      this.facts,
      this.leadField,
      this.locked,
      this.textField,
      this.preview.node,
      this.reviewerField,
      this.problem,
      h("div", { class: "row row--end" }, this.send),
    );
  }

  #box(name) {
    return h("input", {
      type: "checkbox",
      name,
      onchange: (event) => this.#change({ [name]: event.target.checked }),
    });
  }
}

/** The text before and after a locked phrase; all of it after, where the phrase does not stand in it. */
function aroundPhrase(body, phrase) {
  const at = phrase ? body.indexOf(phrase) : -1;
  return at < 0 ? ["", body] : [body.slice(0, at).trim(), body.slice(at + phrase.length).trim()];
}

// One conversation as a column: who, the thread, and below it the composer, or the record once it has ended.

import { h, set, show, write } from "./dom.js";
import { post, serverNow } from "./http.js";
import { icon } from "./icons.js";
import { Composer } from "./composer.js";
import * as actions from "./actions.js";
import { documentDialog } from "./documents.js";
import * as alarm from "./alarm.js";
import { readerOf } from "./offers.js";
import { lasted, ThreadView } from "./thread.js";
import { WrapUpPanel } from "./wrapup.js";
import { clock, named, page, roughly, t } from "./words.js";

/** A column; `phrases` are the librarian's, `workspace` closes it and shows the context. */
export class Column {
  constructor(model, conversation, phrases, workspace) {
    Object.assign(this, { model, conversation, workspace });
    const { id } = conversation;
    this.name = h("h2", { class: "column__name" });
    this.sub = h("p", { class: "column__sub muted small" });
    this.chips = h("span", { class: "column__chips" });
    this.thread = new ThreadView(model, conversation);
    // Kept while the conversation is: files on their way, and what was refused of them, outlive a look at another one.
    this.composer = conversation.composer ??= new Composer(model, conversation, phrases, {
      document: () => this.passDocument(),
    });
    this.thread.node.addEventListener("take-back", ({ detail }) => this.composer.insert(detail));
    this.endButton = act(t("column.end"), "check", () => this.end(), "column__end");
    this.transferButton = act(t("column.transfer"), "transfer", () => this.transfer());
    this.takeButton = h(
      "button",
      {
        type: "button",
        class: "button button--small button--primary",
        hidden: true,
        onclick: () => this.takeOver(),
      },
      t("column.take_over"),
    );
    this.leaveButton = act(t("column.leave"), "end", () => this.leave());
    this.menu = this.#menu();
    this.foot = h("div", { class: "column__foot" });
    this.node = h(
      "div",
      { class: "column", role: "group", "data-id": id },
      h(
        "header",
        { class: "column__head" },
        h(
          "button",
          {
            type: "button",
            class: "column__back button button--quiet button--icon button--small",
            "aria-label": t("column.back"),
            onclick: () => workspace.back(),
          },
          icon("back"),
        ),
        h(
          "div",
          { class: "column__who" },
          h("div", { class: "column__line" }, this.name, this.chips),
          this.sub,
        ),
        h(
          "div",
          { class: "column__actions" },
          this.takeButton,
          this.transferButton,
          this.leaveButton,
          this.endButton,
          this.menu,
          h(
            "button",
            {
              type: "button",
              class: "column__context button button--quiet button--icon button--small",
              "aria-label": t("column.context"),
              title: t("column.context"),
              onclick: () => workspace.showContext(id),
            },
            icon("info"),
          ),
          h(
            "button",
            {
              type: "button",
              class: "column__close button button--quiet button--icon button--small",
              "aria-label": t("column.close"),
              title: t("column.close"),
              onclick: () => workspace.close(id),
            },
            icon("cross"),
          ),
        ),
      ),
      this.thread.node,
      this.foot,
    );
    this.node.addEventListener("focusin", () => workspace.focus(id));
    this.node.addEventListener("pointerdown", () => workspace.focus(id));
    this.node.addEventListener("dragover", (event) => this.#drag(event));
    this.node.addEventListener("drop", (event) => this.#drop(event));
  }

  #lasted(over) {
    const length = lasted(this.conversation, serverNow());
    return t(over ? "column.lasted_in_all" : "column.lasted", { length });
  }

  update(focused) {
    const { card } = this.conversation;
    const { over } = this.conversation;
    set(this.node, { "aria-label": t("column.label", { reader: readerOf(card) }), "data-focused": focused });
    write(this.name, readerOf(card));
    write(
      this.sub,
      [named(card.desk.library), this.#lasted(over)].join(" · "),
    );
    this.#showChips(card);
    const holder = card.role === "holder";
    show(this.endButton, holder && !over);
    show(this.transferButton, holder && !over);
    show(this.leaveButton, card.role === "colleague" && !over);
    show(this.takeButton, card.role === "supervisor" && !over);
    show(this.menu, !over && holder);
    this.#showFoot(over);
    this.thread.update(focused);
    if (over) this.wrapUp?.update();
    else this.composer.update();
  }

  close() {
    this.thread.close();
    this.node.remove();
  }

  focus() {
    if (this.conversation.over) this.wrapUp?.focus();
    else this.composer.focus();
  }

  transfer() {
    if (!this.conversation.over) actions.transferDialog(this.model, this.conversation);
  }

  end() {
    if (!this.conversation.over && this.conversation.card.role === "holder")
      actions.endDialog(this.model, this.conversation);
  }

  passDocument() {
    const { documents, documentsLimit, over } = this.conversation;
    if (over) return;
    if (documentsLimit != null && documents >= documentsLimit) alarm.toast(t("document.full"));
    else documentDialog(this.model, this.conversation);
  }

  async leave() {
    await this.#do(() => this.conversation.leave(() => post(`/api/sessions/${this.conversation.id}/leave`)));
  }

  async takeOver() {
    await this.#do(async () =>
      this.model.takeCard(await post(`/api/sessions/${this.conversation.id}/take-over`)),
    );
  }

  async #do(work) {
    try {
      await work();
      this.model.refetch();
    } catch (refused) {
      alarm.toast(refused.message, { bad: true });
    }
  }

  #showChips(card) {
    const { absent } = this.conversation;
    const wanted = [
      [t(`topic.${card.topic}`), ""],
      card.language !== "zh" && [t(`language.${card.language}`), "info"],
      card.practice && [t("card.practice"), "practice"],
      card.role !== "holder" && [t(`crew.${card.role}`), "accent"],
      card.state === "wrapping_up" && [t("state.wrapping_up"), "warn"],
      absent && [t("card.away", { length: roughly(absent) }), "away", waitedFor(card.reader_away)],
      card.previous_id && [t("card.continued"), ""],
    ].filter(Boolean);
    const stamp = JSON.stringify(wanted);
    if (this.chipsDrawn === stamp) return;
    this.chipsDrawn = stamp;
    this.chips.replaceChildren(
      ...wanted.map(([text, kind, title]) =>
        h("span", { class: `chip ${kind && `chip--${kind}`}`, title }, text),
      ),
    );
  }

  #showFoot(over) {
    const mine = ["holder", "supervisor"].includes(this.conversation.card.role);
    const wanted = !over ? "composer" : mine ? "wrap-up" : "over";
    if (this.footDrawn === wanted) return;
    const going = [this.foot, this.menu, this.endButton, this.transferButton];
    const held = going.some((part) => part.contains(document.activeElement));
    this.footDrawn = wanted;
    if (wanted === "wrap-up") this.wrapUp = new WrapUpPanel(this.model, this.conversation);
    this.foot.replaceChildren(
      ...(wanted === "composer"
        ? [this.composer.node]
        : [
            ...this.#unsent(),
            wanted === "wrap-up"
              ? this.wrapUp.node
              : h("p", { class: "column__over muted small" }, t("column.over")),
          ]),
    );
    if (held) this.node.querySelector(".thread__scroll").focus(); // not on a button that a key in mid-writing would press
  }

  /** The end came while the librarian wrote: the words stay in sight, to be taken elsewhere. */
  #unsent() {
    const text = this.composer.unsent;
    return text
      ? [
          h(
            "div",
            { class: "column__unsent quote small" },
            h("span", { class: "muted" }, t("column.unsent")),
            h("p", { class: "keep-lines" }, text),
          ),
        ]
      : [];
  }

  #menu() {
    const menu = h(
      "details",
      { class: "menu" },
      h(
        "summary",
        {
          class: "button button--quiet button--icon button--small",
          "aria-label": t("column.more"),
          title: t("column.more"),
        },
        icon("more"),
      ),
    );
    const item = (name, glyph, work, danger = false) =>
      h(
        "button",
        {
          type: "button",
          class: danger ? "menu__danger" : "",
          onclick: () => {
            menu.open = false;
            menu.querySelector("summary").focus(); // where a dialog gives the keyboard back
            work();
          },
        },
        icon(glyph),
        t(`column.${name}`),
      );
    menu.append(
      h(
        "div",
        { class: "menu__items" },
        item("invite", "people", () => actions.inviteDialog(this.model, this.conversation)),
        item("refer_form", "file", () => actions.referDialog(this.model, this.conversation, "form")),
        !this.conversation.card.practice &&
          item("refer_document", "book", () => actions.documentDialog(this.model, this.conversation)),
        page.makes_cases &&
          item("make_case", "talk", () => open(`/console/cases/phone?session=${this.conversation.id}`)),
        item("refer_phone", "phone", () => actions.referDialog(this.model, this.conversation, "phone")),
        item("note", "note", () => this.workspace.note(this.conversation.id)),
        item("abuse", "shield", () => actions.abuseDialog(this.model, this.conversation), true),
      ),
    );
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
      event.stopPropagation();
    });
    menu.addEventListener(
      "focusout",
      (event) => event.relatedTarget && !menu.contains(event.relatedTarget) && (menu.open = false),
    );
    return menu;
  }

  #drag(event) {
    if (this.conversation.over || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  }

  #drop(event) {
    if (this.conversation.over || !event.dataTransfer.files.length) return;
    event.preventDefault();
    this.composer.sendFiles([...event.dataTransfer.files]);
  }
}

const waitedFor = ({ until }) => t("card.away_until", { at: clock(until) });

function act(label, glyph, work, extra = "") {
  return h(
    "button",
    {
      type: "button",
      class: `button button--quiet button--small ${extra}`,
      title: label,
      "aria-label": label,
      onclick: work,
    },
    icon(glyph),
    h("span", { class: "column__label" }, label),
  );
}

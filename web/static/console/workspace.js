// The middle: which conversations stand side by side, which one has the attention, and what a narrow window shows.

import { h, set, show } from "./dom.js";
import { icon } from "./icons.js";
import { Column } from "./column.js";
import { ContextView } from "./context.js";
import { recall, remember, tab } from "./memory.js";
import { t } from "./words.js";

const NARROW = matchMedia("(max-width: 60rem)");

const lookAt = (column) =>
  (column?.node.querySelector(".thread__scroll") ?? document.getElementById("main")).focus();

/** Columns, focus and context. A narrow window shows the list, one conversation, or its context: `data-view` says which. */
export class Workspace {
  constructor(model, phrases, shell) {
    Object.assign(this, { model, phrases, shell });
    this.columns = new Map(); // id → Column, in the order of the screen
    this.width = recall("columns") ?? 1;
    this.focused = null;
    this.face = h(
      "div",
      { class: "workspace__face face" },
      icon("talk"),
      h("p", { class: "face__title" }, t("workspace.empty.title")),
      h("p", { class: "face__text" }, t("workspace.empty.text")),
    );
    this.row = h("div", { class: "workspace__row" });
    this.switch = h(
      "div",
      { class: "workspace__switch", role: "radiogroup", "aria-label": t("workspace.columns") },
      [1, 2, 3].map((n) => this.#choice(n)),
    );
    this.node = h("div", { class: "workspace" }, this.face, this.row);
    this.context = h("div", { class: "pane__context" });
    this.contextFace = h("p", { class: "context__none muted small" }, t("context.none"));
    this.context.append(this.contextFace);
    model.addEventListener("gone", ({ detail }) => this.#gone(detail.id));
    NARROW.addEventListener("change", () => this.#turned());
    addEventListener("popstate", (event) => this.#show(event.state?.view ?? "list", false));
    this.#show("list", false);
  }

  /** After the first fetch: what stood side by side before a reload. */
  restore() {
    for (const id of tab.get("open") ?? []) if (this.model.conversation(id)) this.#add(id);
    const [first] = this.columns.keys();
    const focus = tab.get("focused");
    this.focus(this.columns.has(focus) ? focus : (first ?? null));
    this.#fold();
    this.#openNext();
  }

  /** What has left the desk makes room for who waits longest: the next step is in sight. */
  #gone(id) {
    const at = document.activeElement;
    const beside = id === this.focused && this.context.contains(at);
    const held = beside || at === document.body || this.columns.get(id)?.node.contains(at);
    this.close(id);
    this.#openNext();
    if (beside) this.#updateContext(); // a note's field goes now, not after the next key
    if (held && !NARROW.matches) lookAt(this.column); // not a field: a key pressed on would write into it
  }

  #openNext() {
    if (this.columns.size || NARROW.matches) return;
    const since = (one) => one.waitingSince ?? "z"; // who waits for no answer comes last
    const [next] = this.model.list("active").sort((a, b) => since(a).localeCompare(since(b)));
    if (next) this.open(next.id, { keyboard: false });
  }

  /** A window that has become narrow, by its edge or by larger letters, shows one conversation; a wide one those of before. */
  #turned() {
    if (NARROW.matches) this.before = [...this.columns.keys()];
    this.#fold();
    for (const id of NARROW.matches ? [] : (this.before ?? []))
      if (this.model.conversation(id) && !this.columns.has(id) && this.columns.size < this.capacity)
        this.#add(id);
    this.model.changed();
  }

  #fold() {
    while (this.columns.size > this.capacity)
      this.close([...this.columns.keys()].find((id) => id !== this.focused));
  }

  get column() {
    return this.columns.get(this.focused) ?? null;
  }

  isShown(id) {
    return this.columns.has(id);
  }

  isFocused(id) {
    return this.focused === id;
  }

  get capacity() {
    return NARROW.matches ? 1 : this.width;
  }

  /** Shows a conversation. `keyboard` false: the keyboard stays where it is, and a column in which somebody writes is not replaced. */
  open(id, { keyboard = true } = {}) {
    if (!this.model.conversation(id)) return;
    if (!this.columns.has(id)) {
      if (!keyboard && this.columns.size >= this.capacity) return;
      this.#makeRoom();
      this.#add(id);
    }
    this.focus(id);
    this.model.changed();
    if (keyboard) {
      this.#show("talk");
      setTimeout(() => !NARROW.matches && this.columns.get(id)?.focus());
    }
  }

  close(id) {
    const column = this.columns.get(id);
    if (!column) return;
    const held = column.node.contains(document.activeElement);
    column.close();
    this.columns.delete(id);
    if (this.focused === id) this.focus([...this.columns.keys()].at(-1) ?? null);
    if (held) this.column?.focus();
    if (!this.columns.size) this.#show("list", false);
    this.#keep();
    this.model.changed();
  }

  focus(id) {
    if (this.focused === id) return;
    this.focused = id;
    this.#keep();
    this.model.changed();
  }

  /** The next or previous conversation of the list, round and round. */
  step(by) {
    const all = [
      ...this.model.list("active"),
      ...this.model.overdue,
      ...this.model.list("over").filter((one) => !this.model.overdue.includes(one)),
    ].map((one) => one.id);
    if (!all.length) return;
    const at = all.indexOf(this.focused);
    this.open(all[(at + by + all.length) % all.length]);
  }

  showContext(id) {
    this.focus(id);
    this.#show("context");
  }

  note(id) {
    this.focus(id);
    this.update();
    this.#show("context");
    this.contextView?.notes.focus();
  }

  back() {
    if (history.state?.view) history.back();
    else this.#show("list", false);
  }

  /** How many columns stand side by side; a new place is taken by a conversation that is under way. */
  setWidth(n) {
    this.width = n;
    remember("columns", n);
    this.#fold();
    for (const { id } of this.model.list("active"))
      if (!this.columns.has(id) && this.columns.size < this.capacity) this.#add(id);
    for (const input of this.switch.querySelectorAll("input")) input.checked = Number(input.value) === n;
    this.model.changed();
  }

  update() {
    show(this.face, !this.columns.size);
    set(this.row, { "data-columns": this.columns.size });
    for (const [id, column] of this.columns) column.update(id === this.focused);
    this.#updateContext();
  }

  #updateContext() {
    const conversation = this.model.conversation(this.focused);
    if (this.contextView?.conversation !== conversation) {
      this.contextView?.node.remove();
      this.contextView = conversation
        ? new ContextView(this.model, conversation, { back: () => this.back() })
        : null;
      if (this.contextView) this.context.append(this.contextView.node);
      show(this.contextFace, !conversation);
    }
    this.contextView?.update();
  }

  #add(id) {
    const column = new Column(this.model, this.model.conversation(id), this.phrases, this);
    this.columns.set(id, column);
    this.row.append(column.node);
    column.update(false);
    column.thread.resume();
    this.model.lookBehind(id);
    this.#keep();
  }

  /** Frees a place: first the focused column, for it is the one that is being left. Drafts are kept. */
  #makeRoom() {
    while (this.columns.size >= this.capacity) {
      const leaving = this.columns.has(this.focused) ? this.focused : this.columns.keys().next().value;
      this.columns.get(leaving).close();
      this.columns.delete(leaving);
    }
  }

  #show(view, push = NARROW.matches) {
    if (this.view === view) return;
    this.view = view;
    this.shell.dataset.view = view;
    if (push) history.pushState({ view }, "");
    this.model.changed();
  }

  #keep() {
    tab.set("open", [...this.columns.keys()]);
    tab.set("focused", this.focused);
  }

  #choice(n) {
    const label = t("workspace.columns_n", { n });
    return h(
      "label",
      { class: "workspace__choice", title: label },
      h("input", {
        type: "radio",
        name: "columns",
        value: n,
        checked: n === this.width,
        "aria-label": label,
        onchange: () => this.setWidth(n),
      }),
      icon(`column${n}`),
    );
  }
}

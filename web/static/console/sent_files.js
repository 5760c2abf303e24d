// Files that staff sent like any message, and that count as documents passed on once they are ticked (R-LIVE.5).

import { freshId, h, keyed, set, show, write } from "./dom.js";
import { titleOf } from "./documents.js";
import { failed } from "./list.js";
import { t } from "./words.js";

/** A tick box for each and, once it is ticked, its title. `titles` (file → title) is filled in; `changed()` hears of it, and calls `update()`. */
export class SentFiles {
  constructor(model, conversation, titles, changed) {
    Object.assign(this, { model, conversation, titles, changed });
    this.hint = h("p", { class: "sent-files__hint small", id: freshId("files") });
    this.list = h("ul", { class: "sent-files__list" });
    this.fields = h(
      "fieldset",
      { class: "sent-files", "aria-describedby": this.hint.id },
      h("legend", { class: "small" }, t("wrap_up.files")),
      this.list,
      this.hint,
    );
    this.trouble = h("div");
    this.node = h("div", {}, this.fields, this.trouble);
    this.#read();
  }

  update() {
    const { view, viewProblem } = this.conversation;
    const files = view?.uncounted_files ?? [];
    const room = view ? view.documents_limit - view.documents.length - Object.keys(this.titles).length : 0;
    keyed(
      this.list,
      files,
      (file) => file.id,
      (file) => this.#row(file),
      (row, file) => this.#draw(row, file, room),
    );
    write(this.hint, room > 0 ? t("wrap_up.files_room", { n: room }) : t("wrap_up.files_full"));
    show(this.fields, files.length > 0);
    if (this.told === viewProblem) return;
    this.told = viewProblem;
    this.trouble.replaceChildren(...(viewProblem ? [failed(viewProblem, () => this.#read())] : []));
  }

  /** To the first title that is still to be written. */
  focusEmpty() {
    [...this.list.querySelectorAll("li:has(:checked) .input")].find(({ value }) => !value.trim())?.focus();
  }

  #read() {
    this.model.lookBehind(this.conversation.id, true);
  }

  #row(file) {
    const title = h("input", {
      class: "input",
      maxlength: 300,
      autocomplete: "off",
      "aria-label": t("wrap_up.file_title", { name: file.name }),
      placeholder: t("document.name"),
      value: this.titles[file.id] ?? titleOf(file.name),
      oninput: () => this.#set(file.id, title.value),
      onkeydown: (event) => event.key === "Enter" && event.preventDefault(), // it would archive in mid-writing
    });
    const box = h("input", {
      type: "checkbox",
      checked: file.id in this.titles,
      onchange: () => this.#set(file.id, box.checked ? title.value : null),
    });
    return h("li", {}, h("label", { class: "tick" }, box, h("span", {}, file.name)), title);
  }

  #draw(row, file, room) {
    const ticked = file.id in this.titles;
    show(row.querySelector(".input"), ticked);
    set(row.querySelector("[type=checkbox]"), { disabled: !ticked && room <= 0 });
  }

  #set(id, title) {
    if (title === null) delete this.titles[id];
    else this.titles[id] = title;
    this.changed();
  }
}

// The files of an answer: chosen, sent with progress, taken away again.

import { freshId, h, keyed, show, write } from "../console/dom.js";
import { get } from "../console/http.js";
import { icon } from "../console/icons.js";
import { page, size, t } from "../console/words.js";
import { dropFile, sendFile } from "./sending.js";

/** The list of attached files; `changed(ids)` is told when one has arrived or gone. */
export class AnswerFiles {
  constructor(taskId, changed) {
    Object.assign(this, { changed, files: [], folder: `/api/tasks/${encodeURIComponent(taskId)}/files` });
    const id = freshId("files");
    this.input = h("input", { type: "file", id, multiple: "", class: "visually-hidden", onchange: () => this.#chosen() });
    this.list = h("ul", { class: "answer-files plain" });
    this.problem = h("p", { class: "field__error", role: "alert", hidden: true });
    this.node = h(
      "div",
      { class: "field" },
      h("p", { class: "field__hint" }, t("pool.files.hint", { limit: size(page.file_limit) })),
      h("label", { class: "button answer-files__choose", for: id }, icon("attach"), t("pool.files.choose"), this.input),
      this.problem,
      this.list,
    );
  }

  /** Files that a draft names already. */
  fill(ids) {
    const known = (id) => this.files.find((one) => one.id === id);
    this.files = ids.map((id) => known(id) ?? { id, name: t("pool.files.kept"), unknown: true });
    this.#draw();
    this.know();
  }

  /** Names for files that only a draft knows. */
  async know() {
    if (!this.files.some((file) => file.unknown)) return;
    const { files } = await get(this.folder).catch(() => ({ files: [] }));
    for (const file of this.files) {
      const known = file.unknown && files.find((one) => one.id === file.id);
      if (known) Object.assign(file, known, { unknown: false });
    }
    this.#draw();
  }

  get ids() {
    return this.files.filter((file) => file.id).map((file) => file.id);
  }

  #chosen() {
    show(this.problem, false);
    for (const file of this.input.files) {
      if (file.size > page.file_limit) this.#fail(t("pool.files.too_large", { name: file.name, limit: size(page.file_limit) }));
      else this.#send(file);
    }
    this.input.value = "";
  }

  async #send(file) {
    const stopping = new AbortController();
    const entry = { key: freshId("upload"), name: file.name, size: file.size, share: 0, stop: () => stopping.abort() };
    this.files.push(entry);
    this.#draw();
    try {
      const kept = await sendFile(this.folder, file, (share) => this.#came(entry, share), stopping.signal);
      Object.assign(entry, { id: kept.id, path: kept.path, share: null });
      if (stopping.signal.aborted) dropFile(kept.path);
    } catch (refused) {
      this.files = this.files.filter((one) => one !== entry);
      if (!stopping.signal.aborted) this.#fail(t("pool.files.failed", { name: file.name, reason: refused.message }));
    }
    this.#draw();
    this.changed(this.ids);
  }

  #came(entry, share) {
    entry.share = share;
    this.#draw();
  }

  /** Out of the answer; the file itself goes too, as long as it was not sent to anybody. */
  #takeAway(file) {
    file.stop?.();
    if (file.path) dropFile(file.path);
    this.files = this.files.filter((one) => one !== file);
    this.#draw();
    this.changed(this.ids);
    this.input.focus();
  }

  #fail(text) {
    write(this.problem, text);
    show(this.problem, true);
  }

  #draw() {
    keyed(
      this.list,
      this.files,
      (file) => file.key ?? file.id,
      (file) => this.#make(file),
      (node, file) => this.#refresh(node, file),
    );
  }

  #make(file) {
    const bar = h("progress", { max: 1, "aria-label": t("file.progress", { name: file.name }) });
    const away = h(
      "button",
      {
        type: "button",
        class: "button button--quiet button--small button--icon",
        "aria-label": t("pool.files.remove", { name: file.name }),
        onclick: () => this.#takeAway(node.file),
      },
      icon("cross"),
    );
    const name = h("span", { class: "answer-files__name" });
    const node = Object.assign(h("li", {}, icon("file"), name, bar, away), { bar, away, label: name });
    return node;
  }

  #refresh(node, file) {
    node.file = file;
    write(node.label, file.size ? `${file.name} · ${size(file.size)}` : file.name);
    show(node.bar, file.share != null);
    if (file.share != null) node.bar.value = file.share;
  }
}

// A hand scanner is a fast keyboard: one field that always has the focus, scans taken one after the other, none lost.

import { h, isWriting, set, write } from "../console/dom.js";
import { clear, isWrong, wrong } from "./signal.js";
import { t } from "../console/words.js";

const MOST = 30; // scans that wait while one is on its way

/** The field for scans. `take(code)` does with one what is to be done; what it throws is shown as wrong. */
export class Scanner {
  constructor(take) {
    this.take = take;
    this.waiting = [];
    this.busy = false;
    this.done = null; // settles when nothing that was scanned is on its way
    this.input = h("input", {
      class: "input scan__input",
      id: "scan",
      autocomplete: "off",
      autocapitalize: "characters",
      spellcheck: "false",
      enterkeyhint: "done",
      inputmode: "text",
      maxlength: 200,
      "aria-describedby": "scan-hint",
    });
    this.label = h("label", { class: "scan__label", for: "scan" });
    this.hint = h("p", { class: "scan__hint small muted", id: "scan-hint" });
    this.node = h(
      "form",
      { class: "scan", onsubmit: (event) => (event.preventDefault(), this.#read()) },
      this.label,
      this.input,
      this.hint,
    );
    document.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("scan-again", () => this.focus());
    this.input.addEventListener("blur", () => setTimeout(() => this.#back(), 150));
    addEventListener("focus", () => this.#back());
  }

  /** What the next scan should be. */
  say(label, hint = "") {
    write(this.label, label);
    write(this.hint, hint);
  }

  focus() {
    this.input.focus({ preventScroll: true });
  }

  #key(event) {
    if (event.key === "Escape" && isWrong()) clear();
    if (event.ctrlKey || event.metaKey || event.altKey || isWriting()) return;
    if (event.key.length === 1 && !document.querySelector("dialog[open]")) this.focus(); // the key goes on into the field
  }

  /** Nobody else wants the keyboard: it comes back here. */
  #back() {
    const at = document.activeElement;
    if (!document.querySelector("dialog[open]") && (!at || at === document.body || at.id === "main")) this.focus();
  }

  #read() {
    const code = this.input.value.trim();
    this.input.value = "";
    clear();
    if (!code || this.waiting.length >= MOST) return;
    this.waiting.push(code);
    if (!this.busy) this.done = this.#run();
  }

  async #run() {
    this.busy = true;
    set(this.node, { "aria-busy": "true" });
    while (this.waiting.length) {
      const code = this.waiting.shift();
      try {
        await this.take(code);
      } catch (refused) {
        this.waiting = []; // what was scanned behind a wrong one was scanned in error
        tell(refused, code);
      }
    }
    this.busy = false;
    set(this.node, { "aria-busy": null });
  }
}

/** A refusal over the whole screen. */
export function tell(refused, code = "", action = null) {
  const data = refused.data ?? {};
  const named = (code, title) => `${code} ${title ? t("store.signal.title", { title }) : ""}`.trim();
  const lines = data.expected
    ? [
        t("store.signal.expected", { code: named(data.expected, data.expected_title) }),
        t("store.signal.scanned", { code: named(data.scanned ?? code, data.scanned_title) }),
        t(`store.signal.next.${refused.code}`),
      ]
    : [refused.message];
  wrong(t(`store.signal.${data.expected ? refused.code : "refused"}`), lines, action);
}

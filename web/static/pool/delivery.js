// How the document reaches the reader: attached, by a public link, or in the mail itself (R-ANS.1, R-ANS.2).

import { freshId, h, set, show, write } from "../console/dom.js";
import { choices } from "../console/dialogs.js";
import { post } from "../console/http.js";
import { icon } from "../console/icons.js";
import { dated, t } from "../console/words.js";
import { AnswerFiles } from "./files.js";

const WAYS = ["attachment", "link", "mail_body"];

/** The choice of a way with what it needs; `changed(part)` is told of {delivery}, {link_url} or {file_ids}. */
export class Delivery {
  constructor(taskId, changed) {
    Object.assign(this, { taskId, changed, way: "", probed: "" });
    const id = freshId("link");
    this.link = h("input", {
      class: "input",
      id,
      type: "url",
      maxlength: 1000,
      inputmode: "url",
      autocomplete: "off",
      placeholder: "https://",
      "aria-describedby": `${id}-verdict`,
      oninput: () => this.#linkTyped(),
      onchange: () => this.probe(),
    });
    this.verdict = h("p", { class: "probe small", id: `${id}-verdict`, role: "status" });
    this.button = h("button", { type: "button", class: "button button--small", onclick: () => this.probe(true) }, t("pool.link.probe"));
    this.files = new AnswerFiles(taskId, (file_ids) => this.changed({ file_ids }));
    this.parts = {
      attachment: this.files.node,
      link: h(
        "div",
        { class: "field" },
        h("label", { class: "field__label", for: id }, t("pool.link.label")),
        h("p", { class: "field__hint" }, t("pool.link.hint")),
        h("div", { class: "probe__row" }, this.link, this.button),
        this.verdict,
      ),
      mail_body: h("p", { class: "field__hint" }, t("pool.delivery.mail_body_hint")),
    };
    this.radios = choices(
      t("pool.delivery.title"),
      WAYS.map((way) => [way, t(`pool.delivery.${way}`)]),
      "",
      (way) => {
        this.choose(way);
        this.changed({ delivery: way });
      },
    );
    this.node = h("div", { class: "stack stack--tight" }, this.radios, Object.values(this.parts));
    this.choose("");
  }

  fill({ delivery, link_url, file_ids }) {
    this.choose(delivery ?? "");
    this.link.value = link_url ?? "";
    this.probe();
    this.files.fill(file_ids ?? []);
  }

  choose(way) {
    this.way = way;
    for (const input of this.radios.querySelectorAll("input")) input.checked = input.value === way;
    for (const [name, node] of Object.entries(this.parts)) show(node, name === way);
  }

  reach(field) {
    const wanted = { link_url: this.link, file_ids: this.files.input }[field] ?? this.radios.querySelector("input");
    wanted.focus();
  }

  /** Lets the server open the link as any reader would; looks once at each address unless asked again. */
  async probe(again = false) {
    const url = this.link.value.trim();
    if (!url || (url === this.probed && !again)) return;
    this.probed = url;
    set(this.button, { disabled: true });
    this.#say("", t("pool.link.probing"));
    try {
      const found = await post("/api/links/probe", { url, again });
      if (this.link.value.trim() === url) this.#showVerdict(found);
      this.changed({});
    } catch (refused) {
      this.probed = "";
      if (this.link.value.trim() === url) this.#say("unsure", refused.message);
    }
    set(this.button, { disabled: null });
  }

  #linkTyped() {
    if (this.link.value.trim() !== this.probed) this.#say("", "");
    this.changed({ link_url: this.link.value });
  }

  #showVerdict({ meaning, said, at }) {
    const kind = meaning === "good" ? "good" : meaning === "unsure" ? "unsure" : "bad";
    this.#say(kind, `${said} ${t("pool.link.probed_at", { at: dated(at) })}`);
  }

  #say(meaning, text) {
    this.meaning = meaning;
    set(this.verdict, { "data-meaning": meaning || null });
    const sign = { good: "check", bad: "alert", unsure: "info" }[meaning];
    if (!sign) return void write(this.verdict, text);
    this.verdict.replaceChildren(icon(sign), text);
  }
}

// The document that is given, beside the one that was asked for: title, author, source and date, field by field.

import { freshId, h, set, show, write } from "../console/dom.js";
import { icon } from "../console/icons.js";
import { t } from "../console/words.js";

export const PARTICULARS = ["title", "author", "source", "date"];
const SIGNS = { agree: "check", differ: "cross", missing: "alert", unasked: "info" };

/** The four fields with their verdicts; `changed(name, value)` is told of what is typed. */
export class DocumentFields {
  constructor(citation, changed) {
    Object.assign(this, { asked: askedOf(citation), changed });
    this.rows = Object.fromEntries(PARTICULARS.map((name) => [name, this.#row(name)]));
    this.same = h(
      "button",
      { type: "button", class: "button button--small", onclick: () => this.#copy() },
      t("pool.document.same"),
    );
    this.node = h(
      "fieldset",
      { class: "field document-fields" },
      h("legend", { class: "field__label" }, t("pool.document.legend")),
      h("div", { class: "spread" }, h("p", { class: "field__hint" }, t("pool.document.hint")), Object.values(this.asked).some(Boolean) && this.same),
      h("div", { class: "document-fields__rows" }, PARTICULARS.map((name) => this.rows[name].node)),
    );
  }

  fill(content) {
    for (const name of PARTICULARS) this.rows[name].input.value = content[name] ?? "";
  }

  /** The server's verdicts: [{field, asked, given, verdict}]. */
  compare(comparison) {
    for (const name of PARTICULARS) {
      const found = comparison?.find((one) => one.field === name);
      const { verdict, input, node } = this.rows[name];
      const untouched = found?.verdict === "missing" && !input.value && !this.rows[name].touched;
      const said = untouched ? "" : (found?.verdict ?? "");
      show(verdict, Boolean(said));
      set(node, { "data-verdict": said || null });
      if (verdict.said === said) continue;
      verdict.said = said;
      verdict.replaceChildren(...(said ? [icon(SIGNS[said]), t(`pool.verdict.${said}`)] : []));
    }
  }

  reach(name) {
    this.rows[name]?.input.focus();
  }

  #row(name) {
    const id = freshId("document");
    const input = h("input", {
      class: "input",
      id,
      maxlength: 300,
      autocomplete: "off",
      "aria-describedby": `${id}-asked ${id}-verdict`,
      oninput: () => {
        this.rows[name].touched = true;
        this.changed(name, input.value);
      },
    });
    const asked = h("span", { class: "small muted document-fields__asked", id: `${id}-asked` });
    write(asked, this.asked[name] ? t("pool.document.asked", { text: this.asked[name] }) : t("pool.document.not_asked"));
    const verdict = h("span", { class: "verdict small", id: `${id}-verdict`, hidden: true });
    return {
      input,
      verdict,
      node: h(
        "div",
        { class: "document-fields__row" },
        h("label", { for: id }, t(`pool.document.${name}`)),
        h("div", { class: "document-fields__given" }, input, asked),
        verdict,
      ),
    };
  }

  /** "The very same": what was asked for is what is given, and the librarian says so. */
  #copy() {
    for (const name of PARTICULARS) {
      if (!this.asked[name]) continue;
      this.rows[name].input.value = this.asked[name];
      this.rows[name].touched = true;
      this.changed(name, this.asked[name]);
    }
    this.rows.title.input.focus();
  }
}

/** A citation's four particulars; where it was published stands in another field for each type. */
export function askedOf(citation) {
  const one = citation ?? {};
  const own = { thesis: one.institution, patent: one.patent_number, standard: one.standard_number };
  const source = own[one.material] || one.container || one.conference || one.publisher || "";
  return { title: one.title ?? "", author: one.authors ?? "", source, date: one.date ?? "" };
}

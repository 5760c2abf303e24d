// Returns: scan a book to confirm that it is back, then say how it has come back: by button, key word or control code.

import { h } from "../console/dom.js";
import { t } from "../console/words.js";
import { bookRow, due, heading, nothing, parcelRow } from "./parts.js";
import { right } from "./signal.js";

const CONDITIONS = ["ok", "damaged", "incomplete"];

export function returnsStep(desk, { top, body }) {
  let chosen = "";
  const current = () => desk.work.inspect.find((line) => line.line === chosen);
  const note = h("input", { class: "input", id: "note", maxlength: 200, autocomplete: "off" });

  async function inspect(line, condition) {
    await desk.send("inspections", { line: line.line, condition, note: note.value });
    note.value = "";
    chosen = "";
    right(t(`store.returns.${condition}`), [line.title]);
  }

  function card(line) {
    return h(
      "section",
      { class: "next", "data-line": line.line },
      h(
        "div",
        { class: "next__main" },
        h("p", { class: "next__title" }, line.title),
        h("p", { class: "volume__facts number" }, h("span", {}, line.barcode), h("span", {}, line.number)),
        h("div", { class: "field" }, h("label", { class: "field__label small", for: "note" }, t("store.returns.note")), note),
      ),
      h(
        "div",
        { class: "next__do row" },
        ...CONDITIONS.map((each) =>
          h(
            "button",
            {
              type: "button",
              class: `button ${each === "ok" ? "button--primary" : "button--danger"}`,
              onclick: () => desk.doing(() => inspect(line, each)).then(() => desk.scanner.focus()),
            },
            t(`store.returns.${each}`),
          ),
        ),
      ),
    );
  }

  return {
    async scan(code) {
      const line = current();
      const condition = code.toLowerCase();
      if (line && CONDITIONS.includes(condition)) return inspect(line, condition);
      const known = desk.work.inspect.find((each) => each.barcode.toLowerCase() === code.toLowerCase());
      if (known) {
        chosen = known.line;
        return void right(t("store.returns.again"), [known.title]);
      }
      const got = await desk.send("returns", { code });
      chosen = got.line;
      right(t("store.returns.received"), [got.title]);
    },
    draw(work) {
      const line = current();
      desk.scanner.say(t("store.returns.scan"), t("store.returns.hint"));
      if (!line) top.replaceChildren();
      else if (top.firstChild?.dataset?.line !== line.line) top.replaceChildren(card(line)); // a note half written stays
      const choose = (each) => () => {
        chosen = each.line;
        this.draw(desk.work);
        desk.scanner.focus();
      };
      const arrived = (each) => (each.confirm_due_at ? due(each.confirm_due_at) : h("span", { class: "chip" }, t(`store.parcel.state.${each.state}`)));
      const parts = [];
      if (work.inspect.length) {
        parts.push(heading("returns.inspect", work.inspect.length));
        parts.push(h("ol", { class: "books" }, ...work.inspect.map((each) => bookRow(each, { current: each === line, choose: choose(each) }))));
      }
      if (work.returns.length) {
        parts.push(heading("returns.parcels", work.returns.length));
        parts.push(h("ul", { class: "parcels" }, ...work.returns.map((each) => parcelRow(each, [], arrived(each)))));
      }
      body.replaceChildren(...(parts.length ? parts : [nothing("returns")]));
    },
  };
}


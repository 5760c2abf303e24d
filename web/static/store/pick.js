// Picking: one walk at a time, the next book large, any book of the list taken by its own code.

import { h } from "../console/dom.js";
import { t } from "../console/words.js";
import { bookRow, does, due, nothing, paper } from "./parts.js";
import { right } from "./signal.js";

export function pickStep(desk, { top, body }) {
  let chosen = ""; // the line that is looked for, where not the first
  let walkOf = 1;

  const lines = () => desk.work.walks.flatMap((walk) => walk.lines);
  const walk = () => desk.work.walks.find((each) => each.number === walkOf) ?? desk.work.walks[0];
  const current = () => lines().find((line) => line.line === chosen) ?? walk()?.lines[0];

  async function missing(line) {
    if (!(await sure(line))) return;
    await desk.doing(async () => {
      await desk.send("missing", { line: line.line });
      chosen = "";
    });
    desk.scanner.focus();
  }

  function sure(line) {
    return new Promise((answer) => {
      const say = (value) => () => (box.close(), box.remove(), answer(value));
      const box = h(
        "dialog",
        { class: "dialog", "aria-labelledby": "missing-title", oncancel: say(false) },
        h("div", { class: "dialog__head" }, h("h2", { id: "missing-title" }, t("store.pick.missing_title"))),
        h("div", { class: "dialog__body" }, h("p", {}, t("store.pick.missing_text", { title: line.title, place: line.place }))),
        h(
          "div",
          { class: "dialog__foot" },
          h("button", { type: "button", class: "button", onclick: say(false) }, t("common.cancel")),
          h("button", { type: "button", class: "button button--danger", onclick: say(true) }, t("store.pick.missing")),
        ),
      );
      document.body.append(box);
      box.showModal();
    });
  }

  function card(line) {
    return h(
      "section",
      { class: "next", "data-line": line.line },
      h("p", { class: "next__place" }, line.place || "—"),
      h(
        "div",
        { class: "next__main" },
        h("p", { class: "next__title" }, line.title),
        h("p", { class: "volume__facts" }, line.authors && h("span", {}, line.authors), line.call_number && h("span", {}, line.call_number)),
        h("p", { class: "next__barcode number" }, line.barcode),
        h(
          "p",
          { class: "row" },
          line.station && h("span", { class: "chip chip--info" }, t("store.pick.station")),
          line.tote && h("span", { class: "chip" }, t("store.pick.tote", { tote: line.tote })),
          due(line.due_at),
          h("span", { class: "small muted number" }, line.number),
        ),
      ),
      h("div", { class: "next__do" }, does("pick.missing", () => missing(line), "button--danger")),
    );
  }

  return {
    async scan(code) {
      const same = (line) => line.barcode.toLowerCase() === code.toLowerCase();
      const line = lines().find(same) ?? current();
      if (!line) return void right(t("store.pick.none"));
      await desk.send("pick", { line: line.line, code });
      if (line.line === chosen) chosen = "";
      right(t("store.pick.right"), [line.title]);
    },
    draw(work) {
      const line = current();
      desk.scanner.say(t("store.pick.scan"), line ? t("store.pick.hint") : "");
      top.replaceChildren(...(line ? [card(line)] : []));
      if (!line) return body.replaceChildren(nothing("pick"));
      const now = walk();
      body.replaceChildren(
        h(
          "div",
          { class: "row walks", role: "group", "aria-label": t("store.pick.walks") },
          ...work.walks.map((each) =>
            h(
              "button",
              {
                type: "button",
                class: "button button--small",
                "aria-pressed": String(each === now),
                onclick: () => {
                  walkOf = each.number;
                  chosen = "";
                  this.draw(desk.work);
                  desk.scanner.focus();
                },
              },
              t("store.pick.walk", { number: each.number, n: each.lines.length }),
              each.urgent && h("span", { class: "chip chip--warn" }, t("store.pick.urgent")),
            ),
          ),
          paper(desk.store.id, `pick-list.pdf?walk=${now.number}`, "pick_list"),
        ),
        h(
          "ol",
          { class: "books" },
          ...now.lines.map((each) =>
            bookRow(each, {
              current: each === line,
              choose: () => {
                chosen = each.line;
                this.draw(desk.work);
                desk.scanner.focus();
              },
            }),
          ),
        ),
      );
    },
  };
}

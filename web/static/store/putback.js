// Putting back: scan the book, then its place; a smart stack's book is given to the machine at once.

import { h } from "../console/dom.js";
import { t } from "../console/words.js";
import { bookRow, does, heading, nothing } from "./parts.js";
import { tell } from "./scanner.js";
import { right } from "./signal.js";

export function putBackStep(desk, { top, body }) {
  const smart = desk.store.kind === "smart";
  let chosen = "";
  const current = () => desk.work.put_back.find((line) => line.line === chosen);

  async function toMachine(line) {
    await desk.send("put-back", { line: line.line });
    chosen = "";
    right(t("store.put_back.machine"), [line.title]);
  }

  async function place(line, location, move = false) {
    try {
      await desk.send("put-back", { line: line.line, location, move });
    } catch (refused) {
      if (refused.code !== "wrong_location") throw refused;
      return tell(refused, location, [t("store.put_back.move"), () => desk.doing(() => place(line, location, true))]);
    }
    chosen = "";
    right(t("store.put_back.done"), [line.title, location]);
  }

  function card(line) {
    return h(
      "section",
      { class: "next", "data-line": line.line },
      h("p", { class: "next__place" }, line.location || "—"),
      h(
        "div",
        { class: "next__main" },
        h("p", { class: "next__title" }, line.title),
        h("p", { class: "volume__facts number" }, h("span", {}, line.barcode), line.tote && h("span", {}, t("store.pick.tote", { tote: line.tote }))),
        line.stage === "recalled" && h("p", {}, h("span", { class: "chip chip--warn" }, t("store.put_back.recalled"))),
      ),
      h("div", { class: "next__do" }, smart && does("put_back.to_machine", () => desk.doing(() => toMachine(line)), "button--primary")),
    );
  }

  function stray(each) {
    const put = () => desk.doing(() => desk.send(`strays/${each.command}/put-back`, {}));
    return h(
      "li",
      { class: "volume" },
      h("span", { class: "volume__place" }, each.tote || "—"),
      h("div", { class: "volume__main" }, h("span", { class: "volume__title" }, each.title), h("span", { class: "volume__facts number" }, each.barcode)),
      h("div", { class: "volume__do" }, does("put_back.to_machine", put)),
    );
  }

  return {
    async scan(code) {
      const same = (line) => line.barcode.toLowerCase() === code.toLowerCase() && line.stage !== "putting_back";
      const found = desk.work.put_back.find(same);
      const line = current();
      const lost = desk.work.strays.find((each) => each.barcode.toLowerCase() === code.toLowerCase());
      if (lost && !found) {
        await desk.send(`strays/${lost.command}/put-back`, {});
        return void right(t("store.put_back.machine"), [lost.title]);
      }
      if (line && !found) return place(line, code);
      const book = found ?? (await desk.send("standing", { code }));
      chosen = book.line;
      if (smart && found) return toMachine(found);
      right(t("store.put_back.book"), [book.title, book.location]);
    },
    draw(work) {
      const line = current();
      const waiting = work.put_back.filter((each) => each.stage !== "putting_back");
      const moving = work.put_back.filter((each) => each.stage === "putting_back");
      desk.scanner.say(t(line ? "store.put_back.scan_place" : "store.put_back.scan"), t(smart ? "store.put_back.hint_smart" : "store.put_back.hint"));
      top.replaceChildren(...(line ? [card(line)] : []));
      const choose = (each) => () => {
        chosen = each.line;
        this.draw(desk.work);
        desk.scanner.focus();
      };
      const more = (each) => (each.stage === "recalled" ? [h("span", { class: "chip chip--warn" }, t("store.put_back.recalled"))] : []);
      const parts = [];
      if (waiting.length) {
        parts.push(heading("put_back.waiting", waiting.length));
        parts.push(h("ol", { class: "books" }, ...waiting.map((each) => bookRow(each, { current: each === line, more: more(each), choose: choose(each) }))));
      }
      if (work.strays.length) {
        parts.push(heading("put_back.strays", work.strays.length));
        parts.push(h("ul", { class: "books" }, ...work.strays.map(stray)));
      }
      if (moving.length) {
        parts.push(heading("put_back.moving", moving.length));
        parts.push(h("ul", { class: "books" }, ...moving.map((each) => bookRow(each))));
      }
      body.replaceChildren(...(parts.length ? parts : [nothing("put-back")]));
    },
  };
}

// The shelves: look a book up, put it on, take it off, move it; a whole list comes as a file.

import { h } from "../console/dom.js";
import { t } from "../console/words.js";
import { meansOfScan, paper } from "./parts.js";
import { tell } from "./scanner.js";
import { right } from "./signal.js";

const MEANS = ["look", "put_on", "take_off", "move"];
const REASONS = ["unshelved", "moving", "damaged", "missing", "withdrawn"];
const SHOWN = 100;
const MOST_TEXT = 200_000; // characters that the server takes at once; more goes by the command line

export function shelfStep(desk, { top, body }) {
  let means = "look";
  let item = null;
  let moving = ""; // the barcode that waits for its new place
  let unknown = ""; // a barcode that nobody knows yet
  const reason = h("select", { class: "input input--short", id: "reason" }, ...REASONS.map((each) => h("option", { value: each }, t(`store.shelf.reason.${each}`))));
  const result = h("div", { class: "stack stack--tight", role: "status" });

  async function look(code) {
    item = await desk.fetch(`items?code=${encodeURIComponent(code)}`);
    right(item.title, [item.location, t(`store.item_state.${item.state}`)]);
  }

  async function putOn(code) {
    try {
      item = await desk.send("items", { barcode: code });
      right(t("store.shelf.on"), [item.title, item.location]);
    } catch (refused) {
      if (refused.code !== "item_record_unknown") throw refused;
      unknown = code;
      item = null;
      setTimeout(beginNewBook, 50);
    }
  }

  /** Once its form is drawn; who is writing in it already is left where they are. */
  function beginNewBook() {
    const field = document.getElementById("number");
    if (field && !field.form.contains(document.activeElement)) field.focus();
  }

  async function takeOff(code) {
    item = await desk.send("items/off", { code, reason: reason.value });
    right(t("store.shelf.off"), [item.title]);
  }

  async function move(code) {
    if (!moving) {
      await look(code);
      moving = item.barcode;
      return;
    }
    const barcode = moving;
    item = await desk.send("items/move", { code: barcode, location: code });
    moving = "";
    right(t("store.shelf.moved"), [item.title, item.location]);
  }

  const RUN = { look, put_on: putOn, take_off: takeOff, move };

  function card() {
    return h(
      "section",
      { class: "next" },
      h("p", { class: "next__place" }, item.location || "—"),
      h(
        "div",
        { class: "next__main" },
        h("p", { class: "next__title" }, item.title),
        h("p", { class: "volume__facts number" }, h("span", {}, item.barcode), item.tote && h("span", {}, t("store.pick.tote", { tote: item.tote }))),
        h("p", { class: "row" }, h("span", { class: `chip ${item.state === "available" ? "chip--good" : "chip--warn"}` }, t(`store.item_state.${item.state}`)), item.store !== desk.store.id && h("span", { class: "chip chip--bad" }, t("store.shelf.elsewhere"))),
        item.note && h("p", { class: "small muted" }, item.note),
      ),
      h("div", { class: "next__do" }, paper(desk.store.id, `item-label.pdf?code=${encodeURIComponent(item.barcode)}`, "item_label")),
    );
  }

  function newBook() {
    const values = () => Object.fromEntries(["number", "location", "tote"].map((name) => [name, form.elements[name].value]));
    const field = (name) =>
      h("div", { class: "field" }, h("label", { class: "field__label", for: name }, t(`store.shelf.field.${name}`)), h("input", { class: "input", id: name, name, maxlength: 100, autocomplete: "off", required: name === "number" }));
    const form = h(
      "form",
      {
        class: "card card--tight shelf-new",
        onsubmit: (event) => {
          event.preventDefault();
          const body = { barcode: unknown, new: form.elements.fresh.checked, ...values() };
          desk.doing(async () => {
            item = await desk.send("items", body);
            unknown = "";
            right(t("store.shelf.on"), [item.title]);
          }).then(() => desk.scanner.focus());
        },
      },
      h("h2", {}, t("store.shelf.unknown", { code: unknown })),
      field("number"),
      field("location"),
      field("tote"),
      h("label", { class: "choice" }, h("input", { type: "checkbox", name: "fresh", checked: true }), h("span", {}, t("store.shelf.field.new"))),
      h("div", { class: "row" }, h("button", { class: "button button--primary" }, t("store.shelf.put_on"))),
    );
    return form;
  }

  async function bringIn(form) {
    const file = form.elements.file.files[0];
    if (!file) return;
    const raw = await file.arrayBuffer();
    let text = new TextDecoder("utf-8").decode(raw);
    if (text.includes("\ufffd")) text = new TextDecoder("gb18030").decode(raw);
    if (text.length > MOST_TEXT) return tooLong(file.name, text.length);
    const done = await desk.send("items/import", { text, good_only: form.elements.good_only.checked, new: form.elements.fresh.checked });
    drawResult(done);
  }

  function tooLong(name, n) {
    const command = `shuqiao import-items ${name.includes(" ") ? `"${name}"` : name} --store ${desk.store.code}`;
    const said = t("store.import.too_long", { n: n.toLocaleString(), most: MOST_TEXT.toLocaleString() });
    result.replaceChildren(h("div", { class: "flash flash--bad" }, h("div", { class: "flash__main stack stack--tight" }, h("p", {}, said), h("p", {}, h("code", {}, command)))));
    result.scrollIntoView({ block: "nearest" });
  }

  function drawResult(done) {
    result.replaceChildren(
      h("p", { class: `flash ${done.imported ? (done.bad ? "flash--warn" : "flash--good") : "flash--bad"}` }, t(done.imported ? "store.import.done" : "store.import.nothing", { ...done, n: done.bad })),
      ...(done.faults.length ? [faultTable(done.faults)] : []),
    );
    result.scrollIntoView({ block: "nearest" });
  }

  function faultTable(faults) {
    return h(
      "div",
      { class: "table-wrap", tabindex: 0, role: "region", "aria-label": t("store.import.faults") },
      h(
        "table",
        { class: "table" },
        h("thead", {}, h("tr", {}, ...["line", "field", "problem"].map((each) => h("th", { scope: "col" }, t(`store.import.${each}`))))),
        h("tbody", {}, ...faults.slice(0, SHOWN).map((fault) => h("tr", {}, h("td", { class: "number" }, String(fault.line)), h("td", {}, fault.field), h("td", {}, fault.message)))),
      ),
    );
  }

  function importer() {
    const box = (name) => h("label", { class: "choice" }, h("input", { type: "checkbox", name }), h("span", {}, t(`store.import.${name}`)));
    const form = h(
      "form",
      {
        class: "stack stack--tight",
        onsubmit: (event) => {
          event.preventDefault();
          bringIn(form).catch((refused) => tell(refused));
        },
      },
      h("p", { class: "small muted" }, t("store.import.lead")),
      h("div", { class: "field" }, h("label", { class: "field__label", for: "file" }, t("store.import.file")), h("input", { class: "input", type: "file", id: "file", name: "file", accept: ".csv,.tsv,text/csv", required: true })),
      box("good_only"),
      box("fresh"),
      h("div", { class: "row" }, h("button", { class: "button" }, t("store.import.run"))),
      result,
    );
    return h("details", { class: "fold" }, h("summary", {}, t("store.import.title")), form);
  }

  const chooser = meansOfScan("shelf", MEANS, means, (chosen) => {
    means = chosen;
    moving = unknown = "";
    draw();
    desk.scanner.focus();
  });
  const reasons = h("div", { class: "field" }, h("label", { class: "field__label small", for: "reason" }, t("store.shelf.why")), reason);
  const shelfCard = h("div", { class: "stack" });
  let drawn = null;

  function draw() {
    const key = JSON.stringify([means, item, moving, unknown]);
    if (key === drawn) return; // what somebody fills in stays
    drawn = key;
    desk.scanner.say(t(moving ? "store.shelf.scan_place" : `store.shelf.scan.${means}`), "");
    shelfCard.replaceChildren(...(means === "take_off" ? [reasons] : []), ...(unknown ? [newBook()] : item ? [card()] : []));
    if (chooser.isConnected) return;
    top.replaceChildren(chooser, shelfCard);
    body.replaceChildren(importer());
  }

  return {
    async scan(code) {
      unknown = "";
      await RUN[means](code);
    },
    draw,
  };
}

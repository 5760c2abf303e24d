// What the steps draw alike: a book, a parcel, an empty list.

import { h } from "../console/dom.js";
import { icon } from "../console/icons.js";
import { dated, duration, exactly, t } from "../console/words.js";

/** A book in a list; `more` stands at its end. */
export function bookRow(line, { current = false, done = false, more = [], choose = null } = {}) {
  const place = h("span", { class: "volume__place" }, line.place || "—");
  const title = choose
    ? h("button", { type: "button", class: "volume__title", onclick: choose }, line.title)
    : h("span", { class: "volume__title" }, line.title);
  return h(
    "li",
    { class: "volume", "data-line": line.line, "data-current": current, "data-done": done },
    place,
    h(
      "div",
      { class: "volume__main" },
      title,
      h("span", { class: "volume__facts" }, h("span", { class: "number" }, line.barcode), line.call_number && h("span", {}, line.call_number)),
    ),
    h("span", { class: "volume__order number" }, line.number),
    h("div", { class: "volume__do" }, ...more),
  );
}

/** A parcel in a list. */
export function parcelRow(parcel, more = [], sign = null) {
  return h(
    "li",
    { class: "parcel", "data-parcel": parcel.parcel, "data-state": parcel.state },
    h(
      "div",
      { class: "parcel__main" },
      h("strong", { class: "number" }, parcel.number),
      h(
        "span",
        { class: "volume__facts" },
        h("span", {}, t("store.parcel.items", { n: parcel.items })),
        parcel.waybill && h("span", { class: "number" }, parcel.waybill),
        parcel.slot && h("span", {}, parcel.slot),
      ),
      h("span", { class: "parcel__titles small muted" }, parcel.lines.map((line) => line.title).join(" · ")),
    ),
    sign,
    parcel.recalled && h("span", { class: "chip chip--bad" }, t("store.parcel.recalled")),
    h("div", { class: "parcel__do row" }, ...more),
  );
}

/** When an order should have left. */
export function due(iso) {
  const left = Date.parse(iso) - Date.now();
  return h(
    "span",
    { class: `chip ${left < 0 ? "chip--bad" : left < 4 * 3600_000 ? "chip--warn" : ""}`, title: exactly(iso) },
    left < 0 ? t("store.due.over", { length: duration(-left) }) : t("store.due.by", { at: dated(iso) }),
  );
}

/** Nothing to do here. */
export function nothing(step) {
  return h(
    "div",
    { class: "face" },
    icon("check"),
    h("p", { class: "face__title" }, t(`store.empty.${step}.title`)),
    h("p", { class: "face__text" }, t(`store.empty.${step}.text`)),
  );
}

/** A paper to print, in a window of its own. */
export function paper(store, path, word) {
  return h(
    "a",
    { class: "button button--small", href: `/api/stores/${store}/${path}`, target: "_blank", rel: "noopener" },
    icon("document"),
    t(`store.paper.${word}`),
  );
}

/** A heading with how many there are, and what can be done with all of them. */
export const heading = (word, n, more = null) =>
  h(
    "div",
    { class: "spread" },
    h("h2", { class: "store__heading" }, t(`store.${word}`), h("span", { class: "badge badge--quiet number" }, String(n))),
    more,
  );

/** A button of a row. */
export const does = (word, run, kind = "") =>
  h("button", { type: "button", class: `button button--small ${kind}`, onclick: run }, t(`store.${word}`));

/** What a scan is to mean at this step: one of several; `choose(means)` is told. */
export const meansOfScan = (step, all, chosen, choose) =>
  h(
    "fieldset",
    { class: "means row" },
    h("legend", { class: "visually-hidden" }, t(`store.${step}.means`)),
    ...all.map((each) =>
      h(
        "label",
        { class: "choice" },
        h("input", { type: "radio", name: "means", value: each, checked: each === chosen, onchange: () => choose(each) }),
        h("span", {}, t(`store.${step}.mean.${each}`)),
      ),
    ),
  );

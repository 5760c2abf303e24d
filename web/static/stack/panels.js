// What waits for people beside the drawing: open commands, dead letters, differences, faults; and the dialogs that settle them.

import { announce, toast } from "../console/alarm.js";
import { choices, field, openDialog } from "../console/dialogs.js";
import { h, set, write } from "../console/dom.js";
import { post, serverNow } from "../console/http.js";
import { icon } from "../console/icons.js";
import { dated, exactly, has, page, roughly, t } from "../console/words.js";
import { faultWords, shortly, toteKey, whereWords } from "./said.js";

const STATE_KIND = { pending: "", sent: "info", accepted: "accent", unsure: "bad" };
const LONG_MS = 20 * 60_000;
const MOST_MOVING = 40;

/** A panel with a heading and how many there are in it. */
export function panel(word, { kind = "" } = {}) {
  const count = h("span", { class: `badge ${kind ? "" : "badge--quiet"} number` }, "0");
  const list = h("ul", { class: "stack-list", tabindex: "0", "aria-label": t(`stack.${word}.title`) });
  const more = h("p", { class: "small muted", hidden: true });
  const node = h("section", { class: `card card--tight stack-panel stack-${word}${kind ? ` stack-panel--${kind}` : ""}`, "aria-label": t(`stack.${word}.title`) }, h("h2", { class: "stack-panel__title" }, t(`stack.${word}.title`), count), list, more);
  return {
    node,
    list,
    say(n, rest = 0) {
      if (count.textContent !== String(n)) count.textContent = String(n);
      more.hidden = rest <= 0;
      more.textContent = rest > 0 ? t("stack.more", { n: rest }) : "";
    },
  };
}

/** An empty panel's line. */
export const nothing = (word) => h("li", { class: "stack-nothing muted small" }, icon("check"), t(`stack.${word}.none`));

/** A command that is not settled. */
export function commandRow(command, done) {
  const age = h("span", { title: exactly(command.created_at) });
  const draw = () => {
    const waited = serverNow() - Date.parse(command.created_at);
    set(age, { class: waited > LONG_MS ? "late" : "" });
    write(age, t("stack.commands.age", { length: roughly(waited) }));
  };
  draw();
  const row = h(
    "li",
    { class: "stack-row", "data-command": command.id, "data-state": command.state },
    h(
      "div",
      { class: "stack-row__main" },
      h(
        "span",
        { class: "stack-row__line" },
        h("strong", {}, t(`stack.command.${command.kind}`)),
        h("span", { class: "number code" }, command.barcode),
        h("span", { class: `chip ${STATE_KIND[command.state] ? `chip--${STATE_KIND[command.state]}` : ""}` }, command.state === "unsure" && icon("alert"), t(`stack.command_state.${command.state}`)),
      ),
      h(
        "span",
        { class: "stack-row__facts" },
        age,
        command.order && h("span", { class: "number" }, command.order),
        command.sends > 1 && h("span", {}, t("stack.commands.sends", { n: command.sends })),
        caseLink(command.case),
      ),
    ),
    command.outcomes.length > 0 &&
      h("button", { type: "button", class: "button button--small", onclick: () => takeOver(command, done), "aria-label": t("stack.take_over.label", { barcode: command.barcode }) }, t("stack.take_over.button")),
  );
  return Object.assign(row, { age: draw });
}

/** Something that the device said and nobody could use. */
export function letterRow(letter, operates, done) {
  return h(
    "li",
    { class: "stack-row stack-row--letter", "data-letter": letter.id },
    h(
      "div",
      { class: "stack-row__main" },
      h("span", { class: "stack-row__line" }, letter.alarm && h("span", { class: "chip chip--bad" }, icon("bell"), t("stack.letters.alarm")), h("strong", {}, has(`stack.problem.${letter.problem}`) ? t(`stack.problem.${letter.problem}`) : letter.problem)),
      h(
        "span",
        { class: "stack-row__facts" },
        h("span", { title: exactly(letter.received_at) }, dated(letter.received_at)),
        letter.sequence !== null && h("span", { class: "number" }, `${letter.epoch} / ${letter.sequence}`),
        letter.barcode && h("span", { class: "number" }, letter.barcode),
        caseLink(letter.case),
      ),
      h(
        "details",
        { class: "fold small" },
        h("summary", {}, t("stack.letters.body")),
        letter.first && h("p", { class: "muted" }, t("stack.letters.first")),
        letter.first && h("pre", { class: "stack-body", tabindex: "0" }, letter.first),
        letter.first && h("p", { class: "muted" }, t("stack.letters.second")),
        h("pre", { class: "stack-body", tabindex: "0" }, letter.body || "—"),
      ),
    ),
    operates && h("button", { type: "button", class: "button button--small", onclick: () => settle(letter, done), "aria-label": t("stack.letters.settle_label", { problem: t(`stack.problem.${letter.problem}`) }) }, t("stack.letters.settle")),
  );
}

/** Where the device's list and ours disagree. */
export function differenceRow(one) {
  return h(
    "li",
    { class: "stack-row" },
    h(
      "div",
      { class: "stack-row__main" },
      h("span", { class: "number code" }, one.barcode),
      h("dl", { class: "stack-sides small" }, h("dt", {}, t("stack.differences.ours")), h("dd", {}, said(one.ours)), h("dt", {}, t("stack.differences.theirs")), h("dd", { class: "number" }, one.theirs || t("stack.differences.nothing"))),
      h("span", { class: "stack-row__facts" }, h("span", { title: exactly(one.found_at) }, dated(one.found_at)), caseLink(one.case)),
    ),
  );
}

/** A part of the machine that stands still. */
export function faultRow(fault) {
  const words = faultWords(fault);
  return h("li", { class: "stack-row" }, icon("alert"), h("div", { class: "stack-row__main" }, h("strong", {}, words.what), h("span", { class: "stack-row__facts" }, h("span", {}, words.place), h("span", {}, t("stack.faults.since", { length: words.since })))));
}

/** Totes on their way, for the list beside the drawing; those that stick come first. */
export function movingTotes(picture) {
  const rank = { station: 1, conveyor: 2, lift: 3, home: 4, shuttle: 5 };
  const totes = (picture.totes ?? []).filter((tote) => tote.where !== "shelf");
  return totes.sort((a, b) => b.stuck - a.stuck || rank[a.where] - rank[b.where]).slice(0, MOST_MOVING);
}

/** One tote on its way; pointing at it lights it up in the drawing. */
export function toteRow(light) {
  const where = h("span", { class: "stack-tote__where" });
  return Object.assign(
    h(
      "li",
      { class: "stack-tote", onpointerenter: (event) => light(event.currentTarget.dataset.key), onpointerleave: () => light(null) },
      h("span", { class: "stack-tote__sign", "aria-hidden": "true" }),
      h("span", { class: "number code stack-tote__item" }),
      where,
      h("span", { class: "number small muted stack-tote__order" }),
    ),
    { where },
  );
}

/** Brings a tote's row up to date. */
export function drawTote(row, tote, goesHome) {
  row.dataset.key = toteKey(tote);
  row.dataset.look = tote.stuck ? "stuck" : goesHome ? "home" : "out";
  const [, item, where, order] = row.children;
  for (const [node, words] of [
    [item, tote.item],
    [where, whereWords(tote)],
    [order, tote.order],
  ])
    if (node.textContent !== words) node.textContent = words;
}

/** Asks for a reason, then does it: pause, resume. */
export function askReason(word, path, done) {
  const reason = field("reason", t("stack.reason"), { rows: 2, required: "", maxlength: 300 }, t(`stack.${word}.hint`));
  openDialog({
    title: t(`stack.${word}.title`),
    body: [reason],
    action: t(`stack.${word}.button`),
    danger: word === "pause",
    submit: async () => {
      await post(path, { reason: reason.control.value });
      announce(t(`stack.${word}.done`));
      toast(t(`stack.${word}.done`));
      done();
    },
  });
}

function takeOver(command, done) {
  let outcome = command.outcomes[0];
  const reason = field("reason", t("stack.reason"), { rows: 2, required: "", maxlength: 300 }, t("stack.take_over.reason_hint"));
  openDialog({
    title: t("stack.take_over.title", { kind: t(`stack.command.${command.kind}`), barcode: command.barcode }),
    body: [
      h("p", { class: "muted small" }, t("stack.take_over.text")),
      choices(t("stack.take_over.outcome"), command.outcomes.map((one) => [one, t(`stack.outcome.${one}`)]), outcome, (chosen) => (outcome = chosen)),
      reason,
    ],
    action: t("stack.take_over.do"),
    submit: async () => {
      await post(`/api/stack-commands/${encodeURIComponent(command.id)}/take-over`, { outcome, reason: reason.control.value });
      announce(t("stack.take_over.done"));
      toast(t("stack.take_over.done"));
      done();
    },
  });
}

function settle(letter, done) {
  const note = field("note", t("stack.letters.note"), { rows: 2, required: "", maxlength: 300 }, t("stack.letters.note_hint"));
  openDialog({
    title: t("stack.letters.settle_title"),
    body: [note],
    action: t("stack.letters.settle"),
    submit: async () => {
      await post(`/api/stack-letters/${encodeURIComponent(letter.id)}/settle`, { note: note.control.value });
      announce(t("stack.letters.settled"));
      done();
    },
  });
}

function caseLink(link) {
  if (!link) return null;
  const words = t("stack.case", { number: link.number });
  return page.reads_cases ? h("a", { href: `/console/cases/${link.id}` }, words) : h("span", {}, words);
}

function said(state) {
  if (!state) return t("stack.differences.nothing");
  return t(state === "elsewhere" ? "stack.item_state.elsewhere" : `store.item_state.${state}`);
}

/** A length, or a dash where there is none. */
export const lengthOr = (seconds, any) => (any ? shortly(seconds) : "—");

// One stack: the drawing moves with each picture that comes, the lists beside it come anew when something has changed.

import { h, keyed, set, show, soon, write } from "../console/dom.js";
import { get, post, serverNow } from "../console/http.js";
import { toast } from "../console/alarm.js";
import { icon } from "../console/icons.js";
import { failed } from "../console/list.js";
import { Looks } from "../console/looks.js";
import { dated, exactly, page, t } from "../console/words.js";
import { Drawing } from "./drawing.js";
import { watchStacks } from "./live.js";
import { askReason, commandRow, differenceRow, drawTote, faultRow, lengthOr, letterRow, movingTotes, nothing, panel, toteRow } from "./panels.js";
import { isMoving, summary, toteKey } from "./said.js";
import { pauseSign, stateChip, stateFacts, trustOf } from "./state.js";

const id = page.device;
const url = (path = "") => `/api/stacks/${encodeURIComponent(id)}${path}`;
const looks = new Looks();
const AGAIN_MS = 15_000;
const FIGURES_MS = 60_000;
const SUMMARY_MS = 12_000;
const shell = document.getElementById("stack");
const tools = document.getElementById("stack-tools");
const drawing = new Drawing();
const chips = h("div", { class: "row stack-chips" });
const banner = h("div", { class: "flash flash--warn stack-paused", hidden: true });
const figures = h("ul", { class: "figures stack-strip" });
const spoken = h("p", { class: "visually-hidden", role: "status", "aria-live": "polite" });
const buttons = h("div", { class: "row" });
const legend = h("ul", { class: "stack-legend small" }, ["out", "home", "waits", "shuttle", "lift", "fault"].map((sign) => h("li", { "data-sign": sign }, t(`stack.legend.${sign}`))));
const moving = panel("moving");
const faults = panel("faults", { kind: "bad" });
const letters = panel("letters", { kind: "warn" });
const differences = panel("differences", { kind: "warn" });
const commands = panel("commands");
let seen = null;
let picture = null;
let pictured = 0;
let work = "";
let told = 0;

const line = watchStacks([id], {
  pictured: (_, fresh) => draw(fresh, serverNow()),
  changed: soon(load, 400),
  moved: () => seen && trust(),
});
const loadSoon = soon(load, 700);

function draw(fresh, at) {
  picture = fresh;
  pictured = at;
  drawing.show(fresh);
  const totes = movingTotes(fresh);
  const all = (fresh.totes ?? []).filter(isMoving).length;
  keyed(moving.list, totes.length ? totes : [null], (tote) => (tote ? toteKey(tote) : ""), (tote) => (tote ? toteRow((key) => drawing.light(key)) : nothing("moving")), (row, tote) => tote && drawTote(row, tote, drawing.goesHome(toteKey(tote))));
  moving.say(all, all - totes.length);
  keyed(faults.list, fresh.faults ?? [], (fault) => `${fault.place}/${fault.code}/${fault.seconds}`, faultRow);
  faults.say((fresh.faults ?? []).length);
  show(faults.node, (fresh.faults ?? []).length > 0);
  const now = `${fresh.done}/${fresh.open}`;
  if (work && work !== now) loadSoon();
  work = now;
  if (seen) strip();
  trust();
  tell();
}

/** Who hears the page is told how it stands: at times, and only when it stands otherwise. */
function tell() {
  if (Date.now() - told < SUMMARY_MS) return;
  const words = summary(picture);
  if (spoken.textContent === words) return;
  told = Date.now();
  write(spoken, words);
}

async function load() {
  const counts = looks.begin();
  try {
    const fresh = await get(url());
    if (!counts()) return;
    seen = fresh;
  } catch (refused) {
    if (!seen) shell.replaceChildren(failed(refused, load));
    return;
  }
  if (!shell.contains(drawing.node)) build();
  if (seen.picture && Date.parse(seen.picture_at) > pictured) draw(seen.picture, Date.parse(seen.picture_at));
  lists();
  head();
  strip();
  trust();
}

function build() {
  const view = h("section", { class: "card card--tight stack-view", "aria-label": t("stack.drawing.title") }, drawing.node, legend);
  const attention = h("div", { class: "stack-aside" }, faults.node, letters.node, differences.node, commands.node);
  shell.replaceChildren(chips, banner, spoken, h("div", { class: "stack-board" }, h("div", { class: "stack-main-column" }, view, figures, moving.node), attention));
  tools.append(line.node, buttons);
}

function head() {
  const { stack } = seen;
  show(banner, Boolean(stack.paused_at));
  if (stack.paused_at) {
    const words = t("stack.paused_by", { who: seen.paused_by || "—", at: dated(stack.paused_at) });
    banner.replaceChildren(pauseSign(), h("div", { class: "flash__main" }, h("p", { class: "flash__title" }, words), h("p", {}, stack.pause_reason)));
  }
  if (!seen.operates) return;
  const word = stack.paused_at ? "resume" : "pause";
  if (buttons.dataset.word === word) return;
  buttons.dataset.word = word;
  buttons.replaceChildren(
    h("button", { type: "button", class: `button button--small ${word === "resume" ? "button--primary" : ""}`, onclick: () => askReason(word, url(`/${word}`), load) }, word === "pause" ? pauseSign() : icon("end"), t(`stack.${word}.button`)),
    h("button", { type: "button", class: "button button--small button--quiet", onclick: compare }, t("stack.compare.button")),
  );
}

async function compare() {
  try {
    await post(url("/compare"));
    toast(t("stack.compare.done"));
  } catch (refused) {
    toast(refused.message, { bad: true });
  }
}

function strip() {
  const { stack } = seen;
  const { today } = stack;
  const shown = [
    [today.retrieved, "retrieved"],
    [today.put_back, "put_back"],
    [today.failed, "failed"],
    [lengthOr(today.mean_seconds, today.retrieved), "mean"],
    [lengthOr(today.longest_seconds, today.retrieved), "longest"],
    [picture?.stock ?? "—", "stock"],
  ];
  keyed(figures, shown, ([, word]) => word, ([, word]) => h("li", {}, h("span", { class: "figures__value" }), h("span", { class: "figures__name" }, t(`stack.strip.${word}`))), (node, [value]) => write(node.firstChild, String(value)));
}

function lists() {
  const { stack } = seen;
  fill(commands, "commands", seen.commands, (one) => one.id, (one) => commandRow(one, load), stack.open + stack.unsure);
  fill(letters, "letters", seen.letters, (one) => one.id, (one) => letterRow(one, seen.operates, load), stack.dead);
  fill(differences, "differences", seen.differences, (one) => one.barcode, differenceRow, stack.differences);
  show(letters.node, stack.dead > 0);
  show(differences.node, stack.differences > 0);
}

/** Rows that have not changed stay as they are, with what is open and focused in them. */
function fill(into, word, rows, keyOf, make, all) {
  const order = (one) => (one.state === "unsure" ? 0 : 1);
  const items = rows.length ? [...rows].sort((a, b) => order(a) - order(b)) : [null];
  keyed(into.list, items, (one) => (one ? `${keyOf(one)} ${JSON.stringify(one)}` : ""), (one) => (one ? make(one) : nothing(word)));
  into.say(all, all - rows.length);
}

function trust() {
  if (!seen) return;
  const { stack } = seen;
  const heard = Math.max(pictured, Date.parse(stack.heard_at ?? "") || 0);
  drawing.trust(...trustOf(stack, pictured, line.isOpen()));
  for (const row of commands.list.children) row.age?.();
  const facts = [stateChip(stack, heard, line.isOpen()), ...stateFacts(stack, heard), stack.reconciled_at && h("span", { class: "small muted", title: exactly(stack.reconciled_at) }, t("stack.compared", { at: dated(stack.reconciled_at) }))];
  const words = facts.filter(Boolean).map((node) => node.textContent).join("|");
  if (chips.dataset.words === words) return;
  set(chips, { "data-words": words });
  chips.replaceChildren(...facts.filter(Boolean));
}

async function renewFigures() {
  const place = document.getElementById("stack-figures");
  if (document.hidden || place.querySelector("details[open]")) return;
  const answer = await fetch(`/console/stack/${encodeURIComponent(id)}/parts`, { cache: "no-store", signal: AbortSignal.timeout(10_000) }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  place.replaceChildren(...fresh.body.children);
}

setInterval(trust, 1_000);
setInterval(load, AGAIN_MS);
setInterval(renewFigures, FIGURES_MS);
document.addEventListener("logged-out", () => location.assign(`/login?next=${encodeURIComponent(location.pathname)}`));
await load();

// Every stack at a glance: how it is, what waits for people, and a small live drawing of it.

import { h, keyed, set, soon, write } from "../console/dom.js";
import { get, serverNow } from "../console/http.js";
import { icon } from "../console/icons.js";
import { failed } from "../console/list.js";
import { named, t } from "../console/words.js";
import { Drawing } from "./drawing.js";
import { watchStacks } from "./live.js";
import { shortly } from "./said.js";
import { stateChip, stateFacts, trustOf } from "./state.js";

const AGAIN_MS = 20_000;
const shell = document.getElementById("stacks");
const cards = new Map(); // id → {node, drawing, …}
let found = null;
let line = null;

async function load() {
  try {
    found = (await get("/api/stacks")).stacks;
  } catch (refused) {
    if (!found) shell.replaceChildren(failed(refused, load));
    return;
  }
  for (const node of shell.querySelectorAll(":scope > :not(.stack-card)")) node.remove();
  const ids = found.map((one) => one.stack.id);
  if (line) line.listen(ids);
  else open(ids);
  keyed(shell, found, (one) => one.stack.id, make, update);
  if (!found.length) shell.append(h("div", { class: "face" }, icon("desk"), h("p", { class: "face__title" }, t("stack.none.title")), h("p", { class: "face__text" }, t("stack.none.text"))));
}

function open(ids) {
  line = watchStacks(ids, {
    pictured: (id, picture) => {
      const card = cards.get(id);
      if (!card) return;
      card.pictured = serverNow();
      card.drawing.show(picture);
      age(card);
    },
    changed: soon(load, 300),
    moved: () => line && tick(),
  });
  document.getElementById("stack-tools").append(line.node);
}

function make(one) {
  const card = { drawing: new Drawing({ small: true }), chips: h("div", { class: "row stack-chips" }), counts: h("ul", { class: "stack-counts" }), today: h("p", { class: "small muted" }) };
  card.node = h(
    "article",
    { class: "card card--tight stack-card" },
    h("h2", { class: "stack-card__name" }, h("a", { href: `/console/stack/${one.stack.id}` }, named(one.stack.store)), h("span", { class: "muted small number" }, one.stack.code)),
    card.chips,
    card.drawing.node,
    card.counts,
    card.today,
  );
  cards.set(one.stack.id, card);
  if (one.picture) card.drawing.show(one.picture);
  if (one.picture_at) card.pictured = Date.parse(one.picture_at);
  return card.node;
}

function update(node, { stack }) {
  const card = cards.get(stack.id);
  card.stack = stack;
  card.counts.replaceChildren(
    count("open", stack.open, ""),
    count("unsure", stack.unsure, "bad"),
    count("dead", stack.dead, "warn"),
    count("differences", stack.differences, "warn"),
  );
  const { today } = stack;
  write(card.today, t("stack.today", { out: today.retrieved, back: today.put_back, failed: today.failed, mean: today.retrieved ? shortly(today.mean_seconds) : "—" }));
  set(node, { "data-state": stack.state });
  age(card);
}

function count(word, n, kind) {
  return h("li", { class: n && kind ? `stack-count stack-count--${kind}` : "stack-count" }, h("strong", { class: "number" }, String(n)), h("span", { class: "small" }, t(`stack.count.${word}`)));
}

function age(card) {
  if (!card.stack) return;
  const heard = Math.max(card.pictured ?? 0, Date.parse(card.stack.heard_at ?? "") || 0);
  const chips = [stateChip(card.stack, heard, line?.isOpen()), ...stateFacts(card.stack, heard)].filter(Boolean);
  const words = chips.map((chip) => chip.textContent).join("|");
  if (card.words !== words) card.chips.replaceChildren(...chips);
  card.words = words;
  card.drawing.trust(...trustOf(card.stack, card.pictured, line?.isOpen()));
}

function tick() {
  for (const card of cards.values()) age(card);
}

setInterval(tick, 1_000);
setInterval(load, AGAIN_MS);
document.addEventListener("logged-out", () => location.assign(`/login?next=${encodeURIComponent(location.pathname)}`));
await load();

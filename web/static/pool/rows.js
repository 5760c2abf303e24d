// One line of the pool: its clock, what is asked for, where, who waits, and what one can do with it.

import { h, set, show, write } from "../console/dom.js";
import { icon } from "../console/icons.js";
import { dated, has, named, page, t } from "../console/words.js";
import { leaseOf, showClock, stageOf } from "./clocks.js";

const STAGE_ICONS = { new: "clock", due_soon: "bell", escalated: "search", overdue: "alert" };
const STAGE_KINDS = { new: "", due_soon: "chip--warn", escalated: "chip--bad", overdue: "chip--bad" };

/** A stage as sign and word, never by colour alone. */
export function stageChip() {
  const node = h("span", { class: "chip" });
  node.showStage = (stage) => {
    if (node.dataset.stage === stage) return;
    node.className = `chip stage ${STAGE_KINDS[stage]}`;
    node.dataset.stage = stage;
    node.replaceChildren(icon(STAGE_ICONS[stage]), t(`pool.stage.${stage}`));
    node.title = t(`pool.stage_means.${stage}`);
  };
  return node;
}

/** What a task is, in few words: document request · thesis. */
export function kindOf(row) {
  const parts = [t(`pool.channel.${row.channel}`), row.material && t(`material.${row.material}`)];
  return parts.filter(Boolean).join(" · ");
}

/** Whether I hold it. */
export const isMine = (row) => row.holder?.id === page.me.id && row.state !== "done";

/** A line of the list; `claim(row)` and `handBack(row)` are told what was pressed. */
export function makeRow(row, { claim, handBack }) {
  const parts = {
    stage: stageChip(),
    text: h("span", { class: "pool-row__left number" }),
    bar: h("progress", { class: "pool-row__bar", max: 1, "aria-hidden": "true" }),
    title: h("a", { class: "pool-row__title", href: `/console/pool/${encodeURIComponent(row.id)}` }),
    facts: h("p", { class: "pool-row__facts small muted" }),
    signs: h("p", { class: "pool-row__signs small" }),
    lease: h("span", { class: "pool-row__lease small number" }),
    claim: h(
      "button",
      { type: "button", class: "button button--small pool-row__claim", onclick: () => claim(node.row) },
      t("pool.claim"),
    ),
    back: h(
      "button",
      { type: "button", class: "button button--small", onclick: () => handBack(node.row) },
      t("pool.hand_back.do"),
    ),
  };
  const node = h(
    "li",
    { class: "pool-row", "data-id": row.id },
    h(
      "div",
      { class: "pool-row__clock" },
      h("span", { class: "pool-row__when" }, parts.stage, parts.text),
      parts.bar,
    ),
    h("div", { class: "pool-row__main" }, parts.title, parts.facts, parts.signs),
    h("div", { class: "pool-row__do" }, parts.lease, parts.claim, parts.back),
  );
  node.parts = parts;
  return node;
}

/** Brings a line up to date; texts that stay the same are not touched. */
export function updateRow(node, row) {
  if (node.row === row) return; // of thousands, those whose page was not fetched again
  node.row = row;
  const { parts } = node;
  write(parts.title, row.title || t("pool.untitled"));
  write(parts.facts, factsOf(row));
  const signs = signsOf(row);
  const said = JSON.stringify(signs);
  if (parts.signs.said !== said) {
    parts.signs.said = said;
    parts.signs.replaceChildren(
      ...signs.map(([name, text, kind]) => h("span", { class: `sign ${kind ?? ""}` }, icon(name), text)),
    );
  }
  const mine = isMine(row);
  show(parts.claim, row.state === "open" && page.may_work);
  show(parts.back, mine && row.state === "claimed");
  const name = row.title || t("pool.untitled");
  set(parts.claim, { "aria-label": t("pool.claim_named", { title: name }) });
  set(parts.back, { "aria-label": t("pool.hand_back.named", { title: name }) });
  tickRow(node);
}

/** Moves a line's clocks on. */
export function tickRow(node, now) {
  const { row, parts } = node;
  showClock(parts, row, now);
  parts.stage.showStage(stageOf(row, now));
  const lease = leaseOf(row, now);
  const held =
    row.state === "in_release"
      ? t("pool.state.in_release")
      : lease && (isMine(row) ? lease.text : t("pool.held_by", { name: row.holder?.name ?? "" }));
  write(parts.lease, held || "");
  set(parts.lease, { title: lease?.title, "data-late": lease?.low });
}

function factsOf(row) {
  const spoken = row.language && row.language !== "zh" && has(`language.${row.language}`);
  return [
    kindOf(row),
    placeOf(row),
    spoken && t("pool.reader_language", { language: t(`language.${row.language}`) }),
    t("pool.asked_at", { at: dated(row.clock_from_at) }),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** The desk, and its library where the desk's name does not say it. */
export function placeOf({ desk }) {
  const [library, name] = [named(desk.library), named(desk.name)];
  return name.includes(library) ? name : [library, name].filter(Boolean).join(" · ");
}

/** Whom an intern has named to release the answer. */
export const reviewerOf = ({ reviewer }) =>
  reviewer.id === page.me.id ? t("pool.reviewer.me") : t("pool.reviewer.named", { name: reviewer.name });

function signsOf(row) {
  return [
    row.readers > 1 && ["people", t("pool.readers", { n: row.readers })],
    row.in_catalogue && ["book", t("pool.held_by_us"), "sign--good"],
    row.foreign && ["document", t("pool.foreign")],
    row.trail > 0 && ["search", t("pool.searched", { n: row.trail })],
    row.state === "open" && !row.opened_at && ["desk", t("pool.desk_first")],
    row.handed_back && ["back", t("pool.handed_back_by_me")],
    row.reviewer && ["shield", reviewerOf(row), row.reviewer.id === page.me.id && "sign--good"],
  ].filter(Boolean);
}

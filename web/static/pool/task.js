// One task on one page: what is asked for and by when, what others have searched, the claim and the answer.

import { h, keyed, set, show, write } from "../console/dom.js";
import { announce, toast } from "../console/alarm.js";
import { get, post, serverNow } from "../console/http.js";
import { icon } from "../console/icons.js";
import { failed, skeleton } from "../console/list.js";
import { Looks } from "../console/looks.js";
import { dated, page, t } from "../console/words.js";
import { leaseOf, showClock, stageOf } from "./clocks.js";
import { AnswerComposer } from "./composer.js";
import { convertDialog } from "./convert.js";
import { handBackDialog } from "./handback.js";
import { helpButton, listen } from "./keys.js";
import { watchPool } from "./live.js";
import { releasePanel } from "./release.js";
import { isMine, kindOf, placeOf, reviewerOf, stageChip } from "./rows.js";
import { answersSection, claimsSection, requestSection, trailSection } from "./story.js";

const TICK_MS = 1_000;
const id = page.task_id;
const path = `/api/tasks/${encodeURIComponent(id)}`;
const shell = document.getElementById("task");
const notice = h("div", { class: "task-notice", "aria-live": "polite" });
const main = h("div", { class: "stack" });
const aside = h("aside", { class: "stack", "aria-label": t("pool.task.aside") });
const holding = h("section", { class: "card card--tight holding", "aria-label": t("pool.task.holding") });
const head = makeHead();
const work = h("div", { class: "stack" }); // composer or release panel: never drawn anew while one writes
const left = h("div", { class: "stack", "aria-live": "polite" }); // what former holders wrote when their time was over
const taken = new Set();
const looks = new Looks();
let view = null;
let composer = null;
let drawn = "";

async function load() {
  const counts = looks.begin();
  try {
    const fresh = await get(path);
    if (counts()) take(fresh);
  } catch (refused) {
    if (!view) shell.replaceChildren(heading(), failed(refused, load));
    else if (counts()) toast(refused.message, { bad: true });
  }
}

/** After something was done here: answers to what was asked before come too late, and would undo it on the page. */
function loadAnew() {
  looks.outdate();
  return load();
}

/** What the page is called as long as the task's own title is not known. */
const heading = () => h("h1", { class: "visually-hidden" }, t("pool.title"));

function take(fresh) {
  const first = !view;
  view = fresh;
  if (first) {
    shell.replaceChildren(head.node, notice, h("div", { class: "split task__split" }, h("div", { class: "stack" }, main, work), aside));
  }
  draw();
}

function draw() {
  document.title = `${view.row.title || t("pool.untitled")} · ${t("pool.title")}`;
  write(head.title, view.row.title || t("pool.untitled"));
  write(head.facts, [kindOf(view.row), placeOf(view.row), t("pool.asked_at", { at: dated(view.row.clock_from_at) })].join(" · "));
  drawStory();
  drawWork();
  drawHolding();
  tick();
}

/** The parts that are only read; drawn anew where something has changed. */
function drawStory() {
  const { request, trail, claims, answers, row, mails_failed, mails_late } = view;
  const said = JSON.stringify([request, trail, claims, answers, row.material, view.may_release, mails_failed, mails_late]);
  if (drawn === said) return;
  drawn = said;
  const releasing = view.may_release ? view.answers.findLast((one) => one.state === "proposed")?.id : "";
  main.replaceChildren(...[requestSection(view), answersSection(view, { skip: releasing })].filter(Boolean));
  aside.replaceChildren(...[trailSection(view), claimsSection(view)].filter(Boolean));
}

function drawWork() {
  if (view.held || (composer && !composer.sent && view.row.state !== "done")) {
    if (composer && !composer.sent) composer.update(view);
    else composer = new AnswerComposer(view, { handBack, convert, sent, lost });
    if (!composer.node.isConnected) work.replaceChildren(left, composer.node);
    drawLeft();
    return;
  }
  composer = null;
  const panel = view.may_release ? releasePanel(view, decided) : null;
  if (work.answer === (panel?.answer ?? "") && work.firstChild) return;
  work.answer = panel?.answer ?? "";
  work.replaceChildren(...(panel ? [panel] : []));
}

/** Offers what came too late, also while the present holder writes: nobody's work is for nothing. */
function drawLeft() {
  const drafts = view.late_drafts.filter((one) => !taken.has(keyOf(one)));
  keyed(left, drafts, keyOf, lateDraft, () => {});
  show(left, drafts.length > 0);
}

const keyOf = (draft) => `${draft.by} ${draft.updated_at}`;

function lateDraft(draft) {
  const use = () => {
    taken.add(keyOf(draft));
    composer.use(draft.content);
    drawLeft();
  };
  return h(
    "div",
    { class: "flash" },
    h(
      "div",
      { class: "flash__main" },
      h("p", { class: "flash__title" }, t("pool.late_draft.title", { name: draft.by, at: dated(draft.updated_at) })),
      h("p", { class: "keep-lines small" }, draft.content.body || t("pool.late_draft.no_text")),
      h("button", { type: "button", class: "button button--small", onclick: use }, t("pool.late_draft.use")),
    ),
  );
}

function drawHolding() {
  const { row } = view;
  const mine = isMine(row) && view.held;
  const handed = row.handed_back && stageOf(row) !== "escalated" && stageOf(row) !== "overdue";
  show(head.claim, row.state === "open" && page.may_work && !handed);
  holding.replaceChildren(
    ...[
      h("h2", {}, t(mine ? "pool.holding.mine" : `pool.holding.${row.state}`)),
      row.state === "claimed" && !mine && h("p", { class: "small" }, t("pool.held_by", { name: row.holder?.name ?? "" })),
      row.state === "open" && handed && h("p", { class: "small" }, t("pool.holding.handed_back")),
      row.state === "open" && !row.opened_at && h("p", { class: "small muted" }, t("pool.holding.desk_first")),
      head.claim,
      row.state === "in_release" && h("p", { class: "small" }, t("pool.holding.in_release_text", { name: row.holder?.name ?? "" })),
      row.state === "in_release" && row.reviewer && h("p", { class: "small" }, reviewerOf(row)),
      mine && head.lease,
      mine &&
        h(
          "div",
          { class: "row" },
          h("button", { type: "button", class: "button button--small", onclick: handBack }, icon("back"), t("pool.hand_back.do")),
          row.channel !== "phone" &&
            h("button", { type: "button", class: "button button--small", onclick: convert }, icon("transfer"), t(row.channel === "document" ? "pool.convert.to_form" : "pool.convert.to_document")),
        ),
    ].filter(Boolean),
  );
}

function tick() {
  if (!view) return;
  const now = serverNow();
  showClock(head, view.row, now);
  head.stage.showStage(stageOf(view.row, now));
  const lease = leaseOf(view.row, now);
  write(head.lease, lease?.text ?? "");
  set(head.lease, { title: lease?.title, "data-late": lease?.low });
  composer?.tick();
  if (lease?.over && view.held) load(); // the server says what became of it
}

async function claim() {
  set(head.claim, { disabled: true, "aria-busy": "true" });
  try {
    await post(`${path}/claim`);
    say("");
    await loadAnew();
    announce(t("pool.claimed", { title: view.row.title || t("pool.untitled") }));
    composer?.focus();
  } catch (refused) {
    say(refused.message, "bad");
    load();
  }
  set(head.claim, { disabled: null, "aria-busy": null });
}

function handBack() {
  if (!view?.held) return false;
  handBackDialog(view, async () => {
    composer?.keeper.forget();
    composer = null;
    work.replaceChildren();
    say(t("pool.hand_back.done"), "good", true);
    await loadAnew();
  });
}

function convert() {
  if (!view?.held) return false;
  convertDialog(view, async () => {
    composer?.keeper.forget();
    composer = null;
    work.replaceChildren();
    say(t("pool.convert.done"), "good");
    await loadAnew();
  });
}

function sent(answer) {
  say(t(answer.state === "proposed" ? "pool.answer.proposed" : "pool.answer.sent"), "good", true);
  work.replaceChildren();
  composer = null;
  loadAnew();
}

/** The claim is over: nothing is lost, and the page says so. */
function lost() {
  say(t("pool.answer.lost"), "warn");
  loadAnew();
}

function decided(what) {
  say(t(`pool.release.${what}`), "good", true);
  loadAnew();
}

function say(text, kind = "good", onward = false) {
  notice.replaceChildren(
    ...(text
      ? [
          h(
            "div",
            { class: `flash flash--${kind}`, tabindex: "-1" },
            h("div", { class: "flash__main" }, text, onward && [" ", h("a", { href: "/console/pool" }, t("pool.task.onward"))]),
          ),
        ]
      : []),
  );
  if (text) notice.firstChild.scrollIntoView({ block: "nearest" });
}

function makeHead() {
  const parts = {
    title: h("h1", {}),
    facts: h("p", { class: "muted small" }),
    stage: stageChip(),
    text: h("span", { class: "pool-row__left number" }),
    bar: h("progress", { class: "pool-row__bar", max: 1, "aria-hidden": "true" }),
    lease: h("p", { class: "holding__lease number" }),
    claim: h("button", { type: "button", class: "button button--primary", hidden: true, onclick: claim }, t("pool.claim")),
  };
  parts.node = h(
    "header",
    { class: "task__head" },
    h("div", { class: "task__what" }, parts.title, parts.facts, h("p", { class: "task__clock" }, parts.stage, parts.text), parts.bar),
    holding,
  );
  return parts;
}

const help = listen([
  { name: "claim", code: "KeyC", shown: ["C"], run: () => (head.claim.hidden ? false : void claim()) },
  { name: "hand_back", code: "KeyR", shown: ["R"], run: handBack },
  { name: "compose", code: "KeyE", shown: ["E"], run: () => (composer ? composer.text.focus() : false) },
  { name: "back", code: "KeyB", shown: ["B"], run: () => location.assign("/console/pool") },
]);
const line = watchPool((ids) => (!ids || ids.has(id)) && load());
document.getElementById("pool-tools").append(line, helpButton(help));
document.addEventListener("logged-out", () =>
  toast(t("problem.logged_out"), {
    bad: true,
    action: [t("common.login"), () => location.assign(`/login?next=${encodeURIComponent(location.pathname)}`)],
  }),
);
setInterval(tick, TICK_MS);
shell.replaceChildren(heading(), ...skeleton(6));
load();

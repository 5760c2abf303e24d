// The pool as a live list: views and filters that stay, a clock on every row, claimed and handed back by one key.

import { h, keyed, set, show, soon, write } from "../console/dom.js";
import { announce, toast } from "../console/alarm.js";
import { get, post } from "../console/http.js";
import { icon } from "../console/icons.js";
import { failed, skeleton } from "../console/list.js";
import { page, t } from "../console/words.js";
import { chosen, Filters, keep, queryOf, VIEWS } from "./filters.js";
import { handBackDialog } from "./handback.js";
import { helpButton, listen } from "./keys.js";
import { watchPool } from "./live.js";
import { Pages } from "./pages.js";
import { isMine, makeRow, tickRow, updateRow } from "./rows.js";

const TICK_MS = 15_000;
const FAR_AHEAD = "600px"; // the next page is fetched before one reaches the end

const shell = document.getElementById("pool");
const filter = chosen();
const pages = new Pages((after) => {
  const query = queryOf(filter);
  if (after) query.set("after", after);
  return get(`/api/pool?${query}`);
});
const filters = new Filters(filter, start);
const tabs = h("div", { class: "tabs pool-tabs", role: "group", "aria-label": t("pool.views") });
const list = h("ul", { class: "pool-list", "aria-label": t("pool.list") });
const face = h("div", { class: "pool-face" });
const end = h("div", { class: "pool-end" });
const visible = new Set();
const busy = new Set();
let counts = null;
let loading = false;
let problem = null;

const freshen = soon(() => renew(new Set()), 150);
const seeing = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) {
      visible.add(target);
      tickRow(target);
      if (pages.isStale(target.dataset.id)) freshen();
    } else visible.delete(target);
  }
});
const reading = new IntersectionObserver((entries) => entries.at(-1).isIntersecting && more(), {
  rootMargin: FAR_AHEAD,
});

/** Begins from the head of the list, after a view or filter was chosen. */
function start() {
  keep(filter);
  pages.forget();
  loading = false;
  problem = null;
  draw();
  more();
}

async function more() {
  if (loading || pages.complete || problem) return;
  loading = true;
  drawFrame();
  const turn = pages.turn;
  try {
    take(await pages.more());
  } catch (refused) {
    if (turn === pages.turn) problem = refused;
  }
  if (turn !== pages.turn) return;
  loading = false;
  draw();
  reading.unobserve(end); // observed anew it tells where it stands, also when the reader was faster than we
  reading.observe(end);
}

/** What others have done: look again at what moved. */
async function renew(ids) {
  if (problem || !pages.list.length) return start();
  try {
    take(await pages.again(ids, new Set([...visible].map((node) => node.dataset.id))));
    draw();
  } catch (refused) {
    if (refused.status === 401) problem = refused;
    draw();
  }
}

function take(answer) {
  if (answer?.counts) counts = answer.counts;
}

function draw() {
  const rows = problem ? [] : pages.rows;
  const held = holdFocus();
  for (const node of visible) if (!node.isConnected) visible.delete(node);
  keyed(list, rows, (row) => row.id, make, updateRow);
  held();
  show(list, rows.length > 0);
  drawFrame();
}

/** All but the rows. */
function drawFrame() {
  drawTabs();
  drawFace(list.childElementCount);
  set(shell, { "aria-busy": loading ? "true" : null });
}

function make(row) {
  const node = makeRow(row, { claim, handBack });
  seeing.observe(node);
  return node;
}

/** When the line under the keyboard goes, the keyboard stays at its place in the list. */
function holdFocus() {
  const row = document.activeElement?.closest?.(".pool-row");
  if (!row || row.parentElement !== list) return () => {};
  const at = [...list.children].indexOf(row);
  return () => {
    if (row.isConnected) return;
    const heir = list.children[Math.min(at, list.children.length - 1)];
    (heir?.querySelector(".pool-row__title") ?? shell).focus({ preventScroll: true });
  };
}

function drawTabs() {
  const views = VIEWS.filter((view) => view !== "release" || page.may_release);
  keyed(
    tabs,
    views.filter((view) => view !== "mine" || page.may_work),
    (view) => view,
    (view) =>
      h(
        "button",
        {
          type: "button",
          onclick: () => {
            filter.view = view;
            start();
          },
        },
        h("span", {}, t(`pool.view.${view}`)),
        h("span", { class: "badge badge--quiet number" }),
      ),
    (node, view) => {
      set(node, { "aria-pressed": String(filter.view === view), "aria-current": filter.view === view ? "true" : null });
      const count = countOf(view);
      write(node.lastChild, count);
      show(node.lastChild, count !== "");
      node.lastChild.classList.toggle("badge--quiet", !(view === "overdue" && counts?.overdue));
    },
  );
}

function countOf(view) {
  if (!counts) return "";
  if (view === "all") return String(["new", "due_soon", "escalated", "overdue"].reduce((sum, name) => sum + (counts[name] ?? 0), 0));
  if (view === "mine") return `${counts.mine ?? 0}/${counts.claims_held ?? page.claims_held}`;
  return String(counts[view] ?? 0);
}

function drawFace(rows) {
  const state = problem ? "failed" : rows ? "" : pages.complete ? "empty" : "loading";
  const said = `${state} ${filter.view} ${filters.active} ${problem?.message ?? ""}`;
  if (face.said !== said) {
    face.said = said;
    face.replaceChildren(...FACES[state]());
  }
  const note = !rows || problem ? "" : loading ? t("common.loading") : pages.complete ? t("pool.end", { n: rows }) : "";
  write(end, note);
}

const FACES = {
  "": () => [],
  loading: () => skeleton(6),
  failed: () => [
    failed(problem, () => {
      problem = null;
      start();
    }),
  ],
  empty: () => {
    const filtered = filters.active > 0 && filter.view !== "mine";
    const kind = filtered ? "filtered" : ["mine", "release"].includes(filter.view) ? filter.view : "none";
    return [
      h(
        "div",
        { class: "face" },
        icon(filtered ? "search" : "check"),
        h("p", { class: "face__title" }, t(`pool.empty.${kind}.title`)),
        h("p", { class: "face__text" }, t(`pool.empty.${kind}.text`)),
        filtered &&
          h("button", { type: "button", class: "button", onclick: () => filters.reset() }, t("pool.filter.clear")),
      ),
    ];
  },
};

async function claim(row) {
  if (!row || row.state !== "open" || busy.has(row.id)) return;
  busy.add(row.id);
  const name = row.title || t("pool.untitled");
  try {
    await post(`/api/tasks/${encodeURIComponent(row.id)}/claim`);
    toast(t("pool.claimed", { title: name }), {
      action: [t("pool.open"), () => location.assign(`/console/pool/${encodeURIComponent(row.id)}`)],
    });
  } catch (refused) {
    toast(`${name}：${refused.message}`, { bad: true });
  }
  busy.delete(row.id);
  renew(new Set([row.id]));
}

async function handBack(row) {
  if (!row || !isMine(row) || row.state !== "claimed") return;
  try {
    const view = await get(`/api/tasks/${encodeURIComponent(row.id)}`);
    handBackDialog(view, () => {
      announce(t("pool.hand_back.done"));
      toast(t("pool.hand_back.done"));
      renew(new Set([row.id]));
    });
  } catch (refused) {
    toast(refused.message, { bad: true });
  }
}

function step(by) {
  const here = document.activeElement?.closest?.(".pool-row");
  const row = here ? (by > 0 ? here.nextElementSibling : here.previousElementSibling) : list.firstElementChild;
  if (!row) return;
  row.parts.title.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

const current = () => document.activeElement?.closest?.(".pool-row")?.row;
const chooseView = (by) => {
  const views = [...tabs.children];
  const at = views.findIndex((node) => node.getAttribute("aria-current"));
  views[(at + by + views.length) % views.length].click();
};

const help = listen([
  { name: "next", code: "KeyJ", shown: ["J"], repeats: true, run: () => step(1) },
  { name: "previous", code: "KeyK", shown: ["K"], repeats: true, run: () => step(-1) },
  { name: "claim", code: "KeyC", shown: ["C"], run: () => (current() ? void claim(current()) : false) },
  { name: "hand_back", code: "KeyR", shown: ["R"], run: () => (current() ? void handBack(current()) : false) },
  { name: "filter", key: "/", shown: ["/"], run: () => filters.focus() },
  { name: "view", code: "BracketRight", shown: ["[", "]"], run: () => chooseView(1) },
  { name: "view_back", code: "BracketLeft", shown: [], run: () => chooseView(-1) },
].filter((one) => page.may_work || !["claim", "hand_back"].includes(one.name)));

const line = watchPool(renew);
document.getElementById("pool-tools").append(
  line,
  ...(page.may_enter_phone
    ? [h("a", { class: "button button--small", href: "/console/phone" }, icon("phone"), t("pool.enter_phone"))]
    : []),
  helpButton(help),
);
shell.append(tabs, filters.node, face, list, end);
document.addEventListener("logged-out", () =>
  toast(t("problem.logged_out"), {
    bad: true,
    action: [t("common.login"), () => location.assign(`/login?next=${encodeURIComponent(location.pathname)}`)],
  }),
);
function tick() {
  for (const node of visible) tickRow(node);
}
document.addEventListener("visibilitychange", tick);
setInterval(tick, TICK_MS);
start();

// A store's screens: the lists come at once and whenever something has changed, the step in hand says what a scan means.

import { isMuted, setMuted } from "../console/alarm.js";
import { h, set, show, write } from "../console/dom.js";
import { get, post } from "../console/http.js";
import { failed, skeleton } from "../console/list.js";
import { page, t } from "../console/words.js";
import { dispatchStep } from "./dispatch.js";
import { holdStep } from "./hold.js";
import { watchStore } from "./live.js";
import { packStep } from "./pack.js";
import { pickStep } from "./pick.js";
import { putBackStep } from "./putback.js";
import { returnsStep } from "./returns.js";
import { Scanner, tell } from "./scanner.js";
import { isWrong } from "./signal.js";
import { shelfStep } from "./shelf.js";
import { showCurrent } from "./tabs.js";

const STEPS = {
  pick: pickStep,
  pack: packStep,
  dispatch: dispatchStep,
  hold: holdStep,
  returns: returnsStep,
  "put-back": putBackStep,
  shelf: shelfStep,
};
const shell = document.getElementById("store");
const { store } = page;
const url = (path) => `/api/stores/${encodeURIComponent(store.id)}/${path}`;
const body = h("div", { class: "store__lists" });
const top = h("div", { class: "store__top" });
let newest = null; // the look at the lists that was begun last
let drawn = ""; // the lists as they stand on the screen
let owed = true; // a step shows something else than before, whatever the lists say

/** What a step may use: the server, the lists, and a place to draw. */
const desk = {
  store,
  work: null,
  send: (path, values) => post(url(path), values),
  fetch: (path) => get(url(path)),
  refresh: () => load(),
  /** Does something that a button asks for; what is refused fills the screen. */
  async doing(run) {
    try {
      await run();
    } catch (refused) {
      tell(refused);
    }
    await load();
  },
};

const scanner = new Scanner(async (code) => {
  await step.scan(code);
  await load();
});
desk.scanner = scanner;
const step = STEPS[page.step](desk, { top, body });

/** Looks at the lists; done when they are drawn, be it by a look that was begun later. */
function load() {
  owed = true;
  return lookAgain();
}

/** The same after a hint: what has not changed is not drawn anew under somebody's finger. */
function lookAgain() {
  const mine = look(() => newest === mine).then(() => (newest === mine ? undefined : newest));
  newest = mine;
  return mine;
}

async function look(isNewest) {
  try {
    const work = await get(url("work"));
    if (!isNewest()) return;
    desk.work = work;
    const said = JSON.stringify(work);
    if (!owed && said === drawn) return;
    [drawn, owed] = [said, false];
    drawCounts(work.counts);
    step.draw(work);
  } catch (refused) {
    if (isNewest() && !desk.work) body.replaceChildren(failed(refused, load));
  }
}

/** Who goes on to another step leaves no scan behind that is still on its way. */
function leaveAfterScans(event) {
  const link = event.target.closest("a[href]");
  if (!link || !scanner.busy || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  scanner.done.then(() => isWrong() || location.assign(link.href));
}

function drawCounts(counts) {
  const of = { ...counts, "put-back": counts.put_back };
  for (const badge of document.querySelectorAll("[data-count]")) {
    const count = of[badge.dataset.count] ?? 0;
    write(badge, String(count));
    show(badge, count > 0);
  }
  showCurrent();
}

function soundButton() {
  const node = h("button", { type: "button", class: "button button--quiet button--small" });
  const draw = () => {
    set(node, { "aria-pressed": String(!isMuted()) });
    write(node, t(isMuted() ? "store.sound.off" : "store.sound.on"));
  };
  node.addEventListener("click", () => {
    setMuted(!isMuted());
    draw();
    scanner.focus();
  });
  draw();
  return node;
}

document.getElementById("store-tools").append(watchStore(store.id, lookAgain), soundButton());
body.append(...skeleton(4));
shell.append(scanner.node, top, body);
document.addEventListener("click", leaveAfterScans);
document.addEventListener("logged-out", () => location.assign(`/login?next=${encodeURIComponent(location.pathname)}`));
await load();
scanner.focus();

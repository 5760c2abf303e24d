// Keeps the live board fresh: the server draws, this moves what has changed in place, so that scroll, focus and open folds stay.

import { Link } from "../console/link.js";

const EVERY_MS = 5_000;
const DEADLINE_MS = 10_000;
const LET_SETTLE_MS = 300; // a burst of hints is one reading
const SERVER_KEEPS_MS = 2_100; // what one reading gave others get, too: what a hint told of may not be in it yet

const board = document.getElementById("board");
const stale = document.getElementById("stale");
let reading = false;
let again = false;
let timer = 0;

/** Reads the parts and moves them in; says so when they have grown old. `hinted`: something has just changed. */
async function read(hinted = false) {
  if (reading) return void (again = true);
  reading = true;
  clearTimeout(timer);
  try {
    const response = await fetch(board.dataset.parts, { cache: "no-store", redirect: "error", signal: AbortSignal.timeout(DEADLINE_MS) });
    if (!response.ok) throw new Error(String(response.status));
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").body;
    move(board, fresh);
    stale.hidden = true;
  } catch {
    stale.hidden = false;
  }
  reading = false;
  if (document.visibilityState === "visible")
    timer = again ? setTimeout(read, LET_SETTLE_MS, true) : setTimeout(read, hinted ? SERVER_KEEPS_MS : EVERY_MS);
  again = false;
}

/** Makes the children of `old` like those of `fresh`, touching only what differs. */
function move(old, fresh) {
  const wanted = [...fresh.childNodes];
  wanted.forEach((node, at) => {
    const had = old.childNodes[at];
    if (!had) old.append(node);
    else if (had.nodeType !== node.nodeType || had.nodeName !== node.nodeName) had.replaceWith(node);
    else if (node.nodeType === Node.ELEMENT_NODE) {
      dress(had, node);
      move(had, node);
    } else if (had.data !== node.data) had.data = node.data;
  });
  while (old.childNodes.length > wanted.length) old.lastChild.remove();
}

/** Gives `had` the attributes of `node`; what the reader has opened stays open. */
function dress(had, node) {
  for (const { name, value } of node.attributes) if (had.getAttribute(name) !== value) had.setAttribute(name, value);
  for (const { name } of [...had.attributes]) if (!node.hasAttribute(name) && name !== "open") had.removeAttribute(name);
}

new Link({
  socketUrl: `${location.origin.replace(/^http/, "ws")}/api/socket`,
  streamUrl: "/api/stream",
  healthUrl: "/healthz",
  hello: () => ({ t: "hello", v: 1, topics: { board: 0 } }),
  heard: (frame) => {
    if (frame.t !== "board" && frame.t !== "subbed") return; // "subbed": what came before the server listened for us
    clearTimeout(timer);
    timer = setTimeout(read, LET_SETTLE_MS, true);
  },
  changed: () => {},
}).start();

document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && read());
timer = setTimeout(read, EVERY_MS);

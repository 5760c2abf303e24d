// A page that stays true: whenever one of its topics moves, its parts are fetched anew, and those that differ are put in.
import { Link } from "../console/link.js";
import { Looks } from "../console/looks.js";

const SOON_MS = 120; // a machine tells much at once: drawn anew once
const AGAIN_MS = 3_000;
const TIMEOUT_MS = 10_000;
const place = document.querySelector("[data-topics]");
const here = place.dataset.here ?? location.href; // after a refused form the address bar has the form's
const heard = JSON.parse(place.dataset.topics); // the last number of each topic that we know of
const language = document.documentElement.lang.startsWith("en") ? "en" : "zh";
const looks = new Looks();
const CHANGES = new Set(["case", "cases", "review"]);
let timer = 0;

new Link({
  socketUrl: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/socket?lang=${language}`,
  healthUrl: "/healthz",
  post: async () => [],
  hello: () => ({ t: "hello", v: 1, topics: heard }),
  heard: (frame) => {
    // Hints bear no number: what passed between the page's drawing and our listening shows only if we look again.
    if (CHANGES.has(frame.t) || frame.t === "subbed") plan(SOON_MS);
    const told = frame.t === "ev" ? { [frame.topic]: frame.seq } : frame.t === "subbed" ? { [frame.topic]: frame.last } : frame.topics;
    for (const [topic, number] of Object.entries(told ?? {})) {
      if (!(topic in heard) || typeof number !== "number" || number <= heard[topic]) continue;
      heard[topic] = number;
      plan(SOON_MS);
    }
  },
  changed: () => {},
}).start();

addEventListener("case-written", () => plan(0));
toEnd();

function plan(wait) {
  clearTimeout(timer);
  timer = setTimeout(renew, wait);
}

async function renew() {
  const counts = looks.begin();
  try {
    const answer = await fetch(here, { cache: "no-store", redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || !fresh.querySelector("[data-topics]")) throw new Error(answer.statusText);
    if (counts()) show(fresh);
  } catch {
    if (counts()) plan(AGAIN_MS); // the page stands as it is
  }
}

/** What somebody is filling in stays until they have done with it. */
function show(fresh) {
  const parts = new Map([...fresh.querySelectorAll("[data-part]")].map((part) => [part.id, part]));
  for (const part of document.querySelectorAll("[data-part]")) {
    const now = parts.get(part.id);
    if (!now || busy(part) || same(part, now)) continue;
    const open = new Set([...part.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent));
    if (part.id === "talk") talk(part, now);
    else part.replaceChildren(...now.childNodes);
    for (const summary of part.querySelectorAll("details > summary")) summary.parentElement.open ||= open.has(summary.textContent);
  }
}

function same(part, now) {
  return part.innerHTML.replace(/value="[^"]*"/g, "") === now.innerHTML.replace(/value="[^"]*"/g, "");
}

/** New lines come at the end; who reads further up is not moved. */
function talk(part, now) {
  const atEnd = part.scrollHeight - part.scrollTop - part.clientHeight < 60;
  const pending = [...part.querySelectorAll("[data-pending]")].filter((line) => !now.querySelector(`[data-client="${CSS.escape(line.dataset.pending)}"]`));
  const fresh = [...now.children];
  [...part.children].forEach((line, at) => {
    if (line.dataset.pending || line.outerHTML !== fresh[at]?.outerHTML) line.remove();
  });
  fresh.forEach((line, at) => part.children[at]?.outerHTML === line.outerHTML || part.insertBefore(line, part.children[at] ?? null));
  part.append(...pending);
  if (atEnd) part.scrollTop = part.scrollHeight;
}

function toEnd() {
  const part = document.querySelector("#talk");
  if (part) part.scrollTop = part.scrollHeight;
}

function busy(part) {
  const fields = [...part.querySelectorAll("textarea, input:not([type=hidden]):not([type=checkbox]):not([type=radio])")];
  return part.contains(document.activeElement) && document.activeElement.matches("textarea, input, select")
    ? true
    : fields.some((field) => field.value !== field.defaultValue);
}

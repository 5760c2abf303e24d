// An order that moves while somebody looks: every event of its topic renews the page in place; what was missed is asked for.
import { Link } from "../console/link.js";

const SOON_MS = 150; // a machine tells much at once: drawn anew once
const AGAIN_MS = 3_000;
const TIMEOUT_MS = 10_000;
const place = document.querySelector("#order");
const told = document.querySelector("#renewed");
const topic = `order/${place.dataset.order}`;
const language = document.documentElement.lang.startsWith("en") ? "en" : "zh";
let last = Number(place.dataset.last); // of what is drawn
let heard = last; // of what we know that there is
let timer = 0;

new Link({
  socketUrl: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/socket?lang=${language}`,
  streamUrl: "/api/stream",
  healthUrl: "/healthz",
  post: async () => [],
  hello: () => ({ t: "hello", v: 1, topics: { [topic]: last } }),
  heard: (frame) => {
    if (frame.topic !== topic && !frame.topics) return;
    const seq = frame.t === "ev" ? frame.seq : frame.t === "subbed" ? frame.last : frame.topics?.[topic];
    if (typeof seq === "number" && seq > heard) {
      heard = seq;
      plan(SOON_MS);
    }
  },
  changed: () => {},
}).start();

function plan(wait) {
  clearTimeout(timer);
  timer = setTimeout(renew, wait);
}

async function renew() {
  try {
    const answer = await fetch(`/loans/orders/${place.dataset.order}`, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#order");
    if (!answer.ok || !fresh) throw new Error(answer.statusText);
    show(fresh);
  } catch {
    plan(AGAIN_MS); // the page stands as it is
  }
  if (heard > last) plan(AGAIN_MS);
}

/** Only parts that differ are put in; what the reader is filling in stays until they have done with it. */
function show(fresh) {
  last = Number(fresh.dataset.last);
  const before = place.querySelector(".order-head__state").textContent;
  const open = new Set([...place.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent));
  const [old, parts] = [[...place.children], [...fresh.children]];
  const key = (part) => part.getAttribute("aria-labelledby") ?? part.className;
  for (const part of old) {
    const now = parts.find((each) => key(each) === key(part));
    if (!busy(part) && now?.outerHTML !== part.outerHTML) now ? part.replaceWith(now) : part.remove();
  }
  parts.forEach((part, at) => {
    if (!place.contains(part) && ![...place.children].some((each) => key(each) === key(part))) place.insertBefore(part, place.children[at] ?? null);
  });
  for (const summary of place.querySelectorAll("details > summary")) summary.parentElement.open ||= open.has(summary.textContent);
  if (place.querySelector(".order-head__state").textContent !== before) told.textContent = fresh.dataset.renewed;
}

/** Whether somebody is at a form in this part, or has filled something in. */
function busy(part) {
  const fields = [...part.querySelectorAll("textarea, input:not([type=hidden]), select")];
  const changed = (field) =>
    field.matches("input[type=checkbox], input[type=radio]") ? field.checked !== field.defaultChecked : field.matches("select") ? false : field.value !== field.defaultValue;
  return fields.some((field) => field === document.activeElement || changed(field));
}

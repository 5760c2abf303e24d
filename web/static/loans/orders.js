// My orders, moving: an event of any order under way renews the list in place.
import { Link } from "../console/link.js";

const SOON_MS = 200;
const AGAIN_MS = 3_000;
const TIMEOUT_MS = 10_000;
const told = document.querySelector("#renewed");
const language = document.documentElement.lang.startsWith("en") ? "en" : "zh";
const heard = topics(); // the last number that we know of each order
let timer = 0;

/** What the list shows of each order: the number of its last event. */
function topics() {
  const pairs = document.querySelector("#moving").dataset.topics.split(" ").filter(Boolean);
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.lastIndexOf(":")), Number(pair.slice(pair.lastIndexOf(":") + 1))]));
}

new Link({
  socketUrl: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/socket?lang=${language}`,
  streamUrl: "/api/stream",
  healthUrl: "/healthz",
  post: async () => [],
  hello: () => ({ t: "hello", v: 1, topics: { ...heard } }),
  heard: (frame) => {
    const told = frame.topics ?? { [frame.topic]: frame.t === "ev" ? frame.seq : frame.last };
    for (const [topic, seq] of Object.entries(told)) {
      if (!(topic in heard) || typeof seq !== "number" || seq <= heard[topic]) continue;
      heard[topic] = seq;
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
  const place = document.querySelector("#moving");
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#moving");
    if (!answer.ok || !fresh) throw new Error(answer.statusText);
    const at = document.activeElement?.closest("#moving a")?.getAttribute("href");
    place.replaceWith(fresh);
    if (at) [...fresh.querySelectorAll("a")].find((link) => link.getAttribute("href") === at)?.focus({ preventScroll: true });
    told.textContent = fresh.dataset.renewed;
  } catch {
    plan(AGAIN_MS); // the list stands as it is
  }
}

// A suspension of service shows at once on every open page: the line says that there is something, the list is fetched then.
import { Link } from "./console/link.js";
import { Looks } from "./console/looks.js";

const EVERY_MS = 60_000; // where no line stands
const TIMEOUT_MS = 8_000;
const place = document.querySelector("#notices");
const language = document.documentElement.lang.startsWith("en") ? "en" : "zh";
const looks = new Looks();
let drawn = "";
let open = false;

if (place.dataset.origin === location.origin) listen(); // by another name the server would take no line from us
else look();
setInterval(() => !open && document.visibilityState === "visible" && look(), EVERY_MS);

function listen() {
  new Link({
    socketUrl: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/socket?lang=${language}`,
    healthUrl: "/healthz",
    post: async () => [],
    hello: () => ({ t: "hello", v: 1, topics: { notices: 0 } }),
    heard: (frame) => (frame.t === "notices" || frame.t === "subbed") && look(), // also at what was put up while nobody listened
    changed: (state) => {
      open = state === "open";
    },
  }).start();
}

async function look() {
  const counts = looks.begin();
  try {
    const answer = await fetch("/api/notices", { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const notices = answer.ok && (await answer.json());
    if (notices && counts()) show(notices);
  } catch {
    // what stands there stays; the next look comes
  }
}

function show(notices) {
  const said = JSON.stringify(notices);
  if (said === drawn) return;
  drawn = said;
  place.replaceChildren(...notices.map(strip));
  place.hidden = !notices.length;
}

function strip({ title, text }) {
  const [part, head, body] = ["div", "strong", "span"].map((tag) => document.createElement(tag));
  part.className = "notices__one";
  head.textContent = title[language] || title.zh;
  body.textContent = text[language] || text.zh;
  part.append(head, " ", body);
  return part;
}

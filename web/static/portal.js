// Renews the portal's living part in place: the server draws, this puts in what has changed while somebody looks.

const EVERY_MS = 10_000;
const DEADLINE_MS = 8_000;

const living = document.getElementById("living");
let drawn = "";
let timer = 0;

/** Reads the part anew; a reading that fails leaves what stands there, and the next one comes. */
async function read() {
  clearTimeout(timer);
  try {
    const response = await fetch(living.dataset.parts, { cache: "no-store", redirect: "error", signal: AbortSignal.timeout(DEADLINE_MS) });
    if (response.ok) show(await response.text());
  } catch {
    // Nobody is told: the page says as of when its figures are.
  }
  if (document.visibilityState === "visible") timer = setTimeout(read, EVERY_MS);
}

/** Puts the fragment in unless it is the one that stands there. */
function show(text) {
  if (text === drawn) return;
  drawn = text;
  living.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
}

document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && read());
timer = setTimeout(read, EVERY_MS);

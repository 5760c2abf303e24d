// The number beside "task pool" in the console's menu: what waits for me there. Asked for now and then, never in the way.

import { get } from "../console/http.js";

const EVERY_MS = 60_000;
const badge = document.querySelector("[data-pool-badge]");

async function look() {
  if (document.visibilityState !== "visible") return;
  try {
    const { counts } = await get("/api/pool?view=mine");
    const n = counts.mine + counts.release;
    badge.textContent = String(n);
    badge.hidden = n === 0;
    badge.title = badge.dataset.title.replace("{mine}", counts.mine).replace("{release}", counts.release);
  } catch {
    badge.hidden = true; // the page itself says what is the matter
  }
}

if (badge) {
  look();
  setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
}

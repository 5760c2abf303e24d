// A consultation that renews itself while somebody looks at it: no reload, no jump, nothing typed is lost.
const EVERY_MS = 15_000;
const SLOWEST_MS = 120_000;
const story = document.querySelector("#story");
const told = document.querySelector("#renewed");
let wait = EVERY_MS;
let timer = 0;

function busy() {
  const at = document.activeElement;
  const typed = [...story.querySelectorAll("textarea, input[type=text]")].some((field) => field.value !== field.defaultValue);
  return typed || (story.contains(at) && at.matches("input, textarea, select"));
}

function replace(fresh) {
  const open = [...story.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent);
  story.replaceChildren(...fresh.childNodes);
  story.dataset.stamp = fresh.dataset.stamp;
  for (const summary of story.querySelectorAll("details > summary")) {
    summary.parentElement.open ||= open.includes(summary.textContent);
  }
  told.textContent = story.dataset.renewed;
}

function offer(fresh) {
  const known = story.querySelector(".consultation__news");
  const button = known ?? Object.assign(document.createElement("button"), { type: "button", className: "button consultation__news" });
  button.textContent = story.dataset.show;
  button.onclick = () => replace(fresh);
  if (!known) story.prepend(button);
  told.textContent = story.dataset.renewed;
}

async function look() {
  try {
    const answer = await fetch(story.dataset.here, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("#story");
    if (!answer.ok || !fresh) throw new Error(answer.statusText);
    wait = EVERY_MS;
    if (fresh.dataset.stamp !== story.dataset.stamp) (busy() ? offer : replace)(fresh);
  } catch {
    wait = Math.min(wait * 2, SLOWEST_MS); // the page stands as it is
  }
  plan();
}

function plan() {
  clearTimeout(timer);
  if (document.visibilityState === "visible") timer = setTimeout(look, wait);
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (document.visibilityState === "visible") look();
});
plan();

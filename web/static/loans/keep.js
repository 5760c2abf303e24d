// Buttons that put a title on a list: done in place, without a jump. Without this script the form does the same.
const TIMEOUT_MS = 15_000;

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-keep]");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("button");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), signal: AbortSignal.timeout(TIMEOUT_MS) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || !replace(page, form.closest(".title-line, .title-page"))) throw new Error(answer.statusText);
  } catch {
    form.submit(); // the plain way says what is the matter
  }
});

/** The one title takes on what the server drew for it, the menu its new count; the rest of the page stays. */
function replace(page, place) {
  const name = place?.querySelector("img")?.getAttribute("src");
  const fresh = [...page.querySelectorAll(".title-line, .title-page")].find((each) => each.querySelector("img")?.getAttribute("src") === name);
  if (!fresh) return false;
  place.replaceWith(fresh);
  const menu = page.querySelector(".site-nav");
  if (menu) document.querySelector(".site-nav")?.replaceChildren(...menu.childNodes);
  const said = page.querySelector("#main .flash--good");
  if (said) tell(said.textContent.trim());
  fresh.querySelector(".title-line__do a, .title-line__do button, .title-page__do a, .title-page__do button")?.focus({ preventScroll: true });
  return true;
}

/** Said once, to eyes and ears, and gone again. */
function tell(text) {
  let toasts = document.querySelector(".toasts");
  if (!toasts) {
    toasts = Object.assign(document.createElement("div"), { className: "toasts" });
    toasts.setAttribute("role", "status");
    document.body.append(toasts);
  }
  const toast = Object.assign(document.createElement("div"), { className: "toast", textContent: text });
  toasts.replaceChildren(toast);
  setTimeout(() => toast.remove(), 5_000);
}

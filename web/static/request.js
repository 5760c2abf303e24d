// The request's form without a new page: another type of document, or a pasted citation, changes its fields in place.
// The server draws them, with a script as without one.
const form = document.querySelector("form#request, form#convert");
const parts = document.querySelector("#request-parts");
const paste = () => document.querySelector("#f-paste");

async function redraw(button) {
  const body = new FormData(form);
  body.delete("file"); // it stays in its field and goes with the request itself
  body.set(button.name, button.value);
  button.setAttribute("aria-busy", "true");
  const answer = await fetch(form.action, { method: "POST", body });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#request-parts");
  if (!answer.ok || !fresh) throw new Error(answer.statusText);
  parts.replaceChildren(...fresh.childNodes);
  const again = parts.querySelector(`button[name="${button.name}"][value="${button.value}"]`);
  if (button.name === "parse") parts.querySelector("#f-title")?.focus();
  else again?.focus();
}

form.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.name !== "switch" && button?.name !== "parse") return;
  event.preventDefault();
  redraw(button).catch(() => {
    // as without a script: the browser sends the button itself
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value }));
    form.submit();
  });
});

form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target !== paste() || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit(parts.querySelector('button[name="parse"]'));
});

// What is pasted into the line is read at once.
form.addEventListener("paste", (event) => {
  if (event.target === paste() && !paste().value) {
    setTimeout(() => form.requestSubmit(parts.querySelector('button[name="parse"]')));
  }
});

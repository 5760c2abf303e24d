// The request's form without a new page: another type of document, or a pasted citation, changes its fields in place.
// The server draws them, with a script as without one.
const form = document.querySelector("form#request, form#convert");
const parts = document.querySelector("#request-parts");
const paste = () => document.querySelector("#f-paste");

let presses = 0;
let composing = false;

// What was typed while the answer was under way goes into its fields.
function carryOver(fresh, sent) {
  for (const field of parts.querySelectorAll("input, textarea")) {
    const next = fresh.querySelector(`[name="${field.name}"]`);
    if (next && field.value !== sent.get(field.name)) next.value = field.value;
  }
}

// Where the reader goes on: who typed in another field meanwhile stays there.
function whereTo(button, fresh) {
  const at = document.activeElement;
  if (at !== document.body && !parts.contains(at)) return () => {};
  const same = at !== paste() && at.matches("input, textarea") && fresh.querySelector(`[name="${at.name}"]`);
  if (same) return () => (same.focus(), same.setSelectionRange(at.selectionStart, at.selectionEnd));
  const next = button.name === "parse" ? "#f-title" : `button[name="${button.name}"][value="${button.value}"]`;
  return () => parts.querySelector(next)?.focus();
}

async function redraw(button, press) {
  const body = new FormData(form);
  body.delete("file"); // it stays in its field and goes with the request itself
  body.set(button.name, button.value);
  button.setAttribute("aria-busy", "true");
  const answer = await fetch(form.action, { method: "POST", body });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#request-parts");
  if (!answer.ok || !fresh) throw new Error(answer.statusText);
  if (composing) await new Promise((over) => form.addEventListener("compositionend", over, { once: true }));
  if (press !== presses) return; // overtaken: its answer knows less than the next one will
  carryOver(fresh, body);
  const goOn = whereTo(button, fresh);
  parts.replaceChildren(...fresh.childNodes);
  goOn();
}

for (const sign of ["compositionstart", "compositionend"]) {
  form.addEventListener(sign, () => (composing = sign === "compositionstart"));
}

form.addEventListener("submit", (event) => {
  const button = event.submitter;
  const press = ++presses; // the request itself overtakes them all
  if (button?.name !== "switch" && button?.name !== "parse") return;
  event.preventDefault();
  redraw(button, press).catch(() => {
    if (press !== presses) return;
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

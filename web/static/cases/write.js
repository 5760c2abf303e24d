// Writing in a case without leaving the page: a message is shown at once, sent under a name of its own until it is kept, and said to have failed when it is.
const TIMEOUT_MS = 10_000;
const form = document.querySelector("[data-write]");
const talk = document.querySelector("#talk");
const unsure = new Map(); // text → the name under which it may have been kept although no answer came

if (form) {
  const area = form.querySelector("textarea");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = area.value.trim();
    if (!text) return area.focus();
    area.value = "";
    send(unsure.get(text) ?? name(), text);
    area.focus();
  });
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    form.requestSubmit();
  });
}

function name() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function send(id, text) {
  const line = shown(id, text);
  const problem = form.querySelector(".field__error");
  problem.hidden = true;
  try {
    const answer = await fetch(form.dataset.write, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": form.csrf.value },
      body: JSON.stringify({ client_id: id, text }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) throw new Error((await answer.json().catch(() => null))?.error?.message ?? answer.statusText);
    dispatchEvent(new Event("case-written"));
  } catch (error) {
    line.remove();
    unsure.set(text, id);
    problem.textContent = form.dataset.failed.replace("{why}", error.message);
    problem.hidden = false;
    const area = form.querySelector("textarea");
    area.value = area.value ? `${text}\n${area.value}` : text;
  }
}

function shown(id, text) {
  const line = document.createElement("li");
  const [said, foot] = [document.createElement("span"), document.createElement("span")];
  line.className = "bubble bubble--mine bubble--waiting";
  line.dataset.pending = id;
  said.className = "bubble__text";
  said.textContent = text;
  foot.className = "bubble__foot";
  foot.textContent = form.dataset.sending;
  line.append(said, foot);
  talk.append(line);
  talk.scrollTop = talk.scrollHeight;
  return line;
}

// Small comforts of the managers' forms; all of them work without.

/** Copies a snippet and says so. */
async function copy(button) {
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  const toasts = document.getElementById("toasts");
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.textContent = toasts.dataset.copied;
  toasts.replaceChildren(toast);
  setTimeout(() => toast.remove(), 3_000);
}

document.querySelectorAll("[data-copy]").forEach((button) => button.addEventListener("click", () => copy(button)));

// Monday's hours for Tuesday to Friday.
const monday = document.getElementById("copy-monday");
if (monday) {
  monday.hidden = false;
  monday.addEventListener("click", () => {
    const first = document.getElementById("f-day0").value;
    for (const day of [1, 2, 3, 4]) document.getElementById(`f-day${day}`).value = first;
    document.getElementById("f-day1").focus();
  });
}

// Many choices: a word shows those that have it; what is ticked stays ticked, seen or not.
for (const box of document.querySelectorAll("[data-sift]")) {
  const choices = [...document.getElementById(box.dataset.sift).children];
  const field = box.querySelector("input");
  const status = box.querySelector("[role=status]");
  const sift = () => {
    const word = field.value.trim().toLowerCase();
    for (const choice of choices) choice.hidden = !choice.textContent.toLowerCase().includes(word);
    status.textContent = choices.every((choice) => choice.hidden) ? status.dataset.none : "";
  };
  field.addEventListener("input", sift);
  field.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  box.hidden = false;
}

document.getElementById("problems")?.focus();

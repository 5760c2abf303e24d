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

document.getElementById("problems")?.focus();

// Records that are overdue, asked for at every log-in (R-LIVE.5).

import { h, show, write } from "./dom.js";
import { openDialog } from "./dialogs.js";
import { tab } from "./memory.js";
import { archive, guess } from "./wrapup.js";
import { readerOf } from "./offers.js";
import { duration, named, t } from "./words.js";

/** Who closes the dialog has been asked: a reload asks again only for what has become overdue since. */
export function askForOverdue(model, open) {
  const { overdue } = model;
  const login = model.state.csrf.slice(0, 8); // another one at each log-in
  const before = tab.get("overdue");
  const asked = before?.login === login ? before.ids : [];
  if (overdue.every(({ id }) => asked.includes(id))) return;
  const ids = overdue.map(({ id }) => id);
  overdueDialog(model, overdue, open).addEventListener("close", () => tab.set("overdue", { login, ids }));
}

/** Each archived with one click or opened. */
function overdueDialog(model, conversations, open) {
  const line = (one) => {
    const { card } = one;
    const record = guess(one);
    const problem = h("p", { class: "field__error", role: "alert", hidden: true });
    const node = h(
      "li",
      { class: "list__item overdue" },
      h(
        "div",
        { class: "list__main" },
        h("strong", {}, readerOf(card)),
        h(
          "span",
          { class: "muted small" },
          ` · ${named(card.desk.library)} · ${t("wrap_up.overdue", { length: duration(Date.now() - Date.parse(card.wrap_up_due_at)) })}`,
        ),
        h("p", { class: "overdue__question", dir: "auto" }, card.question),
        h(
          "p",
          { class: "muted small" },
          t("overdue.guess", {
            type: t(`question_type.${record.question_type}`),
            outcome: t(`outcome.${record.outcome}`),
            effort: record.effort,
          }),
        ),
        problem,
      ),
      h(
        "div",
        { class: "overdue__do" },
        h(
          "button",
          {
            type: "button",
            class: "button button--small button--primary",
            onclick: async (event) => {
              event.target.disabled = true;
              try {
                await archive(model, one.id, record);
                node.remove();
                if (!list.children.length) dialog.close();
              } catch (refused) {
                write(problem, refused.message);
                show(problem, true);
                event.target.disabled = false;
              }
            },
          },
          t("overdue.archive"),
        ),
        h(
          "button",
          {
            type: "button",
            class: "button button--small",
            onclick: () => {
              dialog.close();
              open(one.id);
            },
          },
          t("overdue.open"),
        ),
      ),
    );
    return node;
  };
  const list = h("ul", { class: "list" }, conversations.map(line));
  const dialog = openDialog({
    title: t("overdue.title", { n: conversations.length }),
    body: [
      h("p", {}, t("overdue.text")),
      list,
      h(
        "p",
        {},
        h(
          "button",
          { type: "button", class: "button button--quiet", onclick: () => dialog.close() },
          t("overdue.later"),
        ),
      ),
    ],
    wide: true,
  });
  return dialog;
}

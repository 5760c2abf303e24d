// Passing on a document with its title, asked for in a dialog.

import { h, show } from "./dom.js";
import { post } from "./http.js";
import { choices, field, openDialog } from "./dialogs.js";
import { upload } from "./uploads.js";
import { t } from "./words.js";

/** What a file is called until somebody names it better. */
export const titleOf = (name) => name.replace(/\.[^.]+$/, "");

/** By link, or as a file (R-LIVE.5). */
export function documentDialog(model, conversation) {
  let by = "link";
  let sending = null; // the file under its id: what has arrived of it is not sent again when a step fails
  const { documents, documentsLimit } = conversation;
  const title = field("title", t("document.name"), {
    maxlength: 300,
    required: true,
    autocomplete: "off",
    placeholder: t("document.name_placeholder"),
  });
  const link = field(
    "url",
    t("document.link"),
    { type: "url", maxlength: 1_000, placeholder: "https://", autocomplete: "off" },
    t("document.link_hint"),
  );
  const file = field("file", t("document.file"), { type: "file" });
  const progress = h("progress", { max: 1, value: 0, hidden: true, "aria-label": t("document.file") });
  file.control.addEventListener("change", () => {
    const [one] = file.control.files;
    sending = one && { id: model.outgoing.newId(), file: one, silent: true };
    if (one && !title.control.value) title.control.value = titleOf(one.name);
  });
  const turn = (value) => {
    by = value;
    show(link, by === "link");
    show(file, by === "file");
  };
  turn(by);
  async function sent() {
    if (!sending) throw new Error(t("document.no_file"));
    show(progress, true);
    return upload(conversation.id, sending, (done) => (progress.value = done));
  }
  openDialog({
    title: t("document.title"),
    body: [
      documentsLimit != null &&
        h("p", { class: "muted" }, t("document.count", { n: documents, limit: documentsLimit })),
      choices(
        t("document.how"),
        [
          ["link", t("document.by_link")],
          ["file", t("document.by_file")],
        ],
        by,
        turn,
      ),
      link,
      file,
      progress,
      title,
    ],
    action: t("document.action"),
    submit: async () => {
      const name = title.control.value.trim();
      const document =
        by === "link" ? { url: link.control.value.trim() } : { file_id: (await sent()).id };
      await post(`/api/sessions/${conversation.id}/documents`, { title: name, ...document });
      model.refetch();
      model.lookBehind(conversation.id, true);
    },
  });
}

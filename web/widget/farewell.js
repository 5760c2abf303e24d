// After the end: what was left over, the rating, the transcript, and how to go on.

import { button, field, h, picture } from "./dom.js";

const RATINGS = ["satisfied", "fair", "unsatisfied"];

export class Farewell {
  constructor(chat) {
    this.chat = chat;
    this.left = h("div.leftover", { hidden: true });
    this.rating = h("div.rate");
    this.keep = h("div.keep");
    this.onward = this.#onward();
    this.element = h(
      "section.farewell",
      { tabindex: "-1", "aria-label": chat.words.say("end.label") },
      this.left,
      this.rating,
      this.keep,
      this.onward,
    );
  }

  update() {
    this.#leftOver();
    const { state, view } = this.chat.consultation;
    const rated = (state.events.findLast?.(({ kind }) => kind === "rated")?.data.rating ?? view?.rating) || "";
    if (this.drawn !== rated) {
      this.drawn = rated;
      if (rated) this.sent || this.#thanks(rated);
      else if (state.events.some(({ by, text }) => text && by.kind === "staff")) this.#ask(); // where somebody answered
      this.#transcript();
    }
  }

  // Written while offline, and the conversation was over before it could be sent: nothing of it is retyped.
  #leftOver() {
    const { words, consultation } = this.chat;
    const held = consultation.held();
    this.left.hidden = !held.length;
    this.onward.firstChild.hidden = held.length > 0;
    const key = held.map(({ id }) => id).join();
    if (!held.length || key === this.heldKey) return;
    this.heldKey = key;
    this.left.replaceChildren(
      h("p", {}, h("strong", {}, words.say("left.title", { n: held.length })), " ", words.say("left.why")),
      h(
        "blockquote",
        {},
        held.map(({ text }) => h("p", { dir: "auto" }, text)),
      ),
      h(
        "div.actions",
        {},
        button("primary", words.say("left.continue"), () => this.chat.goOn()),
        button("plain", words.say("left.form"), () => this.chat.show("leave")),
      ),
    );
  }

  #ask() {
    const { words } = this.chat;
    const faces = RATINGS.map((rating) =>
      button("face", words.say(`rating.${rating}`), () => this.#comment(rating, faces), rating),
    );
    const group = h("div.faces", { role: "group", "aria-label": words.say("rating.ask") }, faces);
    this.rating.replaceChildren(h("h3", {}, words.say("rating.ask")), group);
  }

  #comment(rating, faces) {
    const { words, consultation } = this.chat;
    faces.forEach((face, index) => face.setAttribute("aria-pressed", RATINGS[index] === rating));
    const comment = h("textarea", { rows: "2", maxlength: "2000" });
    const box = field(words.say(`rating.why_${rating}`), comment);
    const send = button("primary", words.say("rating.send"), async () => {
      send.disabled = true;
      try {
        await consultation.rate(rating, comment.value);
        this.sent = true;
        this.#thanks(rating);
        this.element.focus();
      } catch (error) {
        box.refuse(error.message);
        send.disabled = false;
      }
    });
    while (this.rating.children.length > 2) this.rating.lastChild.remove();
    this.rating.append(box, h("div.actions", {}, send));
  }

  #thanks(rating) {
    const { words } = this.chat;
    this.rating.replaceChildren(
      h(
        "p.thanks",
        { role: "status" },
        picture(rating),
        words.say("rating.thanks", { rating: words.say(`rating.${rating}`) }),
      ),
    );
  }

  #transcript() {
    const { words, consultation } = this.chat;
    const save = button(
      "plain",
      words.say("transcript.save"),
      async () => {
        try {
          const address = URL.createObjectURL(await consultation.transcript());
          h("a", { href: address, download: words.say("transcript.name") }).click();
          setTimeout(() => URL.revokeObjectURL(address), 10_000);
        } catch (error) {
          this.chat.tell(error.message);
        }
      },
      "save",
    );
    const mail = h("input", { type: "email", autocomplete: "email", inputmode: "email" });
    const box = field(words.say("contact.mail"), mail);
    const form = h(
      "form.inline",
      { hidden: true, novalidate: "" },
      box,
      h("button.plain", { type: "submit" }, words.say("write.send")),
    );
    form.onsubmit = async (event) => {
      event.preventDefault();
      try {
        await consultation.mailTranscript(mail.value);
        form.replaceChildren(h("p", { role: "status" }, words.say("transcript.sent", { mail: mail.value })));
      } catch (error) {
        box.refuse(error.message);
        mail.focus();
      }
    };
    const open = button(
      "plain",
      words.say("transcript.mail"),
      () => {
        form.hidden = !form.hidden;
        open.setAttribute("aria-expanded", !form.hidden);
        if (!form.hidden) mail.focus();
      },
      "mail",
    );
    open.setAttribute("aria-expanded", "false");
    this.keep.replaceChildren(h("div.actions", {}, save, open), form);
  }

  #onward() {
    const { words } = this.chat;
    return h(
      "div.actions.onward",
      {},
      button("plain", words.say("end.continue"), () => this.chat.goOn()),
      button("link", words.say("end.new"), () => this.chat.goOn(true)),
    );
  }
}

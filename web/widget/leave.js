// Leaving the conversation as a form question or for a call back: everything said goes along, nothing is retyped.

import { button, h, picture, newId } from "./dom.js";
import { Contact } from "./contact.js";

export class Leave {
  constructor(chat) {
    this.chat = chat;
    this.client_id = newId();
    const { words, consultation } = chat;
    const { state, keeping } = consultation;
    const over = state.phase === "ended";
    const said = over ? [] : state.events.filter(({ kind, by }) => kind === "message" && by.kind === "reader");
    const draft = keeping.get("draft")?.trim();
    const unsent = draft ? [...state.outbox, { text: draft }] : state.outbox;
    this.unsent = unsent.length;
    this.question = [...said, ...unsent].map(({ text }) => text).join("\n");
    this.contact = new Contact(chat);
    this.problem = h("p.problem", { role: "alert", hidden: true });
    this.submit = h("button.primary.wide", { type: "submit" }, words.say("leave.send"));
    const form = h(
      "form",
      { novalidate: "" },
      this.contact.element,
      this.problem,
      this.submit,
      button("link", words.say("leave.back"), () => chat.show("room")),
    );
    form.onsubmit = (event) => {
      event.preventDefault();
      this.#send();
    };
    this.title = h("h3", { tabindex: "-1" }, words.say("leave.title"));
    this.element = h(
      "div.view.ask",
      {},
      h(
        "div.sheet",
        {},
        this.title,
        h("p", {}, words.say(over ? "leave.about_held" : "leave.about")),
        h("blockquote", {}, h("p", { dir: "auto" }, this.question)),
        form,
      ),
    );
  }

  focus() {
    this.title.focus();
  }

  update() {}

  async #send() {
    const { consultation } = this.chat;
    this.contact.refuse("", "");
    this.problem.hidden = true;
    this.submit.disabled = true;
    const asking = {
      ...this.contact.values,
      client_id: this.client_id,
      language: consultation.view?.language ?? this.chat.words.language,
      topic: consultation.talk?.topic ?? "reference",
    };
    // Perhaps it was ended while this form was filled in.
    if (this.unsent || consultation.state.phase === "ended") asking.question = this.question; // else the server takes what stands in the conversation
    try {
      this.chat.receipt(await consultation.ask(asking), this.contact.values);
    } catch (error) {
      if (!this.contact.refuse(error.field, error.message)) {
        this.problem.textContent = error.message;
        this.problem.hidden = false;
      }
    } finally {
      this.submit.disabled = false;
    }
  }
}

// The receipt: what happens next, and the number to ask by.
export class Receipt {
  constructor(chat, kept, { kind, mail }) {
    const { words, consultation } = chat;
    const ended = consultation.state;
    this.title = h("h3", { tabindex: "-1" }, words.say("receipt.title"));
    const next = words.say(kind === "phone" ? "receipt.phone" : mail ? "receipt.mail" : "receipt.account", { mail });
    this.element = h(
      "div.view.ask",
      {},
      h(
        "div.sheet.receipt",
        {},
        picture("mail"),
        this.title,
        h("p", {}, next),
        h("p.hint", {}, words.say("receipt.number", { id: kept.id })),
        h(
          "div.actions",
          {},
          ended ? button("plain", words.say("receipt.read"), () => chat.show("room")) : null,
          button("link", words.say("end.new"), () => chat.goOn(true)),
        ),
      ),
    );
  }

  focus() {
    this.title.focus();
  }

  update() {}
}

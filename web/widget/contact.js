// How the library can answer later: by mail or by telephone. Used wherever a question becomes a form question.

import { choices, field, h } from "./dom.js";

export class Contact {
  constructor(chat, kept = {}) {
    const { words, consultation } = chat;
    const { reader } = consultation;
    this.kind = kept.kind ?? "form";
    this.mail = h("input", { type: "email", autocomplete: "email", inputmode: "email", value: kept.mail ?? "" });
    this.phone = h("input", { type: "tel", autocomplete: "tel", inputmode: "tel", value: kept.phone ?? "" });
    this.name = h("input", {
      type: "text",
      autocomplete: "name",
      maxlength: "100",
      value: kept.name ?? reader?.name ?? "",
    });
    const mailHint = words.say(reader ? "contact.mail_account" : "contact.mail_hint");
    this.fields = {
      mail: field(words.say("contact.mail"), this.mail, mailHint),
      phone: field(words.say("contact.phone"), this.phone, words.say("contact.phone_hint")),
      name: field(words.say("contact.name"), this.name),
    };
    const how = [
      ["form", words.say("contact.by_mail")],
      ["phone", words.say("contact.by_phone")],
    ];
    this.element = h(
      "div.contact",
      {},
      choices(words.say("contact.how"), "kind", how, this.kind, (kind) => this.#choose(kind)),
      this.fields.mail,
      this.fields.phone,
      this.fields.name,
    );
    this.#choose(this.kind);
  }

  get values() {
    const phone = this.kind === "phone" ? this.phone.value.trim() : "";
    return { kind: this.kind, mail: this.mail.value, phone, name: this.name.value.trim() };
  }

  // Shows a refusal at the field it is about; false if it is about none of these.
  refuse(name, message) {
    for (const [key, box] of Object.entries(this.fields)) box.refuse(key === name ? message : "");
    if (!(name in this.fields) || !message) return false;
    this[name].focus();
    return true;
  }

  #choose(kind) {
    this.kind = kind;
    this.fields.mail.hidden = kind !== "form";
    this.fields.phone.hidden = kind !== "phone";
  }
}

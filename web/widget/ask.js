// The first question: what it is about, the question itself, in which language, under which name. When nobody is on
// duty, or the reader would rather not wait, the same words become a form question.

import { button, choices, field, grows, h, linked, picture, newId } from "./dom.js";
import { Contact } from "./contact.js";

export class Ask {
  constructor(chat, previous = null) {
    Object.assign(this, { chat, previous });
    const { words, info, consultation } = chat;
    this.kept = {
      topic: info.topics[0]?.id,
      language: words.language,
      client_id: newId(),
      ...consultation.keeping.get("asking"),
    };
    if (previous) Object.assign(this.kept, previous);
    this.problem = h("p.problem", { role: "alert", hidden: true });
    this.question = grows(h("textarea", { rows: "3", value: this.kept.question ?? "" }), 260);
    this.question.addEventListener("input", () => this.#keep({ question: this.question.value }));
    this.box = field(words.say("ask.question"), this.question, words.say("ask.question_hint"));
    this.contact = new Contact(chat, this.kept);
    this.identity = h("p.identity");
    this.submit = h("button.primary.wide", { type: "submit" });
    this.other = button("link", "", () => this.turn(!this.live));
    this.form = h(
      "form",
      { novalidate: "" },
      this.#topics(),
      this.box,
      this.#languages(),
      this.contact.element,
      this.identity,
      this.problem,
      this.submit,
      this.other,
    );
    this.form.onsubmit = (event) => {
      event.preventDefault();
      this.#send();
    };
    this.hello = this.#greeting();
    this.duty = h("div");
    this.past = h("div");
    this.element = h(
      "div.view.ask",
      {},
      h("div.sheet", {}, this.hello, this.duty, this.form, this.#small(), this.past),
    );
    this.turn(true);
  }

  focus() {
    this.question.focus();
  }

  update() {
    const { words, consultation } = this.chat;
    const { reader, earlier } = consultation;
    const name = reader?.name ?? "";
    const key = name + earlier?.[0]?.id;
    if (this.named === key) return;
    this.named = key;
    const text = reader ? words.say("ask.as_reader", { name }) : words.say("ask.as_visitor");
    const change = reader
      ? button("link", words.say("login.out"), () => this.chat.logOut())
      : button("link", words.say("login.in"), () => this.chat.logIn());
    this.identity.replaceChildren(picture("person"), h("span", {}, text), change);
    this.past.replaceChildren(this.#earlier() ?? "");
  }

  #greeting() {
    const { words, info } = this.chat;
    const text = this.previous
      ? words.say("ask.again")
      : words.of(info.greeting) || words.say("ask.greeting", { library: words.of(info.library.name) });
    return h(
      "div.row.greeting",
      {},
      h("div.face", { "aria-hidden": "true" }, picture("book")),
      h("div.bubble", {}, h("div.text", {}, linked(text))),
    );
  }

  #topics() {
    const { words, info } = this.chat;
    const options = info.topics.map(({ id, label }) => [id, words.of(label)]);
    return choices(
      words.say("ask.topic"),
      "topic",
      options,
      this.kept.topic,
      (topic) => this.#chose({ topic }),
      "cards",
    );
  }

  #languages() {
    const { words } = this.chat;
    const options = [
      ["zh", "中文"],
      ["en", "English"],
    ];
    return choices(words.say("ask.language"), "language", options, this.kept.language, (language) =>
      this.#chose({ language }),
    );
  }

  // Who is there may answer other topics, or speak another language, only.
  #chose(part) {
    this.#keep(part);
    this.turn();
  }

  // Live, or in writing; what is typed stays.
  turn(live = this.wanted) {
    const { words, info, practice } = this.chat;
    const { topic, language } = this.kept;
    const here = practice || (info.on_duty_for?.[language]?.includes(topic) ?? info.on_duty); // interns practise at any hour
    this.wanted = live;
    this.live = live && here;
    this.contact.element.hidden = this.live;
    this.submit.textContent = words.say(this.live ? "ask.start" : "ask.leave");
    this.other.lastChild.textContent = words.say(live ? "ask.rather_form" : "ask.rather_live");
    this.other.hidden = !here;
    const when = words.of(info.next_open_text) || words.of(info.hours_text);
    this.form.hidden = this.hello.hidden = info.closed; // nothing new is asked here
    const said = words.of(info.closed) || [
      h("strong", {}, words.say(info.on_duty ? "duty.nobody_for" : "duty.nobody")),
      info.open_now ? h("span", {}, words.say("duty.open")) : when && h("span", {}, words.say("duty.next", { when })),
      h("span", {}, words.say("duty.form")),
    ];
    this.duty.replaceChildren(here ? "" : h("div.note", { role: "status" }, picture("clock"), h("p", {}, said)));
  }

  #small() {
    const { words, info } = this.chat;
    const notice = (key, text) => h("p", {}, h("b", {}, words.say(key)), " ", linked(words.of(text)));
    return h("div.small", {}, notice("ask.scope", info.scope), notice("ask.privacy", info.privacy));
  }

  #earlier() {
    const { words, consultation } = this.chat;
    const ended = consultation.earlier?.slice(0, 3);
    if (!ended?.length) return null;
    const topic = (id) => words.of(this.chat.info.topics.find((one) => one.id === id)?.label) || id;
    const open = (session) =>
      button("link", `${words.exact.format(new Date(session.created_at))} · ${topic(session.topic)}`, () =>
        consultation.reread(session),
      );
    return h(
      "section.before",
      {},
      h("h3", {}, words.say("ask.earlier")),
      h(
        "ul",
        {},
        ended.map((session) => h("li", {}, open(session))),
      ),
    );
  }

  #keep(part) {
    Object.assign(this.kept, part);
    const { topic, question, language, client_id } = this.kept;
    this.chat.consultation.keeping.set("asking", { topic, question, language, client_id });
  }

  async #send() {
    const { chat, kept } = this;
    const question = this.question.value.trim();
    this.#refuse("", "");
    if (!question) return this.#refuse("question", chat.words.say("ask.empty"));
    this.#keep({ question });
    this.submit.disabled = true;
    this.submit.setAttribute("aria-busy", "true");
    try {
      const { topic, language, client_id } = this.kept;
      if (this.live)
        await chat.consultation.open({
          topic,
          question,
          language,
          client_id,
          previous_id: kept.previous_id ?? "",
          practice: chat.practice,
        });
      else
        chat.receipt(
          await chat.consultation.ask({ topic, question, language, client_id, ...this.contact.values }),
          this.contact.values,
        );
      chat.consultation.keeping.drop("asking");
    } catch (error) {
      this.#refuse(error.field, error.message);
    } finally {
      this.submit.disabled = false;
      this.submit.removeAttribute("aria-busy");
    }
  }

  #refuse(name, message) {
    this.box.refuse(name === "question" ? message : "");
    const shown = this.contact.refuse(name, message) || name === "question";
    this.problem.textContent = shown ? "" : message;
    this.problem.hidden = shown || !message;
    if (name === "question") this.question.focus();
  }
}

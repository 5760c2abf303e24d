// <shuqiao-chat>: the chat as a whole, in a panel over the host page or as a page of its own. What is drawn stands in
// a shadow root with constructed style sheets, so neither page nor chat can touch the other's looks.

import { Api } from "./api.js";
import { Ask } from "./ask.js";
import { Consultation } from "./consultation.js";
import { Keeping } from "./keeping.js";
import { Leave, Receipt } from "./leave.js";
import { Room } from "./room.js";
import { Words } from "./words.js";
import { button, h, iconButton, picture, newId } from "./dom.js";
import { logIn } from "./login.js";

const FRESH = 60_000;
const PHONE = matchMedia("(max-width: 520px)");

export class ShuqiaoChat extends HTMLElement {
  // options: origin, slug, language (wanted by the page), page (fills its place instead of floating), styles.
  async begin(options) {
    Object.assign(this, options);
    this.keeping = new Keeping(this.origin, this.slug);
    this.root = this.attachShadow({ mode: "open" });
    const language = this.page ? this.language : (this.keeping.get("language") ?? this.language);
    this.api = new Api(this.origin, () => this.keeping.proof(), { language, say: String });
    [this.api.words, this.info] = await Promise.all([
      Words.load(this.origin, language),
      this.#desk(),
      this.#styles(),
    ]);
    this.consultation = new Consultation(this, (why) => this.#changed(why));
    this.consultation.watching = () =>
      this.shown && !document.hidden && this.screen === "room" && this.room.log.atEnd;
    this.toggleAttribute("whole", !!this.page);
    this.#draw();
    this.consultation.resume();
    await Promise.race([this.consultation.findOpen().catch(() => {}), new Promise((go) => setTimeout(go, 1500))]);
    this.#settle();
    setInterval(() => this.notice(), 30_000);
    addEventListener("visibilitychange", () => {
      this.#changed("seen");
      this.renew();
    });
    visualViewport.addEventListener("resize", () => this.#fit());
    return this;
  }

  get words() {
    return this.api.words;
  }

  // --- opening and closing ----------------------------------------------------------------------------------------

  open(focus = true) {
    this.shown = true;
    this.hidden = false;
    this.#fit();
    if (focus) this.view?.focus();
    this.renew();
    this.room?.area.fit();
    this.room?.log.toEnd();
    this.#changed("seen");
    this.consultation.receipts();
  }

  minimise() {
    if (this.page) return;
    this.shown = false;
    this.hidden = true;
    this.dispatchEvent(new CustomEvent("shuqiao-minimised"));
  }

  // --- screens ----------------------------------------------------------------------------------------------------

  show(screen, view) {
    const focused = this.shown && this.screen !== undefined;
    if (screen === "room" && !this.consultation.state) screen = "ask"; // it was given up in another tab
    this.screen = screen;
    if (screen === "room") this.view = this.room ??= new Room(this);
    else this.view = view ?? (screen === "leave" ? new Leave(this) : new Ask(this));
    this.place.replaceChildren(this.view.element);
    this.view.update();
    this.#head();
    if (focused) this.view.focus();
    if (screen === "room") {
      this.room.log.toEnd();
      this.consultation.receipts();
    }
    this.renew();
  }

  receipt(kept, contact) {
    this.show("receipt", new Receipt(this, kept, contact));
  }

  // Ask again: after the conversation just read, with what could not be sent in it, or about something new.
  goOn(anew) {
    const { consultation } = this;
    const held = consultation.held();
    if (anew) {
      held.forEach(({ id }) => consultation.discard(id));
      consultation.forget();
      this.room = null; // it is opened anew by whoever reads it again
      return this.show("ask");
    }
    const { id: previous_id, topic } = consultation.talk;
    const asking = { topic, question: "", ...this.keeping.get("asking"), previous_id, client_id: newId() };
    const more = [...held.map(({ text }) => text), this.keeping.get("draft")];
    // It was typed here before, perhaps: then it stands below what was left over, unless it began with that.
    asking.question = [...more.filter((text) => !asking.question.includes(text)), asking.question]
      .filter(Boolean)
      .join("\n");
    this.show("ask", new Ask(this, asking));
  }

  // On a shared computer: nothing of this reader is left on the screen or in the browser.
  logOut() {
    this.consultation.logOut();
    this.goOn(true);
  }

  async logIn() {
    try {
      const code = await logIn(this.api, this.slug);
      if (!code) return this.tell(code ?? this.words.say("login.blocked"));
      await this.consultation.logIn(code);
      this.tell(this.words.say("ask.as_reader", { name: this.consultation.reader.name }));
      this.#settle();
    } catch (error) {
      this.tell(error.message);
    }
  }

  tell(message) {
    this.toast.textContent = message;
    this.toast.hidden = !message;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => (this.toast.hidden = true), 8000);
  }

  // A suspension of service stands above everything; in a conversation the line says at once that there is one.
  notice() {
    this.api.get(`/api/notices?desk=${this.slug}`).then(
      ([told]) => (this.strip.textContent = this.words.of(told?.title)),
      () => {},
    );
  }

  // A page may lie open for hours: who is on duty, and when next, is asked again before a question is begun, and while
  // one waits for nobody; and whether the reader has begun a conversation on another device.
  async renew() {
    const { phase, queue } = this.consultation.state ?? {};
    const over = phase === "ended" && this.screen === "room";
    if (this.screen !== "ask" && !over && queue?.on_duty !== 0) return;
    if (!this.shown || document.hidden || Date.now() - this.askedAt < FRESH) return;
    this.info = await this.#desk().catch(() => this.info);
    const begun = [...this.place.querySelectorAll("textarea")].some(({ value }) => value); // nothing typed is lost
    if (!begun) await this.consultation.findOpen().catch(() => {});
    this.view.turn?.();
    this.view.update();
    this.#head();
  }

  // --- inside -----------------------------------------------------------------------------------------------------

  // A desk that has closed is still there for who proves that they have asked at it.
  #desk() {
    this.askedAt = Date.now();
    const path = `/api/desks/${this.slug}`;
    return this.api.get(path, "").catch(() => this.api.get(path));
  }

  async #styles() {
    const answer = await fetch(`${this.origin}/widget/chat.css`, { credentials: "omit" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(await answer.text());
    this.root.adoptedStyleSheets = [...(this.styles ?? []), sheet];
  }

  // The view that the state of things asks for.
  #settle() {
    const { state } = this.consultation;
    if (state && this.screen !== "leave" && this.screen !== "receipt") {
      if (this.room?.session !== state.session) this.room = null;
      this.show("room");
      this.room.session = state.session;
    } else if (!state && this.screen !== "ask" && this.screen !== "receipt") this.show("ask");
  }

  #changed(why) {
    const { consultation } = this;
    const { state } = consultation;
    if (why === "notices") this.notice();
    if (why === "out") return this.goOn(true);
    if (why !== "seen" && this.screen) {
      const other = state && this.room?.session !== state.session;
      if ((other && this.screen !== "receipt") || (!state && this.screen !== "ask")) this.#settle();
      else if (state || this.screen === "ask") this.view.update();
    }
    if (consultation.refusal) {
      this.tell(consultation.refusal);
      consultation.refusal = null;
    }
    this.#head();
    const unread = this.shown && !document.hidden ? 0 : consultation.unread;
    if (unread !== this.unread) {
      this.unread = unread;
      this.dispatchEvent(new CustomEvent("shuqiao-unread", { detail: unread }));
    }
  }

  #draw() {
    const { words } = this;
    this.crest = h("div.crest", { "aria-hidden": "true" }, [...words.of(this.info.library.name)][0]);
    this.heading = h("h2", { id: "title" }, words.of(this.info.library.name));
    this.status = h("p.status", { role: "status" });
    this.menu = h("div.menu", { hidden: true, id: "menu" });
    this.more = iconButton("more", words.say("menu.open"), () => this.#toggleMenu());
    this.more.setAttribute("aria-expanded", "false");
    this.more.setAttribute("aria-controls", "menu");
    this.size = h("button.icon.size", {
      type: "button",
      onclick: () => {
        this.#enlarge(!this.large);
        this.keeping.set("large", this.large);
      },
    });
    const minimise = this.page ? null : iconButton("down", words.say("minimise"), () => this.minimise());
    this.place = h("div.place");
    this.toast = h("div.toast", { role: "alert", hidden: true });
    const role = this.page ? "region" : "dialog";
    this.app = h(
      "section.app",
      { role, "aria-label": words.of(this.info.library.name), lang: words.tag },
      h(
        "div.head",
        {},
        this.crest,
        h("div.titles", {}, this.heading, this.status),
        h("div.tools", {}, this.size, this.more, minimise),
      ),
      this.menu,
      (this.strip = h("div.strip", { role: "alert" })),
      this.place,
      this.toast,
    );
    this.notice();
    this.app.addEventListener("keydown", (event) => this.#keys(event));
    this.root.replaceChildren(this.app);
    this.#enlarge(this.largeType || this.keeping.get("large") || false);
    this.root.addEventListener(
      "click",
      (event) => !event.composedPath().includes(this.more) && this.#toggleMenu(false),
    );
  }

  #head() {
    const { words, info, consultation } = this;
    const { state } = consultation;
    let kind, text;
    if (state && state.phase === "ended") [kind, text] = ["", words.say("phase.ended")];
    else if (state) {
      const link = consultation.connection;
      const who = link === "current" && state.holder?.name;
      [kind, text] = [link, [who, words.say(`link.${link}`)].filter(Boolean).join(" · ")];
    } else if (this.practice) [kind, text] = ["", words.say("duty.practice")];
    else [kind, text] = info.on_duty ? ["current", words.say("duty.here")] : ["away", words.say("duty.away")];
    if (this.statusShown === kind + text) return;
    this.statusShown = kind + text;
    this.status.className = `status ${kind}`;
    const pictured = kind === "away" ? "clock" : kind;
    this.status.replaceChildren(...(pictured ? [picture(pictured)] : []), h("span", {}, text));
  }

  #toggleMenu(open = this.menu.hidden) {
    if (this.menu.hidden === !open) return;
    const { words, consultation } = this;
    const { state } = consultation;
    const item = (key, act, pictured) =>
      button("item", words.say(key), () => (this.#toggleMenu(false), act()), pictured);
    const live = state && state.phase !== "ended";
    const other = words.language === "zh" ? "en" : "zh";
    const items = [
      consultation.reader
        ? h("p.hint", {}, words.say("ask.as_reader", { name: consultation.reader.name }))
        : item("login.in", () => this.logIn(), "person"),
      consultation.reader && !live && item("login.out", () => this.logOut(), "person"),
      !this.page && item("menu.language", () => this.#speak(other), "language"),
      live && item("wait.leave", () => this.show("leave"), "mail"),
      consultation.view?.request_url &&
        item("menu.document", () => window.open(consultation.view.request_url), "book"),
      live && item("menu.end", () => this.#confirmEnd(), "end"),
    ];
    this.menu.replaceChildren(...items.filter(Boolean));
    this.menu.hidden = !open;
    this.more.setAttribute("aria-expanded", open);
    if (open) this.menu.querySelector("button").focus();
    else if (this.menu.contains(this.root.activeElement)) this.more.focus();
  }

  #confirmEnd() {
    const { words, consultation } = this;
    const box = h("div.confirm", { role: "alertdialog", "aria-label": words.say("end.sure") });
    const close = () => (box.remove(), this.view.focus());
    const end = button("primary", words.say("menu.end"), async () => {
      end.disabled = true;
      try {
        await consultation.end();
        close();
      } catch (error) {
        end.disabled = false;
        this.tell(error.message);
      }
    });
    box.addEventListener("keydown", (event) => event.key === "Escape" && (event.stopPropagation(), close()));
    box.append(
      h("p", {}, words.say("end.sure")),
      h("div.actions", {}, end, button("plain", words.say("end.stay"), close)),
    );
    this.place.append(box);
    end.focus();
  }

  async #speak(language) {
    try {
      this.api.words = await Words.load(this.origin, language);
    } catch {
      return this.tell(this.words.say("error.offline"));
    }
    this.keeping.set("language", language);
    const asking = this.keeping.get("asking");
    if (asking) this.keeping.set("asking", { ...asking, language });
    this.statusShown = this.room = null;
    const { screen } = this;
    this.#draw();
    this.screen = undefined;
    this.#settle();
    if (screen === "leave") this.show(screen);
    else if (screen === "ask" && this.room) this.goOn();
    this.size.focus();
    this.dispatchEvent(new CustomEvent("shuqiao-language", { detail: language }));
  }

  #enlarge(large) {
    const { words } = this;
    this.large = large;
    this.toggleAttribute("large", large);
    this.app.classList.toggle("large", large);
    this.size.textContent = large ? "A" : "A+";
    const label = words.say(large ? "size.normal" : "size.large");
    this.size.setAttribute("aria-label", label);
    this.size.title = label;
    this.room?.area.fit();
  }

  #keys(event) {
    if (event.key === "Escape" && !event.isComposing) {
      if (!this.menu.hidden) this.#toggleMenu(false);
      else this.minimise();
      event.stopPropagation();
    }
    if (event.key === "Tab" && PHONE.matches && !this.page) this.#circle(event);
  }

  // On a phone the chat covers the page: the keyboard stays in it.
  #circle(event) {
    const all = [...this.app.querySelectorAll("button, input, textarea, a[href], [tabindex='0']")].filter(
      (one) => !one.disabled && one.checkVisibility?.() !== false && one.tabIndex >= 0,
    );
    const [first, last] = [all[0], all.at(-1)];
    const at = this.root.activeElement;
    if ((event.shiftKey && at === first) || (!event.shiftKey && at === last)) {
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    }
  }

  // A keyboard on the screen takes its part of the height.
  #fit() {
    if (!this.page) this.app.setAttribute("aria-modal", PHONE.matches);
    if (!PHONE.matches || this.page) return this.style.removeProperty("--height");
    this.style.setProperty("--height", `${visualViewport.height}px`);
  }
}

// Puts the chat into a page: at its end, or (page) into an element of it.
export async function mount(options, parent = document.body) {
  if (!customElements.get("shuqiao-chat")) customElements.define("shuqiao-chat", ShuqiaoChat);
  const chat = document.createElement("shuqiao-chat");
  chat.hidden = !options.page;
  chat.shown = options.page;
  parent.append(chat);
  try {
    return await chat.begin(options);
  } catch (error) {
    chat.remove();
    throw error;
  }
}

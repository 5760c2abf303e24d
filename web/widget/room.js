// The conversation's room: the log, the wait or the end above it, the line to write in.

import { button, grows, h, iconButton, picture, quiet, sends } from "./dom.js";
import { Log } from "./log.js";
import { Farewell } from "./farewell.js";

export class Room {
  constructor(chat) {
    this.chat = chat;
    this.log = new Log(chat);
    const { words } = chat;
    const said = (text) => h("div.line.scope", {}, h("span", {}, words.of(text)));
    this.scope = h("div", {}, said(chat.info.scope), said(chat.info.privacy));
    this.log.intro.append(this.scope);
    this.wait = h(
      "div.wait",
      { hidden: true },
      h("div.pulse", { "aria-hidden": "true" }),
      h("div.waiting", { role: "status" }),
      button("link", words.say("wait.leave"), () => chat.show("leave")),
    );
    this.offline = h("div.strip", { hidden: true }, picture("offline"), h("span", {}, words.say("offline.note")));
    this.composer = this.#composer();
    this.farewell = new Farewell(chat);
    this.foot = h("div.bottom", {}, this.offline, this.composer);
    const dropped = (event) => {
      event.preventDefault();
      this.element.classList.toggle("drops", event.type === "dragover");
      if (event.type === "drop" && !this.over) this.#files([...event.dataTransfer.files]);
    };
    this.element = h(
      "div.view.room",
      { ondragover: dropped, ondragleave: dropped, ondrop: dropped },
      this.wait,
      h("div.logframe", {}, this.log.element, this.log.newest),
      this.foot,
    );
  }

  focus() {
    (this.chat.consultation.state.phase === "ended" ? this.farewell.element : this.area).focus();
  }

  compose(text) {
    this.area.value = this.area.value ? `${this.area.value}\n${text}` : text;
    this.area.fit();
    this.#drafted();
    this.area.focus();
  }

  update() {
    const { consultation } = this.chat;
    const { state } = consultation;
    this.log.update(state, consultation.uploads.list);
    this.#waiting(state);
    const ended = state.phase === "ended";
    this.offline.hidden = ended || state.open || !this.everOpen;
    this.everOpen ||= state.open;
    if (ended !== this.over) {
      this.over = ended;
      const held = this.chat.root.activeElement === this.area;
      this.foot.replaceChildren(...(ended ? [this.farewell.element] : [this.offline, this.composer]));
      if (ended && held) this.farewell.element.focus();
      if (ended) this.farewell.update();
      this.log.toEnd();
    } else if (ended) this.farewell.update();
  }

  // Where one stands in the queue, said anew whenever it changes, and the way out of it.
  #waiting(state) {
    const waits = state.phase === "waiting" && state.queue;
    this.wait.hidden = !waits;
    if (!waits) return;
    const { position, wait_seconds, on_duty } = state.queue;
    const { words, info } = this.chat;
    const nobody = on_duty === 0;
    if (nobody) this.chat.renew();
    const when = words.of(info.next_open_text) || words.of(info.hours_text);
    const [place, how] = nobody
      ? [words.say("duty.away"), info.open_now ? words.say("duty.open") : when && words.say("duty.next", { when })]
      : [words.say(position > 1 ? "wait.position" : "wait.next", { n: position }), words.wait(wait_seconds)];
    const [pulse, status, leave] = this.wait.children;
    if (status.textContent === place + how) return; // nothing else is said
    pulse.replaceChildren(picture(nobody ? "clock" : "person"));
    status.replaceChildren(h("strong", {}, place), h("span", {}, how));
    leave.className = nobody ? "primary" : "link";
  }

  #composer() {
    const { words, consultation } = this.chat;
    this.area = grows(
      h("textarea", {
        rows: "1",
        id: "write",
        enterkeyhint: "send",
        placeholder: words.say("write.hint"),
        "aria-describedby": "limit",
      }),
    );
    this.area.value = consultation.keeping.get("draft") ?? "";
    this.area.addEventListener("input", () => {
      consultation.typing();
      this.#drafted();
    });
    this.area.addEventListener("keydown", (event) => {
      if (!sends(event)) return;
      event.preventDefault();
      this.#send();
    });
    this.area.addEventListener("paste", (event) => this.#files([...(event.clipboardData?.files ?? [])], event));
    const pick = h("input", {
      type: "file",
      multiple: true,
      hidden: true,
      tabindex: "-1",
      "aria-hidden": "true",
      onchange: () => this.#files([...pick.files]) || (pick.value = ""),
    });
    this.limit = h("div.limit", { id: "limit", "aria-live": "polite" });
    this.sendButton = iconButton("send", words.say("write.send"), () => this.#send());
    this.sendButton.classList.add("send");
    queueMicrotask(() => this.area.isConnected && this.area.fit());
    return h(
      "form.composer",
      { onsubmit: (event) => event.preventDefault() },
      iconButton("clip", words.say("write.attach"), () => pick.click()),
      pick,
      h("label", { for: "write" }, quiet(words.say("write.label"))),
      this.area,
      this.sendButton,
      this.limit,
    );
  }

  #send() {
    const text = this.area.value.trim();
    if (!text) return;
    if (text.length > this.chat.info.message_limit) return this.#drafted();
    this.chat.consultation.write(text);
    this.area.value = "";
    this.area.fit();
    this.#drafted();
    this.log.toEnd();
    this.area.focus();
  }

  #drafted() {
    const { consultation, info, words } = this.chat;
    const text = this.area.value;
    if (text) consultation.keeping.set("draft", text);
    else consultation.keeping.drop("draft");
    const over = text.trim().length - info.message_limit;
    this.limit.textContent = over > 0 ? words.say("write.too_long", { n: over, limit: info.message_limit }) : "";
    this.sendButton.disabled = over > 0;
  }

  #files(files, event) {
    if (!files.length) return;
    event?.preventDefault();
    const { consultation, info, words } = this.chat;
    if (files.length > 10) return this.chat.tell(words.say("file.many"));
    for (const file of files) {
      if (file.size > info.upload_limit)
        this.chat.tell(words.say("file.too_large", { name: file.name, limit: words.size(info.upload_limit) }));
      else consultation.uploads.attach(file);
    }
  }
}

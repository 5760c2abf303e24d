// <script src="https://…/widget/loader.js" data-desk="short-name" async></script> puts a library's live desk on its own
// pages: a button, and at the first click the chat. Optional: data-language (zh, en), data-position (right, left),
// data-colour (#1f5f8b); what is not given is as the desk has it set.
//
// The page's Content-Security-Policy needs our origin in script-src, connect-src and img-src, nothing else; with the
// same host as wss: in connect-src the chat uses a WebSocket, without it an event stream.
(() => {
  const script = document.currentScript;
  const { desk: slug, language: spoken, position, colour } = script?.dataset ?? {};
  if (!slug || document.querySelector("shuqiao-launcher")) return;
  const origin = new URL(script.src).origin;
  const place = (element) => {
    if (document.body) document.body.append(element);
    else addEventListener("DOMContentLoaded", () => document.body.append(element));
  };
  const prefix = `shuqiao ${origin} ${slug} `;
  const TEXTS = {
    zh: {
      open: "咨询馆员",
      unread: "，{n} 条新消息",
      failed: "咨询暂时无法打开，请稍后再试。",
      form: "也可以填写咨询表单",
    },
    en: {
      open: "Ask a librarian",
      unread: ", {n} new messages",
      failed: "The desk cannot be reached just now. Please try again in a moment.",
      form: "or fill in the form",
    },
  };
  const STYLE = `
    :host { all: initial !important; display: block !important; position: fixed !important; inset: auto 20px max(20px, env(safe-area-inset-bottom)) auto !important;
      z-index: 2147482000 !important;
      font: 500 16px/1.4 "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", "WenQuanYi Micro Hei", system-ui, sans-serif !important; }
    :host([side="left"]) { inset: auto auto max(20px, env(safe-area-inset-bottom)) 20px !important; --side: 0; }
    :host([hidden]) { display: none !important; }
    button { all: unset; box-sizing: border-box; display: flex; align-items: center; gap: 10px; min-height: 52px; margin-left: var(--side, auto); padding: 0 22px 0 18px;
      border-radius: 26px; background: var(--accent, #1f5f8b); color: var(--on-accent, #fff); cursor: pointer;
      box-shadow: 0 2px 6px rgb(20 20 10 / 18%), 0 8px 24px rgb(20 20 10 / 20%); transition: transform .15s, background-color .15s; }
    button:hover { background: var(--accent-strong, #174a6d); transform: translateY(-1px); }
    button:focus-visible { outline: 3px solid var(--on-accent, #fff); box-shadow: 0 0 0 6px var(--accent, #1f5f8b); }
    button[aria-busy="true"] { cursor: progress; opacity: .85; }
    svg { width: 24px; height: 24px; fill: none; stroke: currentcolor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round; }
    b { min-width: 24px; box-sizing: border-box; padding: 0 7px; border-radius: 12px; background: #a62b22; color: #fff; font-size: 14px;
      line-height: 24px; text-align: center; box-shadow: 0 0 0 2px var(--on-accent, #fff); }
    b[hidden], p[hidden] { display: none; }
    p { box-sizing: border-box; width: max-content; max-width: min(300px, 88vw); margin: 0 0 10px; padding: 12px 16px; border-radius: 12px;
      background: #fff; color: #1d2830; font-weight: 400; box-shadow: 0 2px 6px rgb(20 20 10 / 18%), 0 8px 24px rgb(20 20 10 / 20%); }
    a { color: #1f5f8b; }
    @media (prefers-reduced-motion: reduce) { button { transition: none; } button:hover { transform: none; } }
    @media print { :host { display: none !important; } }`;

  const read = (store, name) => {
    try {
      return JSON.parse(window[store].getItem(prefix + name));
    } catch {
      return null;
    }
  };
  const write = (store, name, value) => {
    try {
      window[store].setItem(prefix + name, JSON.stringify(value));
    } catch {
      // a browser that keeps nothing still gets its chat
    }
  };
  const sheet = (css) => {
    const made = new CSSStyleSheet();
    made.replaceSync(css);
    return made;
  };

  // An old browser gets a plain link to the desk's own page.
  if (!("adoptedStyleSheets" in document)) {
    const link = document.createElement("a");
    link.href = `${origin}/d/${slug}`;
    link.textContent = TEXTS[spoken === "en" ? "en" : "zh"].open;
    return place(link);
  }

  class Launcher extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) return;
      const root = this.attachShadow({ mode: "open" });
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      svg.setAttribute("viewBox", "0 0 24 24");
      svg.setAttribute("aria-hidden", "true");
      path.setAttribute("d", "M4 5.5h16v11H10.5L6 20.5v-4H4zM8.5 9.5h7M8.5 12.5h4");
      svg.append(path);
      this.button = document.createElement("button");
      this.label = document.createElement("span");
      this.badge = document.createElement("b");
      this.note = document.createElement("p");
      this.note.setAttribute("role", "alert");
      this.badge.hidden = this.note.hidden = true;
      this.button.append(svg, this.label, this.badge);
      this.button.addEventListener("click", () => this.open());
      root.append(this.note, this.button);
      this.hidden = true;
      this.dress();
    }

    // As the desk has it set, unless the page says otherwise. Known from the last visit it is drawn at once.
    async dress() {
      const kept = read("localStorage", "look");
      const talk = read("localStorage", "talk");
      if (kept) await this.wear(kept);
      if (!kept || kept.until < Date.now()) {
        // Who is logged in may talk at a closed desk from another device.
        const ask = (headers) =>
          fetch(`${origin}/api/desks/${slug}`, { credentials: "omit", headers }).catch(() => null);
        const login = read("localStorage", "login");
        let answer = login && (await ask({ Authorization: `Bearer ${login.bearer}` }));
        if (!answer?.ok) answer = await ask();
        if (answer?.status === 404 && !talk) return this.remove(); // no such desk, or not open to who begins
        const desk = answer?.ok && (await answer.json());
        if (desk) write("localStorage", "look", { ...desk, until: Date.now() + 600_000 });
        await this.wear(desk || kept || {});
      }
      if (talk && !talk.ended)
        this.load().then(
          () => read("sessionStorage", "open") && this.open(false),
          () => {},
        );
    }

    async wear(look) {
      const asked = read("localStorage", "language") ?? spoken ?? look.language;
      this.language = asked === "en" ? "en" : "zh";
      this.setAttribute("side", (position ?? look.position) === "left" ? "left" : "right");
      const digits = /^#?([0-9a-f]{6})$/i.exec(colour ?? look.colour ?? "")?.[1];
      if (digits && digits !== this.digits) {
        const css = await fetch(`${origin}/widget/accent/${digits}.css`, { credentials: "omit" })
          .then((answer) => (answer.ok ? answer.text() : ""))
          .catch(() => "");
        this.digits = digits;
        this.accent = sheet(css);
      }
      this.shadowRoot.adoptedStyleSheets = [sheet(STYLE), ...(this.accent ? [this.accent] : [])];
      if (this.worn) return;
      this.worn = true;
      this.say(0);
      this.hidden = false;
    }

    say(unread) {
      const texts = TEXTS[this.language];
      this.label.textContent = texts.open;
      this.label.lang = this.language === "zh" ? "zh-Hans" : "en";
      this.badge.textContent = unread > 99 ? "99+" : unread;
      this.badge.hidden = !unread;
      this.button.setAttribute("aria-label", texts.open + (unread ? texts.unread.replace("{n}", unread) : ""));
    }

    load() {
      this.loading ??= import(`${origin}/widget/chat.js`)
        .then(({ mount }) =>
          mount({
            origin,
            slug,
            language: this.language,
            styles: this.accent ? [this.accent] : [],
            side: this.getAttribute("side"),
          }),
        )
        .then((chat) => {
          chat.setAttribute("side", this.getAttribute("side"));
          chat.addEventListener("shuqiao-unread", ({ detail }) => this.say(detail));
          chat.addEventListener("shuqiao-minimised", () => this.minimised());
          chat.addEventListener("shuqiao-language", ({ detail }) => ((this.language = detail), this.say(0)));
          this.say(chat.unread ?? 0);
          return chat;
        });
      this.loading.catch(() => (this.loading = null));
      return this.loading;
    }

    async open(focus = true) {
      this.note.hidden = true;
      this.button.setAttribute("aria-busy", "true");
      try {
        const chat = await this.load();
        chat.open(focus);
        this.hidden = true;
        write("sessionStorage", "open", true);
      } catch (error) {
        console.warn("shuqiao:", error); // for whoever keeps the page
        const link = document.createElement("a");
        link.href = `${origin}/d/${slug}/ask`;
        link.textContent = TEXTS[this.language].form;
        this.note.replaceChildren(TEXTS[this.language].failed, " ", link);
        this.note.hidden = false;
      } finally {
        this.button.removeAttribute("aria-busy");
      }
    }

    minimised() {
      this.hidden = false;
      write("sessionStorage", "open", false);
      this.button.focus();
    }
  }

  customElements.define("shuqiao-launcher", Launcher);
  place(document.createElement("shuqiao-launcher"));
})();

// What the reader reads, in one language; {name} is filled, «one|other» chosen by n.

export class Words {
  constructor(language, texts) {
    Object.assign(this, { language, texts });
    this.tag = language === "zh" ? "zh-Hans" : "en";
    this.locale = language === "zh" ? "zh-CN" : "en-GB";
    this.clock = new Intl.DateTimeFormat(this.locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    this.date = new Intl.DateTimeFormat(this.locale, { month: "long", day: "numeric", weekday: "long" });
    this.exact = new Intl.DateTimeFormat(this.locale, { dateStyle: "long", timeStyle: "short" });
  }

  static async load(origin, language) {
    const answer = await fetch(`${origin}/widget/words.${language}.json`, { credentials: "omit" });
    if (!answer.ok) throw new Error(`words: ${answer.status}`);
    return new Words(language, await answer.json());
  }

  say(key, values = {}) {
    const [one, other = one] = (this.texts[key] ?? key).split("|");
    return (values.n === 1 ? one : other).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  // One of {zh, en}, or the other where that is empty.
  of(names) {
    return names?.[this.language] || names?.zh || names?.en || "";
  }

  wait(seconds) {
    if (seconds == null) return this.say("wait.unknown");
    if (seconds < 50) return this.say("wait.soon");
    return this.say("wait.minutes", { n: Math.max(1, Math.round(seconds / 60)) });
  }

  size(bytes) {
    if (bytes < 1024) return `${bytes} B`;
    const [number, unit] = bytes < 1_000_000 ? [bytes / 1024, "KB"] : [bytes / 1_048_576, "MB"];
    return `${number < 10 ? number.toFixed(1) : Math.round(number)} ${unit}`;
  }
}

// Files on their way into a conversation: with progress, to be cancelled, tried again, or, when the line is back, sent
// on from where the server says it has come to.

import { h, newId } from "./dom.js";

const PIECE = 2 ** 21; // no proxy keeps more than this back from the server
const AGAIN = 3000;

export class Uploads {
  constructor(api, session, changed) {
    Object.assign(this, { api, session, changed });
    this.list = [];
  }

  attach(file) {
    // Its bar moves by itself: a row that is drawn anew takes the button to cancel away from under the finger.
    const upload = { id: newId(), file, bar: h("progress", { value: 0, "aria-label": file.name }) };
    this.list = [...this.list, upload];
    this.send(upload);
  }

  cancel(upload) {
    upload.running?.cancel();
    this.#drop(upload);
  }

  // What waited for the line goes now; under its first name, so that it arrives once.
  resume() {
    for (const upload of this.list) if (upload.waits) this.send(upload);
  }

  clear() {
    for (const { running } of this.list) running?.cancel();
    this.list = [];
  }

  async send(upload) {
    const { id, file } = upload;
    const path = `/api/sessions/${this.session()}/uploads/${id}`;
    const moved = (bytes) => (upload.bar.value = bytes / file.size);
    clearTimeout(upload.timer);
    if (upload.busy) return;
    Object.assign(upload, { busy: true, error: null });
    this.changed();
    try {
      const query = new URLSearchParams({ name: file.name, size: file.size });
      let { offset } = await this.api.post(`${path}?${query}`);
      upload.waits = false;
      this.changed();
      do {
        if (!this.list.includes(upload)) return;
        const from = offset;
        moved(from);
        upload.running = this.api.send(path, file.slice(from, from + PIECE), from, (sent) => moved(from + sent));
        ({ offset } = await upload.running.done);
      } while (offset < file.size);
      this.#drop(upload);
    } catch ({ cancelled, code, retry, message }) {
      if (cancelled || !this.list.includes(upload)) return;
      upload.waits = retry === "retry" || code === "upload_offset";
      upload.late = code === "session_ended"; // it goes into the conversation that continues this one
      if (upload.waits) upload.timer = setTimeout(() => this.list.includes(upload) && this.send(upload), AGAIN);
      else upload.error = message;
      this.changed(upload.error);
    } finally {
      upload.busy = false;
    }
  }

  #drop(upload) {
    this.list = this.list.filter((one) => one !== upload);
    this.changed();
  }
}

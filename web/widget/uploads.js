// Files on their way into a conversation: with progress, to be cancelled, tried again, or sent once the line is back.

import { newId } from "./dom.js";

export class Uploads {
  constructor(api, session, changed) {
    Object.assign(this, { api, session, changed });
    this.list = [];
  }

  attach(file) {
    const upload = { id: newId(), file };
    this.list = [...this.list, upload];
    this.#send(upload);
  }

  cancel(upload) {
    upload.running?.cancel();
    this.#drop(upload);
  }

  // What waited for the line goes now; under its first name, so that it arrives once.
  resume() {
    for (const upload of this.list) if (upload.waits) this.#send(upload);
  }

  retry(upload) {
    this.#send(upload);
  }

  clear() {
    for (const { running } of this.list) running?.cancel();
    this.list = [];
  }

  async #send(upload) {
    const query = new URLSearchParams({ name: upload.file.name, client_id: upload.id });
    Object.assign(upload, { error: null, waits: false, share: 0 });
    upload.running = this.api.send(`/api/sessions/${this.session()}/files?${query}`, upload.file, (share) => {
      upload.share = share;
      this.changed("uploads");
    });
    this.changed("uploads");
    try {
      await upload.running.done;
      this.#drop(upload);
    } catch (error) {
      if (error.cancelled) return;
      const waits = error.code === "offline";
      Object.assign(upload, { running: null, waits, error: waits ? null : error.message });
      this.changed("uploads");
    }
  }

  #drop(upload) {
    this.list = this.list.filter((one) => one !== upload);
    this.changed("uploads");
  }
}

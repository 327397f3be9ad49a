// What the device keeps of one person in one study until the server has said 'saved': drafts by image, answers on their
// way, which images are answered, and the work ahead with its pictures.

import { InMemory, openDatabase } from "./database.js";

const DAY_MS = 86_400_000;
const DAYS = 70; // longer than an offer is good for
const STORES = {
  drafts: { keyPath: "id" }, // {id, answers, at}
  unsent: { keyPath: "order", autoIncrement: true }, // see outbox.js
  done: { keyPath: "key" }, // {key: a stimulus, at}
  ahead: { keyPath: "id" }, // one row, see stock.js
  pictures: { keyPath: "url" }, // {url, blob}
};

export class Kept {
  // name: study and person, so that two people on one device never meet each other's words
  static async open(name, { inMemory = false, onForgetful = () => {} } = {}) {
    const kept = new Kept();
    kept.onForgetful = onForgetful;
    kept.database = inMemory ? new InMemory(STORES) : await openDatabase(`commonground:${name}`, STORES);
    kept.drafts = new Map();
    kept.done = new Set();
    try {
      await kept.#read();
    } catch {
      await kept.#becomeForgetful();
    }
    return kept;
  }

  get isLasting() {
    return this.database.isLasting;
  }

  async #read() {
    const oldest = Date.now() - DAYS * DAY_MS;
    const old = [];
    for (const { id, answers, at } of await this.database.all("drafts")) {
      if (at < oldest) old.push({ store: "drafts", drop: id });
      else this.drafts.set(id, answers);
    }
    for (const { key, at } of await this.database.all("done")) {
      if (at < oldest) old.push({ store: "done", drop: key });
      else this.done.add(key);
    }
    this.ahead = await this.database.get("ahead", "work");
    if (old.length) await this.#write(old);
  }

  draft(id) {
    return this.drafts.get(id) ?? null;
  }

  keepDraft(id, answers) {
    this.drafts.set(id, answers);
    return this.#write([{ store: "drafts", put: { id, answers, at: Date.now() } }]);
  }

  dropDraft(id) {
    this.drafts.delete(id);
    return this.#write([{ store: "drafts", drop: id }]);
  }

  // answers on their way, the oldest first
  async unsent() {
    try {
      return await this.database.all("unsent");
    } catch {
      await this.#becomeForgetful();
      return this.database.all("unsent");
    }
  }

  // What the page must know at once of an answer that will be kept in a moment.
  note(entry) {
    this.drafts.delete(entry.draft);
    if (entry.method === "POST") this.done.add(entry.stimulus.key);
  }

  // The answer goes among the unsent, its draft goes away, its image counts as done: all or nothing.
  // replaces: the order number of a refused answer that this one corrects
  keepUnsent(entry, { replaces = null } = {}) {
    this.note(entry);
    const changes = [
      { store: "unsent", put: entry },
      { store: "drafts", drop: entry.draft },
    ];
    if (replaces !== null) changes.push({ store: "unsent", drop: replaces });
    if (entry.method === "POST") changes.push({ store: "done", put: { key: entry.stimulus.key, at: Date.now() } });
    return this.#write(changes, { safely: true });
  }

  changeUnsent(entry) {
    return this.#write([{ store: "unsent", put: entry }], { safely: true });
  }

  dropUnsent(entry) {
    return this.#write([{ store: "unsent", drop: entry.order }], { safely: true });
  }

  keepAhead(work) {
    this.ahead = { id: "work", ...work };
    return this.#write([{ store: "ahead", put: this.ahead }]);
  }

  async picture(url) {
    try {
      return (await this.database.get("pictures", url))?.blob ?? null;
    } catch {
      return null;
    }
  }

  async pictures() {
    try {
      return new Map((await this.database.all("pictures")).map(({ url, blob }) => [url, blob.size]));
    } catch {
      return new Map();
    }
  }

  // a full disk costs pictures, never answers: a failure here is nobody's loss
  async keepPicture(url, blob) {
    await this.database.write([{ store: "pictures", put: { url, blob } }]);
  }

  async dropPictures(urls) {
    if (urls.length) await this.database.write(urls.map((url) => ({ store: "pictures", drop: url }))).catch(() => {});
  }

  async #write(changes, how) {
    try {
      await this.database.write(changes, how);
    } catch {
      try {
        // perhaps the disk is full: the pictures ahead make room
        const pictures = await this.database.all("pictures");
        await this.database.write([...pictures.map(({ url }) => ({ store: "pictures", drop: url })), ...changes], how);
      } catch {
        await this.#becomeForgetful();
        await this.database.write(changes);
      }
    }
  }

  // From here on in memory, with all that can still be read. What is sent from memory and was stored as well is sent
  // once more at the next visit, with the same key, which the server knows.
  async #becomeForgetful() {
    if (!this.isLasting) return;
    const memory = new InMemory(STORES);
    for (const store of ["unsent", "drafts", "done", "ahead"]) {
      const rows = await this.database.all(store).catch(() => []);
      await memory.write(rows.map((row) => ({ store, put: row })));
    }
    this.database = memory;
    this.onForgetful();
  }
}

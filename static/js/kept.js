// What the device keeps until the server has said 'saved': drafts by image, and answers that are on their way.

const DRAFT_DAYS = 30;

export class Kept {
  // name: study and person, so that two people on one device never meet each other's words
  constructor(name) {
    this.prefix = `commonground:${name}:`;
    this.memory = new Map(); // stands in where storage is forbidden or full; then a reload does lose it
    this.#forgetOld();
  }

  draft(id) {
    return this.#read(`draft:${id}`)?.answers ?? null;
  }

  keepDraft(id, answers) {
    this.#write(`draft:${id}`, { answers, at: Date.now() });
  }

  dropDraft(id) {
    this.#drop(`draft:${id}`);
  }

  // answers on their way, the oldest first
  unsent() {
    return this.#names("unsent:")
      .map((name) => this.#read(name))
      .filter(Boolean)
      .sort((a, b) => a.at - b.at);
  }

  keepUnsent(entry) {
    this.#write(`unsent:${entry.key}`, entry);
  }

  dropUnsent(key) {
    this.#drop(`unsent:${key}`);
  }

  #read(name) {
    try {
      return JSON.parse(localStorage.getItem(this.prefix + name) ?? this.memory.get(name) ?? "null");
    } catch {
      return JSON.parse(this.memory.get(name) ?? "null");
    }
  }

  #write(name, value) {
    const text = JSON.stringify(value);
    try {
      localStorage.setItem(this.prefix + name, text);
    } catch {
      this.memory.set(name, text);
    }
  }

  #drop(name) {
    this.memory.delete(name);
    try {
      localStorage.removeItem(this.prefix + name);
    } catch {
      // storage is forbidden: there is nothing to remove
    }
  }

  #names(start) {
    const names = new Set([...this.memory.keys()].filter((name) => name.startsWith(start)));
    try {
      for (const key of Object.keys(localStorage)) {
        if (key.startsWith(this.prefix + start)) names.add(key.slice(this.prefix.length));
      }
    } catch {
      // storage is forbidden: memory is all there is
    }
    return [...names];
  }

  #forgetOld() {
    const oldest = Date.now() - DRAFT_DAYS * 86_400_000;
    for (const name of this.#names("draft:")) if ((this.#read(name)?.at ?? 0) < oldest) this.#drop(name);
  }
}

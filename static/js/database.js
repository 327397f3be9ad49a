// A small face of IndexedDB: read a whole store, write several changes at once or none. Where the browser forbids
// storage, or it is broken, the same face over plain memory, which says so: `isLasting` is false.

const PATIENCE_MS = 15_000; // some browsers' storage hangs instead of failing

const patiently = (promise) =>
  Promise.race([promise, new Promise((_, reject) => setTimeout(() => reject(new Error("the storage does not answer")), PATIENCE_MS))]);

// stores: {name: {keyPath, autoIncrement?}}
export async function openDatabase(name, stores) {
  try {
    return new Lasting(await patiently(open(name, stores)), stores);
  } catch {
    return new InMemory(stores);
  }
}

function open(name, stores) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      for (const [store, options] of Object.entries(stores)) request.result.createObjectStore(store, options);
    };
    request.onsuccess = () => {
      // it shall be deleted (forget_device.js): no page holds that up
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = request.onblocked = () => reject(request.error);
  });
}

class Lasting {
  isLasting = true;

  constructor(database, stores) {
    this.database = database;
    this.stores = stores;
  }

  all(store) {
    return patiently(
      new Promise((resolve, reject) => {
        const request = this.database.transaction(store).objectStore(store).getAll();
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      }),
    );
  }

  get(store, key) {
    return patiently(
      new Promise((resolve, reject) => {
        const request = this.database.transaction(store).objectStore(store).get(key);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      }),
    );
  }

  // changes: [{store, put: value} or {store, drop: key}, ...]; what is put into a numbered store learns its number
  write(changes, { safely = false } = {}) {
    return patiently(
      new Promise((resolve, reject) => {
        const names = [...new Set(changes.map((change) => change.store))];
        const transaction = this.database.transaction(names, "readwrite", { durability: safely ? "strict" : "relaxed" });
        transaction.oncomplete = () => resolve();
        transaction.onerror = transaction.onabort = () => reject(transaction.error ?? new Error("not stored"));
        for (const change of changes) {
          const store = transaction.objectStore(change.store);
          if ("drop" in change) store.delete(change.drop);
          else number(store.put(change.put), store, change.put);
        }
        // sent off now: a page that is left in the next moment has it stored all the same
        transaction.commit?.();
      }),
    );
  }
}

function number(request, store, value) {
  if (store.autoIncrement) request.onsuccess = () => (value[store.keyPath] = request.result);
}

export class InMemory {
  isLasting = false;

  constructor(stores) {
    this.stores = stores;
    this.rows = Object.fromEntries(Object.keys(stores).map((name) => [name, new Map()]));
    this.last = 0;
  }

  async all(store) {
    return [...this.rows[store].values()].map((row) => structuredClone(row));
  }

  async get(store, key) {
    return structuredClone(this.rows[store].get(key));
  }

  async write(changes) {
    for (const change of changes) {
      if ("drop" in change) {
        this.rows[change.store].delete(change.drop);
        continue;
      }
      const { keyPath, autoIncrement } = this.stores[change.store];
      if (autoIncrement) this.last = Math.max(this.last + 1, (change.put[keyPath] ??= this.last + 1));
      this.rows[change.store].set(change.put[keyPath], structuredClone(change.put));
    }
  }
}

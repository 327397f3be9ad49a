// Brings answers home: kept on the device first, sent one after the other, the oldest first, each under its own key,
// until the server has said yes or no. Any number of them; any number of tabs, of which one sends at a time.
//
// An entry: {order, key, method, url, body, draft, stimulus, shown, isSkip?, isRating?, after?, problem?}
//   shown    {options, assignment?, offer?}: how the image was shown, for bringing the person back to it
//   after    the key of an earlier entry: this one changes that answer, whose address is known once it is saved
//   problem  {message, type, errors?}: the server said no to it; it stays, words and all, until the person has decided

import { Refused, Unreachable, callApi } from "./api.js";
import { pause } from "./deliver.js";
import { painted } from "./painted.js";

// nothing is wrong with the answer itself: it may be sent later
const STOPS = new Set(["study_not_open", "consent_changed", "state_conflict", "not_taking_part"]);
const MOST_FAILURES = 5; // of the server, at one answer, before the ones behind it get their turn

export class Outbox {
  // told: {changed(), saved(entry, result), refused(entry), taken(stimulusKey), broughtHome()}
  constructor(name, kept, responsesUrl, told) {
    this.kept = kept;
    this.told = told;
    this.name = `commonground:${name}`;
    this.responsesUrl = responsesUrl;
    this.entries = [];
    this.beingKept = new Set();
    this.failures = new Map(); // key -> how often the server failed at it
    this.addresses = new Map(); // key -> address of the response that it became
    this.isAway = navigator.onLine === false;
    this.stopped = null; // the Refused that nothing can be sent against
    this.tryNow = null; // while waiting for the network
    this.said = ""; // while waiting: why, in the server's own words, where it had some (a full disk)
    this.others = "BroadcastChannel" in globalThis ? new BroadcastChannel(this.name) : null;
    if (this.others) this.others.onmessage = ({ data }) => this.#heard(data);
    addEventListener("offline", () => this.#be({ away: true, tryNow: this.tryNow }));
    addEventListener("online", () => this.run());
  }

  get waiting() {
    return this.entries.filter((entry) => !entry.problem);
  }

  get refused() {
    return this.entries.filter((entry) => entry.problem);
  }

  async load() {
    const stored = await this.kept.unsent();
    const keys = new Set(stored.map((entry) => entry.key));
    this.entries = [...stored, ...[...this.beingKept].filter((entry) => !keys.has(entry.key))];
  }

  // The next image comes first: the answer is kept and sent in the moment after it is seen.
  async add(entry, { replaces = null } = {}) {
    this.beingKept.add(entry);
    this.entries = [...this.entries.filter((each) => each.key !== replaces?.key), entry];
    this.kept.note(entry);
    await painted();
    try {
      const kept = this.kept.keepUnsent(entry, { replaces: replaces?.order ?? null });
      this.others?.postMessage({ kind: "given", stimulus: entry.stimulus.key });
      this.told.changed();
      await kept;
    } finally {
      this.beingKept.delete(entry);
    }
    this.told.changed();
    await this.run();
  }

  async drop(entry) {
    this.entries = this.entries.filter((each) => each.key !== entry.key);
    this.told.changed();
    await this.kept.dropUnsent(entry);
    this.others?.postMessage({ kind: "settled" });
  }

  // The person wants a refused answer sent once more.
  async again(entry) {
    delete entry.problem;
    await this.kept.changeUnsent(entry);
    await this.run();
  }

  async run() {
    this.isAsked = true;
    if (this.isRunning) return this.tryNow?.();
    this.isRunning = true;
    try {
      for (let attempt = 0; this.isAsked || attempt; ) {
        this.isAsked = false;
        try {
          while (await this.#alone(() => this.#sendOldest())) attempt = 0;
          attempt = 0;
        } catch (error) {
          if (error instanceof Refused) return this.#be({ away: false, stopped: error });
          if (!(error instanceof Unreachable)) throw error;
          await pause(attempt, error, (tryNow) => this.#be({ away: true, tryNow, said: error.said }));
          this.tryNow = null;
          attempt += 1;
        }
      }
    } finally {
      this.isRunning = false;
    }
  }

  #be({ away = this.isAway, tryNow = null, stopped = null, said = "" }) {
    Object.assign(this, { isAway: away, tryNow, stopped, said });
    this.told.changed();
  }

  // One tab sends at a time; without the lock two may, and the server knows a key that it has seen.
  #alone(act) {
    return navigator.locks ? navigator.locks.request(this.name, act) : act();
  }

  // Returns whether there was something to send.
  async #sendOldest() {
    await this.load();
    const ready = this.waiting.filter((entry) => !this.beingKept.has(entry) && !this.waiting.some((each) => each.key === entry.after));
    // one answer that the server fails at again and again must not hold back those behind it
    const entry = ready.find((each) => (this.failures.get(each.key) ?? 0) < MOST_FAILURES) ?? ready[0];
    this.told.changed();
    if (!entry) return false;
    let result;
    try {
      const url = entry.after ? await this.#addressOf(entry) : entry.url;
      result = await callApi(entry.method, url, entry.body);
    } catch (error) {
      if (error.status === 500) this.failures.set(entry.key, (this.failures.get(entry.key) ?? 0) + 1);
      if (!(error instanceof Refused) || error.status === 401 || error.status === 403 || STOPS.has(error.type)) throw error;
      await this.#refuse(entry, error);
      return true;
    }
    Object.assign(this, { isAway: navigator.onLine === false, stopped: null });
    this.addresses.set(entry.key, `${this.responsesUrl}/${result.response?.id}`);
    await this.#home(entry, result);
    return true;
  }

  async #home(entry, result) {
    this.entries = this.entries.filter((each) => each.key !== entry.key);
    await this.kept.dropUnsent(entry);
    this.others?.postMessage({ kind: "settled" });
    this.told.saved(entry, result);
  }

  // The answer that this entry changes went home after the change was made: perhaps from another tab, or before a restart.
  async #addressOf(entry) {
    const known = this.addresses.get(entry.after);
    if (known) return known;
    const first = this.refused.find((each) => each.key === entry.after);
    if (first) throw new Refused(409, { ...first.problem, errors: undefined, type: "first_refused" });
    for (let url = this.responsesUrl; ; ) {
      const { responses } = await callApi("GET", url);
      const found = responses.find((each) => each.stimulus.key === entry.stimulus.key);
      if (found) return `${this.responsesUrl}/${found.id}`;
      if (!responses.length) throw new Refused(410, { type: "assignment_gone" });
      url = `${this.responsesUrl}?before=${responses.at(-1).id}`;
    }
  }

  async #refuse(entry, error) {
    if (error.type === "already_answered" && sameAnswers(error.body.response, entry)) return this.#home(entry, error.body);
    // another tab skipped it just as this one did: that is what the person wanted
    if (entry.isSkip && error.type === "assignment_gone") return this.#home(entry, {});
    // rated in another tab, or its answer was taken back: there is nothing left to decide, and no words to lose
    if (entry.isRating) return this.#home(entry, {});
    entry.problem = { message: error.message, type: error.type, errors: error.type === "invalid" ? error.body.errors : null };
    await this.kept.changeUnsent(entry);
    this.others?.postMessage({ kind: "settled" });
    this.told.refused(entry, error);
    this.told.changed();
  }

  async #heard(data) {
    if (data.kind === "given") {
      this.kept.done.add(data.stimulus);
      return this.told.taken(data.stimulus);
    }
    const before = this.waiting.length;
    await this.load();
    if (this.waiting.length < before) this.told.broughtHome();
    this.told.changed();
  }
}

export const wordsOf = (entry) =>
  Object.values(entry.body.answers ?? {})
    .filter((value) => typeof value === "string")
    .join("\n");

// the database gives the answers of the steps back in an order of its own
const inOrder = (answers) => JSON.stringify(Object.entries(answers ?? {}).sort());

const sameAnswers = (response, entry) => Boolean(entry.body.answers) && inOrder(response?.answers) === inOrder(entry.body.answers);

// Brings one kept entry to the server: tries again, with the same key, until there is an answer, yes or no.

import { Unreachable, callApi } from "./api.js";

const PAUSES = [1, 2, 4, 8, 15, 30]; // seconds; the last one repeats

// entry: {method, url, body}; onWait(seconds, tryNow) is told before each pause. Throws Refused when the server says no.
export async function deliver(entry, onWait) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await callApi(entry.method, entry.url, entry.body);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      const seconds = Math.max(error.afterSeconds, PAUSES[Math.min(attempt, PAUSES.length - 1)]);
      await pause(seconds, onWait);
    }
  }
}

// Ends early when the network is back, or when the person asks for it.
function pause(seconds, onWait) {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      removeEventListener("online", wake);
      resolve();
    };
    // a little chance, so that a crowd does not come back in one wave after a restart
    const timer = setTimeout(wake, seconds * 1000 * (0.8 + 0.4 * Math.random()));
    addEventListener("online", wake);
    onWait(seconds, wake);
  });
}

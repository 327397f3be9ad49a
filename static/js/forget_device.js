// What this device keeps of a person's part (kept.js, worker.js) goes when she takes everything back: words that were not
// sent, images ahead, the task page. Behind a withdrawal the page says so itself: <p data-forget="STUDY:PERSON">.

export async function forgetDevice(name) {
  try {
    indexedDB.deleteDatabase(`commonground:${name}`);
    const page = `${location.origin}/s/${name.split(":")[0]}/task`;
    // only https pages, and the own machine, have a worker that keeps the page
    for (const cache of (await globalThis.caches?.keys()) ?? []) {
      if (cache.startsWith("commonground-task-")) await (await caches.open(cache)).delete(page, { ignoreVary: true });
    }
  } catch {
    // storage is forbidden: nothing is kept
  }
}

const said = document.querySelector("[data-forget]");
if (said) forgetDevice(said.dataset.forget);

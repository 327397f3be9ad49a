// A study's care on the task page: blur and content notes before an image, the offer of a break, how others felt after an
// answer, the choice of themes under Help. task.js calls it (see its head). Words stand in templates/annotate/_care.html.

import { callApi } from "./api.js";
import { local } from "./words.js";

const OWN_BREAK_MS = 5 * 60_000; // whoever was away so long has had a break
const PATIENT_MS = 3000; // how long the next image may wait for how others felt

const byId = (id) => document.getElementById(id);

export function start({ settings, say, skip }) {
  const stage = byId("stage");
  const veil = byId("care-veil");
  const note = byId("care-note");
  stage.append(veil, note);
  let looked = {}; // what goes into the signals of the response on the stage
  let pass = null; // ends the wait before a veiled image

  const use = (kind) => {
    if (settings.uses_url) callApi("POST", settings.uses_url, { kind }).catch(() => {}); // counting is not worth a word
  };

  // --- before an image ---

  function beforeShow(target) {
    pass?.();
    lift();
    const care = target.response || target.given ? null : target.stimulus.care;
    offerBreak(target);
    if (!care?.veiled) {
      note.textContent = care?.note ?? "";
      note.hidden = !care?.note;
      if (care?.note) say(care.note);
      return Promise.resolve();
    }
    return veiled(care.note);
  }

  async function veiled(words) {
    const begun = performance.now();
    byId("care-veil-note").textContent = words;
    byId("care-veil-note").hidden = !words;
    byId("care-veil-strong").hidden = Boolean(words);
    veil.hidden = false;
    stage.dataset.veiled = "";
    stage.querySelector("[data-frame]").inert = true;
    looked = { blurred: true, revealed: false };
    use("blurred");
    say(veil.querySelector("h2").textContent);
    byId("care-look").focus({ preventScroll: true });
    const wantsToLook = await new Promise((resolve) => {
      pass = () => resolve(false);
      byId("care-look").onclick = () => resolve(true);
    });
    pass = null;
    if (!wantsToLook) return;
    looked = { blurred: true, revealed: true, reveal_after_ms: Math.round(performance.now() - begun) };
    lift({ keepsLooked: true });
    use("revealed");
  }

  function lift({ keepsLooked = false } = {}) {
    veil.hidden = note.hidden = true;
    delete stage.dataset.veiled;
    stage.querySelector("[data-frame]").inert = false;
    if (!keepsLooked) looked = {};
  }

  for (const button of document.querySelectorAll("[data-not-this-one]")) {
    button.addEventListener("click", () => {
      if (pass) use("skipped_blurred");
      skip("not_this_one");
    });
  }

  // --- breaks: an offer beside the task; nothing waits for it ---

  const place = `commonground:breaks:${settings.person}`;
  const offer = byId("care-break");
  const rest = byId("care-rest");

  function worked() {
    try {
      return JSON.parse(sessionStorage.getItem(place)) ?? {};
    } catch {
      return {}; // storage is forbidden, or holds what it should not
    }
  }

  function remember(counts) {
    try {
      sessionStorage.setItem(place, JSON.stringify(counts));
    } catch {
      // as above: the counts hold until the page is left
    }
    return counts;
  }

  function offerBreak(target) {
    if (!settings.break_images && !settings.break_minutes) return;
    const now = Date.now();
    let { images = 0, since = now, last = now, seen = "" } = worked();
    if (now - last > OWN_BREAK_MS) [images, since] = [0, now];
    if (seen !== target.id && !target.given && !target.response) images += 1;
    remember({ images, since, last: now, seen: target.id });
    const isDue = (settings.break_images && images > settings.break_images) || (settings.break_minutes && now - since >= settings.break_minutes * 60_000);
    if (!isDue || !offer.hidden) return;
    byId("care-break-words").textContent = byId("care-break-words").dataset.words.replace("{n}", local(images - 1));
    offer.hidden = false;
    say(byId("care-break-words").textContent);
    use("break_offered");
  }

  function startAnew() {
    remember({ images: 1, since: Date.now(), last: Date.now(), seen: worked().seen });
    offer.hidden = true;
  }

  byId("care-break-later").addEventListener("click", () => {
    startAnew();
    use("break_postponed");
    byId("task-heading").focus({ preventScroll: true });
  });
  byId("care-break-now").addEventListener("click", () => {
    use("break_taken");
    rest.showModal();
  });
  rest.addEventListener("close", startAnew);

  // --- after an answer: how others felt ---

  const others = byId("care-others");

  async function afterSaved(response, _, { onStage }) {
    if (!settings.show_others || !onStage || response.revision) return;
    const felt = await Promise.race([
      callApi("POST", `${settings.responses_url}/${response.id}/others`).catch(() => null),
      new Promise((resolve) => setTimeout(resolve, PATIENT_MS, null)),
    ]);
    if (!felt?.enough) return;
    fillOthers(felt);
    others.showModal();
    await new Promise((resolve) => others.addEventListener("close", resolve, { once: true }));
  }

  function fillOthers({ n, n_simulated, labels }) {
    const words = (element, values) => (element.textContent = element.dataset.words.replace(/\{(\w+)\}/g, (_, key) => values[key]));
    words(byId("care-others-n"), { n: local(n) });
    const simulated = byId("care-others-simulated");
    simulated.hidden = !n_simulated;
    words(simulated, { n: local(n_simulated) });
    byId("care-others-list").replaceChildren(
      ...labels.map((label) => {
        const row = byId("care-others-row").content.firstElementChild.cloneNode(true);
        row.querySelector("[data-name]").textContent = label.name;
        if (!label.is_own) row.querySelector("[data-own]").remove();
        row.querySelector("[data-fill]").style.inlineSize = `${(100 * label.n) / n}%`;
        row.querySelector("[data-n]").textContent = local(label.n);
        return row;
      }),
    );
  }

  // --- themes, under Help ---

  const themes = byId("care-themes");
  themes?.querySelector("button").addEventListener("click", async (event) => {
    const button = event.currentTarget;
    const problem = byId("care-themes-problem");
    problem.hidden = true;
    button.disabled = true;
    try {
      const chosen = [...themes.querySelectorAll("input:checked")].map((box) => box.value);
      await callApi("PUT", settings.themes_url, { themes: chosen });
      location.reload(); // what is half written is kept on the device
    } catch (error) {
      problem.textContent = error.message || problem.dataset.words;
      problem.hidden = false;
      button.disabled = false;
    }
  });

  return { beforeShow, afterSaved, staysUntilSaved: () => settings.show_others, signals: () => looked };
}

// After an answer: what a network wrote ahead about the same image for the same feeling, and how plausible it is. task.js
// calls it (see its head). Whoever is held out makes the same request and is shown nothing. Words stand in
// templates/annotate/_machine_text.html.

import { callApi } from "./api.js";

const PATIENT_MS = 3000; // how long the next image may wait for the text

const byId = (id) => document.getElementById(id);

// send(url, rating, stimulus): keeps a rating on the device and brings it home, as an answer
export function start({ settings, send }) {
  const dialog = byId("machine-text");
  const form = dialog.querySelector("form");

  async function afterSaved(response, _, { onStage }) {
    if (!onStage || response.revision) return;
    const url = `${settings.responses_url}/${response.id}/machine-text`;
    const found = await Promise.race([
      callApi("POST", url).catch(() => null),
      new Promise((resolve) => setTimeout(resolve, PATIENT_MS, null)),
    ]);
    if (!found?.text || found.is_answered) return;
    fill(found, response.stimulus);
    dialog.returnValue = "";
    form.reset();
    dialog.showModal();
    byId("machine-text-title").focus({ preventScroll: true });
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    const rating = dialog.returnValue === "rate" ? Number(new FormData(form).get("rating")) || null : null;
    send(`${url}/rating`, rating, response.stimulus);
  }

  function fill(found, stimulus) {
    const about = byId("machine-text-about");
    about.textContent = about.dataset.words.replace("{emotion}", found.emotion.name);
    byId("machine-text-simulated").hidden = !found.learned_from_simulated;
    const words = byId("machine-text-words");
    words.textContent = found.text;
    words.lang = found.language;
    // it is on the stage below, perhaps out of the device's own store
    const image = byId("machine-text-image");
    image.src = document.querySelector("#stage [data-frame] img")?.src ?? stimulus.image_url;
    image.alt = stimulus.description || byId("task-heading").textContent;
  }

  return { afterSaved, staysUntilSaved: () => true };
}

// On the pages behind the task: whoever pressed Stop, or looked at her answers, while one was still on its way, has it
// sent from here. Then the page is loaded anew, since it speaks of what is saved.

import { Kept } from "./kept.js";
import { Outbox } from "./outbox.js";
import { local } from "./words.js";

const place = document.getElementById("unsent");
const { device, url, words } = place.dataset;
let isOneSaved = false;

const outbox = new Outbox(device, await Kept.open(device), url, {
  changed: show,
  saved: () => (isOneSaved = true),
  // what the server refuses waits on the task page, with its words
  refused() {},
  taken() {},
  broughtHome() {},
});

function show() {
  const n = outbox.waiting.length;
  place.hidden = !n;
  const said = n ? (outbox.stopped?.message ?? words.replace("{n}", local(n))) : "";
  if (place.textContent !== said) place.textContent = said;
}

await outbox.load();
show();
if (outbox.waiting.length) await outbox.run();
if (isOneSaved && !outbox.waiting.length) location.replace(location.pathname);

// My answers: takes back one, or everything, after asking.

import { callApi } from "./api.js";
import { forgetDevice } from "./forget_device.js";

const byId = (id) => document.getElementById(id);
const one = byId("one-dialog");
const all = byId("all-dialog");
let asked = null; // the button of the answer that is asked about

for (const button of document.querySelectorAll("[data-take-back]")) {
  button.addEventListener("click", () => {
    asked = button;
    byId("taken-back").hidden = true;
    one.showModal();
  });
}

confirmed(one, async () => {
  await callApi("DELETE", asked.dataset.takeBack);
  const item = asked.closest("li");
  item.remove();
  byId("taken-back").hidden = false;
  byId("taken-back").focus();
});

confirmed(all, async () => {
  await callApi("POST", all.dataset.url, {});
  await forgetDevice(all.dataset.device);
  byId("sheet").hidden = true;
  byId("farewell").hidden = false;
  byId("farewell").querySelector("h1").focus();
});

function confirmed(dialog, act) {
  const problem = dialog.querySelector("[role=alert]");
  dialog.addEventListener("close", () => {
    problem.hidden = true;
    dialog.querySelector("form").reset();
  });
  dialog.querySelector("[data-confirm]").addEventListener("click", async (event) => {
    if (!dialog.querySelector("form").reportValidity()) return;
    event.target.disabled = true;
    try {
      // close first: a closing dialog gives the focus back to its opener, and the act then moves it on
      dialog.close();
      await act();
    } catch (error) {
      dialog.showModal();
      problem.textContent = error.message;
      problem.hidden = false;
    } finally {
      event.target.disabled = false;
    }
  });
}

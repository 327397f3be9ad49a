// Keeps the rows of running jobs true (templates/_job_progress.html): bar, words, time left, cancel, result.

import { Refused, callApi } from "./api.js";

const POLL_SECONDS = 1.5;
const SLOWEST_SECONDS = 15;

for (const box of document.querySelectorAll("[data-job]")) watch(box);

function watch(box) {
  const part = (name) => box.querySelector(`[data-job-${name}]`);
  const words = box.dataset;
  const begun = { at: null, done: 0 };
  let pause = POLL_SECONDS;
  if (["done", "failed", "cancelled"].includes(words.state)) return;

  part("cancel").addEventListener("click", async () => {
    part("cancel").disabled = true;
    try {
      show(await callApi("DELETE", words.jobUrl));
    } catch (error) {
      part("message").textContent = error instanceof Refused ? error.message : words.wordAway;
      part("cancel").disabled = false;
    }
  });

  async function look() {
    if (!document.hidden) {
      try {
        if (show(await callApi("GET", words.jobUrl))) return;
        pause = POLL_SECONDS;
      } catch (error) {
        part("message").textContent = error instanceof Refused ? error.message : words.wordAway;
        if (error instanceof Refused) return;
        pause = Math.min(pause * 2, SLOWEST_SECONDS);
      }
    }
    setTimeout(look, pause * 1000);
  }

  // true once the job has ended
  function show(job) {
    words.state = job.state;
    const badge = part("state");
    badge.className = `badge ${job.state}`;
    badge.textContent = words[`word${job.state[0].toUpperCase()}${job.state.slice(1)}`] ?? job.state;
    if (job.percent === null || job.percent === undefined) part("bar").removeAttribute("value");
    else part("bar").value = job.percent;
    const text = [job.message, timeLeft(job)].filter(Boolean).join(" · ");
    if (part("message").textContent !== text) part("message").textContent = text;
    const log = part("log");
    if (log && job.log && log.textContent !== job.log) {
      const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
      log.textContent = job.log;
      part("log-box").hidden = false;
      if (atEnd) log.scrollTop = log.scrollHeight;
    }
    if (!job.ended) return false;
    part("bar").hidden = part("cancel").hidden = true;
    part("error").hidden = !job.error;
    part("error").textContent = job.error;
    const link = part("result");
    const address = job.result?.url ?? link.getAttribute("href");
    if (job.state === "done" && address) {
      link.href = address;
      link.hidden = false;
    }
    box.dispatchEvent(new CustomEvent("job-ended", { bubbles: true, detail: job }));
    if (job.state === "done" && "reload" in words) location.reload();
    return true;
  }

  // From the pace since this page looked first; said only once that pace means something.
  function timeLeft(job) {
    if (job.state !== "running" || !job.total) return "";
    if (begun.at === null) Object.assign(begun, { at: Date.now(), done: job.done });
    const seconds = (Date.now() - begun.at) / 1000;
    if (job.done <= begun.done || seconds < 4) return "";
    const left = Math.round(((job.total - job.done) * seconds) / (job.done - begun.done));
    const time = left < 90 ? `${left} s` : left < 5400 ? `${Math.round(left / 60)} min` : `${(left / 3600).toFixed(1)} h`;
    return words.wordLeft.replace("{time}", time);
  }

  look();
}

// The task page. It shows one stimulus, gathers the steps' answers, and goes on at once: the answer is kept on the device
// and brought home behind the scenes (outbox.js), lent and offered images stand ready (stock.js), and 'Saved' is said only
// when the server has said it. Words shown to people stand in the template.
//
// An answer belongs to the image that was on the stage when it was written: `target` is made once per image and never
// changed, and every entry takes its names (assignment or offer) from it.
//
// Two places where a study's care for its people joins in, and what a network wrote. With `config.care` the script at
// `config.care.script` (static/js/care.js) is imported, likewise with `config.machine_text` (static/js/machine_text.js), and
// its `start(page)`, page = {settings, say(text), skip(reason), send(url, rating, stimulus)}, returns an object with any of
// these; of several each has its turn (joined.js):
//   beforeShow(target, stage)  awaited after the image was put on the stage element and before the person can answer.
//       target = {id, stimulus, response?}. Blur, a content note, a break between two images: whatever must come first.
//       It works without a network. It may call page.skip(reason) instead of resolving with the image looked at.
//   afterSaved(response, work, {onStage})  awaited when the server has said 'saved'; never before. onStage: the image of
//       this response is still the one on the stage (see staysUntilSaved). How others felt, a question about the mood.
//   staysUntilSaved()  true: the page stays with the image until afterSaved is done, instead of going on at once.
//       Where the network is away the page goes on all the same, and afterSaved is called later with onStage false.
//   signals()  what goes into the signals of the answer to the image on the stage.

import { Refused, Unreachable, callApi } from "./api.js";
import { deliver } from "./deliver.js";
import { joined } from "./joined.js";
import { Kept } from "./kept.js";
import { listenToKeys } from "./keys.js";
import { openOffline } from "./offline.js";
import { Outbox } from "./outbox.js";
import { painted } from "./painted.js";
import { showRefusals } from "./refusals.js";
import { enlarge, preload, showStimulus, usePictures } from "./stage.js";
import { advance, answers, check, lockSteps, markAll, showSteps, startSteps, stepSignals, steps } from "./steps.js";
import { Stock } from "./stock.js";
import { countZoom, device, durationMs, theme, watchAnew, watched } from "./watching.js";
import { byId, local, say, tell, word } from "./words.js";
import { writesIn } from "./writes_in.js";
import { openZoom } from "./zoom.js";

const LOOK_AGAIN_MS = 20_000;
const IMPATIENT_MS = 1500; // how long a slow server may keep the person waiting before an offered image is shown
const PATIENT_MS = 4000; // how long the page stays with an image for the sake of `staysUntilSaved`
const form = byId("task");
const stage = byId("stage");
const config = JSON.parse(byId("config").textContent);
const isPreview = config.preview;
// from the list of my answers one may come here to change a certain one
const revised = Number(new URLSearchParams(location.search).get("revise")) || 0;

const kept = await Kept.open(`${form.dataset.study}:${isPreview ? "preview" : config.participant}`, {
  inMemory: isPreview,
  onForgetful: () => (byId("forgetful").hidden = false),
});
const outbox = new Outbox(`${form.dataset.study}:${config.participant}`, kept, config.responses_url, {
  changed: showState,
  saved: (entry, result) => saved(entry, result),
  refused: (entry, error) => refused(entry, error),
  taken: (stimulus) => !isTouched && !target?.given && target?.stimulus.key === stimulus && goOn(),
  broughtHome: () => {
    news = "saved";
    refresh().then(() => !target && goOn());
  },
});
const stock = new Stock(kept, { offersUrl: config.offers_url }, () => Promise.all(stock.open({}).map((each) => preload(each.stimulus)?.shown)));
const saysWhich = writesIn();
let care = {}; // beforeShow, afterSaved, staysUntilSaved, where the study has them
// what is on the stage: {id, stimulus, options, names?, number?, given?, replaces?, response?}; given = an answer that is
// changed; null = nothing at present
let target = null;
let interrupted = null; // the image that was on the stage before an earlier answer was looked at
let given = null; // the last answer: {key?, response?, stimulus, options, answers}
let isTouched = false;
let isLocked = false; // nothing can be answered: for the moment (mustWait), or because nothing can be sent
let mustWait = false;
let staying = null; // key of the entry whose 'saved' the page waits for
let news = ""; // the word for the last thing that was brought home
let keysAreOffUntil = 0;
let looking = 0;

// --- what is on the stage ---

async function show(next, { focus = true } = {}) {
  target = next;
  isTouched = false;
  // it asked about the image before
  if (byId("skip-dialog").open) byId("skip-dialog").close();
  form.hidden = stage.hidden = false;
  byId("nothing").hidden = true;
  delete byId("panel").dataset.empty;
  const number = next.number ?? (next.given || next.replaces ? null : (stock.lastNumber += 1));
  stock.lastNumber = number ?? stock.lastNumber;
  const name = number ? word("image", { n: local(number) }) : word("earlier-image");
  const seen = showStimulus(stage, next.stimulus, next.stimulus.description || name);
  byId("task-heading").textContent = name;
  showSteps(kept.draft(next.id) ?? next.answers ?? {}, next.options, next.stimulus);
  byId("revising").hidden = !next.given;
  byId("submit-words").textContent = word(next.given ? "save-change" : "submit");
  byId("skip").hidden = Boolean(next.given || next.replaces);
  showState();
  if (care.beforeShow) {
    lock(true);
    await care.beforeShow(next, stage);
    if (target !== next) return;
  }
  lock(false);
  watchAnew();
  seen.then(() => target === next && !isTouched && watchAnew());
  if (focus) {
    scrollTo(0, 0);
    steps[0].focus({ preventScroll: true });
  }
  painted().then(() => stock.open({ ahead: true }).slice(0, 3).forEach((coming) => preload(coming.stimulus)));
}

// The next image; before it, an answer that must be corrected.
function goOn(options) {
  const wrong = outbox.refused.find(canCorrect);
  if (wrong) return bringBack(wrong);
  const ahead = outbox.isAway || options?.impatient;
  const mayGoOn = interrupted && !kept.done.has(interrupted.stimulus.key);
  const next = mayGoOn ? interrupted : stock.open({ ahead })[0];
  interrupted = null;
  if (next) return show(next, options);
  return waitForMore();
}

function waitForMore() {
  target = null;
  const { work } = stock;
  if (outbox.waiting.length && !outbox.isAway && !outbox.stopped) {
    // the server's answer brings the next image; if it takes long, an offered one comes first
    lock(true);
    setTimeout(() => !target && !outbox.stopped && stock.open({ ahead: true }).length && goOn({ impatient: true }), IMPATIENT_MS);
    return;
  }
  if (!outbox.isAway && !outbox.entries.length && (work.finished || work.study_state !== "open")) return location.assign(work.end_url ?? config.end_url);
  const isOver = !outbox.isAway && work.finished;
  form.hidden = stage.hidden = true;
  byId("nothing").hidden = false;
  byId("panel").dataset.empty = "";
  for (const part of byId("nothing").querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== (outbox.isAway ? "away" : isOver ? "over" : "none");
  clearTimeout(looking);
  if (!isOver) looking = setTimeout(lookAgain, LOOK_AGAIN_MS);
  showState();
}

async function lookAgain() {
  await refresh();
  if (!target) goOn();
}

// What the server lends now. While nothing of this person is on its way it knows better than the device what is answered.
async function refresh() {
  await outbox.load();
  const isCertain = !outbox.waiting.length;
  try {
    const work = await callApi("GET", config.work_url);
    if (isCertain && !outbox.waiting.length) trust(work);
    stock.take(work);
    outbox.isAway = navigator.onLine === false;
    outbox.run();
  } catch (error) {
    if (error instanceof Refused) outbox.stopped = error;
    else if (error instanceof Unreachable) outbox.isAway = true;
    else throw error;
  }
  showState();
}

// A server that was restored from a backup lends images again that were answered before.
function trust(work) {
  for (const { stimulus } of work.held) kept.done.delete(stimulus.key);
}

function showState() {
  showProgress();
  // where nothing can be sent at all, the words of all of them can at least be copied
  showRefusals(outbox.stopped ? outbox.entries : outbox.refused, outbox.stopped?.message, canCorrect, { correct: bringBack, again: (entry) => outbox.again(entry), drop });
  byId("back").hidden = Boolean(target?.given || target?.replaces) || !given;
  byId("consent-again").hidden = outbox.stopped?.type !== "consent_changed";
  const n = outbox.waiting.length;
  if (isPreview) return tell(news && "saved", news && word(news));
  lock(mustWait);
  if (outbox.stopped) {
    return tell("stopped", `${outbox.stopped.message} ${n ? word("kept", { n }) : ""}`, { retry: tryAgain });
  }
  if (n && outbox.isAway && outbox.beingKept.size) return; // it says 'kept' when it is
  if (n && outbox.isAway && outbox.said) return tell("waiting", `${outbox.said} ${word("kept", { n })}`, { retry: tryAgain });
  if (n && outbox.isAway) return tell("waiting", word(kept.isLasting ? "waiting" : "waiting-here", { n }), { retry: tryAgain });
  if (n) return tell("saving", word("saving"));
  if (target?.replaces) return tell("stopped", word("correct"));
  if (outbox.isAway) return tell("away", word("away"));
  return tell(news && "saved", news && word(news));
}

async function tryAgain() {
  await outbox.run();
  if (!target) goOn();
}

function showProgress() {
  if (!stock.work) return;
  const { answered, available } = stock.work.progress;
  const all = answered + outbox.waiting.filter(isAnswer).length;
  byId("progress-text").textContent = word("progress", { n: local(all), m: local(available) });
  byId("progress-bar").max = Math.max(available, 1);
  byId("progress-bar").value = all;
}

function lock(is) {
  mustWait = is;
  const next = is || Boolean(outbox.stopped);
  if (next === isLocked) return;
  isLocked = next;
  byId("submit").setAttribute("aria-disabled", String(next));
  lockSteps(next);
}

// --- answering ---

function submit() {
  if (isLocked || !target || !check()) return;
  const body = { client_key: newKey(), answers: answers("value") };
  if (target.given) {
    const { key, response } = target.given;
    Object.assign(target.given, { answers: body.answers });
    return give({ method: "PATCH", url: response && `${config.responses_url}/${response.id}`, after: response ? null : key, body });
  }
  if (target.replaces) return give({ method: target.replaces.method, url: target.replaces.url, after: target.replaces.after, body: { ...target.replaces.body, ...body } });
  const signals = { ...watched(), ...stepSignals(), ...care.signals?.(), ...saysWhich() };
  if (target.names?.offer) Object.assign(signals, { ahead: true, given_at_ms: Date.now() });
  Object.assign(body, target.names, { duration_ms: durationMs(), signals, device: device(), theme: theme() });
  return give({ method: "POST", url: config.responses_url, body });
}

function skip(reason) {
  // while the page stays with an answer (staysUntilSaved), the image on the stage is answered
  if (!target || staying || target.given || target.replaces) return;
  give({ method: "POST", url: config.skips_url, body: { ...target.names, reason, client_key: newKey() }, isSkip: true });
}

// The page goes on at once; behind it the answer is kept on the device, then brought home (outbox.js).
function give(made) {
  const { id, stimulus, options, names, replaces = null } = target;
  const entry = { ...made, key: made.body.client_key, draft: id, stimulus, shown: { options, names } };
  if (isPreview) return pretend(entry);
  // a check of attention is no answer that one could come back to
  if (isAnswer(entry) && !stimulus.is_check) given = { key: entry.key, stimulus, options, answers: entry.body.answers };
  news = "";
  const stays = !outbox.isAway && (entry.method === "PATCH" ? revised : !entry.isSkip && care.staysUntilSaved?.());
  if (stays) {
    staying = entry.key;
    lock(true);
    setTimeout(() => stopStaying(entry.key), PATIENT_MS);
  }
  outbox.add(entry, { replaces });
  if (stays) showState();
  else goOn();
}

// A new answer, not a change of one, a skip, or a rating of what a network wrote.
function isAnswer(entry) {
  return entry.method === "POST" && !entry.isSkip && !entry.isRating;
}

// How plausible what a network wrote is: kept and sent as an answer, under a key of its own.
function sendRating(url, rating, stimulus) {
  const body = { client_key: newKey(), rating };
  outbox.add({ method: "POST", url, body, key: body.client_key, draft: `m${stimulus.key}`, stimulus, shown: {}, isRating: true });
}

function stopStaying(key) {
  if (staying !== key) return;
  staying = null;
  goOn();
}

async function saved(entry, result) {
  news = entry.isSkip ? "skipped" : "saved";
  if (given?.key === entry.key) given.response = result.response;
  const onStage = staying === entry.key;
  if (onStage) staying = "after"; // now the person's own pace counts
  if (result.work) stock.take({ ...result.work, last_response: result.response ?? stock.work?.last_response });
  showState();
  if (!entry.isSkip && result.response) await care.afterSaved?.(result.response, result.work ?? stock.work, { onStage });
  if (entry.method === "PATCH" && revised && !outbox.waiting.length) return location.assign(form.dataset.answersUrl);
  if (onStage) staying = null;
  if (onStage || !target) goOn();
  showState();
}

// --- refused ---

const canCorrect = (entry) => Boolean(entry.problem?.errors && steps.some((step) => entry.problem.errors[step.name]));

function refused(entry, error) {
  if (error.body.work) stock.take({ last_response: stock.work?.last_response, ...error.body.work });
  say(entry.problem.message);
  if (staying === entry.key) {
    staying = null;
    return goOn();
  }
  // never under somebody's hands: while she writes, the answer waits until she is done with this image
  if (target && isTouched) return;
  if (canCorrect(entry)) return bringBack(entry);
  if (!target) refresh().then(() => !target && goOn());
}

// Back to an answer that cannot be used as it is, with her words and the sentence.
function bringBack(entry) {
  if (target && !target.given && !target.replaces) interrupted = target;
  const errors = Object.fromEntries(Object.entries(entry.problem.errors).map(([name, sentences]) => [name, [].concat(sentences).join(" ")]));
  show({ id: `!${entry.key}`, stimulus: entry.stimulus, ...entry.shown, answers: entry.body.answers, replaces: entry }).then(() => {
    markAll(errors);
    // a key that was meant for the other image
    keysAreOffUntil = performance.now() + 500;
  });
}

async function drop(entry) {
  await outbox.drop(entry);
  await kept.dropDraft(`!${entry.key}`);
  byId("task-heading").focus();
  if (target?.replaces?.key === entry.key || !target) goOn();
}

// Preview: the next image comes, and nothing leaves the page.
function pretend(entry) {
  kept.dropDraft(entry.draft);
  const [first, ...rest] = stock.work.held;
  stock.work.held = [...rest, first];
  news = "previewed";
  goOn();
}

// crypto.randomUUID needs https; a study on a laptop's plain-http address in the local network has none
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// --- back, dialogs, keys ---

const fromResponse = (response) => ({ response, stimulus: response.stimulus, options: response.options_shown ?? {}, answers: response.answers });

const asChange = (earlier) => ({ id: `r${earlier.stimulus.key}`, stimulus: earlier.stimulus, options: earlier.options, answers: earlier.answers, given: earlier, response: earlier.response });

function back() {
  if (staying || !given || target?.given || isPreview) return;
  if (target) interrupted = target;
  show(asChange(given));
  say(word("revising"));
}

function leaveRevision() {
  if (isLocked) return;
  kept.dropDraft(target.id);
  if (revised) return location.assign(form.dataset.answersUrl);
  goOn();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
byId("back").addEventListener("click", back);
byId("leave-revision").addEventListener("click", leaveRevision);
byId("reload-image").addEventListener("click", () => showStimulus(stage, target.stimulus, byId("task-heading").textContent));
byId("zoom").addEventListener("click", () => {
  countZoom();
  enlarge(byId("picture-image"), target.stimulus, target.stimulus.description || byId("task-heading").textContent);
  openZoom();
});
byId("skip-dialog").addEventListener("close", (event) => {
  const dialog = event.target;
  const reason = new FormData(dialog.querySelector("form")).get("reason");
  if (dialog.returnValue === "skip") skip(reason);
  dialog.returnValue = "";
  dialog.querySelector("form").reset();
});

document.addEventListener("keydown", (event) => performance.now() < keysAreOffUntil && event.preventDefault(), { capture: true });
listenToKeys({ steps, isLocked: () => isLocked, advance: (step) => advance(step, {}, submit) });

// a page that the browser kept while the person was elsewhere may show an image that is answered by now
addEventListener("pageshow", (event) => event.persisted && location.reload());
addEventListener("online", () => !target && lookAgain());
addEventListener("beforeunload", (event) => {
  if (!kept.isLasting && outbox.waiting.length) event.preventDefault();
});

// --- begin ---

await startSteps({
  changed() {
    if (!target || isLocked) return;
    isTouched = true;
    kept.keepDraft(target.id, answers("draft"));
    // 'Saved' spoke of the answer before this one
    news = "";
    if (byId("saving").dataset.state === "saved") tell("", "");
  },
  submit,
});

async function begin() {
  // what a network wrote comes before how others felt, so that nobody rates it by them
  const parts = [config.machine_text, config.care].filter(Boolean);
  care = joined(await Promise.all(parts.map(async (settings) => (await import(settings.script)).start({ settings, say, skip, send: sendRating }))));
  if (isPreview) {
    const available = config.held.length;
    stock.work = { held: config.held, progress: { answered: 0, available }, finished: !available, study_state: "open", end_url: config.end_url };
    return goOn();
  }
  usePictures((url) => kept.picture(url));
  byId("forgetful").hidden = kept.isLasting;
  await outbox.load();
  await firstWork();
  const last = outbox.waiting.findLast((entry) => isAnswer(entry) && !entry.stimulus.is_check);
  if (last) given = { key: last.key, stimulus: last.stimulus, options: last.shown.options, answers: last.body.answers };
  else if (stock.work.last_response) given = fromResponse(stock.work.last_response);
  const response = revised && (await findRevised());
  if (response) await show(asChange(fromResponse(response)));
  else goOn();
  outbox.run();
  openOffline(config);
}

// The work comes with the page. A page that was shown before (the back button, a page kept for the time without a network)
// carries old work: then the server is asked, and where it does not answer, the device knows.
async function firstWork() {
  const isNew = config.work && config.page !== stock.isFromPage;
  if (isNew) {
    if (!outbox.waiting.length) trust(config.work);
    return stock.take(config.work, { page: config.page });
  }
  const isHere = stock.fromDevice();
  if (isHere) return Promise.race([refresh(), new Promise((resolve) => setTimeout(resolve, PATIENT_MS))]);
  const work = await deliver("GET", config.work_url, (tryNow) => tell("waiting", word("connecting"), { retry: tryNow }));
  return stock.take(work, { page: config.page });
}

async function findRevised() {
  try {
    const { responses } = await callApi("GET", `${config.responses_url}?before=${revised + 1}`);
    return responses.find((each) => each.id === revised);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    return null;
  }
}

try {
  await begin();
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  form.hidden = false;
  lock(true);
  tell("stopped", error.message);
}
document.documentElement.dataset.ready = "yes";

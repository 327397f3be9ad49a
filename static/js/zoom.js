// The image, enlarged: by wheel, two fingers, double tap, + and - keys or the buttons; dragged, or moved by arrow keys.

import { byId } from "./words.js";

const MOST = 8;
const dialog = byId("picture");
const area = byId("picture-area");
const image = byId("picture-image");
const frame = document.querySelector("[data-frame]");
let scale = 1;
let x = 0; // of the image's middle, in pixels from the area's
let y = 0;
const fingers = new Map(); // pointer id -> {x, y}
let lastTap = { at: 0, x: 0, y: 0 };

function place() {
  const width = area.clientWidth;
  const height = area.clientHeight;
  // no farther than its edge to the area's edge
  const most = { x: Math.max(0, (image.clientWidth * scale - width) / 2), y: Math.max(0, (image.clientHeight * scale - height) / 2) };
  x = Math.min(most.x, Math.max(-most.x, x));
  y = Math.min(most.y, Math.max(-most.y, y));
  image.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
  area.dataset.scale = scale.toFixed(2);
  byId("zoom-level").textContent = `${Math.round(scale * 100)} %`;
}

// The point of the image under (px, py), from the area's middle, stays where it is.
function zoomTo(wanted, px = 0, py = 0) {
  const next = Math.min(MOST, Math.max(1, wanted));
  x = px - ((px - x) * next) / scale;
  y = py - ((py - y) * next) / scale;
  scale = next;
  place();
}

const fromMiddle = (event) => {
  const box = area.getBoundingClientRect();
  return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
};

export function openZoom() {
  scale = 1;
  x = y = 0;
  dialog.showModal();
  place();
  area.focus();
}

byId("zoom-in").addEventListener("click", () => zoomTo(scale * 1.5));
byId("zoom-out").addEventListener("click", () => zoomTo(scale / 1.5));
byId("zoom-whole").addEventListener("click", () => zoomTo(1));
image.addEventListener("load", place);
addEventListener("resize", () => dialog.open && place());

area.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    zoomTo(scale * Math.exp(-event.deltaY / 400), ...fromMiddle(event));
  },
  { passive: false },
);

const buttons = { "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", 0: "zoom-whole" };
dialog.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (buttons[event.key]) {
    event.preventDefault();
    return byId(buttons[event.key]).click();
  }
  const step = 80;
  const move = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[event.key];
  if (!move) return;
  event.preventDefault();
  x += move[0];
  y += move[1];
  place();
});

area.addEventListener("pointerdown", (event) => {
  area.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  if (fingers.size > 1) {
    lastTap.at = 0; // two fingers are no tap
    return;
  }
  const isSecond = event.timeStamp - lastTap.at < 350 && Math.hypot(event.clientX - lastTap.x, event.clientY - lastTap.y) < 40;
  if (isSecond) zoomTo(scale > 1.05 ? 1 : 2.5, ...fromMiddle(event));
  lastTap = isSecond ? { at: 0, x: 0, y: 0 } : { at: event.timeStamp, x: event.clientX, y: event.clientY };
});

// Two fingers on the image of the task: the same, and the enlarged image opens under them.
frame.addEventListener("pointerdown", (event) => {
  if (event.pointerType !== "touch" || byId("zoom").hidden) return;
  fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  if (fingers.size === 2) byId("zoom").click();
});

function move(event) {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const now = { x: event.clientX, y: event.clientY };
  const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
  if (event.currentTarget === frame && !dialog.open) {
    fingers.set(event.pointerId, now);
    return;
  }
  if (other) {
    // the middle between the fingers moves half as far as one of them
    x += (now.x - before.x) / 2;
    y += (now.y - before.y) / 2;
    const apart = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
    zoomTo((scale * apart(now)) / apart(before), ...fromMiddle({ clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 }));
  } else {
    x += now.x - before.x;
    y += now.y - before.y;
    place();
  }
  fingers.set(event.pointerId, now);
}

for (const touched of [area, frame]) {
  touched.addEventListener("pointermove", move);
  for (const end of ["pointerup", "pointercancel"]) touched.addEventListener(end, (event) => fingers.delete(event.pointerId));
}
dialog.addEventListener("close", () => fingers.clear());

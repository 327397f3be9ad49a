// Figures as files for a paper: <button data-figure-file="svg"> or "png" inside <figure class="figure">.
// The drawing is made anew at a paper's width and in light colours, whatever the screen; title, lead and source go along.

const WIDTH = 720; // CSS pixels: a text column
const PNG_SCALE = 4; // some 300 dots per inch at 17 cm
const AIR = 16;
const PAINT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "paint-order", "font-family", "font-size", "font-weight", "text-anchor"];
const SVG = "http://www.w3.org/2000/svg";

if (!globalThis.figuresListen) {
  globalThis.figuresListen = true;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-figure-file]");
    if (button) save(button.closest("figure"), button.dataset.figureFile);
  });
}

async function save(figure, kind) {
  const drawn = draw(figure);
  const text = new XMLSerializer().serializeToString(drawn);
  const svg = new Blob([`<?xml version="1.0" encoding="UTF-8"?>\n${text}`], { type: "image/svg+xml" });
  const file = kind === "png" ? await raster(svg, drawn) : svg;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `${nameOf(figure)}.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function nameOf(figure) {
  const study = location.pathname.match(/^\/(?:studies|public)\/([^/]+)/)?.[1];
  return [study, figure.id || "figure"].filter(Boolean).join("-");
}

// One SVG that stands alone: every look that came from a style sheet is written onto its element.
function draw(figure) {
  const stage = document.createElement("div");
  stage.setAttribute("aria-hidden", "true");
  Object.assign(stage.style, { position: "absolute", insetInlineStart: "-10000px", width: `${WIDTH - 2 * AIR}px`, colorScheme: "light" });
  stage.className = "figure-drawing";
  document.body.append(stage);
  const whole = document.createElementNS(SVG, "svg");
  let top = AIR;
  const write = (words, size, weight, soft) => {
    for (const line of broken(words, size)) {
      top += size * 1.35;
      const text = document.createElementNS(SVG, "text");
      text.textContent = line;
      const looks = { x: AIR, y: top, fill: soft ? "#5a5f68" : "#1b1e23", "font-size": size, "font-weight": weight, "font-family": "Liberation Sans, Arial, sans-serif" };
      for (const [name, value] of Object.entries(looks)) text.setAttribute(name, value);
      whole.append(text);
    }
  };
  write(wordsOf(figure, "h2, h3"), 17, 650);
  write(wordsOf(figure, ".figure-lead"), 13, 400, true);
  top += AIR;
  for (const legend of figure.querySelectorAll(".figure-drawing .legend")) {
    write([...legend.children].map((item) => item.textContent.trim()).join("  ·  "), 12, 400, true);
    top += AIR / 2;
  }
  for (const original of figure.querySelectorAll(".figure-drawing svg")) {
    const copy = original.cloneNode(true);
    stage.replaceChildren(copy);
    const { width, height } = copy.getBoundingClientRect();
    inline(copy);
    for (const link of copy.querySelectorAll("a")) link.replaceWith(...link.childNodes);
    for (const [name, value] of Object.entries({ x: AIR, y: top, width, height, overflow: "visible" })) copy.setAttribute(name, value);
    for (const name of ["class", "role", "aria-label", "focusable"]) copy.removeAttribute(name);
    whole.append(copy);
    top += height + AIR / 2;
  }
  stage.remove();
  write(wordsOf(figure, ".figure-source"), 11, 400, true);
  const height = Math.ceil(top + AIR);
  const ground = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ width: WIDTH, height, fill: "#ffffff" })) ground.setAttribute(name, value);
  whole.prepend(ground);
  for (const [name, value] of Object.entries({ width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}` })) whole.setAttribute(name, value);
  return whole;
}

function inline(svg) {
  for (const element of [svg, ...svg.querySelectorAll("*")]) {
    const looks = getComputedStyle(element);
    for (const name of PAINT) {
      const value = looks.getPropertyValue(name);
      if (value && value !== "normal") element.setAttribute(name, value);
    }
  }
  for (const element of svg.querySelectorAll("[class]")) element.removeAttribute("class");
}

function wordsOf(figure, selector) {
  return figure.querySelector(selector)?.textContent.replace(/\s+/g, " ").trim() ?? "";
}

// Lines that fit the paper's width, measured by the browser.
function broken(words, size) {
  if (!words) return [];
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${size}px Liberation Sans, Arial, sans-serif`;
  const lines = [""];
  for (const word of words.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (pen.measureText(longer).width <= WIDTH - 2 * AIR) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

async function raster(svg, { width, height }) {
  const image = new Image();
  const address = URL.createObjectURL(svg);
  image.src = address;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width.baseVal.value * PNG_SCALE;
  canvas.height = height.baseVal.value * PNG_SCALE;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(address);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

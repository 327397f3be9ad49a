// The stimulus: a photograph, shown at once because it was loaded and decoded while the one before was looked at; or words.

const ready = new Map(); // address -> Image

export function preload(stimulus) {
  if (!stimulus?.image_url) return null;
  let image = ready.get(stimulus.image_url);
  if (!image) {
    image = new Image();
    image.decoding = "sync"; // it is decoded before it is put in; no flash of the empty stage
    image.src = stimulus.image_url;
    image.decode().catch(() => {}); // a broken file is told by its error event
    ready.set(stimulus.image_url, image);
    if (ready.size > 6) ready.delete(ready.keys().next().value);
  }
  return image;
}

export function showStimulus(stage, stimulus, alt) {
  const frame = stage.querySelector("[data-frame]");
  const note = stage.querySelector("[data-image-failed]");
  const zoom = stage.querySelector("[data-opens]");
  const image = preload(stimulus);
  note.hidden = true;
  zoom.hidden = !image;
  if (!image) {
    const words = document.createElement("blockquote");
    words.dir = "auto";
    words.textContent = stimulus.name || stimulus.description;
    return frame.replaceChildren(words);
  }
  image.alt = alt;
  if (stimulus.width) image.width = stimulus.width;
  if (stimulus.height) image.height = stimulus.height;
  const failed = () => {
    ready.delete(stimulus.image_url);
    if (frame.contains(image)) note.hidden = false;
  };
  image.onerror = failed;
  if (image.complete && !image.naturalWidth) failed();
  frame.replaceChildren(image);
}

// Work that can wait until the person sees what she asked for.

// Resolves when what was just changed stands on the screen; sooner where nothing is drawn, or the page is being left.
export const painted = () =>
  new Promise((resolve) => {
    if (document.hidden) return resolve();
    const done = () => {
      clearTimeout(timer);
      removeEventListener("pagehide", done);
      document.removeEventListener("visibilitychange", done);
      resolve();
    };
    const timer = setTimeout(done, 250);
    addEventListener("pagehide", done);
    document.addEventListener("visibilitychange", done);
    // a frame is drawn after its callbacks: a task that follows them follows the drawing
    requestAnimationFrame(() => setTimeout(done));
  });

// What a key asks of the scrubber, wherever on the page it is pressed.

const SCROLLED_BY_KEYS = "input, textarea, select, [contenteditable], [role=combobox], [role=listbox], [role=slider]";
const PRESSED_BY_SPACE = "button, a, summary, [role=tab], [role=button]";

// {by: places} | {to: place} | "play" | "listen" | null; `last` is the last place of the walk.
export function wishOf(event, scrubber, slider, last) {
  const inside = event.composedPath();
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (inside.some((node) => node !== slider && node.matches?.(SCROLLED_BY_KEYS))) return null;
  const stride = event.shiftKey ? Math.max(2, Math.round(last / 100)) : 1;
  const page = Math.max(2, Math.round(last / 20));
  const onSlider = inside.includes(slider);
  // paging and Home belong to the page unless the reader is in the scrubber
  const within = inside.includes(scrubber);
  switch (event.key) {
    case "ArrowLeft": return { by: -stride };
    case "ArrowRight": return { by: stride };
    case "ArrowDown": return onSlider ? { by: -stride } : null;
    case "ArrowUp": return onSlider ? { by: stride } : null;
    case "PageUp": return within ? { by: -page } : null;
    case "PageDown": return within ? { by: page } : null;
    case "Home": return within ? { to: 0 } : null;
    case "End": return within ? { to: last } : null;
    case " ": return inside.some((node) => node.matches?.(PRESSED_BY_SPACE)) ? null : "play";
    case "s": case "S": return event.shiftKey ? null : "listen";
    default: return null;
  }
}

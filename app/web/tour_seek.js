// Finding a control anywhere on the page, in the figures' shadow roots, too.

// The first element that fits, can be seen and is ready to be used; null where there is none.
export function seen(selector, root = document) {
  for (const found of root.querySelectorAll(selector)) if (found.getClientRects().length > 0 && !found.disabled) return found;
  for (const { shadowRoot } of root.querySelectorAll("*")) {
    const found = shadowRoot && seen(selector, shadowRoot);
    if (found) return found;
  }
  return null;
}

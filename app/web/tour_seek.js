// Finding a control anywhere on the page, in the figures' shadow roots, too.

// The first element that fits and can be seen; null where there is none.
export function seen(selector, root = document) {
  for (const found of root.querySelectorAll(selector)) if (found.getClientRects().length > 0) return found;
  for (const { shadowRoot } of root.querySelectorAll("*")) {
    const found = shadowRoot && seen(selector, shadowRoot);
    if (found) return found;
  }
  return null;
}

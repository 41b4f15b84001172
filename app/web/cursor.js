// A cross in a picture, moved by mouse, finger or arrow keys; Enter or a click picks the place.

const STRIDE = 10; // of a key with Shift

export class Cursor {
  // `node`: the element over the picture, focusable, with role slider. `onmove({x, y})` and `onpick({x, y})`: shares of
  // width and height from the lower left. `steps`: into how many parts a key's step divides each.
  constructor(node, onmove, onpick, signal) {
    this.node = node;
    this.at = { x: 0.5, y: 0.5 };
    this.steps = { x: 100, y: 100 };
    this.onmove = onmove;
    node.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse" || event.buttons) this.follow(event);
    }, { signal });
    node.addEventListener("pointerdown", (event) => this.follow(event), { signal });
    node.addEventListener("click", () => onpick(this.at), { signal });
    node.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Enter" || event.key === " ") onpick(this.at);
      else if (!this.key(event)) return;
      event.preventDefault();
      event.stopPropagation();
    }, { signal });
  }

  follow(event) {
    const box = this.node.getBoundingClientRect();
    this.go((event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height);
  }

  key({ key, shiftKey }) {
    const { x, y } = this.at;
    const stride = shiftKey ? STRIDE : 1;
    const [across, up] = [stride / this.steps.x, stride / this.steps.y];
    switch (key) {
      case "ArrowLeft": this.go(x - across, y); break;
      case "ArrowRight": this.go(x + across, y); break;
      case "ArrowDown": this.go(x, y - up); break;
      case "ArrowUp": this.go(x, y + up); break;
      case "PageUp": this.go(x + 0.1, y); break;
      case "PageDown": this.go(x - 0.1, y); break;
      case "Home": this.go(0, y); break;
      case "End": this.go(1, y); break;
      default: return false;
    }
    return true;
  }

  go(x, y = this.at.y) {
    const inside = (share) => Math.min(Math.max(share, 0), 0.99999);
    this.at = { x: inside(x), y: inside(y) };
    this.node.style.setProperty("--x", `${100 * this.at.x}%`);
    this.node.style.setProperty("--y", `${100 * this.at.y}%`);
    this.onmove(this.at);
  }

  // What a screen reader says of the place.
  tell(seconds, of, words) {
    this.node.setAttribute("aria-valuemax", of.toFixed(2));
    this.node.setAttribute("aria-valuenow", seconds.toFixed(2));
    this.node.setAttribute("aria-valuetext", words);
  }
}

// What Streamlit runs for every figure: hands its place and data to the figure's module, which is served
// with its neighbours, so that the browser caches them and the page's figures share what they have loaded.

export default function mount({ parentElement, data, setStateValue }) {
  const place = parentElement.querySelector(".figure");
  place.figure ??= import(new URL(data.module, document.location.href)).then(({ Figure }) => new Figure(place));
  place.figure.then((figure) => figure.open(data, setStateValue)).catch((error) => {
    const problem = place.querySelector(".problem");
    if (!problem) return;
    problem.textContent = `This figure could not be loaded (${error.message}). Reload the page.`;
    problem.hidden = false;
  });
  return () => {
    // also runs when the page merely reruns: only a place that has left the document is closed
    queueMicrotask(() => {
      if (!place.isConnected) place.figure.then((figure) => figure.close(), () => {});
    });
  };
}

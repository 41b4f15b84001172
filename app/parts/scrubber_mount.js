// What Streamlit runs: hands the component's place and data to scrubber.js, which is served as a module
// with its neighbours, so that the browser caches them.

export default function mount({ parentElement, data }) {
  const place = parentElement.querySelector(".scrubber");
  place.scrubber ??= import(new URL(data.module, document.location.href)).then(({ Scrubber }) => new Scrubber(place));
  place.scrubber.then((scrubber) => scrubber.open(data)).catch((error) => {
    const problem = place.querySelector(".problem");
    problem.textContent = `The player could not be loaded (${error.message}). Reload the page.`;
    problem.hidden = false;
  });
  return () => {
    // also runs when the page merely reruns: only a place that has left the document is closed
    queueMicrotask(() => {
      if (!place.isConnected) place.scrubber.then((scrubber) => scrubber.close());
    });
  };
}

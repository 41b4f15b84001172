// Says when the page has lost its server, and when it has it back. Comes with every page, beside Streamlit's own
// JavaScript, which tells in an attribute how its connection stands and connects again by itself. After some seconds
// Streamlit would also lay a dialog over the page, which then takes neither mouse nor keys: that is closed as it comes.

const STATE = "data-test-connection-state";
const CONNECTED = "CONNECTED";
const DIALOG = '[data-testid="stDialog"]';
const DIALOG_TITLE = "Connection error";
const LOST_MS = 800; // shorter gaps nobody notices
const BACK_MS = 4000;
const LOST = "The connection to the server is lost. What this page has loaded goes on working; it connects again by itself.";
const OFFLINE = "This device is offline. What this page has loaded goes on working; it connects again by itself.";
const BACK = "The connection is back.";

const place = document.createElement("p");
place.id = "connection";
place.setAttribute("role", "status");
place.hidden = true;

let was = false; // connected, once: until then the page is merely loading
let lost = null; // the timer that will say so
let told = false;
let taken = null; // the timer that takes the last sentence away

function say(sentence) {
  clearTimeout(taken);
  place.textContent = sentence;
  place.hidden = sentence === "";
}

function look() {
  const connected = document.querySelector(`[${STATE}]`)?.getAttribute(STATE) === CONNECTED;
  was ||= connected;
  if (!was) return;
  if (!navigator.onLine || !connected) {
    lost ??= setTimeout(() => {
      told = true;
      say(navigator.onLine ? LOST : OFFLINE);
    }, LOST_MS);
    return;
  }
  clearTimeout(lost);
  lost = null;
  if (!told) return;
  told = false;
  say(BACK);
  taken = setTimeout(() => say(""), BACK_MS);
}

function keepOpen() {
  for (const dialog of document.querySelectorAll(`body > ${DIALOG}`)) {
    if (dialog.querySelector("h2")?.textContent === DIALOG_TITLE) dialog.querySelector("button[aria-label='Close']")?.click();
  }
}

document.body.append(place);
new MutationObserver(keepOpen).observe(document.body, { childList: true });
new MutationObserver(look).observe(document.body, { subtree: true, attributeFilter: [STATE] });
for (const event of ["online", "offline"]) window.addEventListener(event, look);

// What is compared, and the step, in the page's address, so that a teacher can link to it.

const REST_MS = 250; // browsers refuse more than about three changes of address a second

export class ChoiceNote {
  // `parameters`: {name: value} of the choice; `known`: all names that choices use; those not given are taken away.
  write(parameters, known, step) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const url = new URL(document.location.href);
      for (const name of known) url.searchParams.delete(name);
      for (const [name, value] of Object.entries(parameters)) if (value !== "") url.searchParams.set(name, value);
      if (step === null) url.searchParams.delete("step");
      else url.searchParams.set("step", step);
      if (url.href !== document.location.href) history.replaceState(history.state, "", url);
    }, REST_MS);
  }

  close() {
    clearTimeout(this.timer);
  }
}

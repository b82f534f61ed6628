// The form that writes a disclosure: it sends the answers that the page shows, and shows what comes.
// Listeners sit on the document, because Gradio draws and redraws everything below it.
(() => {
  "use strict";

  const FORM = "form.ds-export";
  const NO_REASONS = new Set(["code", "notebook"]); // forms that need no how and why
  const kept = new Map(); // what was typed, by form: a new answer redraws them all

  const state = (form) => ({
    scope: form.elements.scope.value,
    form: form.elements.form.value,
    how: form.elements.how.value,
    why: form.elements.why.value,
    used: marked(form),
  });

  const marked = (form) =>
    [...form.querySelectorAll("input[name=used]:checked")].map((box) => Number(box.value));

  const arrange = (form) => {
    form.classList.toggle("ds-plain", NO_REASONS.has(form.elements.form.value));
  };

  // Gradio may keep an element and give it the contents of another answer's: each form is set to
  // what was typed into the one of its name, or emptied.
  const restore = (form) => {
    const before = kept.get(form.id);
    const made = form.querySelector(".ds-made");
    if (made.dataset.of !== form.id) made.hidden = form.querySelector(".ds-wrong").hidden = true;
    if (!before) {
      form.reset();
    } else {
      for (const name of ["scope", "form", "how", "why"]) form.elements[name].value = before[name];
      for (const box of form.querySelectorAll("input[name=used]")) {
        box.checked = before.used.includes(Number(box.value));
      }
      form.closest("details").open = true;
    }
    arrange(form);
  };

  const exchange = (form) => ({
    ...JSON.parse(form.querySelector(".ds-exchange").textContent),
    used: marked(form),
  });

  const show = (form, { text, file, error }) => {
    const wrong = form.querySelector(".ds-wrong");
    const made = form.querySelector(".ds-made");
    made.dataset.of = form.id;
    wrong.textContent = error ?? "";
    wrong.hidden = !error;
    made.hidden = Boolean(error);
    if (error) return;
    made.querySelector("pre").textContent = text;
    const link = made.querySelector("a");
    if (link.href.startsWith("blob:")) URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
    link.download = file;
    made.scrollIntoView({ block: "nearest" });
  };

  const write = async (form) => {
    // The newest answer stands on top; a conversation is told from its beginning.
    const all = form.elements.scope.value === "all";
    const forms = all ? [...document.querySelectorAll(FORM)].reverse() : [form];
    const { form: name, how, why } = state(form);
    const body = JSON.stringify({ exchanges: forms.map(exchange), form: name, how, why });
    try {
      const answer = await fetch("disclosure", { method: "POST", body });
      show(form, await answer.json());
    } catch {
      show(form, { error: "The server cannot be reached; try again." });
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target.closest(FORM);
    if (!form) return;
    event.preventDefault();
    kept.set(form.id, state(form));
    write(form);
  });

  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => {
      const form = event.target.closest?.(FORM);
      if (!form) return;
      arrange(form);
      kept.set(form.id, state(form));
    });
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#ds-new")) kept.clear();
    const button = event.target.closest("button.ds-write");
    const form = button && document.getElementById(button.value);
    if (!form) return;
    form.closest("details").open = true;
    form.scrollIntoView({ block: "start" });
    form.elements.form.focus({ preventScroll: true });
  });

  new MutationObserver((changes) => {
    const drawn = changes.some(
      (change) =>
        change.target.closest?.("#ds-sources") &&
        !change.target.closest(FORM) &&
        [...change.addedNodes].some((node) => node instanceof Element),
    );
    if (drawn) document.querySelectorAll(FORM).forEach(restore);
  }).observe(document, { subtree: true, childList: true });
})();

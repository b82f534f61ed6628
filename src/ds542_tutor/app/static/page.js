// Small behaviours of the chat page: markers that show their source, copy buttons, what is in view.
// Listeners sit on the document, because Gradio draws and redraws everything below it.
(() => {
  "use strict";

  const NARROW = matchMedia("(max-width: 860px)"); // as in style.css
  const CALM = matchMedia("(prefers-reduced-motion: reduce)");

  const bring = (element) => {
    element.scrollIntoView({ behavior: CALM.matches ? "auto" : "smooth", block: "start" });
  };

  const showSource = (id) => {
    const source = document.getElementById(id);
    if (!source) return;
    document.querySelectorAll(".ds-source.ds-current").forEach((other) => {
      other.classList.remove("ds-current");
    });
    source.classList.add("ds-current");
    bring(source);
    source.focus({ preventScroll: true });
  };

  // navigator.clipboard exists on https and localhost only; a selection can be copied anywhere.
  const copy = async (text) => {
    if (navigator.clipboard && window.isSecureContext) {
      await navigator.clipboard.writeText(text);
      return;
    }
    const before = document.activeElement;
    const field = document.createElement("textarea");
    field.className = "ds-unseen";
    field.value = text;
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    before?.focus({ preventScroll: true });
    if (!copied) throw new Error("copying is not allowed");
  };

  // Where copying is not allowed, the text is shown to be selected by hand.
  const unfold = (element) => {
    element.closest("details").open = true;
    bring(element);
    element.focus({ preventScroll: true });
  };

  const spoken = document.createElement("div");
  spoken.className = "ds-unseen";
  spoken.setAttribute("role", "status");
  document.body.append(spoken); // a deferred script: the body is there

  const confirmOn = (button, word) => {
    button.dataset.label ??= button.textContent;
    button.style.minWidth = `${button.offsetWidth}px`; // the shorter word moves nothing
    button.textContent = spoken.textContent = word;
    clearTimeout(Number(button.dataset.timer));
    button.dataset.timer = setTimeout(() => {
      button.textContent = button.dataset.label;
      spoken.textContent = "";
    }, 2000);
  };

  // The buttons vanish or are redrawn when they are pressed; typing goes on in the box. On a touch
  // screen that would raise the keyboard over the answer.
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#ds-send, #ds-stop, #ds-new, #ds-chat .example")) return;
    if (matchMedia("(pointer: coarse)").matches) return;
    setTimeout(() => document.querySelector("#ds-question textarea").focus(), 0);
  });

  document.addEventListener("click", async (event) => {
    const marker = event.target.closest('a[href*="#source-"]');
    if (marker) {
      event.preventDefault();
      showSource(marker.getAttribute("href").split("#")[1]);
      return;
    }
    const button = event.target.closest("button.ds-copy");
    if (!button) return;
    const source = document.getElementById(button.value);
    try {
      await copy(source.textContent);
      confirmOn(button, "Copied");
    } catch {
      confirmOn(button, "Select and copy");
      unfold(source);
    }
  });

  new MutationObserver((changes) => {
    for (const change of changes) {
      const target = change.target;
      // Gradio labels a message with its whole source text; a screen reader should read the message.
      if (change.type === "attributes" && target.matches("#ds-chat [data-testid][aria-label]")) {
        target.removeAttribute("aria-label");
      }
      for (const node of change.addedNodes) {
        if (!(node instanceof Element)) continue;
        node.querySelectorAll("[data-testid=bot][aria-label], [data-testid=user][aria-label]")
          .forEach((message) => message.removeAttribute("aria-label"));
        // On a phone the page itself scrolls: keep the new question, and its answer, in view.
        if (NARROW.matches && node.matches("#ds-chat .user-row")) bring(node);
        // Beside the conversation, the newest sources are on top.
        if (!NARROW.matches && node.matches("#ds-sources .ds-answer-sources")) {
          document.getElementById("ds-sources").scrollTop = 0;
        }
      }
    }
  }).observe(document, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["aria-label"],
  });
})();

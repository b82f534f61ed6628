// Small behaviours of the chat page: markers that show their source, copy buttons, focus.
// Listeners sit on the document, because Gradio draws and redraws everything below it.
(() => {
  "use strict";

  const showSource = (id) => {
    const source = document.getElementById(id);
    if (!source) return;
    document.querySelectorAll(".ds-source.ds-current").forEach((other) => {
      other.classList.remove("ds-current");
    });
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    source.classList.add("ds-current");
    source.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
    source.focus({ preventScroll: true });
  };

  // navigator.clipboard exists on https and localhost only; the selection works everywhere.
  const copy = async (element) => {
    const text = element.textContent;
    if (navigator.clipboard && window.isSecureContext) {
      await navigator.clipboard.writeText(text);
      return;
    }
    const range = document.createRange();
    range.selectNodeContents(element);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    if (!document.execCommand("copy")) throw new Error("copying is not allowed");
    selection.removeAllRanges();
  };

  document.addEventListener("click", async (event) => {
    const marker = event.target.closest('a[href*="#source-"]');
    if (marker) {
      event.preventDefault();
      showSource(marker.getAttribute("href").split("#")[1]);
      return;
    }
    const button = event.target.closest("button[data-copy]");
    if (button) {
      const element = document.getElementById(button.dataset.copy);
      try {
        await copy(element);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Select and copy";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    }
  });
})();

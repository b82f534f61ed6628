// The staff page: sends what people do, follows the re-ingest, and draws anew what changed.
// The server renders everything; after a change the page is fetched again and its parts replaced.
(() => {
  "use strict";

  const $ = (id) => document.getElementById(id);
  const EVERYTHING = "[data-part]";
  const CALM = matchMedia("(prefers-reduced-motion: reduce)");

  // ---- What was done, or why not ----

  const say = (words, wrong = false) => {
    const said = $("said");
    said.textContent = words;
    said.classList.toggle("wrong", wrong);
    said.hidden = false;
    said.scrollIntoView({ block: "nearest" });
  };

  // Someone signed out elsewhere, or was taken off the staff: the page itself says so.
  const turnedAway = (status) => {
    if (status === 401 || status === 403 || status === 503) location.reload();
  };

  // Pressed twice counts once; a disabled button would lose the focus. Another button counts: who
  // sees "Cancel" may press it before the page is drawn to its end.
  const busy = new Set();
  const post = async (action, data) => {
    if (busy.has(action)) return;
    busy.add(action);
    try {
      const answer = await fetch(`staff/api/${action}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(data),
      });
      const told = await answer.json();
      if (!answer.ok) turnedAway(answer.status);
      say(told.message || told.error, !answer.ok);
    } catch {
      say("The server cannot be reached. Try it again.", true);
    }
    await redraw();
    busy.delete(action);
  };

  // ---- Drawing anew ----

  let drawing = Promise.resolve();
  const redraw = () => (drawing = drawing.then(fetchParts, fetchParts));

  const fetchParts = async () => {
    const answer = await fetch("staff", { cache: "no-store" });
    if (!answer.ok || answer.redirected) return location.reload();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focused = document.activeElement;
    const [id, action] = [focused?.id, focused?.dataset?.do];
    const open = new Set([...document.querySelectorAll("details[open][id]")].map((d) => d.id));
    for (const part of document.querySelectorAll(EVERYTHING)) {
      const other = fresh.getElementById(part.id);
      if (!other || part.outerHTML === other.outerHTML) continue;
      part.replaceWith(document.adoptNode(other));
    }
    open.forEach((one) => $(one)?.setAttribute("open", ""));
    dress();
    if (focused && !focused.isConnected) {
      // The button is gone or drawn anew: keep the place of who works with the keyboard.
      const again = (id && $(id)) || (action && document.querySelector(`[data-do="${action}"]`));
      const section = { begin: "cancel", cancel: "begin" }[id];
      (again || $(section) || $("review-head"))?.focus?.({ preventScroll: true });
    }
  };

  // Times as the reader's clock shows them; then filter and order of the table as they were.
  const dress = () => {
    const form = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
    document.querySelectorAll("time:not([title])").forEach((time) => {
      time.title = time.textContent;
      time.textContent = form.format(new Date(time.dateTime));
    });
    order();
    filter();
  };

  // ---- The table of documents ----

  let sorting = null; // as the server sends it: slides first
  const compare = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" }).compare;

  const order = () => {
    if (!sorting) return;
    const value = (row) => row.cells[sorting.column].dataset.value;
    const rows = [...$("rows").rows].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (!x || !y) return (x ? 0 : 1) - (y ? 0 : 1); // without a value: last either way
      return sorting.down ? compare(y, x) : compare(x, y);
    });
    $("rows").append(...rows);
  };

  const filter = () => {
    const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const kind = $("kind").value;
    let shown = 0;
    for (const row of $("rows").rows) {
      const text = row.textContent.toLowerCase();
      row.hidden =
        !words.every((word) => text.includes(word)) ||
        (kind && row.dataset.kind !== kind) ||
        ($("remarked").checked && row.dataset.remarks === "0");
      shown += !row.hidden;
    }
    const all = $("rows").rows.length;
    $("shown").textContent = shown === all ? `${all} shown` : `${shown} of ${all} shown`;
  };

  // ---- Uploading ----

  let places = [];

  const learnPlaces = async () => {
    const answer = await fetch("staff/api/targets");
    const told = await answer.json();
    if (!answer.ok) return say(told.error, true);
    places = told.files;
    $("targets").replaceChildren(...places.map((path) => new Option(path, path)));
    $("patterns").replaceChildren(
      ...told.patterns.map(([pattern, kind]) => {
        const item = document.createElement("li");
        item.textContent = `${pattern} (${kind})`;
        return item;
      }),
    );
  };

  const note = () => {
    const target = $("target").value.trim().normalize("NFC");
    const there = places.some((path) => path.normalize("NFC") === target);
    $("target-note").textContent = !target
      ? "Choose a file first; if one of its name is there, this fills itself."
      : there
        ? "Replaces the file there, which is kept and can be brought back."
        : "A new file.";
  };

  const chosen = () => {
    const file = $("file").files[0];
    if (!file) return;
    const name = (path) => path.split("/").pop().normalize("NFC").toLowerCase();
    const same = places.filter((path) => name(path) === name(file.name));
    if (same.length === 1) $("target").value = same[0];
    else if (!$("target").value) $("target").focus();
    note();
  };

  const upload = (event) => {
    event.preventDefault();
    const file = $("file").files[0];
    if (file.size > $("upload").dataset.max * 1e6) {
      return say(`${file.name} is larger than ${$("upload").dataset.max} MB.`, true);
    }
    // fetch tells nothing about how much has been sent.
    const request = new XMLHttpRequest();
    const target = encodeURIComponent($("target").value);
    request.open("POST", `staff/api/upload?target=${target}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (sent) => ($("sending").value = sent.loaded / sent.total);
    request.onloadend = async () => {
      $("sending").hidden = true;
      $("send").disabled = false;
      let told = {};
      try {
        told = JSON.parse(request.responseText);
      } catch {
        told.error = "The upload did not go through; nothing was changed. Try it again.";
      }
      const well = request.status === 200;
      if (!well) turnedAway(request.status);
      say(told.message || told.error, !well);
      if (well) {
        $("upload").reset();
        note();
        learnPlaces();
      }
      await redraw();
    };
    $("sending").value = 0;
    $("sending").hidden = false;
    $("send").disabled = true;
    request.send(file);
  };

  // ---- Following the re-ingest ----

  const words = (job) => {
    if (job.state === "cancelling") return "Stopping";
    const failed = job.failed ? `; ${job.failed} failed` : "";
    return (job.total ? `${job.step}: ${job.done} of ${job.total}` : job.step) + failed;
  };

  const show = (job) => {
    const bar = $("bar");
    if (!bar || !job) return;
    $("step").textContent = words(job);
    if (job.total) [bar.max, bar.value] = [job.total, job.done];
    else bar.removeAttribute("value");
    // Read out when a step begins, not at every file.
    const heard = job.state === "running" ? job.step : "Stopping";
    if ($("live").textContent !== heard) $("live").textContent = heard;
  };

  const follow = () => {
    const events = new EventSource("staff/api/events");
    let was = null;
    events.onmessage = async (message) => {
      const { state, job } = JSON.parse(message.data);
      if (state !== $("state").dataset.state) await redraw();
      if (was === "running" && job && !["running", "cancelling"].includes(job.state)) {
        const ends = {
          done: "The re-ingest is finished: what would change stands under 3.",
          cancelled: "The re-ingest was cancelled. The index in use is unchanged.",
          failed: "The re-ingest failed. The index in use is unchanged.",
        };
        say(ends[job.state], job.state === "failed");
        const end = job.state === "done" ? $("review") : $("job");
        end.scrollIntoView({ block: "nearest", behavior: CALM.matches ? "auto" : "smooth" });
      }
      was = job && ["running", "cancelling"].includes(job.state) ? "running" : null;
      show(job);
    };
    // The browser tries a lost connection again by itself, but not a refused one.
    events.onerror = () => {
      if (events.readyState === EventSource.CLOSED) setTimeout(checkIn, 3000);
    };
  };

  const checkIn = async () => {
    try {
      turnedAway((await fetch("staff/api/targets")).status);
      follow();
    } catch {
      setTimeout(checkIn, 3000);
    }
  };

  // ---- Listening ----

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { do: action, sort, sure, id, stamp, partial } = button.dataset;
    if (sort) {
      const head = button.closest("th");
      const down = head.getAttribute("aria-sort") === "ascending";
      head.parentElement.querySelectorAll("th").forEach((th) => th.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      sorting = { column: head.cellIndex, down };
      order();
    } else if (action && (!sure || confirm(sure))) {
      post(action, { id, stamp, allow_partial: Boolean(partial) });
    }
  });

  document.addEventListener("change", (event) => {
    const { unlocks } = event.target.dataset;
    if (unlocks) $(unlocks).disabled = !event.target.checked;
  });

  ["input", "change"].forEach((kind) => {
    ["filter", "kind", "remarked"].forEach((id) => $(id).addEventListener(kind, filter));
    $("target").addEventListener(kind, note);
  });
  $("file").addEventListener("change", chosen);
  $("upload").addEventListener("submit", upload);
  dress();
  learnPlaces();
  follow();
})();

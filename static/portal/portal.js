// What plain HTML cannot do: ages that keep counting, no polling in a hidden tab, a calm line when a request fails,
// nothing taken away while it is in use.
(() => {
  "use strict";

  const trouble = (sentence) => {
    const line = document.getElementById("trouble");
    if (!line) return;
    line.textContent = sentence;
    line.hidden = !sentence;
  };
  document.addEventListener("htmx:sendError", () => trouble("There is no connection. The page shows what it last knew."));
  document.addEventListener("htmx:timeout", () => trouble("This takes longer than it should. The page shows what it last knew."));
  document.addEventListener("htmx:responseError", () => trouble("That did not work. Please reload the page."));
  document.addEventListener("htmx:afterSwap", () => trouble(""));
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.elt.hasAttribute("data-polls")) event.preventDefault();
    if (event.detail.elt.hasAttribute("data-renews") && isInUse()) event.preventDefault();
  });

  // A page that reads itself anew waits while its reader fills in a form, or has gone on to further rows: it would take them away.
  const isInUse = () =>
    document.querySelector("[data-went-on], details.folds[open]") || [...document.querySelectorAll("form.filters :is(input, select)")].some(isChanged);
  const isChanged = (field) => {
    if (!field.options) return field.value !== field.defaultValue;
    const sent = [...field.options].find((option) => option.defaultSelected) || field.options[0];
    return !sent.selected;
  };

  // What its reader opened stays open when it comes anew.
  let opened = [];
  document.addEventListener("htmx:beforeSwap", () => {
    opened = [...document.querySelectorAll("details[id][open]")].map((details) => details.id);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const details of opened.map((id) => document.getElementById(id))) if (details) details.open = true;
  });

  const offerToPrint = () => {
    for (const button of document.querySelectorAll("[data-print][hidden]")) {
      button.addEventListener("click", () => window.print());
      button.hidden = false;
    }
  };
  offerToPrint();
  document.addEventListener("htmx:afterSwap", offerToPrint);

  const words = (seconds) => {
    if (seconds < 5) return "just now";
    if (seconds < 60) return `${seconds} s ago`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ago`;
    return `${Math.floor(seconds / 86400)} days ago`;
  };
  const count = () => {
    for (const mark of document.querySelectorAll("[data-old-after]")) {
      const time = mark.querySelector("time");
      const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time.dateTime)) / 1000));
      time.textContent = words(seconds);
      mark.classList.toggle("old", seconds > Number(mark.dataset.oldAfter));
    }
  };
  setInterval(count, 5000);
})();

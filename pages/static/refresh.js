// Pages that change by themselves: every few seconds they ask for what is new, unless they are paused or out of sight.
const button = document.querySelector("[data-pause]");
const refresh = () => document.body.dispatchEvent(new Event("refresh"));

button?.addEventListener("click", () => {
  const paused = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(paused));
  document.body.toggleAttribute("data-paused", paused);
  document.body.dispatchEvent(new Event("paused"));
  if (!paused) refresh();
});
const mayChange = () => !document.hidden && !document.body.hasAttribute("data-paused");
setInterval(() => mayChange() && refresh(), 1000 * (button?.dataset.every ?? 10));
document.addEventListener("visibilitychange", () => mayChange() && refresh());

// What could not be asked for stays as it was, and says so.
const mark = ({ target }, isStale) => target.closest(".refreshed")?.toggleAttribute("data-stale", isStale);
for (const failed of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.body.addEventListener(failed, (event) => mark(event, true));
document.body.addEventListener("htmx:afterSwap", (event) => mark(event, false));

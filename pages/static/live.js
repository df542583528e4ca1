// Outcomes as they arrive. While nobody looks there is no stream: who comes back gets the list, not what was missed.
const table = document.querySelector("[data-names]");
const body = table.querySelector("tbody");
const model = document.getElementById("row").content.querySelector("tr");
const pulse = document.querySelector(".pulse");
const summary = document.querySelector("[data-summary]");
const names = JSON.parse(table.dataset.names);
const most = +table.dataset.most;
const CALM_MS = 500, FEW = 5, SUMMARY_MS = 10_000, ASLEEP_MS = 60_000, LONGEST_RETRY_MS = 30_000;

const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const written = (options) => new Intl.DateTimeFormat(language, { timeZone: names.zone, ...options });
const clock = written({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = written({ day: "numeric", month: "short" });
const year = written({ day: "numeric", month: "short", year: "numeric" });
const percent = new Intl.NumberFormat(language, { style: "percent" });
const number = new Intl.NumberFormat(language);

// What has arrived and is not shown yet, by call; more than fits on the page is let go, the oldest first.
const arrived = new Map();
let source = null, isCatchingUp = false, retry = 0, retryMs = 3000, painting = 0, sinceSummary = new Map();
const isPaused = () => document.body.hasAttribute("data-paused");

function connect() {
  if (source || document.hidden) return;
  clearTimeout(retry);
  source = new EventSource("/v1/outcomes/stream");
  source.addEventListener("open", catchUp);
  source.addEventListener("outcome", ({ data }) => take(JSON.parse(data)));
  source.addEventListener("gone", ({ data }) => forget(JSON.parse(data).call_id));
  source.addEventListener("dropped", reconnect);
  source.addEventListener("error", reconnect);
}

function disconnect() {
  source?.close();
  source = null;
  say();
}

function reconnect() {
  disconnect();
  retry = setTimeout(connect, retryMs);
  retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
}

async function catchUp() {
  retryMs = 3000;
  say();
  if (isPaused()) return;
  isCatchingUp = true;
  try {
    await htmx.ajax("GET", "/live/rows", { target: body, swap: "innerHTML" });
  } finally {
    isCatchingUp = false;
    paintSoon();
  }
}

// The list that was asked for before a pause and comes in it.
body.addEventListener("htmx:beforeSwap", ({ detail }) => (detail.shouldSwap &&= !isPaused()));

function take(outcome) {
  arrived.delete(outcome.call_id);
  arrived.set(outcome.call_id, outcome);
  if (arrived.size > most) arrived.delete(arrived.keys().next().value);
  const kind = kindOf(outcome)[0];
  sinceSummary.set(kind, (sinceSummary.get(kind) ?? 0) + 1);
  isPaused() ? say() : paintSoon();
}

function forget(callId) {
  arrived.delete(callId);
  rowOf(callId)?.remove();
}

const rowOf = (callId) => body.querySelector(`[data-call="${CSS.escape(callId)}"]`);

function paintSoon() {
  painting ||= setTimeout(() => requestAnimationFrame(paint), CALM_MS);
}

function paint() {
  painting = 0;
  if (isPaused() || isCatchingUp) return;
  const fresh = document.createDocumentFragment();
  for (const outcome of arrived.values()) {
    rowOf(outcome.call_id)?.remove();
    const row = made(outcome);
    row.classList.toggle("new", arrived.size <= FEW);  // where all is new, nothing stands out
    fresh.prepend(row);
  }
  arrived.clear();
  body.prepend(fresh);
  while (body.rows.length > most) body.lastElementChild.remove();
}

function kindOf({ category, sub_category, state, disposition, versions }) {
  if (state === "unrecorded") return [names.went[disposition] ?? disposition, "plain"];
  if (!category) return [names.failed, "failed"];
  const titles = names.categories[versions?.taxonomy] ?? names.categories[""], code = sub_category ?? category;
  return titles[code] ?? [code, "plain"];
}

// A copy of the server's own row, filled as the server would; text is only ever text.
function made(outcome) {
  const row = model.cloneNode(true), part = (name) => row.querySelector(name);
  row.dataset.call = outcome.call_id;
  part("a").href = "/calls/" + encodeURIComponent(outcome.call_id);
  fillTime(part("time"), outcome.ended_at);
  const [title, colour] = kindOf(outcome);
  part(".category").className = `category ${colour}`;
  part(".category").lastChild.data = title;
  if (outcome.source !== "human") part(".what .tag").remove();
  fillConfidence(part(".sure"), outcome.confidence);
  const failure = outcome.failure && (names.stages[outcome.failure.stage] ?? outcome.failure.stage);
  part(".line span").textContent = outcome.summary ?? outcome.justification ?? failure ?? "";
  fillCallBack(part(".line .tag"), outcome.insights?.callback_at);
  part(".queue").textContent = outcome.queue ?? "";
  part(".duration").textContent = length(outcome);
  return row;
}

function fillTime(time, endedAt) {
  if (!endedAt) return time.replaceWith(names.no_time);
  const moment = new Date(endedAt), [past] = time.children;
  time.dateTime = endedAt;
  time.lastChild.data = ` ${clock.format(moment)}`;
  if (day.format(moment) === day.format(new Date())) past.remove();
  else past.textContent = day.format(moment);
}

function fillCallBack(tag, at) {
  if (at) tag.textContent = `${names.callback} ${year.format(new Date(at))} ${clock.format(new Date(at))}`;
  else tag.remove();
}

function fillConfidence(cell, share) {
  if (share === null || share === undefined) return (cell.textContent = "–");
  const level = share < names.low ? "low" : share < names.high ? "middle" : "high";
  const mark = cell.querySelector(".confidence");
  mark.className = `confidence ${level}`;
  mark.title = names.confidence[level];
  mark.querySelectorAll("rect").forEach((bar, at) => bar.classList.toggle("empty", at > ["low", "middle", "high"].indexOf(level)));
  mark.querySelector("span").textContent = percent.format(share);
  mark.querySelector(".hidden").textContent = ` ${names.confidence[level]}`;
}

function length({ recording_facts, started_at, ended_at }) {
  const seconds = recording_facts?.duration_s ?? (started_at && ended_at ? Math.max(0, (new Date(ended_at) - new Date(started_at)) / 1000) : null);
  if (seconds === null) return "–";
  const whole = Math.round(seconds), two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600), minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function say() {
  const state = isPaused() ? "paused" : source?.readyState === EventSource.OPEN ? "live" : "away";
  pulse.dataset.state = state;
  pulse.lastElementChild.textContent = pulse.dataset[state].replace("{n}", number.format(arrived.size));
}

// For those who listen: what came, each ten seconds, and only if something did.
setInterval(() => {
  if (isPaused() || !sinceSummary.size) return;
  const parts = [...sinceSummary].sort(([, one], [, other]) => other - one).map(([kind, calls]) => `${kind} ${number.format(calls)}`);
  const calls = [...sinceSummary.values()].reduce((sum, one) => sum + one);
  summary.textContent = summary.dataset.summary.replace("{n}", number.format(calls)).replace("{kinds}", parts.join(", "));
  sinceSummary = new Map();
}, SUMMARY_MS);

// A machine that slept finds the clock far ahead: its stream may be dead without knowing.
let awakeAt = Date.now();
setInterval(() => {
  const slept = Date.now() - awakeAt > ASLEEP_MS;
  awakeAt = Date.now();
  if (slept) [disconnect(), connect()];
}, 5000);

document.body.addEventListener("paused", () => {
  say();
  if (!isPaused()) catchUp();
});
document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
addEventListener("pagehide", disconnect);
addEventListener("pageshow", connect);
connect();

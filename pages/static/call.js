// The player of one call: two lanes from stored peaks, and a transcript that follows the sound and leads to it.
const player = document.querySelector(".player[data-peaks]");
const audio = player?.querySelector("audio");
const turns = [...document.querySelectorAll(".turns .turn")];

if (player && audio) {
  const wave = new Wave(player.querySelector("canvas"), audio, turns);
  fetch(player.dataset.peaks).then((answer) => (answer.ok ? answer.json() : null)).then((peaks) => wave.show(peaks));
  listenTo(audio);
}

function Wave(canvas, audio, turns) {
  const lanes = [...canvas.parentElement.querySelectorAll(".lanes li")];
  const spoken = turns.map(({ dataset }) => ({ lane: lanes.findIndex((one) => one.className === dataset.speaker), start: +dataset.start, end: +dataset.end }));
  let peaks = null, loudest = 128;

  const seconds = () => (peaks ? (peaks.length * peaks.samples_per_pixel) / peaks.sample_rate : audio.duration || 1);

  const draw = () => {
    if (!peaks) return;
    const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (canvas.width !== width * ratio) [canvas.width, canvas.height] = [width * ratio, height * ratio];
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const tall = height / peaks.channels, played = (audio.currentTime / seconds()) * width;
    for (let lane = 0; lane < peaks.channels; lane++) {
      pen.fillStyle = getComputedStyle(lanes[lane] ?? canvas).color;
      pen.globalAlpha = 0.08;
      for (const one of spoken.filter((turn) => turn.lane === lane)) pen.fillRect((one.start / seconds()) * width, lane * tall, ((one.end - one.start) / seconds()) * width, tall - 2);
      for (let x = 0; x < width; x += 3) {
        const [low, high] = extent(lane, x / width, (x + 3) / width);
        const size = Math.max(1, ((high - low) / (2 * loudest)) * (tall - 8));
        pen.globalAlpha = x < played ? 1 : 0.4;
        pen.fillRect(x, lane * tall + (tall - size) / 2, 2, size);
      }
    }
    pen.globalAlpha = 1;
    pen.fillStyle = getComputedStyle(canvas).color;
    pen.fillRect(Math.min(played, width - 1), 0, 1, height);
  };

  const extent = (lane, from, to) => {
    const first = Math.floor(from * peaks.length), last = Math.max(first + 1, Math.min(peaks.length, Math.floor(to * peaks.length)));
    let low = 0, high = 0;
    for (let at = first; at < last; at++) {
      const place = (at * peaks.channels + lane) * 2;
      low = Math.min(low, peaks.data[place] ?? 0);
      high = Math.max(high, peaks.data[place + 1] ?? 0);
    }
    return [low, high];
  };

  this.show = (found) => {
    peaks = found;
    loudest = found?.data.reduce((most, one) => Math.max(most, Math.abs(one)), 16);
    canvas.parentElement.hidden = !found;
    draw();
  };
  canvas.addEventListener("pointerdown", (event) => {
    const seek = ({ offsetX }) => (audio.currentTime = Math.max(0, Math.min(1, offsetX / canvas.clientWidth)) * seconds());
    seek(event);
    canvas.setPointerCapture(event.pointerId);
    canvas.addEventListener("pointermove", seek);
    canvas.addEventListener("pointerup", () => canvas.removeEventListener("pointermove", seek), { once: true });
  });
  const run = () => {
    draw();
    if (!audio.paused) requestAnimationFrame(run);
  };
  audio.addEventListener("play", run);
  audio.addEventListener("timeupdate", draw);
  audio.addEventListener("seeking", draw);
  new ResizeObserver(draw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

function listenTo(audio) {
  const follow = document.querySelector("[data-follow]");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let current = null;
  audio.addEventListener("timeupdate", () => {
    const at = audio.currentTime;
    const now = turns.findLast((turn) => +turn.dataset.start <= at + 0.05 && at < +turn.dataset.end + 0.3) ?? null;
    if (now === current) return;
    current?.removeAttribute("aria-current");
    current = now;
    current?.setAttribute("aria-current", "true");
    if (current && follow?.checked && !audio.paused) current.scrollIntoView({ block: "nearest", behavior: still.matches ? "auto" : "smooth" });
  });
  for (const button of document.querySelectorAll(".turn[data-start]")) {
    button.addEventListener("click", () => {
      audio.currentTime = +button.dataset.start;
      audio.play();
    });
  }
  for (const button of document.querySelectorAll("[data-jump]")) {
    button.addEventListener("click", () => (audio.currentTime = Math.max(0, audio.currentTime + +button.dataset.jump)));
  }
  document.querySelector("[data-speed]").addEventListener("change", ({ target }) => (audio.playbackRate = +target.value));
  const gains = muting(audio);
  for (const button of document.querySelectorAll("[data-mute]")) {
    button.addEventListener("click", () => {
      const muted = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(muted));
      gains()[+button.dataset.mute].gain.value = muted ? 0 : 1;
    });
  }
}

// Both channels of one source, each with its own volume: two audio elements would drift apart.
function muting(audio) {
  let gains = null;
  return () => {
    if (gains) return gains;
    const context = new AudioContext();
    const split = context.createChannelSplitter(2);
    context.createMediaElementSource(audio).connect(split);
    gains = [0, 1].map((channel) => {
      const gain = context.createGain();
      split.connect(gain, channel);
      gain.connect(context.destination);
      return gain;
    });
    return gains;
  };
}

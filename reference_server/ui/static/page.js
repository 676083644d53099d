/** The try-it page: reads what is chosen, asks the server, shows what it said. */

import { decimals, meaning, milliseconds } from "./answer.js";
import { acceptDrops, PhotoCard, takePhoto } from "./photo.js";
import { asCurl, asJava, asPython, encrypter, send, shortened } from "./request.js";
import { drawSeen, sentences } from "./seen.js";

const $ = (id) => document.getElementById(id);
const all = (selector) => [...document.querySelectorAll(selector)];

const facts = JSON.parse($("facts").textContent);
const operation = { ...facts.operation, url: new URL(facts.operation.path, location.href).href };
const rows = all("#rates [data-threshold]").map((element) => ({
  element,
  threshold: Number(element.dataset.threshold),
  oneIn: element.dataset.oneIn,
}));
const NO_ANSWER = {
  kind: "failed",
  headline: "The server did not respond.",
  hint: "Check that it is running and that you are connected.",
};
const UNREADABLE = {
  kind: "failed",
  headline: "A photo could not be read.",
  hint: "Choose it again: it may have been moved or changed.",
};
const cards = all(".photo").map((element) => new PhotoCard(element, place));
let asking = new AbortController(); // of the last comparison
let copies = {}; // of the last request and its answer, each made when it is asked for

/** Puts files where they were dropped or picked; two at once fill both places. */
function place(files, card = cards.find(({ file }) => !file) ?? cards[0]) {
  const from = files.length > 1 ? 0 : cards.indexOf(card);
  files.slice(0, cards.length).forEach((file, i) => cards[from + i].show(file));
}

/** The request for what is chosen; rejects when a photo cannot be read. */
async function filled() {
  const encrypt = await encrypter({ key: $("key").value, iv: $("iv").value, tagBits: facts.tagBits });
  const form = new URLSearchParams();
  for (const card of cards) form.append(card.name, await encrypt(card.file));
  for (const box of all("input[type=checkbox]:checked")) form.append(box.name, "true");
  return { ...operation, body: form.toString() };
}

async function compare({ signal }) {
  const begun = performance.now();
  const request = await filled().catch(() => null);
  if (signal.aborted) return;
  if (!request) return tell(UNREADABLE);
  const encryptingMs = performance.now() - begun;
  const answer = await send(request, signal).catch(() => null); // no answer: fetch rejects
  if (signal.aborted) return;
  if (!answer) return tell(NO_ANSWER);
  const meant = meaning(answer, facts, rows);
  tell(meant);
  list({
    "Response time": `${milliseconds(answer.ms)}, after ${milliseconds(encryptingMs)} of encrypting`,
    "Request ID": answer.json.request_id ?? "none",
    Response: `HTTP ${answer.status}, code ${answer.json.code ?? "none"}`,
  });
  keep(request, answer);
  await look(request, signal);
}

/** Shows what the server saw in each photo; where it does not say, nothing. */
async function look(request, signal) {
  const answer = await send({ ...request, url: new URL(facts.look, location.href).href }, signal)
    .catch(() => null);
  if (signal.aborted || !Array.isArray(answer?.json.photos)) return;
  const figures = all("#seen figure");
  for (const [i, seen] of answer.json.photos.entries()) {
    const refused = seen.face === undefined;
    const canvas = figures[i].querySelector("canvas");
    if (!refused) await drawSeen(canvas, cards[i].file, seen).catch(() => null);
    if (signal.aborted) return;
    canvas.hidden = refused;
    const lines = refused ? [`!${seen.message}`] : sentences(seen);
    const parts = lines.map((line) => Object.assign(document.createElement("p"), {
      textContent: line.replace(/^!/, ""),
      className: line.startsWith("!") ? "warning" : "",
    }));
    figures[i].querySelector("figcaption").replaceChildren(...parts);
  }
  $("seen").hidden = false;
}

/** Sample portraits: of one person, the second one mirrored and darker, or of two. */
async function useSamples(same) {
  const files = await Promise.all(facts.samples.map(sample)).catch(() => null);
  if (!files) return void ($("complaint").textContent = NO_ANSWER.headline);
  place(same ? [files[0], await altered(files[0])] : files.slice(0, 2));
  $("compare").focus();
}

async function sample(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(path);
  return new File([await answer.blob()], path.split("/").pop(), { type: "image/jpeg" });
}

async function altered(file) {
  const picture = await createImageBitmap(file);
  const canvas = Object.assign(document.createElement("canvas"), {
    width: picture.width,
    height: picture.height,
  });
  const pen = canvas.getContext("2d");
  pen.filter = "brightness(.8)";
  pen.scale(-1, 1);
  pen.drawImage(picture, -picture.width, 0);
  picture.close();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
  return new File([blob], "mirrored.jpg", { type: "image/jpeg" });
}

/** Whether everything is chosen; if not, says what is wrong and goes there. */
function isComplete() {
  const wrong = $("form").querySelector("input:invalid");
  $("complaint").textContent = wrong?.dataset.complaint ?? "";
  for (const input of [$("key"), $("iv")]) input.setAttribute("aria-invalid", input === wrong);
  for (const card of cards) card.blame(card.input === wrong);
  if (wrong && $("secrets").contains(wrong)) $("secrets").open = true;
  wrong?.focus();
  return !wrong;
}

function tell({ kind, headline, detail, hint, score, row, photo, otherKey }) {
  $("verdict").className = kind;
  $("headline").textContent = headline ?? "";
  $("score").textContent = score === undefined ? "" : decimals(score);
  $("detail").textContent = detail ?? "";
  $("hint").textContent = hint ?? "";
  $("scale").toggleAttribute("hidden", score === undefined);
  $("marker").setAttribute("cx", `${(score ?? 0) * 100}%`);
  for (const { element } of rows) element.setAttribute("aria-current", element === row?.element);
  for (const card of cards) card.blame(card.name === photo);
  for (const input of [$("key"), $("iv")]) input.setAttribute("aria-invalid", Boolean(otherKey));
  if (otherKey) $("secrets").open = true;
}

function list(entries) {
  const parts = Object.entries(entries).flatMap(([term, text]) =>
    [["dt", term], ["dd", text]].map(([tag, content]) =>
      Object.assign(document.createElement(tag), { textContent: content })));
  $("numbers").replaceChildren(...parts);
}

/** Shows the request shortened and keeps the whole of it for copying. */
function keep(request, answer) {
  const short = { ...request, body: shortened(request.body) };
  copies = {
    curl: () => asCurl(request),
    python: () => asPython(request),
    java: () => asJava(request),
    answer: () => answer.text,
  };
  $("curl").textContent = asCurl(short);
  $("python").textContent = asPython(short);
  $("java").textContent = asJava(short);
  $("answer").textContent = answer.text;
  $("exchange").hidden = false;
}

function clear() {
  $("complaint").textContent = "";
  tell({ kind: "" });
  list({});
  $("exchange").hidden = $("seen").hidden = true;
}

/** A verdict is about what was chosen: when that changes it goes, and so does what is asked. */
function forget() {
  asking.abort();
  clear();
}

async function submit(event) {
  event.preventDefault();
  const button = $("compare");
  if (button.hasAttribute("aria-disabled") || !isComplete()) return;
  button.setAttribute("aria-disabled", "true");
  clear();
  asking = new AbortController();
  try {
    await compare(asking);
  } finally {
    button.removeAttribute("aria-disabled");
  }
  if (!asking.signal.aborted) $("verdict").scrollIntoView({ block: "nearest" });
}

async function useCamera(card) {
  try {
    const photo = await takePhoto($("camera"));
    if (photo) card.show(photo);
  } catch {
    $("complaint").textContent =
      "The camera is not available: allow it in the browser's settings for this page, or choose a file.";
  }
  card.camera.focus();
}

async function copy(button) {
  const text = copies[button.dataset.copy]();
  const done = await navigator.clipboard.writeText(text).then(() => true, () => false);
  $("copied").textContent = done
    ? `${button.getAttribute("aria-label")}: done`
    : "The browser does not allow this page to copy.";
  $("copied").classList.toggle("visually-hidden", done);
  if (!done) return;
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

if (globalThis.crypto?.subtle) {
  $("form").addEventListener("submit", submit);
  $("form").addEventListener("input", forget);
  for (const button of all("[data-copy]")) button.addEventListener("click", () => copy(button));
} else {
  $("insecure").hidden = false;
  $("compare").disabled = true;
}
for (const card of cards) {
  card.camera.hidden = !navigator.mediaDevices;
  card.camera.addEventListener("click", () => useCamera(card));
}
for (const button of all("[data-samples]")) {
  button.addEventListener("click", () => useSamples(button.dataset.samples === "same"));
}
acceptDrops(cards, place);

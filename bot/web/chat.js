// The conversation: what was said (kept for this tab), sending, and what happens when the network fails.
import { answers } from "./answers.js";
import { bubble, make } from "./render.js";
import { WORDS } from "./words.js";

const KEY = "wengang";
const LONGEST = 300;
const PATIENCE = 30000; // milliseconds until a message without a reply counts as not sent

const at = (id) => document.getElementById(id);
const [log, text, send, count, typing, scroll] = ["log", "text", "send", "count", "typing", "scroll"].map(at);

// sender: conversation number from the server · asOf: a date chosen here or by the assistant, else null
// entries: {who: "me", id, text, asOf, state: sent|waiting|failed, trouble} | {who: "assistant", replies} | {who: "note", text}
let talk = restored() ?? { sender: null, asOf: null, entries: [] };
let house = null; // the server's default date
let busy = false;

function restored() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY));
    if (!Array.isArray(kept?.entries)) return null;
    for (const entry of kept.entries) if (entry.state === "waiting") entry.state = "failed";
    return kept;
  } catch {
    return null;
  }
}

function keep() {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(talk));
  } catch {
    // a full or forbidden store only costs the transcript after a reload
  }
}

// ── drawing ──

function draw(entry) {
  const turn = make("div", { class: entry.who === "me" ? "turn mine" : "turn" });
  if (entry.who === "note") turn.className = "turn note";
  fill(turn, entry);
  log.append(turn);
  return turn;
}

function fill(turn, entry) {
  if (entry.who === "note") {
    turn.replaceChildren(entry.text);
  } else if (entry.who === "me") {
    const said = make("div", { class: "bubble" }, make("span", { class: "for-ears" }, WORDS.you), entry.text);
    turn.replaceChildren(said, ...(entry.state === "failed" ? [trouble(entry, turn)] : []));
  } else {
    turn.replaceChildren(make("span", { class: "for-ears" }, WORDS.assistant), ...entry.replies.map(bubble));
    const ways = entry === talk.entries.at(-1) ? answers(entry.replies, say) : null;
    if (ways) turn.append(ways);
    text.placeholder = ways ? WORDS.answer : WORDS.ready;
  }
}

function trouble(entry, turn) {
  const again = make("button", { type: "button", onclick: () => deliver(entry, turn) }, WORDS.retry);
  const offer = entry.final ? [] : [again];
  return make("div", { class: "trouble" }, make("span", {}, entry.trouble ?? WORDS.failed), ...offer);
}

function add(entry) {
  for (const old of log.querySelectorAll(".actions")) old.remove(); // only the last question can be answered by a tap
  talk.entries.push(entry);
  keep();
  const turn = draw(entry);
  at("examples").hidden = true;
  return turn;
}

/** Show the end of the conversation; of a long answer its beginning. */
function follow() {
  const asked = [...log.querySelectorAll(".mine")].at(-1);
  const start = asked ? asked.offsetTop - scroll.offsetTop - 12 : scroll.scrollHeight;
  scroll.scrollTop = Math.min(start, scroll.scrollHeight - scroll.clientHeight);
}

// ── sending ──

function number() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function say(words) {
  const said = words.trim();
  if (!said || busy) return;
  const entry = { who: "me", id: number(), text: said, asOf: talk.asOf, state: "waiting" };
  deliver(entry, add(entry));
}

async function deliver(entry, turn) {
  if (busy) return;
  setBusy(true);
  Object.assign(entry, { state: "waiting", trouble: undefined, final: false });
  fill(turn, entry);
  follow();
  const started = talk;
  try {
    const replies = await ask(entry);
    if (talk !== started) return; // restarted meanwhile
    entry.state = "sent";
    fill(turn, entry);
    adopt(replies);
    add({ who: "assistant", replies });
  } catch (error) {
    if (talk !== started) return;
    Object.assign(entry, { state: "failed", trouble: error.said, final: error.final ?? false });
    fill(turn, entry);
    keep();
  } finally {
    if (talk === started) {
      setBusy(false);
      follow();
    }
  }
}

/** One request; throws an error with `said` (a sentence, if the server gave one) and `final` (repeating is of no use). */
async function ask(entry, secondTry = false) {
  const body = { text: entry.text, client_message_id: entry.id };
  if (talk.sender) body.sender = talk.sender;
  if (entry.asOf) body.as_of = entry.asOf;
  const response = await fetch("/api/messages", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE),
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok && Array.isArray(answer.replies)) {
    talk.sender = answer.sender;
    return answer.replies;
  }
  if (answer.error?.field === "sender" && !secondTry) {
    talk.sender = null;
    add({ who: "note", text: WORDS.anew });
    return ask(entry, true);
  }
  const said = answer.error?.message ?? WORDS.broken;
  throw Object.assign(new Error(said), { said, final: response.status < 500 && response.status !== 408 });
}

function setBusy(now) {
  busy = now;
  clearTimeout(setBusy.timer);
  typing.hidden = true;
  if (now) {
    setBusy.timer = setTimeout(() => {
      typing.hidden = false;
      follow();
    }, 250);
  }
  measure();
}

// ── the date ──

const effective = () => talk.asOf ?? house;

function spoken(date) {
  return WORDS.day(...date.split("-"));
}

function showDate() {
  const now = new Date();
  const here = [now.getFullYear(), now.getMonth() + 1, now.getDate()];
  const today = here.map((part) => String(part).padStart(2, "0")).join("-");
  const date = effective();
  at("as-of-shown").textContent = !date || date === today ? WORDS.today : spoken(date);
  at("as-of-input").value = date ?? today;
  at("as-of-reset").hidden = !house || date === house;
}

function choose(date) {
  at("as-of").open = false;
  if (!date || date === effective()) return;
  talk.asOf = date;
  add({ who: "note", text: WORDS.dateNote(spoken(date)) });
  showDate();
  follow();
}

/** The assistant may have been told another date in words. */
function adopt(replies) {
  const told = replies.map((reply) => reply.as_of ?? reply.decision?.as_of).filter(Boolean).at(-1);
  if (told && told !== effective()) talk.asOf = told;
  showDate();
}

// ── writing ──

function measure() {
  const length = Array.from(text.value.trim()).length;
  const over = length > LONGEST;
  count.textContent = over ? WORDS.tooLong(length) : WORDS.count(length);
  count.classList.toggle("over", over);
  send.disabled = busy || over || !length;
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
}

at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (send.disabled) return;
  const words = text.value;
  text.value = "";
  say(words);
  measure();
});
text.addEventListener("input", measure);
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  at("composer").requestSubmit();
});
at("examples").addEventListener("click", (event) => {
  if (event.target.matches("button")) say(event.target.textContent);
});
log.addEventListener("click", (event) => {
  const keyboard = event.detail === 0; // the pressed button goes away: put the keyboard where one goes on writing
  if (keyboard && event.target.matches(".actions button")) text.focus();
});
at("as-of-form").addEventListener("submit", (event) => {
  event.preventDefault();
  choose(at("as-of-input").value);
});
at("as-of-reset").addEventListener("click", () => choose(house));
document.addEventListener("click", (event) => {
  if (!at("as-of").contains(event.target)) at("as-of").open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && at("as-of").open) {
    at("as-of").open = false;
    at("as-of").querySelector("summary").focus();
  }
});
at("restart").addEventListener("click", () => {
  if (talk.entries.length && !confirm(WORDS.sure)) return;
  talk = { sender: null, asOf: null, entries: [] };
  keep();
  log.replaceChildren();
  at("examples").hidden = false;
  text.placeholder = WORDS.ready;
  setBusy(false);
  showDate();
  scroll.scrollTop = 0;
});

// ── start ──

log.setAttribute("aria-live", "off"); // what was said before the reload is not read out again
talk.entries.forEach(draw);
at("examples").hidden = talk.entries.length > 0;
showDate();
measure();
follow();
requestAnimationFrame(() => log.setAttribute("aria-live", "polite"));
try {
  house = (await (await fetch("/api/programmes")).json()).as_of ?? null;
} catch {
  house = null; // the date stays "today" until a reply says otherwise
}
showDate();

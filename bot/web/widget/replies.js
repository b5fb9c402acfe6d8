// A reply of the assistant made into elements, and the ways to answer it and to judge it. Every text goes in as text, never
// as markup; every address is one of ours or a telephone.
import { remember, stored } from "./talk.js";
import { WORDS } from "./words.js";

/** Make an element: attributes (on… are listeners), then children (elements or strings; null is left out). */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

export function button(word, onclick, more = {}) {
  return make("button", { type: "button", onclick, ...more }, word);
}

/** Whether a key belongs to an input method; Safari tells of the key that ends a composition only after its end. */
export function composing(event) {
  return event.isComposing || event.keyCode === 229;
}

export function forEars(words) {
  return make("span", { class: "for-ears" }, words);
}

function paragraphs(text, fill = emphasised) {
  const lines = String(text ?? "").split("\n").filter((line) => line.trim());
  return lines.map((line) => make("p", {}, ...fill(line)));
}

export function emphasised(line) {
  return line.split(/\*\*(.+?)\*\*/).map((part, i) => (i % 2 ? make("strong", {}, part) : part));
}

function dialled(line) {
  return bare(line).split(/\b(12333|12345)\b/).map((part, i) => (i % 2 ? make("a", { href: `tel:${part}` }, part) : part));
}

export function joined(text) {
  return String(text ?? "").replace(/\s*\n\s*/g, "");
}

function bare(text) {
  return String(text ?? "").replace(/\*\*/g, "");
}

function own(table, name) {
  return Object.hasOwn(table, name) ? table[name] : "";
}

/** A link to a page of ours, in a window of its own. What would lead elsewhere is no link. */
export function ours(base, path, words) {
  const { href } = new URL(path, base);
  const where = href.startsWith(base.href) ? { href, target: "_blank", rel: "noopener noreferrer" } : {};
  return make("a", where, words, forEars(WORDS.new_window));
}

// ── replies ──

/** One reply as a bubble. `base`: URL of the house; `say(text)`: what a button in it would say. */
export function bubble(reply, base, say) {
  const draw = { decision: card, clauses: clauseQuotes, profile: profileList, handoff: handoffText };
  try {
    return (own(draw, reply.kind) || plainText)(reply, base, say);
  } catch (error) {
    console.error(error); // every reply carries its text: a shape we do not know costs only the looks
    return plainText(reply);
  }
}

function plainText(reply) {
  return make("div", { class: "bubble" }, ...paragraphs(reply.text));
}

function handoffText(reply) {
  return make("div", { class: "bubble" }, ...paragraphs(reply.text, dialled));
}

function clauseQuotes(reply, base) {
  const all = (reply.clauses ?? []).filter((clause) => clause.quote).map((clause) => clauseQuote(clause, base));
  const box = make("div", { class: "bubble" }, ...paragraphs(reply.opening ?? reply.text)); // the text has the quotes too
  if (all.length) box.append(make("div", { class: "quotes" }, all[0]));
  if (all.length > 1) box.append(folded(WORDS.more(all.length - 1), all.slice(1)));
  return box;
}

function clauseQuote({ clause, quote, highlight, source, number, item, standing }, base) {
  const characters = Array.from(quote); // offsets count characters, as Python does
  const [start, end] = highlight ?? [0, 0];
  const part = (from, to) => joined(characters.slice(from, to).join(""));
  const some = end > start && end - start < quote.trim().length; // marking every word would mark none
  const marked = some ? [make("mark", {}, part(start, end))] : [part(start, end)];
  const words = ["“", part(0, start), ...marked, part(Math.max(start, end)), "”"];
  return quotation(words, [source ?? `${number} ${item}`, standing].filter(Boolean).join("，"), clause, base);
}

function profileList(reply, base, say) {
  const spoken = (reply.profile ?? []).filter(({ value }) => typeof value === "string");
  if (!spoken.length) return plainText(reply);
  const list = make("ul", { class: "profile" }, ...spoken.map(({ label, value }) => edited(label, value, say)));
  return make("div", { class: "bubble" }, ...paragraphs(reply.opening ?? WORDS.profile), list);
}

/** What it believes of one fact, in words that can be changed; what is right is then said to the assistant. */
function edited(label, value, say) {
  const shown = make("li", {});
  const show = (focus) => {
    const change = button(WORDS.edit, ask, { class: "quiet", "aria-label": WORDS.edit_of(label) });
    shown.replaceChildren(make("span", {}, value), change);
    if (focus) change.focus();
  };
  const ask = () => {
    const box = make("input", { value, "aria-label": WORDS.edit_to(label), maxlength: 60, autocomplete: "off" });
    const submit = () => {
      const right = box.value.trim();
      show(true);
      if (right && right !== value) say(/^\d|^.$/.test(right) ? WORDS.correction_of(label, right) : WORDS.correction(right));
    };
    shown.replaceChildren(form(submit, "helper", {}, box, confirmation(), button(WORDS.cancel, () => show(true))));
    box.focus();
    box.select();
  };
  show(false);
  return shown;
}

/** A quote with its source and the way to the place in the notice where it stands, marked there. */
export function quotation(words, source, clause, base) {
  const from = make("figcaption", {}, `——${source}`);
  if (clause) from.append(" ", ours(base, placeOf(String(clause)), WORDS.in_full));
  return make("figure", { class: "quote" }, make("blockquote", {}, ...words), from);
}

/** LN/一/裁员率 → clauses/LN#LN-一-裁员率, as bot/rule_pages.py names the places in a page. */
function placeOf(clause) {
  return `clauses/${encodeURIComponent(clause.split("/")[0])}#${encodeURIComponent(clause.replace(/\//g, "-"))}`;
}

function folded(title, figures) {
  return make("details", { class: "basis" }, make("summary", {}, title), make("div", { class: "quotes" }, ...figures));
}

// ── the verdict as a card ──

function card(reply, base) {
  const { headline, lines = [], quotes = [], next_step: next } = reply.card ?? {};
  if (!headline) return plainText(reply);
  const decision = reply.decision ?? {};
  const shown = make("article", {
    class: "bubble card",
    "data-verdict": decision.verdict,
    "data-window": decision.window?.state,
  });
  shown.append(...chips(decision));
  shown.append(make("p", { class: "headline" }, ...emphasised(headline.includes("**") ? headline : `**${headline}**`)));
  const glance = rows(decision);
  if (glance.length) shown.append(make("dl", { class: "glance" }, ...glance));
  shown.append(...paragraphs(lines.join("\n")));
  if (quotes.length) {
    const all = quotes.map(({ quote, source, clause }) =>
      quotation(["“", make("mark", {}, joined(quote)), "”"], source, clause, base),
    );
    shown.append(folded(WORDS.basis(quotes.length), all));
  }
  if (next) shown.append(make("div", { class: "next" }, ...paragraphs(next)));
  shown.append(takeAway(reply, base));
  return shown;
}

/** The verdict in a word; behind a window that is not open, as of then. */
export function chips(decision) {
  const word = own(WORDS.verdicts, decision.verdict);
  const late = decision.verdict === "not_in_notice" ? "" : own(WORDS.windows, decision.window?.state);
  const words = [late, word && (late ? `${WORDS.then}：${word}` : word)].filter(Boolean);
  return words.length ? [make("p", { class: "chips" }, ...words.map((one) => make("span", { class: "chip" }, one)))] : [];
}

export function rows(decision) {
  const told = [
    [WORDS.amount, worth(decision.amount ?? {})],
    [WORDS.deadline, decision.verdict === "not_in_notice" ? "" : deadline(decision.window ?? {})],
    [WORDS.lacking, (decision.depends_on ?? []).join("；")],
  ].filter(([, value]) => value);
  return told.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)));
}

function worth({ kind, yuan, low_yuan: low, high_yuan: high, months }) {
  const said = (sum) => Number(sum).toLocaleString("zh-CN");
  if (months) return WORDS.months(months);
  const sum = yuan != null ? said(yuan) : low != null ? WORDS.between(said(low), said(high)) : null;
  return sum && (kind === "exactly" ? WORDS.exactly(sum) : WORDS.at_most(sum));
}

function deadline({ until, state }) {
  if (!until || !["open", "closed"].includes(state)) return "";
  return state === "open" ? spoken(until) : WORDS.closed_on(spoken(until));
}

/** 2021-09-01 → 2021年9月1日. */
export function spoken(day) {
  return WORDS.day(...day.split("-"));
}

// ── to take away ──

function takeAway(reply, base) {
  const told = make("span", { class: "told", role: "status" });
  const copy = button(WORDS.copy, async () => {
    told.textContent = (await copied(words(reply), told)) ? WORDS.copied : WORDS.not_copied;
  });
  const share = button(WORDS.share, () => navigator.share({ title: WORDS.print_title, text: words(reply) }).catch(() => {}));
  const print = button(WORDS.print, () => printed(reply, base, print.parentNode));
  return make("div", { class: "row tools" }, copy, navigator.share ? share : null, print, told);
}

function words(reply) {
  const { headline, lines = [], quotes = [], next_step: next } = reply.card;
  const quoted = quotes.map(({ quote, source }) => `“${joined(quote)}” ——${source}`);
  return [headline, ...lines, next, ...quoted, asOf(reply)].filter(Boolean).map(bare).join("\n");
}

function asOf(reply) {
  return reply.as_of ? WORDS.as_of_is(spoken(reply.as_of)) : "";
}

/** Put the words on the clipboard; where that is not offered (plain http, old browsers), by a box that is selected. */
async function copied(text, near) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const box = make("textarea", { class: "for-ears", "aria-hidden": "true", tabindex: "-1" });
    box.value = text;
    near.after(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    return done;
  }
}

/** Print the card alone, on one page: in a frame of its own, for around us stands somebody else's page. */
function printed(reply, base, near) {
  const frame = make("iframe", { class: "for-ears", "aria-hidden": "true", tabindex: "-1", title: WORDS.print_title });
  near.append(frame);
  const page = frame.contentDocument;
  const style = page.createElement("link");
  Object.assign(style, { rel: "stylesheet", href: new URL("web/widget/print.css", base).href });
  const go = () => {
    frame.contentWindow.addEventListener("afterprint", () => frame.remove());
    frame.contentWindow.focus();
    frame.contentWindow.print();
  };
  style.onload = go;
  style.onerror = go; // a page that forbids our style still prints the words
  page.documentElement.lang = "zh-CN";
  page.title = WORDS.print_title;
  const sheet = card(reply, base);
  sheet.querySelector(".tools").remove();
  for (const fold of sheet.querySelectorAll("details")) fold.open = true;
  const small = (words) => make("p", { class: "small" }, words);
  page.body.append(make("h1", {}, WORDS.print_title), small(asOf(reply)), sheet, small(WORDS.print_foot(spoken(today()))));
  page.head.append(style);
}

/** Today, where the reader is, as 2021-09-01. */
export function today() {
  return new Date().toLocaleDateString("sv"); // Swedes write a day like this
}

// ── ways to answer ──

/** The controls for the replies of one turn, or null. `send(text)` sends the answer. */
export function answers(replies, send) {
  const box = make("div", { class: "actions" });
  const question = replies.map((reply) => reply.question).filter(Boolean).at(-1);
  const { input, choices = [], unsure } = question ?? {};
  const way = own({ multi: several, number: amount, percent: amount, money: amount, date: day }, input);
  if (way) box.append(way(question, send));
  const offered = [...choices, ...(unsure ? [WORDS.unsure] : []), ...replies.flatMap((reply) => reply.suggestions ?? [])];
  const taken = input === "multi" ? choices : []; // they stand there as boxes
  const left = [...new Set(offered)].filter((text) => !taken.includes(text));
  const buttons = left.map((text) => button(text, () => send(text)));
  if (buttons.length) box.append(make("div", { class: "row", role: "group", "aria-label": WORDS.choices }, ...buttons));
  return box.children.length ? box : null;
}

function several(question, send) {
  const none = question.none_of_these ?? WORDS.none;
  const boxes = question.choices.map((label) => make("input", { type: "checkbox", value: label }));
  const confirm = confirmation({ disabled: true });
  const picked = () => boxes.filter((box) => box.checked);
  const changed = (event) => {
    const alone = event.target.value === none;
    if (event.target.checked) {
      for (const box of boxes) if ((box.value === none) !== alone) box.checked = false;
    }
    confirm.disabled = !picked().length;
  };
  const rows = boxes.map((box) => make("label", {}, box, box.value));
  const set = make("fieldset", { class: "boxes" }, make("legend", { class: "for-ears" }, WORDS.several), ...rows);
  return form(() => send(picked().map((box) => box.value).join("、")), "several", { onchange: changed }, set, confirm);
}

function amount(question, send) {
  const unit = question.unit ?? WORDS.units[question.input] ?? "";
  const mode = question.input === "number" ? "numeric" : "decimal";
  const input = make("input", { inputmode: mode, "aria-label": WORDS.number, maxlength: 15, autocomplete: "off" });
  const submit = () => {
    const text = input.value.trim();
    if (text) send(/\d$/.test(text) ? text + unit : text);
  };
  return form(submit, "helper", {}, input, unit ? make("span", {}, unit) : null, confirmation());
}

function day(question, send) {
  const input = make("input", { type: "date", "aria-label": WORDS.date, min: "1900-01-01", max: "2099-12-31" });
  return form(() => input.value && send(spoken(input.value)), "helper", {}, input, confirmation());
}

function confirmation(more = {}) {
  return make("button", { type: "submit", class: "main", ...more }, WORDS.confirm);
}

export function form(submit, kind, attributes, ...children) {
  const onsubmit = (event) => {
    event.preventDefault();
    submit();
  };
  return make("form", { class: kind, onsubmit, ...attributes }, ...children);
}

// ── under an answer ──

const JUDGED = ["answered", "not_stated", "out_of_scope"]; // outcomes one can find useful or not; and decisions

/** The tools of all turns of a talk. */
export class Tools {
  constructor(talk, lang) {
    this._talk = talk;
    this._lang = lang;
    this._judged = new WeakMap(); // turn → element that stands in place of the question
    this.canSpeak = "speechSynthesis" in window && "SpeechSynthesisUtterance" in window;
    this.reading = this.canSpeak && stored().speak === true; // whether every new answer is read
  }

  /** Read every new answer from now on, or no longer; returns which. */
  toggle() {
    this.reading = !this.reading;
    remember("speak", this.reading);
    if (!this.reading) this.silence();
    return this.reading;
  }

  announce(turn) {
    if (this.reading) this._speak(turn);
  }

  /** Stop reading; returns whether it was reading. */
  silence() {
    if (!this.canSpeak || !speechSynthesis.speaking) return false;
    speechSynthesis.cancel();
    return true;
  }

  of(turn) {
    const judged = turn.id !== null && turn.replies.some((one) => one.kind === "decision" || JUDGED.includes(one.outcome));
    const listen = () => this.silence() || this._speak(turn);
    const read = this.canSpeak && turn.replies.length ? button(WORDS.read, listen, { class: "quiet reader" }) : null;
    return judged || read ? make("div", { class: "row tools" }, read, judged ? this._question(turn) : null) : null;
  }

  _speak(turn) {
    this.silence();
    for (const reply of turn.replies) {
      const { headline, lines = [], next_step: next } = reply.card ?? {};
      const words = headline ? [headline, ...lines, next ?? ""].join("\n") : (reply.opening ?? reply.text);
      const said = new SpeechSynthesisUtterance(bare(words));
      Object.assign(said, { lang: this._lang, rate: 0.9 });
      speechSynthesis.speak(said);
    }
  }

  _question(turn) {
    if (!this._judged.has(turn)) {
      const box = make("div", { class: "row judge", role: "group", "aria-label": WORDS.feedback });
      const yes = button(WORDS.useful, () => this._judge(turn, box, true), { class: "quiet" });
      const no = button(WORDS.useless, () => this._judge(turn, box, false), { class: "quiet" });
      box.append(yes, no);
      this._judged.set(turn, box);
    }
    return this._judged.get(turn);
  }

  async _judge(turn, box, useful, reason) {
    try {
      await this._talk.feedback(turn, useful, reason);
    } catch (error) {
      box.append(make("span", { class: "over", role: "status" }, error.said ?? WORDS.feedback_failed));
      return;
    }
    const thanks = make("span", { role: "status", tabindex: -1 }, WORDS.thanks);
    if (useful || reason) {
      box.replaceChildren(thanks);
      thanks.focus();
    } else {
      const say = ([name, word]) => button(word, () => this._judge(turn, box, false, name));
      const why = Object.entries(WORDS.reasons).map(say);
      box.replaceChildren(make("span", { tabindex: -1 }, WORDS.why_useless), ...why);
      box.firstChild.focus();
    }
  }
}

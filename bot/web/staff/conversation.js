// One citizen's conversation in an operator's hands: what was said, what is written, how it ends. What citizens say goes in
// as text, never as markup.
import { bubble, button, composing, form, make } from "../widget/replies.js";
import { call } from "./call.js";
import { WORDS } from "./desk_words.js";
import { expands } from "./expand.js";
import { keyed } from "./keyed.js";
import { Line } from "./listen.js";

const AGAIN = 3000; // milliseconds until what did not come is asked for again
const CARDS = ["decision", "clauses"]; // kinds of replies that are more than words
const PEOPLE = ["citizen", "operator"]; // whose words mark nothing as important
const HOUSE = new URL("/", location);

export class Conversation {
  /**
   * row: of the queue · sent: its Outgoing · current(), texts: of the screen
   * desk: {broken(yes), signedOut(), tell(sentence), dismiss(), done(answer)} of whoever shows it
   */
  constructor(row, sent, { current, texts }, desk) {
    Object.assign(this, { id: row.id, row, _sent: sent, _current: current, _desk: desk, _last: 0, _since: Date.now() });
    this._build(texts);
    this._told = {}; // what was said to the citizen, by its number: elements
    sent.changed = () => this._drawSent();
    this._drawSent();
    sent.send();
  }

  /** Show everything that was said, then whatever comes. */
  async begin() {
    try {
      const { messages, ...state } = await call("GET", `handoffs/${this.id}`);
      for (const message of messages) this._hear(message);
      this._stands(state);
    } catch (trouble) {
      if (this._left) return;
      if (trouble.status && trouble.status < 500) return this.over(trouble);
      this._desk.broken(true);
      this._again = setTimeout(() => this.begin(), AGAIN);
      return;
    }
    if (this._left) return;
    requestAnimationFrame(() => this._log.setAttribute("aria-live", "polite")); // what was said before is not read out
    const heard = { message: (one) => this._hear(one), state: (one) => this._stands(one) };
    this._line = new Line(() => `handoffs/${this.id}/events?after=${this._last}`, heard, {
      over: (trouble) => this.over(trouble),
      broken: (yes) => this._desk.broken(yes),
    });
  }

  focus() {
    this._text.focus();
  }

  /** Look at it no longer; what is on its way goes on. */
  leave() {
    this._left = true;
    clearTimeout(this._again);
    this._line?.close();
  }

  /** It ended for good: nobody is signed in, or it is in one's hands no longer. */
  over(trouble) {
    if (trouble.status === 401) this._desk.signedOut();
    else this._lost(trouble.status === 404 ? WORDS.gone.unknown : trouble.message); // it was in one's hands
  }

  // ── building ──

  _build(texts) {
    const { id, from, question, summary } = this.row;
    const heading = make("h3", { id: `conversation-${id}` }, WORDS.conversation(WORDS.from[from] ?? from, id));
    const collected = summary ? make("p", { class: "collected" }, WORDS.collected, summary) : null;
    this._log = make("div", { class: "log", role: "log", "aria-live": "off", "aria-label": WORDS.log, tabindex: "0" });
    this._log.addEventListener("scroll", () => this._atEnd() && (this._fresh.hidden = true));
    this._fresh = button(WORDS.see_fresh, () => this._seeFresh(), { class: "fresh", hidden: true });
    this._pending = make("div", { class: "pending" });
    this._late = make("p", { class: "late", role: "status" });
    this._state = make("p", { class: "state", role: "status" });
    this._text = make("textarea", { id: `text-${id}`, rows: 3, maxlength: 2000 });
    this._text.value = this._sent.draft;
    this._text.addEventListener("input", () => (this._sent.draft = this._text.value));
    const send = make("button", { type: "submit", class: "main" }, make("kbd", {}, "Enter"), " ", WORDS.send);
    const list = button("", () => this._list());
    list.append(make("kbd", {}, "::"), " ", WORDS.texts);
    const card = keyed("V", WORDS.card, () => this._card());
    const clause = keyed("U", WORDS.clause, () => this._clause());
    const back = keyed("G", WORDS.give_back, () => this._finish("return", {}, WORDS.given_back));
    this._close = keyed("B", WORDS.close, () => this._ask(true), { "aria-expanded": "false" });
    const label = make("label", { for: `text-${id}` }, WORDS.text);
    const keys = make("div", { class: "keys" }, send, list, card, clause, back, this._close);
    this._composer = form(() => this._say(), "composer", { autocomplete: "off" }, label, this._text, keys);
    this._subject = make("input", { id: `subject-${id}`, maxlength: 300, value: question, required: true });
    const parts = [
      make("label", { for: `subject-${id}` }, WORDS.subject),
      this._subject,
      make("button", { type: "submit", class: "main" }, WORDS.close_now),
      button(WORDS.not_now, () => this._ask(false)),
    ];
    const end = () => this._finish("close", { subject: this._subject.value }, WORDS.closed);
    this._ending = form(end, "ending", { hidden: true }, ...parts);
    const labelled = { class: "conversation", role: "group", "aria-labelledby": heading.id };
    const said = [this._log, this._fresh, this._pending, this._late, this._state];
    this.element = make("div", labelled, heading, collected, ...said, this._composer, this._ending);
    expands(this._text, texts);
    this._text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || composing(event)) return;
      event.preventDefault();
      this._say();
    });
    this._ending.addEventListener("keydown", (event) => event.key === "Escape" && !composing(event) && this._ask(false));
  }

  // ── what was said ──

  _hear(message) {
    if (message.id && message.id <= this._last) return;
    this._last = Math.max(this._last, message.id);
    const follows = this._atEnd() || message.author === "operator";
    const said = spoken(message.author, message.at, message.replies);
    this._log.append(said);
    if (message.id && message.author !== "citizen") this._told[message.id] = said;
    if (message.client_id) this._sent.said(message.client_id);
    if (follows) this._toEnd();
    this._fresh.hidden = follows;
  }

  _atEnd() {
    return this._log.scrollHeight - this._log.scrollTop - this._log.clientHeight < 40;
  }

  _toEnd() {
    this._log.scrollTop = this._log.scrollHeight;
  }

  _seeFresh() {
    this._toEnd();
    this._log.focus();
  }

  _drawSent() {
    if (this._text.value !== this._sent.draft) this._text.value = this._sent.draft; // what was refused is in it again
    this._pending.replaceChildren(...this._sent.messages.map(({ shown }) => make("p", { class: "words" }, shown)));
    const words = this.lost ? WORDS.not_sent : this._sent.late ? WORDS.sending : "";
    this._late.textContent = this._sent.busy ? words : "";
  }

  /** Below what has not reached the citizen stands how it is with it. */
  _mark(undelivered) {
    const follows = this._atEnd();
    for (const [id, said] of Object.entries(this._told)) {
      const { state, text = "" } = undelivered[id] ?? {};
      const mark = said.querySelector(":scope > .delivery");
      if ((mark?.textContent ?? "") === text) continue;
      mark?.remove();
      if (text) said.append(make("p", { class: `delivery ${state}` }, text));
    }
    if (follows) this._toEnd();
  }

  /** How it stands with the conversation, as the server says. */
  _stands({ state, mine, undelivered }) {
    this._desk.broken(false);
    this._mark(undelivered);
    if (mine || this._finishing) return;
    this._lost(WORDS.gone[state] ?? WORDS.gone.ended);
  }

  /** It is in one's hands no longer: what was said stands there to be read, until it is put away. */
  _lost(sentence) {
    this.leave();
    if (this.lost) return; // said before
    this.lost = true;
    this._sent.end();
    this._drawSent();
    const away = button(WORDS.dismiss, () => this._desk.dismiss(), { class: "dismiss" });
    const focused = this._composer.contains(document.activeElement) || this._ending.contains(document.activeElement);
    this._state.textContent = sentence;
    this._composer.replaceWith(away);
    this._ending.remove();
    if (focused) away.focus();
  }

  // ── saying ──

  _say() {
    const text = this._text.value.trim();
    if (!text) return;
    this._text.value = this._sent.draft = "";
    this._sent.add("say", { text }, text);
  }

  _list() {
    this._text.focus();
    this._text.setRangeText("::", this._text.selectionStart, this._text.selectionEnd, "end");
    this._text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  _card() {
    const { clause, source, title, since, ...decided } = this._current();
    if (!decided.programme) return this._desk.tell(WORDS.no_card);
    this._insert(given(decided), WORDS.card_of(title ?? decided.programme), since.card);
  }

  _clause() {
    const { clause, source, since } = this._current();
    if (!clause) return this._desk.tell(WORDS.no_clause);
    this._insert({ clause }, WORDS.clause_of(source), since.clause);
  }

  /** What stood on the screen before this conversation did may be of another citizen: it takes a second word. */
  _insert(body, words, since) {
    const meant = JSON.stringify(body);
    const sure = !(since < this._since) || since === this._agreed || meant === this._meant;
    this._meant = sure ? null : meant;
    this.focus();
    if (!sure) return this._desk.tell(WORDS.really(words));
    this._agreed = since;
    this._desk.tell("");
    this._sent.add("insert", body, words);
  }

  // ── ending ──

  _ask(open) {
    this._ending.hidden = !open;
    this._close.setAttribute("aria-expanded", String(open));
    (open ? this._subject : this._close).focus();
  }

  async _finish(how, body, sentence) {
    if (this._sent.busy) return this._desk.tell(WORDS.unsent);
    if (this._finishing) return;
    this._finishing = true;
    try {
      const answer = await call("POST", `handoffs/${this.id}/${how}`, body);
      this.leave();
      this._sent.draft = "";
      this._sent.end();
      this._desk.done(answer, sentence);
    } catch (trouble) {
      if ([401, 409].includes(trouble.status)) this.over(trouble);
      else this._desk.tell(trouble.message);
    } finally {
      this._finishing = false;
    }
  }
}

/** What one of them said, as elements: a person's words as they are, a card as the citizen sees it. */
function spoken(author, at, replies) {
  const time = make("time", { datetime: at }, new Date(at).toTimeString().slice(0, 5));
  const who = make("p", { class: "who" }, WORDS.authors[author] ?? author, " ", time);
  return make("div", { class: `said ${author}` }, who, ...replies.map((reply) => shown(author, reply)));
}

function shown(author, reply) {
  const card = CARDS.includes(reply.kind);
  if (!card && PEOPLE.includes(author)) return make("p", { class: "words" }, reply.text);
  const made = bubble(card ? reply : { text: reply.text }, HOUSE);
  made.querySelector(".tools")?.remove(); // for whoever takes it away
  return made;
}

function given(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
}

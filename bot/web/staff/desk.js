// The operators' desk: whether somebody is there, who waits, and what one has taken. A conversation is conversation.js.
import { button, make } from "../widget/replies.js";
import { answers, call, renewed } from "./call.js";
import { Conversation } from "./conversation.js";
import { WORDS } from "./desk_words.js";
import { keyed } from "./keyed.js";
import { Line } from "./listen.js";
import { Outgoing, forgetOthers } from "./outgoing.js";

const BEAT = 30000; // milliseconds between two signs of life of what one has and does not look at
const SIGN_IN = { href: "/staff/sign-in", target: "_blank", rel: "noopener" }; // what is known of a caller stays here

/** Open the desk in a section. `current()`: what is on the screen; `texts`: a promise of the ready-made texts. */
export function open(section, { current, texts }) {
  new Desk(section, { current, texts });
}

class Desk {
  constructor(section, screen) {
    Object.assign(this, { _screen: screen, _rows: new Map(), _mine: [], _open: null, _begun: false });
    this._over = new Set(); // conversations that are put away
    this._written = new Map(); // conversation → what is written to the citizen
    this._silent = new Set(); // lines on which nothing is heard
    this._build(section);
    this._listen();
    const back = () => this._back();
    for (const [where, what] of [[answers, "answered"], [window, "focus"]]) where.addEventListener(what, back); // prettier-ignore
    document.getElementById("again").addEventListener("click", back);
    setInterval(() => this._tick(), 1000);
    setInterval(() => this._beat(), BEAT);
  }

  _listen() {
    this._line = new Line(() => "queue/events", { queue: (found) => this._found(found) }, {
      over: (trouble) => (trouble.status === 401 ? this._signedOut() : this._tell(trouble.message)),
      broken: (yes) => this._broken("queue", yes),
    }); // prettier-ignore
  }

  // ── building ──

  _build(section) {
    this._switch = keyed("H", WORDS.here, () => this._turn(), { role: "switch", "aria-checked": "false", disabled: true });
    this._presence = make("p", { class: "soft" });
    this._trouble = make("p", { class: "trouble", role: "status" });
    this._news = make("p", { class: "for-ears", role: "status" });
    this._told = make("p", { class: "told", role: "status", tabindex: "-1" });
    this._key = keyed("A", WORDS.take_next, () => this._next(), { disabled: true });
    this._queue = make("ol", { class: "queue", "aria-label": WORDS.waiting });
    this._nobody = make("p", { class: "soft" }, WORDS.nobody);
    this._own = make("ul", { class: "own", "aria-label": WORDS.mine, hidden: true });
    this._place = make("div", {});
    const head = make("div", { class: "head" }, make("h2", {}, WORDS.title), this._switch, this._key);
    const waiting = [make("h3", {}, WORDS.waiting), this._nobody, this._queue];
    section.append(head, this._presence, this._trouble, this._told, this._news, ...waiting, this._own, this._place);
  }

  // ── being there ──

  async _turn() {
    const here = this._switch.getAttribute("aria-checked") !== "true";
    await this._try(async () => this._found(await call("POST", here ? "presence" : "absence", {})));
  }

  /** How it stands, as the server says: who waits, what one has, whether one counts as being there. */
  _found({ queue, taken, here }) {
    this._switch.disabled = false;
    this._shows(here);
    this._drawQueue(queue);
    this._drawOwn(taken);
    if (!this._begun) forgetOthers(taken.map(({ id }) => id));
    this._begun = true;
    const mine = taken.find(({ id }) => !this._over.has(id));
    if (!this._open && mine) this._show(mine);
  }

  _shows(here) {
    this._switch.setAttribute("aria-checked", String(here));
    this._presence.textContent = here ? WORDS.present : WORDS.away;
  }

  _broken(what, yes) {
    yes ? this._silent.add(what) : this._silent.delete(what);
    const words = this._silent.size ? WORDS.broken : "";
    if (this._gone || words === this._trouble.textContent) return; // a status that is set anew is read out again
    this._trouble.textContent = words;
  }

  _signedOut() {
    if (this._gone) return;
    this._gone = true;
    this._line.close();
    this._open?.leave();
    this._shows(false);
    this._switch.disabled = true;
    const again = keyed("Z", WORDS.again, () => this._back());
    this._trouble.replaceChildren(WORDS.session_over, " ", make("a", SIGN_IN, WORDS.sign_in), " ", again);
  }

  /** Somebody may have signed in again elsewhere: if it is the same person, everything goes on. */
  async _back() {
    if (!this._gone || this._asking) return;
    this._asking = true;
    const here = await renewed().then(() => true, () => false); // prettier-ignore
    this._asking = false;
    if (!here) return;
    this._gone = false;
    this._silent.clear();
    this._trouble.textContent = "";
    this._listen();
    for (const sent of this._written.values()) sent.send();
    const open = this._open;
    if (!open || open.lost) return;
    const writing = open.element.contains(document.activeElement);
    this._open = null;
    this._show(open.row);
    if (writing) this._open.focus();
  }

  // ── who waits ──

  _drawQueue(queue) {
    const came = queue.filter(({ id }) => !this._rows.has(id));
    for (const [id, row] of this._rows) if (!queue.some((one) => one.id === id)) this._drop(id, row);
    for (const [place, one] of queue.entries()) {
      const { element } = this._drawn(one);
      if (this._queue.children[place] !== element) this._queue.insertBefore(element, this._queue.children[place] ?? null);
    }
    this._rows = new Map(queue.map(({ id }) => [id, this._rows.get(id)])); // in the order drawn
    this._count();
    if (came.length && this._begun) this._news.textContent = WORDS.came(queue.length, came.at(-1).question);
  }

  _count() {
    this._nobody.hidden = this._rows.size > 0;
    this._key.disabled = !this._rows.size;
  }

  _drop(id, row) {
    const focused = row.element.contains(document.activeElement);
    row.element.remove();
    this._rows.delete(id);
    this._count();
    if (focused) this._switch.focus();
  }

  _drawn({ id, from, question, summary, waiting, messages }) {
    const row = this._rows.get(id) ?? this._begin(id, question, summary, from);
    this._rows.set(id, row);
    row.since = Date.now() - waiting * 1000;
    row.more.textContent = messages ? WORDS.said_meanwhile(messages) : "";
    this._wait(row);
    return row;
  }

  _begin(id, question, summary, from) {
    const time = make("span", { class: "wait" });
    const more = make("span", {});
    const take = button(WORDS.take, () => this._take(id), { "aria-label": WORDS.take_this(question) });
    const about = make("p", { class: "soft" }, WORDS.from[from] ?? from, " ", time, " ", more);
    const collected = summary ? make("p", { class: "collected" }, WORDS.collected, summary) : null;
    const element = make("li", {}, make("div", {}, make("p", { class: "words" }, question), about, collected), take);
    return { element, time, more };
  }

  _wait(row) {
    row.time.textContent = WORDS.waited(Math.max(0, Math.floor((Date.now() - row.since) / 1000)));
  }

  _tick() {
    for (const row of this._rows.values()) this._wait(row);
  }

  // ── what one has ──

  _next() {
    const [id] = this._rows.keys();
    if (id !== undefined) this._take(id);
  }

  async _take(id) {
    await this._try(async () => {
      const row = await call("POST", `handoffs/${id}/take`, {});
      this._over.delete(id);
      if (this._rows.has(id)) this._drop(id, this._rows.get(id));
      this._show(row);
      this._open.focus();
    });
  }

  /** Of several conversations, the way from one to another; new words in one that is not looked at are told of. */
  _drawOwn(taken) {
    this._mine = taken;
    const focused = this._own.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    const several = taken.length > 1;
    this._own.hidden = !several;
    this._own.replaceChildren(...(several ? taken.map((row) => make("li", {}, this._ownKey(row))) : []));
    if (focused) this._own.querySelector(`[data-id="${focused}"]`)?.focus();
  }

  _ownKey(row) {
    const open = row.id === this._open?.id;
    const sent = this._sent(row.id);
    if (open || sent.seen === null) sent.seen = row.messages;
    const words = `${WORDS.conversation(WORDS.from[row.from] ?? row.from, row.id)}：${row.question}`;
    const show = () => {
      this._show(row);
      this._open.focus();
    };
    const key = button(words, show, { "data-id": row.id, "aria-current": open ? "true" : null });
    if (row.messages > sent.seen) key.append(make("span", { class: "fresh" }, WORDS.fresh));
    return key;
  }

  /** What is written in a conversation that one has; it goes out whether one looks at it or not. */
  _sent(id) {
    const known = this._written.get(id);
    if (known && !known.ended) return known;
    const sent = new Outgoing(id, (trouble) => {
      if (trouble.status === 409 && this._open?.id === id) this._open.over(trouble);
      else this._tell(trouble.message);
    });
    this._written.set(id, sent);
    return sent;
  }

  _show(row) {
    if (this._open?.id === row.id && !this._open.lost) return;
    this._open?.leave();
    this._broken("conversation", false);
    this._open = new Conversation(row, this._sent(row.id), this._screen, {
      broken: (yes) => this._broken("conversation", yes),
      signedOut: () => this._signedOut(),
      tell: (sentence) => this._tell(sentence),
      dismiss: () => this._away(row.id),
      done: (answer, sentence) => this._done(row.id, answer, sentence),
    });
    this._place.replaceChildren(this._open.element);
    this._open.begin();
    this._drawOwn(this._mine);
  }

  _away(id) {
    this._over.add(id);
    this._open.leave();
    this._open = null;
    this._place.replaceChildren();
    this._broken("conversation", false);
    this._switch.focus();
  }

  _done(id, answer, sentence) {
    this._away(id);
    this._found(answer);
    const made = answer.case ? [" ", make("a", { href: `/staff/cases/${answer.case}` }, WORDS.case(answer.case))] : [];
    this._tell(sentence, ...made);
    if (this._open) this._open.focus();
    else this._told.focus();
  }

  /** What one has and does not look at is kept, too. */
  _beat() {
    if (this._gone) return;
    for (const { id } of this._mine) if (id !== this._open?.id) call("POST", `handoffs/${id}/beat`, {}).catch(() => {});
  }

  // ── saying so ──

  async _try(act) {
    this._tell("");
    try {
      await act();
    } catch (trouble) {
      if (trouble.status === 401) this._signedOut();
      else this._tell(trouble.message);
    }
  }

  _tell(...words) {
    this._told.replaceChildren(...(words[0] ? words : []));
    if (words[0]) this._told.scrollIntoView({ block: "nearest" }); // the page may stand at the text box, far below
  }
}

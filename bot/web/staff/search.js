// Search as one types: programmes, clauses and notices in one list, chosen with the arrow keys. What was asked earlier and
// comes later is dropped; Enter waits for the answer to what stands in the field.
import { latest } from "./call.js";
import { composing, joined, make } from "../widget/replies.js";
import { WORDS } from "./words.js";

const PAUSE = 60; // milliseconds without a key before the server is asked

export class Search {
  /**
   * box, list, count: elements · hear: {ask(typed): promise of the server's answer, programmes(): those that can be opened,
   * open(found): one was chosen, left(): Escape, found(): there was an answer, failed(error)}; found: {kind: programme | clause | document, id, title, …}
   */
  constructor(box, list, count, hear) {
    Object.assign(this, { box, list, count, _hear: hear });
    this._found = [];
    this._at = -1;
    this._ask = latest();
    box.addEventListener("input", () => this._typed());
    box.addEventListener("keydown", (event) => this._press(event));
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the keyboard stays in the field
    list.addEventListener("click", (event) => this._choose(event.target.closest("[role=option]")));
  }

  /** Empty, with every programme below it. */
  clear() {
    this.box.value = "";
    this._typed(0);
  }

  focus() {
    this.box.focus();
    this.box.select();
  }

  close() {
    clearTimeout(this._timer);
    this._ask(); // an answer that comes late would open the list again, over what one is doing
    if (this._waiting) this._found = [];
    this._waiting = this._entered = false;
    this._open(false);
  }

  /** The same words for another day or place. */
  again() {
    if (!this.list.hidden) this._look();
  }

  _typed(pause = PAUSE) {
    clearTimeout(this._timer);
    this._ask(); // whatever is still to come is not about these words
    this._waiting = true;
    this._entered = false;
    if (this.box.value.trim()) this._timer = setTimeout(() => this._look(), pause);
    else this._look();
  }

  _look() {
    clearTimeout(this._timer);
    const typed = this.box.value.trim().replace(/['’]/g, ""); // an input method divides wg'fh
    const asked = typed ? this._hear.ask(typed) : this._hear.programmes().then((programmes) => ({ programmes }));
    this._ask(asked, (answer) => this._show(answer), (error) => {
      this._waiting = this._entered = false;
      this._hear.failed(error);
    });
  }

  _show({ programmes = [], clauses = [], documents = [] }) {
    this._waiting = false;
    this._hear.found();
    this._found = [
      ...programmes.map((one) => ({ ...one, kind: "programme" })),
      ...clauses.map((one) => ({ ...one, kind: "clause", id: one.clause })),
      ...documents.map((one) => ({ ...one, kind: "document" })),
    ];
    this.list.replaceChildren(...this._found.map(option));
    this.count.textContent = this.box.value.trim() ? WORDS.found(this._found.length) : "";
    this._open(true);
    this._mark(this._found.length && this.box.value.trim() ? 0 : -1);
    if (this._entered) this._choose(this.list.children[this._at]);
    this._entered = false;
  }

  _press(event) {
    if (composing(event) || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") this._enter();
    else if (event.key === "Escape") this._hear.left();
    else if (step && this._found.length) this._step(step);
    else return;
    event.preventDefault();
  }

  _enter() {
    if (this._waiting) {
      this._entered = true;
      this._look();
    } else if (!this.list.hidden) this._choose(this.list.children[this._at]);
  }

  _step(step) {
    if (this.list.hidden) this._open(true);
    const begun = this._at < 0 && step < 0 ? 0 : this._at;
    this._mark((begun + step + this._found.length) % this._found.length);
  }

  _choose(element) {
    if (!element) return;
    this._mark([...this.list.children].indexOf(element));
    this._hear.open(this._found[this._at]);
  }

  _mark(at) {
    this._at = at;
    [...this.list.children].forEach((one, place) => one.setAttribute("aria-selected", place === at));
    const chosen = this.list.children[at];
    if (!chosen) this.box.removeAttribute("aria-activedescendant");
    else {
      this.box.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    }
  }

  _open(open) {
    this.list.hidden = !open;
    this.box.setAttribute("aria-expanded", open);
    if (!open) this.box.removeAttribute("aria-activedescendant");
  }
}

function option(found, place) {
  const kind = make("span", { class: "kind" }, WORDS.kinds[found.kind]);
  return make("li", { role: "option", id: `found-${place}`, "data-kind": found.kind }, kind, ...described(found));
}

function described({ kind, title, number, item, quote, start, end, mark, applies, subject }) {
  if (kind === "programme") return [make("b", {}, title), subject ? make("span", {}, WORDS.subjects[subject]) : null];
  if (kind === "document") return [make("b", {}, title), make("span", {}, number)];
  const where = WORDS.in_clause(number, item) + (applies ? "" : `（${WORDS.elsewhere}）`);
  return [make("b", {}, title), make("span", { class: "sentence" }, ...marked(quote, mark, start, end)), make("span", {}, where)];
}

/** The part of a quote from `start` to `end`, its `mark` marked; they count characters as Python does. */
export function marked(quote, mark, start = 0, end = Infinity) {
  const characters = Array.from(quote).slice(0, end);
  const part = (from, to) => joined(characters.slice(Math.max(from, start), Math.max(to, start)).join(""));
  const [from, to] = mark ?? [end, end];
  return [part(start, from), make("mark", {}, part(from, to)), part(to, end)].filter((one) => one.textContent !== "" && one);
}

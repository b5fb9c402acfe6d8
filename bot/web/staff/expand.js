// Ready-made texts in a text box: “::开头” and a space, Enter or Tab puts the text in; “::” alone shows what there is.
// The box keeps the keyboard; the list beside it follows the combobox pattern of ARIA as far as a <textarea> may.
import { composing, make } from "../widget/replies.js";
import { WORDS } from "./desk_words.js";

const TYPED = /(?:::|：：)([^\s:：]{0,20})$/u; // as an input method for Chinese writes colons, too
const MOST = 8; // in the list; typing on narrows it

let lists = 0;

/** Let a text box take ready-made texts. `texts`: a promise of [{short, text}]. */
export function expands(box, texts) {
  new Expansion(box, texts);
}

class Expansion {
  constructor(box, texts) {
    this._box = box;
    this._all = [];
    this._shown = [];
    this._at = -1;
    this._quiet = false; // Escape was pressed: what is typed is meant as it is
    this._list = make("ul", { class: "texts", role: "listbox", id: `texts-${(lists += 1)}`, "aria-label": WORDS.texts, hidden: true });
    this._told = make("span", { class: "for-ears", role: "status" });
    box.after(this._list, this._told);
    for (const [name, value] of [["autocomplete", "list"], ["haspopup", "listbox"]]) box.setAttribute(`aria-${name}`, value); // prettier-ignore
    box.addEventListener("input", () => this._look());
    box.addEventListener("keydown", (event) => this._key(event), true); // before whoever sends with Enter
    box.addEventListener("blur", () => this._close());
    Promise.resolve(texts).then(
      (all) => (this._all = all),
      () => {}, // without them the box is a box
    );
  }

  /** What stands before the caret: {from, to, short}, or null. */
  _typed() {
    const { selectionStart: to, selectionEnd: end, value } = this._box;
    const found = to === end ? TYPED.exec(value.slice(0, to)) : null;
    return found && { from: to - found[0].length, to, short: found[1] };
  }

  _look() {
    const typed = this._typed();
    if (!typed) this._quiet = false;
    const known = typed && !this._quiet ? this._all.filter(({ short }) => short.includes(typed.short)) : [];
    this._shown = known.slice(0, MOST);
    if (!this._shown.length) return this._close();
    const exact = this._shown.findIndex(({ short }) => short === typed.short);
    const option = ({ short, text }, place) => {
      const pick = (event) => {
        event.preventDefault(); // the box keeps the keyboard
        this._put(this._typed(), text);
      };
      const id = `${this._list.id}-${place}`;
      return make("li", { role: "option", id, onmousedown: pick }, make("b", {}, short), make("span", {}, text));
    };
    this._list.replaceChildren(...this._shown.map(option));
    this._list.hidden = false;
    this._box.setAttribute("aria-controls", this._list.id);
    this._told.textContent = WORDS.found(this._shown.length);
    this._point(Math.max(exact, 0));
  }

  _point(place) {
    this._at = (place + this._shown.length) % this._shown.length;
    for (const [i, one] of [...this._list.children].entries()) one.setAttribute("aria-selected", String(i === this._at));
    this._box.setAttribute("aria-activedescendant", this._list.children[this._at].id);
  }

  _close() {
    this._list.hidden = true;
    this._list.replaceChildren();
    this._told.textContent = "";
    this._at = -1;
    for (const name of ["aria-controls", "aria-activedescendant"]) this._box.removeAttribute(name);
  }

  _key(event) {
    if (composing(event) || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || this._quiet) return;
    const typed = this._typed();
    if (!typed) return this._close(); // the caret has gone elsewhere
    const act = this._action(event.key, typed);
    if (!act) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    act();
  }

  _action(key, typed) {
    const open = !this._list.hidden;
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (open && moves[key]) return () => this._point(this._at + moves[key]);
    if (open && key === "Escape") return () => ((this._quiet = true), this._close()); // prettier-ignore
    const exact = this._all.find(({ short }) => short === typed.short);
    const chosen = key === " " ? exact : ["Enter", "Tab"].includes(key) ? (this._shown[this._at] ?? exact) : null;
    return chosen ? () => this._put(typed, chosen.text) : null;
  }

  _put(typed, text) {
    if (!typed) return;
    this._box.setRangeText(text, typed.from, typed.to, "end");
    this._box.dispatchEvent(new Event("input", { bubbles: true }));
    this._close();
  }
}

// The fact sheet: every question that still matters, at once, each answered in a field of its own by the number of a choice,
// a number or a date; fewer with each answer. Nothing here asks the server.
import { composing, make } from "../widget/replies.js";
import { plain, readDay, readNumber } from "./entry.js";
import { WORDS } from "./words.js";

export class Sheet {
  /**
   * known, open: lists · hear: {answered(): an answer came or went, typing(): one is being typed, done(): nothing is left
   * to be asked, today(): ISO date}
   */
  constructor(known, open, hear) {
    this._known = known;
    this._open = open;
    this._hear = hear;
    this.clear();
    open.addEventListener("keydown", (event) => this._press(event));
    open.addEventListener("input", (event) => this._type(event));
    open.addEventListener("compositionend", (event) => this._type(event)); // its last input is still a part of it
    open.addEventListener("change", (event) => this._left(event));
    open.addEventListener("click", (event) => this._click(event));
    open.addEventListener("mousedown", (event) => event.target.closest("button") && event.preventDefault());
  }

  clear() {
    this._answers = []; // {question, sets: {fact: value}, or null for 不清楚, said, since}
    this._fields = new Map(); // question id → Field
    this._wanted = null; // the question that is to have the keyboard once the server has answered; "": the next
    this._known.replaceChildren();
    this._open.replaceChildren();
  }

  /** Another programme: what belongs to one application, and what nobody knew, is asked anew. */
  another() {
    const lasting = ({ sets, question }) => sets && question.facts.every((fact) => fact.scope !== "programme");
    const kept = this._answers.filter(lasting);
    this.clear();
    this._answers = kept;
    this._showKnown();
  }

  get facts() {
    return Object.assign({}, ...this._answers.map((one) => one.sets));
  }

  /** With what is being typed, as far as it makes an answer. */
  get drafted() {
    const field = this._at(document.activeElement);
    return { ...this.facts, ...field?.read(this._hear.today())?.sets };
  }

  get declined() {
    return this._answers.filter((one) => !one.sets).flatMap((one) => one.question.facts.map((fact) => fact.id));
  }

  /** When the oldest of what is known, or is being typed, came, in milliseconds; null: nothing is. */
  get since() {
    const typed = this._at(document.activeElement)?.since ?? null;
    const all = [...this._answers.map((one) => one.since), typed].filter((one) => one !== null);
    return all.length ? Math.min(...all) : null;
  }

  /** Show what the server says is still to be asked; what has the keyboard keeps it. */
  show(questions) {
    const before = [...this._fields.keys()];
    const held = this._at(document.activeElement)?.question.id;
    const fields = new Map(questions.map((question) => [question.id, this._field(question)]));
    this._fields = fields;
    this._moving = true; // a field that is moved is left, but not by anybody
    for (const one of [...this._open.children]) if (fields.get(one.dataset.id)?.element !== one) one.remove();
    [...fields.values()].forEach(({ element }, place) => {
      if (this._open.children[place] !== element) this._open.insertBefore(element, this._open.children[place] ?? null);
    });
    this._moving = false;
    const behind = before.slice(before.indexOf(held) + 1).find((id) => fields.has(id));
    if (fields.has(this._wanted)) this._focus(this._wanted);
    else if (held !== undefined) this._focus(fields.has(held) ? held : behind);
    else if (this._wanted !== null) this._focus("");
    this._wanted = null;
  }

  /** Go to the first question, now or when there is one. */
  focus() {
    if (this._fields.size) this._focus("");
    else this._wanted = "";
  }

  /** Take an answer back, the last one if none is named; its question is asked again. */
  takeBack(id = this._answers[this._answers.length - 1]?.question.id) {
    if (!id) return;
    this._answers = this._answers.filter((one) => one.question.id !== id);
    this._wanted = id;
    this._told();
  }

  _focus(id) {
    const field = this._fields.get(id) ?? this._fields.values().next().value;
    if (field) field.box.focus();
    else this._hear.done();
  }

  _field(question) {
    const known = this._fields.get(question.id);
    const same = (one) => JSON.stringify([one.facts, one.choices]);
    return known && same(known.question) === same(question) ? known : new Field(question);
  }

  _at(element) {
    return this._fields.get(element?.closest?.("[data-id]")?.dataset.id);
  }

  _type(event) {
    const field = this._at(event.target);
    if (event.isComposing || !field) return;
    field.wrong("");
    field.mark();
    field.typed();
    const minus = field.question.unsure && plain(field.box.value) === "-";
    if (minus) this._answer(field, { sets: null, said: WORDS.unsure });
    else if (field.settled()) this._answer(field, field.read());
    else if (field.counted && field.tooMany()) field.wrong(WORDS.choose(field.choices.length));
    else this._hear.typing();
  }

  _press(event) {
    const field = this._at(event.target);
    if (composing(event) || event.altKey || event.ctrlKey || event.metaKey || event.target !== field?.box) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") this._enter(field);
    else if (event.key === "Backspace" && !field.box.value && !event.repeat) this.takeBack();
    else if (step) this._beside(field, step);
    else return;
    event.preventDefault();
  }

  _enter(field) {
    if (!field.box.value.trim()) this._beside(field, 1);
    else if (!this._try(field)) field.box.select();
  }

  /** Whoever leaves a field that makes an answer has given it. */
  _left(event) {
    const field = this._at(event.target);
    if (field && !this._moving && field.box.value.trim()) this._try(field, false);
  }

  _try(field, onwards = true) {
    const answer = field.read(this._hear.today());
    if (answer) this._answer(field, answer, onwards);
    else field.wrong(WORDS.wrong[field.kind] ?? WORDS.choose(field.choices.length));
    return answer !== null;
  }

  _click(event) {
    const pressed = event.target.closest("button");
    const field = pressed && this._at(pressed);
    if (!field) return;
    if (pressed.dataset.unsure) this._answer(field, { sets: null, said: WORDS.unsure });
    else if (pressed.dataset.number === undefined) this._enter(field);
    else if (field.press(pressed.dataset.number)) this._answer(field, field.read());
    else this._hear.typing();
  }

  _beside(field, step) {
    const all = [...this._fields.values()];
    all[(all.indexOf(field) + step + all.length) % all.length].box.focus();
  }

  _answer(field, { sets, said }, onwards = true) {
    const { id } = field.question;
    const all = [...this._fields.keys()];
    const answer = { question: field.question, sets, said, since: field.since ?? Date.now() };
    this._answers = [...this._answers.filter((one) => one.question.id !== id), answer];
    this._fields.delete(id);
    if (onwards) {
      this._wanted = "";
      this._fields.get(all[all.indexOf(id) + 1])?.box.focus(); // before it is gone, or the keyboard would be nowhere
    }
    field.element.remove();
    this._told();
  }

  _told() {
    this._showKnown();
    this._hear.answered();
  }

  _showKnown() {
    this._known.replaceChildren(
      ...this._answers.map(({ question, said }) => {
        const again = make("button", { type: "button", onclick: () => this.takeBack(question.id) });
        again.append(...named(question, said), make("span", { class: "again" }, WORDS.again));
        return make("li", {}, again);
      }),
    );
  }
}

/** One question with its field. */
class Field {
  constructor(question) {
    this.question = question;
    this.since = null; // when what stands in it was begun, in milliseconds
    this.kind = question.facts[0].type === "date" ? "date" : question.kind;
    this.choices = question.choices.map((choice, n) => ({ ...choice, number: String(n + 1) }));
    const hint = `why-${question.id}`;
    this.box = make("input", {
      id: `answer-${question.id}`,
      autocomplete: "off",
      maxlength: 40,
      inputmode: question.kind === "text" ? null : "decimal",
      "aria-describedby": hint,
    });
    this._wrong = make("span", { class: "wrong", role: "alert" });
    const unit = unitOf(question.facts[0]);
    const word = make("label", { for: this.box.id }, question.ask);
    const why = make("span", { class: "why", id: hint }, question.why, " ", WORDS.how[this.kind] ?? "");
    const row = make("span", { class: "row" }, this.box, unit && !this.counted ? make("span", {}, unit) : null);
    row.append(...this._buttons(), this._wrong);
    this.element = make("li", { "data-id": question.id, "data-purpose": question.purpose }, word, row, why);
  }

  /** Whether it is answered by the number of a choice. */
  get counted() {
    return this.choices.length > 0;
  }

  /** The answer that stands in the field: {sets, said}; null: none. */
  read(today) {
    const typed = plain(this.box.value);
    const [fact] = this.question.facts;
    if (!typed) return null;
    if (this.kind === "multi") return this._several(typed);
    if (this.counted) return this._chosen(typed);
    if (this.kind === "text") return { sets: { [fact.id]: typed }, said: typed };
    const value = this.kind === "date" ? readDay(typed, today) : readNumber(typed, fact.type);
    return value === null ? null : { sets: { [fact.id]: value }, said: spoken(value, fact) };
  }

  /** Whether no further digit could make another choice of it. */
  settled() {
    const typed = plain(this.box.value);
    if (this.kind === "multi") return typed === "0" && Boolean(this.question.none_of_these);
    const begun = this.choices.filter((choice) => choice.number.startsWith(typed));
    return begun.length === 1 && begun[0].number === typed;
  }

  tooMany() {
    const typed = plain(this.box.value);
    return typed !== "" && this.kind !== "multi" && !this.choices.some((choice) => choice.number.startsWith(typed));
  }

  /** Press a choice's button; true: that is the answer. */
  press(number) {
    if (this.kind !== "multi" || number === "0") {
      this.box.value = number;
      return true;
    }
    const chosen = new Set(this._numbers(plain(this.box.value)));
    if (!chosen.delete(number)) chosen.add(number);
    this.box.value = [...chosen].join(" ");
    this.mark();
    this.typed();
    this.box.focus();
    return false;
  }

  /** Something else stands in the field. An answer is as old as its first key: it may be one only when the field is left. */
  typed() {
    this.since = this.box.value.trim() ? (this.since ?? Date.now()) : null;
  }

  /** Show which choices of several are taken. */
  mark() {
    if (this.kind !== "multi") return;
    const chosen = this._numbers(plain(this.box.value));
    for (const one of this.element.querySelectorAll("[data-number]"))
      one.setAttribute("aria-pressed", chosen.includes(one.dataset.number));
  }

  wrong(words) {
    this._wrong.textContent = words;
    this.box.setAttribute("aria-invalid", Boolean(words));
  }

  _chosen(typed) {
    const choice = this.choices.find((one) => one.number === typed);
    if (!choice) return null;
    return { sets: Object.keys(choice.sets).length ? choice.sets : null, said: choice.label };
  }

  /** What is chosen is so, and the rest of the list is not. */
  _several(typed) {
    const { facts, none_of_these: none } = this.question;
    const no = Object.fromEntries(facts.map((fact) => [fact.id, false]));
    if (typed === "0") return none ? { sets: no, said: none } : null;
    const chosen = this._numbers(typed).map((number) => this.choices.find((one) => one.number === number));
    if (!chosen.length || chosen.includes(undefined)) return null;
    return { sets: Object.assign(no, ...chosen.map((one) => one.sets)), said: chosen.map((one) => one.label).join("、") };
  }

  /** 1 3 10; up to nine choices also 13. */
  _numbers(typed) {
    return typed.split(this.choices.length > 9 ? /[^\d]+/ : /[^\d]*/).filter(Boolean);
  }

  // The buttons do what the keys do; they stand outside the way of Tab, which leads from question to question.
  _buttons() {
    const pressed = this.kind === "multi" ? { "aria-pressed": "false" } : {};
    const one = (key, words, more) =>
      make("button", { type: "button", tabindex: -1, ...more }, make("kbd", {}, key), ` ${words}`);
    const choices = this.choices.map(({ number, label }) => one(number, label, { "data-number": number, ...pressed }));
    const none = this.question.none_of_these;
    if (this.kind === "multi" && none) choices.push(one("0", none, { "data-number": "0" }));
    if (!this.counted || this.kind === "multi") choices.push(one("Enter", WORDS.done, {}));
    if (this.question.unsure) choices.push(one("-", WORDS.unsure, { "data-unsure": "1" }));
    return choices;
  }
}

function unitOf(fact) {
  return fact.unit || WORDS.units[fact.type] || "";
}

function spoken(value, fact) {
  if (fact.type === "date" || fact.type === "year") return `${value}${fact.type === "year" ? unitOf(fact) : ""}`;
  return `${value.toLocaleString("zh-CN")} ${unitOf(fact)}`;
}

/** What is known, in words: a choice by its name, a number with what it counts. */
function named({ facts: [fact, ...more], ask, kind }, said) {
  const label = more.length ? ask : fact.label;
  return [make("span", { class: "label" }, kind === "text" ? "" : `${label} `), make("b", {}, said)];
}

// The ways to answer without typing: quick replies, check boxes, a number or a date.
import { make } from "./render.js";
import { WORDS } from "./words.js";

/** The controls for the replies of one turn, or null. `send(text)` sends the answer. */
export function answers(replies, send) {
  const box = make("div", { class: "actions" });
  const question = replies.map((reply) => reply.question).filter(Boolean).at(-1);
  const offered = new Set();
  if (question) {
    const form = { multi: several, number: amount, percent: amount, money: amount, date: day }[question.input];
    if (form) box.append(form(question, send));
    if (question.input !== "multi") for (const choice of question.choices ?? []) offered.add(choice);
    if (question.unsure) offered.add(WORDS.unsure);
  }
  for (const reply of replies) for (const suggestion of reply.suggestions ?? []) offered.add(suggestion);
  const taken = new Set(question?.input === "multi" ? question.choices : []);
  const buttons = [...offered].filter((text) => !taken.has(text)).map((text) => button(text, () => send(text)));
  if (buttons.length) box.append(make("div", { class: "row", role: "group", "aria-label": WORDS.choices }, ...buttons));
  return box.children.length ? box : null;
}

function button(text, onclick, kind = null) {
  return make("button", { type: "button", class: kind, onclick }, text);
}

function several(question, send) {
  const none = question.none_of_these ?? WORDS.none;
  const labels = question.choices;
  const boxes = labels.map((label) => make("input", { type: "checkbox", value: label }));
  const confirm = make("button", { type: "submit", class: "main", disabled: true }, WORDS.confirm);
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
  return form(() => send(picked().map((box) => box.value).join("、")), "actions", set, confirm, { onchange: changed });
}

function amount(question, send) {
  const unit = question.unit ?? WORDS.units[question.input] ?? "";
  const mode = question.input === "number" ? "numeric" : "decimal";
  const input = make("input", { inputmode: mode, "aria-label": WORDS.number, maxlength: 15, autocomplete: "off" });
  const confirm = make("button", { type: "submit", class: "main" }, WORDS.confirm);
  const submit = () => {
    const text = input.value.trim();
    if (text) send(/\d$/.test(text) ? text + unit : text);
  };
  return form(submit, "helper", input, ...(unit ? [make("span", {}, unit)] : []), confirm);
}

function day(question, send) {
  const input = make("input", { type: "date", "aria-label": WORDS.date, min: "1900-01-01", max: "2099-12-31" });
  const confirm = make("button", { type: "submit", class: "main" }, WORDS.confirm);
  return form(() => input.value && send(WORDS.day(...input.value.split("-"))), "helper", input, confirm);
}

function form(submit, kind, ...children) {
  const attributes = children.at(-1) instanceof Node ? {} : children.pop();
  const onsubmit = (event) => {
    event.preventDefault();
    submit();
  };
  return make("form", { class: kind, onsubmit, ...attributes }, ...children);
}

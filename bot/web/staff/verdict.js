// What the server decided, as an operator needs it: the verdict at a glance, what is read aloud, the very words of the notice.
import { chips, emphasised, joined, make, quotation, rows, spoken } from "../widget/replies.js";
import { marked } from "./search.js";
import { WORDS } from "./words.js";

const BASE = new URL("/", location.href);

/** Show an answer of /staff/api/decide in the elements {card, script, lines, quotes}. */
export function showVerdict({ card, script, lines, quotes }, answer) {
  const { changes, left } = answer;
  // Of a place that our notices do not speak of, no window of theirs is said to be closed.
  const decision = answer.applies ? answer.decision : { ...answer.decision, window: {} };
  card.dataset.verdict = decision.verdict;
  card.dataset.window = decision.window.state ?? "";
  // What is left to an authority stands in the headline already.
  const glance = [...rows({ ...decision, depends_on: [] }), ...(left ? [row(WORDS.to_ask, left)] : [])];
  card.replaceChildren(
    ...chips(decision),
    make("p", { class: "headline" }, ...emphasised(answer.card.headline)),
    ...(glance.length ? [make("dl", { class: "glance" }, ...glance)] : []),
    ...(changes ? [make("p", { class: "changes" }, changes)] : []),
    make("p", { class: "how" }, WORDS.asked_as(spoken(decision.as_of), decision.place)),
  );
  script.replaceChildren(...answer.script.map(breath));
  const others = answer.card.lines.filter((line) => line !== changes);
  lines.replaceChildren(...others.map((line) => make("p", {}, ...emphasised(line))));
  quotes.replaceChildren(
    ...answer.card.quotes.map(({ quote, source, clause }) => quotation(["“", joined(quote), "”"], source, clause, BASE)),
  );
}

/** Show a clause that was found. `programmes`: [{id, title}] that rest on it; `open(programme)`: one was chosen. */
export function showClause(section, { clause, title, quote, mark, number, item }, programmes, open) {
  const ways = programmes.map((one, n) => {
    const words = n ? WORDS.opens(one.title) : WORDS.again_opens(one.title);
    return make("button", { type: "button", onclick: () => open(one) }, words);
  });
  section.replaceChildren(
    make("h2", {}, title),
    quotation(["“", ...marked(quote, mark), "”"], WORDS.in_clause(number, item), clause, BASE),
    ...(ways.length ? [make("p", { class: "row" }, ...ways)] : []),
  );
}

/** One piece of the script, headed where another part begins. */
function breath({ head, text }, place, all) {
  return make("li", {}, make("b", {}, head === all[place - 1]?.head ? "" : head), make("span", {}, text));
}

function row(name, value) {
  return make("div", {}, make("dt", {}, name), make("dd", {}, value));
}

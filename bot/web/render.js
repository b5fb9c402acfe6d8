// A reply of the assistant made into elements. Every text goes in as text, never as markup.
import { WORDS } from "./words.js";

/** Make an element: attributes, then children (elements or strings). */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** One reply as a bubble. */
export function bubble(reply) {
  const draw = { decision: decisionCard, clauses: clauseQuotes, profile: profileList, handoff: handoffText };
  return (Object.hasOwn(draw, reply.kind) ? draw[reply.kind] : plainText)(reply);
}

function plainText(reply) {
  return make("div", { class: "bubble" }, ...paragraphs(reply.text));
}

function handoffText(reply) {
  const box = plainText(reply);
  for (const line of box.querySelectorAll("p")) {
    const parts = line.textContent.split(/\b(12333|12345)\b/);
    line.replaceChildren(...parts.map((part, i) => (i % 2 ? make("a", { href: `tel:${part}` }, part) : part)));
  }
  return box;
}

function decisionCard(reply) {
  const { headline, lines = [], quotes = [], next_step: next } = reply.card ?? {};
  if (!headline) return plainText(reply);
  const decision = reply.decision ?? {};
  const card = make("article", {
    class: "bubble card",
    "data-verdict": decision.verdict,
    "data-window": decision.window?.state,
  });
  card.append(make("p", { class: "headline" }, ...emphasised(headline.includes("**") ? headline : `**${headline}**`)));
  card.append(...lines.flatMap(paragraphs));
  if (quotes.length) {
    const all = quotes.map(({ quote, source }) => quotation([`“${joined(quote)}”`], source));
    card.append(folded(WORDS.basis(quotes.length), all));
  }
  if (next) card.append(make("div", { class: "next" }, ...paragraphs(next)));
  return card;
}

function clauseQuotes(reply) {
  const all = (reply.clauses ?? []).filter((clause) => clause.quote).map(clauseQuote);
  const box = make("div", { class: "bubble" }, ...paragraphs(reply.opening ?? reply.text)); // the text has the quotes too
  if (all.length) box.append(make("div", { class: "quotes" }, all[0]));
  if (all.length > 1) box.append(folded(WORDS.more(all.length - 1), all.slice(1)));
  return box;
}

function clauseQuote({ quote, highlight, source, number, item, standing }) {
  const characters = Array.from(quote); // offsets count characters, as Python does
  const [start, end] = highlight ?? [0, 0];
  const part = (from, to) => joined(characters.slice(from, to).join(""));
  const some = end > start && end - start < quote.trim().length; // marking every word would mark none
  const marked = some ? [make("mark", {}, part(start, end))] : [part(start, end)];
  const words = ["“", part(0, start), ...marked, part(Math.max(start, end)), "”"];
  return quotation(words, [source ?? `${number} ${item}`, standing].filter(Boolean).join("，"));
}

function profileList(reply) {
  const list = make("dl", { class: "profile" });
  const spoken = (reply.profile ?? []).filter(({ value }) => typeof value === "string");
  for (const { label, value } of spoken) list.append(make("dt", {}, label), make("dd", {}, value));
  if (!spoken.length) return plainText(reply);
  return make("div", { class: "bubble" }, ...paragraphs(reply.opening), list);
}

function quotation(words, source) {
  return make("figure", { class: "quote" }, make("blockquote", {}, ...words), make("figcaption", {}, `——${source}`));
}

function folded(title, figures) {
  return make("details", { class: "basis" }, make("summary", {}, title), make("div", { class: "quotes" }, ...figures));
}

/** Lines as paragraphs, with **…** as emphasis. */
function paragraphs(text) {
  const lines = String(text ?? "").split("\n").filter((line) => line.trim());
  return lines.map((line) => make("p", {}, ...emphasised(line)));
}

function emphasised(line) {
  return line.split(/\*\*(.+?)\*\*/).map((part, i) => (i % 2 ? make("strong", {}, part) : part));
}

/** A quote without the line breaks of the printed page. */
function joined(text) {
  return text.replace(/\s*\n\s*/g, "");
}

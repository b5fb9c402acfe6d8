// The operators' screen: one call at a time, from what is typed to what is read aloud.
import { composing } from "../widget/replies.js";
import { Trouble, call, latest } from "./call.js";
import { readDay } from "./entry.js";
import { expands } from "./expand.js";
import { open as openDesk } from "./desk.js";
import { keeping } from "./keep.js";
import "./keys.js";
import { Search } from "./search.js";
import { Sheet } from "./sheet.js";
import { showClause, showVerdict } from "./verdict.js";
import { WORDS } from "./words.js";

const at = (id) => document.getElementById(id);
const texts = call("GET", "texts").then((answer) => answer.texts);
const asking = latest(); // what is still to be asked
const deciding = latest(); // what it would be with what is being typed

let today = ""; // the server's, as an ISO date
let titles = new Map(); // of the programmes
let listed = null; // a promise of the programmes
let programme = null; // the one that is open: {id, title, about: the clause, of a duty}
let clause = null; // the one that was chosen, as the search found it
let verdicts = 0; // asked for so far
let decided = ""; // the number of the decision that was shown last
let toRead = false; // nothing is left to be asked, but the verdict is still to come
let counted = {}; // the day and the place, as they were last given rightly
const troubles = new Map(); // what went wrong, by part of the screen
const since = { sheet: 0, clause: 0 }; // when they were opened, in milliseconds

// ── what is on the screen ──

function matter(facts) {
  const { id, about } = programme;
  return { programme: id, facts, declined: sheet.declined, ...(about ? { about } : {}), ...counted };
}

/** Whether a verdict can be seen, and of what is known now. */
function seen() {
  return !at("verdict").hidden && at("verdict").getAttribute("aria-busy") !== "true";
}

/**
 * What the desk puts before a citizen: the verdict that can be seen, and the clause; of a duty only that. `since`: how old
 * they are; what is known of a caller makes a verdict as old as it is, however often the programme is opened.
 */
function current() {
  const { drafted: facts, declined } = sheet;
  const { id: name = null, title = null } = (seen() && !programme?.about && programme) || {};
  const of = { card: sheet.since ?? since.sheet, clause: since.clause };
  const quote = { clause: clause?.clause ?? null, source: clause?.source };
  return { programme: name, title, facts, declined, ...quote, since: of, ...counted };
}

/** What a case is about. */
function topic() {
  const { facts, declined } = sheet;
  return programme && !programme.about ? { topic: programme.id, facts, declined, ...counted } : {};
}

// ── asking the server ──

function programmes() {
  listed = listed ?? call("GET", "programmes").catch((error) => {
    listed = null;
    throw error;
  });
  return listed.then((answer) => {
    today = answer.as_of;
    at("day").placeholder = answer.as_of;
    at("place").placeholder = answer.place;
    titles = new Map(answer.programmes.map((one) => [one.id, one.title]));
    return answer.programmes;
  });
}

function find(typed) {
  const { as_of, place } = counted;
  const query = new URLSearchParams({ q: typed, ...(as_of && { as_of }), ...(place && { place }) });
  return call("GET", `search?${query}`);
}

/** Sheet and verdict of what is known, together: one without the other would be of something else. */
function refresh() {
  if (!programme) return;
  const mine = (verdicts += 1);
  for (const part of ["sheet", "verdict"]) at(part).setAttribute("aria-busy", true);
  deciding();
  const both = ["sheet", "decide"].map((what) => call("POST", what, matter(sheet.facts)));
  asking(Promise.all(both), ([left, answer]) => {
    showSheet(left);
    if (mine === verdicts) showDecided(answer); // else somebody is typing already
  }, lost); // prettier-ignore
}

/** The verdict of what is known and being typed. */
function tryOut() {
  verdicts += 1;
  at("verdict").setAttribute("aria-busy", true);
  deciding(call("POST", "decide", matter(sheet.drafted)), showDecided, lost);
}

/** No verdict is better than one of other facts. */
function lost(error) {
  at("verdict").hidden = true;
  at("sheet").setAttribute("aria-busy", false);
  failed("verdict", error);
}

function showSheet({ open }) {
  at("sheet").setAttribute("aria-busy", false);
  at("nothing-open").hidden = open.length > 0;
  sheet.show(open);
}

function showDecided(answer) {
  well("verdict");
  at("verdict").hidden = false;
  at("verdict").setAttribute("aria-busy", false);
  at("nothing-yet").hidden = true;
  decided = answer.decision.decision_id;
  showVerdict({ card: at("card"), script: at("script"), lines: at("lines"), quotes: at("quotes") }, answer);
  const headline = answer.card.headline.replaceAll("**", "");
  if (at("told").textContent !== headline) at("told").textContent = headline;
  if (toRead) readAloud();
  cases.suggest(WORDS.subject(programme.title, WORDS.verdicts[answer.decision.verdict]));
}

/** Nothing is left to be asked: go to the script, now or when it is there. */
function readAloud() {
  toRead = at("verdict").hidden;
  at("script-title").focus();
}

/** What went wrong in a part stays to be seen until that part goes well, whatever goes well beside it. */
function failed(part, error) {
  if (!(error instanceof Trouble)) console.error(error);
  troubles.delete(part);
  troubles.set(part, error);
  showTrouble();
}

function well(part) {
  if (troubles.delete(part)) showTrouble();
}

function showTrouble() {
  const latest = [...troubles.values()].at(-1);
  at("trouble").hidden = !latest;
  if (!latest) return;
  at("trouble").querySelector("span").textContent = latest instanceof Trouble ? latest.message : WORDS.failed;
  at("trouble").querySelector("a").hidden = latest.status !== 401;
}

// ── what one does ──

function opened(found) {
  if (found.kind === "document") window.open(`/clauses/${encodeURIComponent(found.id)}`, "_blank", "noopener");
  else if (found.kind === "programme") openProgramme(found);
  else if (clause?.clause === found.clause && ways(found).length) openProgramme(ways(found)[0], found);
  else openClause(found);
}

/** The programmes that a clause leads to; what is an authority's duty is asked about that clause. */
function ways(found) {
  if (!titles.size) return []; // the list of programmes has not come
  return found.programmes.map((id) =>
    titles.has(id) ? { id, title: titles.get(id) } : { id, title: WORDS.duty, about: found.clause },
  );
}

function openClause(found) {
  clause = found;
  since.clause = Date.now();
  at("clause").hidden = !found;
  if (!found) return;
  at("nothing-yet").hidden = true;
  showClause(at("clause"), found, ways(found), (one) => openProgramme(one, found));
  at("told").textContent = found.title;
}

/** What is known of the caller stays known; what belongs to one application does not. */
function openProgramme(one, from = null) {
  openClause(from);
  if (programme?.id !== one.id || programme?.about !== one.about) {
    sheet.another();
    at("verdict").hidden = true;
  }
  programme = one;
  since.sheet = Date.now();
  at("sheet-title").textContent = one.title;
  at("sheet").hidden = false;
  search.close();
  well("search");
  sheet.focus();
  refresh();
}

/** Another day or place counts from here on. */
function circumstancesChanged() {
  const typed = at("day").value.trim();
  const now = { as_of: typed ? readDay(typed, today) : null, place: at("place").value.trim() || null };
  if (typed && !now.as_of) {
    failed("day", new Trouble(WORDS.wrong_day, 422));
    return false;
  }
  well("day");
  if (now.as_of !== counted.as_of || now.place !== counted.place) {
    counted = now;
    refresh();
    search.again();
  }
  return true;
}

function toSheet() {
  search.close();
  well("search");
  if (!programme) search.focus();
  else if (at("open").children.length) sheet.focus();
  else {
    at("sheet-title").focus();
    if (at("sheet").getAttribute("aria-busy") === "true") sheet.focus(); // the questions of another day are on their way
  }
}

function newCall() {
  for (const forget of [asking, deciding]) forget();
  programme = clause = listed = null; // the programmes are asked for anew: a day later it is another day
  toRead = false;
  counted = { as_of: null, place: null };
  for (const id of ["day", "place"]) at(id).value = "";
  for (const id of ["sheet", "verdict", "clause"]) at(id).hidden = true;
  at("nothing-yet").hidden = false;
  at("told").textContent = "";
  sheet.clear();
  cases.clear();
  troubles.clear();
  showTrouble();
  search.clear();
  search.focus();
}

// ── the parts ──

const sheet = new Sheet(at("known"), at("open"), {
  answered: refresh,
  typing: tryOut,
  done: readAloud,
  today: () => today,
});

const search = new Search(at("search"), at("found"), at("count"), {
  ask: find,
  programmes,
  open: opened,
  left: () => (programme ? toSheet() : search.clear()),
  found: () => well("search"),
  failed: (error) => failed("search", error),
});

const cases = keeping(at("case"), at("kept"), {
  current: topic,
  read: () => (seen() ? decided : ""),
  today: () => today,
  signIn: (error) => failed("case", error),
  done: () => well("case"),
  changed: refresh,
});

for (const id of ["day", "place"]) {
  at(id).addEventListener("change", circumstancesChanged);
  at(id).addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !composing(event) && circumstancesChanged()) toSheet();
  });
}

const pressed = {
  "new-call": newCall,
  "to-search": () => search.focus(),
  "to-sheet": toSheet,
  "to-script": () => at(programme ? "script-title" : "answering").focus(),
  "to-quotes": () => at(programme ? "quotes-title" : "answering").focus(),
  "to-when": () => {
    at("day").focus();
    at("day").select();
  },
  "to-case": () => at("phone").focus(),
  "to-desk": () => (at("desk").querySelector("button, textarea, input, a[href]") ?? at("desk")).focus(),
  "to-keys": () => at("keys-title").focus(),
  again: () => {
    refresh();
    search.again();
    well("texts"); // they come with the page only
    if (!titles.size) programmes().then(() => well("programmes"), (error) => failed("programmes", error)); // prettier-ignore
  },
};
for (const [id, act] of Object.entries(pressed)) at(id).addEventListener("click", act);
at("asking").addEventListener("submit", (event) => event.preventDefault());

expands(at("note"), texts);
openDesk(at("desk"), { current, texts });
texts.catch((error) => failed("texts", error));
newCall();

// A case of this call, with few keys: the server keeps a pseudonym of the number, the facts, and the decision they give.
import { button, make } from "../widget/replies.js";
import { number } from "../widget/talk.js";
import { call } from "./call.js";
import { readDay } from "./entry.js";
import { WORDS } from "./words.js";

/**
 * form: its fields phone, caller, subject, follow-up, note · kept: where it says so · current(): the matter, as the server
 * takes it · read(): the number of the decision that was read out, or "" · today(): ISO date
 * signIn(error): one has to sign in first · done() · changed(): the server decides otherwise now
 * Returns {suggest(subject), clear()}; whatever is still on its way after clear() belongs to the caller before.
 */
export function keeping(form, kept, { current, read, today, signIn, done, changed }) {
  const field = (id) => form.elements[id];
  let caller = {}; // busy; sent: the request as it went out, number: its own; why: it was not kept
  let suggested = "";

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (caller.busy) return;
    const value = (id) => field(id).value.trim();
    const day = value("follow-up") ? readDay(value("follow-up"), today(), true) : null;
    if (value("follow-up") && !day) {
      kept.replaceChildren(WORDS.wrong_follow_up);
      return;
    }
    const who = { subject: value("subject"), caller: value("caller"), phone: value("phone"), note: value("note") };
    const answered = event.submitter?.value !== "open";
    send(caller, JSON.stringify({ ...current(), ...who, follow_up: day, answered }), read());
  });

  /**
   * The same request keeps its number: however often it is sent, it makes one case. An earlier caller's is kept as the server
   * decides it: nobody is there any more to whom it could be read out.
   */
  async function send(mine, request, decision_id = "") {
    if (mine.sent !== request) Object.assign(mine, { sent: request, number: number() });
    Object.assign(mine, { busy: true, why: null });
    try {
      const { id } = await call("POST", "cases", { ...JSON.parse(request), client_id: mine.number, decision_id });
      said(id);
      if (mine !== caller) return;
      forget();
      kept.focus();
      done();
    } catch (error) {
      mine.why = error.message;
      if (mine === caller) kept.replaceChildren(WORDS.not_kept(mine.why));
      else offer(mine);
      if (error.status === 409 && mine === caller) changed();
      if (error.status === 401) signIn(error);
    } finally {
      mine.busy = false;
    }
  }

  function said(id) {
    const link = make("a", { href: `/staff/cases/${id}`, target: "_blank", rel: "noopener" }, WORDS.see_case);
    kept.replaceChildren(WORDS.kept(id), " ", link);
  }

  /** What an earlier caller's case would have said is not lost, though its fields are another's now. */
  function offer(mine) {
    kept.replaceChildren(WORDS.earlier_not_kept(mine.why), " ", button(WORDS.keep_again, () => send(mine, mine.sent)));
  }

  function forget() {
    caller = {};
    for (const id of ["phone", "caller", "follow-up", "note"]) field(id).value = "";
    field("subject").value = suggested;
  }

  return {
    suggest(subject) {
      if (field("subject").value === suggested) field("subject").value = subject;
      suggested = subject;
    },
    clear() {
      const before = caller;
      suggested = "";
      forget();
      kept.replaceChildren();
      if (before.why) offer(before);
    },
  };
}

// A case of this call, with few keys: the server keeps a pseudonym of the number, the facts, and the decision they give.
import { make } from "../widget/replies.js";
import { Trouble } from "./call.js";
import { readDay } from "./entry.js";
import { WORDS } from "./words.js";

/**
 * form: its fields phone, caller, subject, follow-up, note · kept: where it says so · call: see call.js
 * current(): the matter, as the server takes it · today(): ISO date · failed(error) · done()
 * Returns {suggest(subject), clear()}; whatever is still on its way after clear() belongs to the caller before.
 */
export function keeping(form, kept, { call, current, today, failed, done }) {
  const field = (id) => form.elements[id];
  let caller = { made: null, busy: false }; // made: the case, while something of it is still to be sent
  let suggested = "";

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const mine = caller;
    const followUp = field("follow-up").value.trim();
    const day = followUp ? readDay(followUp, today()) : null;
    if (mine.busy) return;
    if (followUp && !day) {
      failed(new Trouble(WORDS.wrong_follow_up, 422));
      return;
    }
    mine.busy = true;
    try {
      said(await keep(mine, event.submitter?.value ?? "answer", day));
      if (mine !== caller) return;
      forget();
      kept.focus();
      done();
    } catch (error) {
      failed(error);
    } finally {
      mine.busy = false;
    }
  });

  async function keep(mine, how, day) {
    const value = (id) => field(id).value.trim();
    const note = value("note");
    const who = { subject: value("subject"), caller: value("caller"), phone: value("phone"), follow_up: day };
    mine.made = mine.made ?? (await call("POST", "cases", { ...current(), ...who }));
    const { id, version } = mine.made;
    if (how === "answer") await call("POST", `cases/${id}/answer`, { version, text: note });
    else if (note) await call("POST", `cases/${id}/notes`, { text: note });
    return id;
  }

  function said(id) {
    const link = make("a", { href: `/staff/cases/${id}`, target: "_blank", rel: "noopener" }, WORDS.see_case);
    kept.replaceChildren(WORDS.kept(id), " ", link);
  }

  function forget() {
    caller = { made: null, busy: false };
    for (const id of ["phone", "caller", "follow-up", "note"]) field(id).value = "";
    field("subject").value = suggested;
  }

  return {
    suggest(subject) {
      if (field("subject").value === suggested) field("subject").value = subject;
      suggested = subject;
    },
    clear() {
      suggested = "";
      forget();
      kept.replaceChildren();
    },
  };
}

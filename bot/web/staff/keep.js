// A case of this call, with few keys: the server keeps a pseudonym of the number, the facts, and the decision they give.
import { make } from "../widget/replies.js";
import { Trouble } from "./call.js";
import { readDay } from "./entry.js";
import { WORDS } from "./words.js";

/**
 * form: its fields phone, caller, subject, follow-up, note · kept: where it says so · call: see call.js
 * current(): the matter, as the server takes it · today(): ISO date · failed(error)
 * Returns {suggest(subject), clear()}.
 */
export function keeping(form, kept, { call, current, today, failed, done }) {
  const field = (id) => form.elements[id];
  let begun = null; // the case that was made, while something of it is still to be sent
  let suggested = "";
  let busy = false;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const followUp = field("follow-up").value.trim();
    const day = followUp ? readDay(followUp, today()) : null;
    if (busy || (followUp && !day)) {
      if (!busy) failed(new Trouble(WORDS.wrong_follow_up, 422));
      return;
    }
    busy = true;
    try {
      const made = await keep(event.submitter?.value ?? "answer", day);
      forget();
      const link = make("a", { href: `/staff/cases/${made.id}`, target: "_blank", rel: "noopener" }, WORDS.see_case);
      kept.replaceChildren(WORDS.kept(made.id), " ", link);
      kept.focus();
      done();
    } catch (error) {
      failed(error);
    } finally {
      busy = false;
    }
  });

  async function keep(how, day) {
    const value = (id) => field(id).value.trim();
    const who = { subject: value("subject"), caller: value("caller"), phone: value("phone"), follow_up: day };
    begun = begun ?? (await call("POST", "cases", { ...current(), ...who }));
    const note = value("note");
    if (how === "answer") await call("POST", `cases/${begun.id}/answer`, { version: begun.version, text: note });
    else if (note) await call("POST", `cases/${begun.id}/notes`, { text: note });
    return begun;
  }

  function forget() {
    begun = null;
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

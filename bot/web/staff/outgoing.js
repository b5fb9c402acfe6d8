// What an operator writes to one citizen, until the server has it. Each message has a number of its own, so that what is
// sent twice is said once; the draft and what is under way outlast a reload. They stand in sessionStorage and not in
// localStorage: what is written to citizens does not stay on a desk that others use. A browser that was killed has lost
// them, and asks the server, which alone says what was said.
import { keep, number, stored } from "../widget/talk.js";
import { call } from "./call.js";

const KEY = "wengang-desk";
const PAUSES = [1000, 2000, 4000, 8000, 15000]; // between attempts, milliseconds
const PASSING = [0, 408, 429]; // and whatever is wrong with the server

/** The messages of one conversation, one after the other; whether it is looked at or not. */
export class Outgoing {
  /** refused(trouble): something was refused for good; the words are in the draft again */
  constructor(id, refused) {
    const { draft = "", messages = [], seen = null } = stored(KEY)[id] ?? {};
    Object.assign(this, { _id: id, _refused: refused, _draft: draft, _seen: seen, _attempt: 0 });
    this.messages = messages; // {client_id, action: say | insert, body, shown: words}
    this.changed = () => {}; // something was sent, said or refused; of whoever shows it
  }

  get draft() {
    return this._draft;
  }

  set draft(words) {
    this._draft = words;
    this._keep();
  }

  /** How many messages there were when it was last looked at; null: never. */
  get seen() {
    return this._seen;
  }

  set seen(count) {
    this._seen = count;
    this._keep();
  }

  /** Whether something has not arrived yet. */
  get busy() {
    return this.messages.some((one) => !one.arrived);
  }

  /** Whether it takes longer than it should. */
  get late() {
    return this._attempt > 0;
  }

  add(action, body, shown) {
    this.messages.push({ client_id: number(), action, body, shown });
    this._keep();
    this.changed();
    this.send();
  }

  /** The server shows it among what was said. */
  said(clientId) {
    const count = this.messages.length;
    this.messages = this.messages.filter((one) => one.client_id !== clientId);
    if (this.messages.length === count) return;
    this._keep();
    this.changed();
  }

  /** The conversation is over, or somebody else's: nothing goes out by itself any more, what was written is a draft. */
  end() {
    if (this.ended) return;
    clearTimeout(this._timer);
    this._takeBack(this.messages.filter((one) => !one.arrived));
    this._keep([]);
    this.ended = true;
  }

  /** Send what has not arrived. */
  async send() {
    const message = this.messages.find((one) => !one.arrived);
    if (!message || this._sending || this.ended) return;
    clearTimeout(this._timer);
    this._sending = true;
    try {
      const { client_id, action, body } = message;
      await call("POST", `handoffs/${this._id}/${action}`, { client_id, ...body });
      message.arrived = true;
      this._attempt = 0;
    } catch (trouble) {
      if (trouble.status === 401 || this.ended) return; // said elsewhere; sent once somebody has signed in here
      if (PASSING.includes(trouble.status) || trouble.status >= 500) {
        const pause = PAUSES[Math.min(this._attempt, PAUSES.length - 1)];
        this._attempt += 1;
        this._timer = setTimeout(() => this.send(), pause);
        this.changed();
        return;
      }
      if (trouble.status === 409) this.end();
      else {
        this.messages = this.messages.filter((one) => one !== message);
        this._takeBack([message]);
      }
      this._refused(trouble);
    } finally {
      this._sending = false;
    }
    this._keep();
    this.changed();
    this.send();
  }

  /** What was not said goes back to where it can be put right. */
  _takeBack(messages) {
    const words = messages.filter(({ action }) => action === "say").map(({ body }) => body.text);
    this._draft = [...words, this._draft].filter(Boolean).join("\n");
  }

  _keep(messages = this.messages.filter((one) => !one.arrived)) {
    if (this.ended) return; // whoever has it again keeps it
    const { [this._id]: before, ...others } = stored(KEY);
    const kept = { draft: this._draft, messages, seen: this._seen };
    keep(this._draft || messages.length || this._seen !== null ? { ...others, [this._id]: kept } : others, KEY);
  }
}

/** Forget what was written in conversations that are somebody's no longer. */
export function forgetOthers(ids) {
  keep(Object.fromEntries(Object.entries(stored(KEY)).filter(([id]) => ids.includes(Number(id)))), KEY);
}

// What an operator writes to one citizen, until the server has it. Each message has a number of its own, so that what is
// sent twice is said once; the draft and what is under way outlast a reload. They stand in sessionStorage and not in
// localStorage: what is written to citizens does not stay on a desk that others use. A browser that was killed has lost
// them, and asks the server, which alone says what was said.
import { number } from "../widget/talk.js";
import { call } from "./call.js";

const KEY = "wengang-desk";
const PAUSES = [1000, 2000, 4000, 8000, 15000]; // between attempts, milliseconds
const PASSING = [0, 408, 429]; // and whatever is wrong with the server

/** The messages of one conversation; one after the other. */
export class Outgoing {
  /** changed(): something was sent, said or refused · refused(trouble, message): for good */
  constructor(id, { changed, refused }) {
    const { draft = "", messages = [] } = stored()[id] ?? {};
    Object.assign(this, { _id: id, _changed: changed, _refused: refused, _draft: draft, _attempt: 0 });
    this.messages = messages; // {client_id, action: say | insert, body, shown: words}
    this._send();
  }

  get draft() {
    return this._draft;
  }

  set draft(words) {
    this._draft = words;
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
    this._changed();
    this._send();
  }

  /** The server shows it among what was said. */
  said(clientId) {
    const count = this.messages.length;
    this.messages = this.messages.filter((one) => one.client_id !== clientId);
    if (this.messages.length === count) return;
    this._keep();
    this._changed();
  }

  leave() {
    this._left = true;
    clearTimeout(this._timer);
  }

  async _send() {
    const message = this.messages.find((one) => !one.arrived);
    if (!message || this._sending || this._left) return;
    clearTimeout(this._timer);
    this._sending = true;
    try {
      const { client_id, action, body } = message;
      await call("POST", `handoffs/${this._id}/${action}`, { client_id, ...body });
      message.arrived = true;
      this._attempt = 0;
    } catch (trouble) {
      if (trouble.status === 401) return; // said elsewhere; sent once somebody has signed in here
      if (PASSING.includes(trouble.status) || trouble.status >= 500) {
        const pause = PAUSES[Math.min(this._attempt, PAUSES.length - 1)];
        this._attempt += 1;
        this._timer = setTimeout(() => this._send(), pause);
        this._changed();
        return;
      }
      if (trouble.status === 409) this.leave(); // the conversation is somebody else's: sent when one has it again
      else this.messages = this.messages.filter((one) => one !== message);
      this._refused(trouble, message);
    } finally {
      this._sending = false;
    }
    this._keep();
    this._changed();
    this._send();
  }

  _keep() {
    const messages = this.messages.filter((one) => !one.arrived);
    const { [this._id]: before, ...others } = stored();
    keep(this._draft || messages.length ? { ...others, [this._id]: { draft: this._draft, messages } } : others);
  }
}

/** Forget what was written in conversations that are somebody's no longer. */
export function forgetOthers(ids) {
  keep(Object.fromEntries(Object.entries(stored()).filter(([id]) => ids.includes(Number(id)))));
}

function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

function keep(what) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(what));
  } catch {
    // a full or forbidden store only costs what was not sent before a reload
  }
}

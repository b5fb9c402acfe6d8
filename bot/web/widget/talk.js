// The conversation of one tab: what was said, what waits to be sent, and how it reaches the server exactly once.
import { WORDS } from "./words.js";

const KEY = "wengang-chat";
const PATIENCE = 30000; // milliseconds without a sign of life until a request counts as lost
const PAUSES = [1000, 2000, 4000, 8000, 15000, 30000]; // between attempts, milliseconds

// A turn: {message: client message id, begin: number a conversation is begun with if there is none, id: the server's number,
// text, replies: [Reply], trouble: a sentence, state: queued | sending | sent | failed, final: sending again is of no use,
// pushed: nobody asked}; what is not there is null.
export class Talk {
  /**
   * base: URL of the house · embedded: on another site's page, where no cookie reaches us · asOf, place: wished for, or null
   * show: {draw(turn), drawAll(), status(), note(text), refuse(sentence)}: whoever shows it
   */
  constructor(base, { embedded, asOf, place }, show) {
    this._base = base;
    this._embedded = embedded;
    this._show = show;
    const kept = stored();
    this.place = place;
    this.asOf = kept.asOf ?? asOf; // a date chosen here or told by the assistant; null: the server's own
    this.limit = 300; // characters of a message
    this.house = {}; // what GET /api/widget says
    this.offline = !navigator.onLine;
    this.more = false; // whether there is more before the first turn shown
    this.turns = (kept.queue ?? []).map((one) => fresh(one.text, one.message, one.begin));
    this._token = embedded ? (kept.token ?? null) : null;
    this._attempt = 0;
    this._dated = kept.dated ?? 0; // turns up to this number have told their day; what was chosen since holds
    this._known = 0; // nothing is missing up to this number; one's own turn may have overtaken somebody else's
    window.addEventListener("online", () => {
      this._attempt = 0;
      this._reach(true);
      this._look();
    });
    window.addEventListener("offline", () => this._reach(false));
    document.addEventListener("visibilitychange", () => this._look());
  }

  /** Whether a message is under way: one question at a time. */
  get busy() {
    return this.turns.some((turn) => turn.state === "sending");
  }

  get day() {
    return this.asOf ?? this.house.as_of ?? null;
  }

  async start() {
    try {
      this.house = await this._json("api/widget");
      this.limit = this.house.limit ?? this.limit;
      await this.refresh();
      this._reach(true);
    } catch (error) {
      if (error.status === 403) {
        this._show.refuse(error.said);
        return;
      }
      this._reach(false);
      setTimeout(() => this.start(), PAUSES[2]);
    }
    this._show.drawAll();
    this._pump();
    this._listen();
  }

  /** Take over what the server has: turns of another tab, answers that were lost on the way. */
  async refresh() {
    if (this._embedded && !this._token) return;
    try {
      this._adopt(await this._json("api/conversation"));
    } catch (error) {
      if (!isExpired(error)) throw error;
      this._forget();
    }
  }

  /** Returns false when it did not succeed and may be tried again. */
  async earlier() {
    try {
      this._adopt(await this._json(`api/conversation?before=${this.turns[0].id}`));
      this._show.drawAll();
    } catch (error) {
      if (!isExpired(error)) return false;
      this._forget();
    }
    return true;
  }

  /** Say something; it is kept until the server has it. */
  say(text) {
    const said = text.trim();
    if (!said || this.busy || Array.from(said).length > this.limit) return null;
    const turn = fresh(said, number(), number());
    this.turns.push(turn);
    this._keep();
    this._show.draw(turn);
    this._pump();
    return turn;
  }

  retry(turn) {
    Object.assign(turn, { state: "queued", trouble: null, replies: [] });
    this._attempt = 0;
    this._show.draw(turn);
    this._pump();
  }

  choose(day) {
    this.asOf = day === this.house.as_of ? null : day;
    this._keep();
  }

  /** Tell whether an answer was of use; `reason`: one of the server's words. Throws when it is not kept. */
  feedback(turn, useful, reason) {
    return this._json("api/feedback", { turn: turn.id, useful, reason });
  }

  /** Have all of it erased; returns the server's proof, or throws. */
  async erase() {
    const proof = await this._json("api/conversation/erase", {});
    this._begin();
    return proof;
  }

  leave() {
    this._listening?.abort();
    this._listening = null;
  }

  // ── sending ──

  async _pump() {
    clearTimeout(this._waking);
    const turn = this.turns.find((one) => one.state === "queued");
    if (!turn || this.busy || !navigator.onLine) return;
    Object.assign(turn, { state: "sending", trouble: null, replies: [] });
    this._show.draw(turn);
    this._show.status();
    try {
      await this._deliver(turn);
      turn.state = "sent";
      this._attempt = 0;
      this._reach(true);
    } catch (error) {
      if (this.turns.includes(turn)) this._failed(turn, error);
    }
    this._keep();
    if (!this.turns.includes(turn)) return; // erased meanwhile
    this._show.draw(turn);
    this._show.status();
    if (turn.state === "sent") {
      this._listen();
      this._pump();
    }
  }

  /** Tried once with what is known, then in a conversation of its own, which an attempt whose answer was lost may have
   * begun; once more if that one is over, too. */
  async _deliver(turn, attempt = 1) {
    const { place, asOf } = this;
    const body = { text: turn.text, client_message_id: turn.message, begin: turn.begin, as_of: asOf, place };
    try {
      const done = await this._stream("api/messages", body, attempt > 1, (replies) => {
        turn.replies = replies;
        this._show.draw(turn);
      });
      turn.id = done.turn ?? turn.id;
      this._renew(done.sender);
      this._follow([turn], asOf !== this.asOf);
    } catch (error) {
      if (!isExpired(error) || attempt === 3) throw error;
      if (attempt === 2) turn.begin = number();
      this._forget();
      turn.replies = [];
      await this._deliver(turn, attempt + 1);
    }
  }

  /** What did not succeed is tried again by itself when that can help, else shown with the server's sentence. */
  _failed(turn, error) {
    turn.replies = [];
    if (error.passing) {
      const pause = error.pause ?? PAUSES[Math.min(this._attempt, PAUSES.length - 1)];
      this._attempt += 1;
      Object.assign(turn, { state: "queued", trouble: error.said ?? (navigator.onLine ? WORDS.again_soon : WORDS.queued) });
      if (!error.said) this._reach(false);
      this._waking = setTimeout(() => this._pump(), pause);
    } else {
      Object.assign(turn, { state: "failed", trouble: error.said ?? WORDS.failed, final: error.status < 500 });
    }
  }

  /** Take over the bot's day from turns not heard of before, if none was `chosen` meanwhile. A person may tell of another. */
  _follow(turns, chosen = false) {
    const news = turns.filter((turn) => !turn.pushed && (turn.id ?? Infinity) > this._dated);
    const days = news.flatMap((turn) => turn.replies).map((reply) => reply.as_of ?? reply.decision?.as_of);
    this._dated = Math.max(this._dated, ...news.map((turn) => turn.id));
    const day = days.filter(Boolean).at(-1);
    if (day && !chosen) this.choose(day);
  }

  // ── hearing what happens elsewhere ──

  _adopt(answer) {
    this._renew(answer.sender);
    this.more = answer.more;
    const told = [...answer.turns, ...answer.pushed.map((one) => ({ ...one, pushed: true }))];
    this._follow(told.filter((one) => this._merge(one)));
    this._known = Math.max(this._known, answer.last);
    this._keep();
  }

  /** One turn as the server keeps it; returns the turn shown, or null when it was known. */
  _merge(told) {
    const known = this.turns.find(
      (turn) => turn.id === told.id || (told.client_message_id && turn.message === told.client_message_id),
    );
    if (known && (known.state === "sent" || known.state === "sending")) return null;
    const pushed = told.pushed === true; // told from outside: a person at a desk
    const turn = known ?? fresh(pushed ? null : told.text, told.client_message_id);
    Object.assign(turn, { id: told.id, text: pushed ? null : told.text, replies: told.replies, state: "sent", trouble: null, pushed });
    if (!known) {
      const later = this.turns.findIndex((one) => one.state !== "sent" || one.id > told.id);
      this.turns.splice(later < 0 ? this.turns.length : later, 0, turn);
    }
    return turn;
  }

  /** Listen for turns of other tabs and of people, while somebody looks and there is a conversation. */
  async _listen() {
    if (this._listening || document.hidden || !this.turns.some((turn) => turn.id !== null)) return;
    const ended = new AbortController();
    this._listening = ended;
    for (let attempt = 0; !ended.signal.aborted; attempt += 1) {
      let pause;
      try {
        const address = `api/conversation/events?after=${this._known}`;
        const response = await this._fetch(address, null, ended.signal, "text/event-stream");
        if (!response.ok) await answerOf(response);
        attempt = 0;
        await read(response.body, (event, told) => this._heard(event, told));
      } catch (error) {
        if (error.status === 401 || error.status === 404) return; // not offered: the next look at the tab asks again
        pause = error.pause; // the connection ended, or the house is full; another one is made
      }
      await new Promise((wake) => setTimeout(wake, pause ?? PAUSES[Math.min(attempt, PAUSES.length - 1)]));
    }
  }

  _heard(event, told) {
    if (event === "turn") {
      this._known = told.id;
      if (!this._merge(told)) return;
      this._follow([told]);
      this._keep();
      this._show.drawAll();
    }
    if (event === "ended") this._begin(); // erased, in another tab
  }

  /** The tab is looked at again, or not any more. */
  async _look() {
    this.leave();
    if (document.hidden) return;
    try {
      await this.refresh();
      this._show.drawAll();
    } catch {
      // offline: told when it comes to sending
    }
    this._pump();
    this._listen();
  }

  // ── the network ──

  _reach(now) {
    this.offline = !now;
    this._show.status();
  }

  /** `anew`: on our own pages begin another conversation, else go on with that of the cookie. */
  _fetch(path, body, signal, accept = "application/json", anew = false) {
    const headers = { Accept: accept };
    if (body) headers["Content-Type"] = "application/json";
    if (!this._embedded) headers["Wengang-Session"] = anew ? "new" : "cookie";
    else if (this._token) headers.Authorization = `Bearer ${this._token}`;
    return fetch(new URL(path, this._base), {
      method: body ? "POST" : "GET",
      headers,
      body: body ? JSON.stringify(body) : undefined,
      credentials: this._embedded ? "omit" : "same-origin",
      signal,
    });
  }

  async _json(path, body = null) {
    return this._patiently(async (signal) => answerOf(await this._fetch(path, body, signal)));
  }

  /** One message; `hear` gets the replies so far, whenever there is one more. Returns {sender, turn}. */
  async _stream(path, body, anew, hear) {
    return this._patiently(async (signal, alive) => {
      const response = await this._fetch(path, body, signal, "text/event-stream, application/json;q=0.5", anew);
      if (!(response.headers.get("Content-Type") ?? "").startsWith("text/event-stream")) {
        const { sender, replies } = await answerOf(response);
        hear(replies);
        return { sender, turn: Number(response.headers.get("Wengang-Turn")) || null };
      }
      let replies = [];
      let done = null;
      let refused = null;
      const told = {
        accepted: () => (replies = []), // comes again when the turn was begun anew
        reply: (reply) => (replies = [...replies, reply]),
        done: (data) => (done = data),
        error: (data) => (refused = data),
      };
      const tell = (event, data) => {
        told[event]?.(data);
        if (event === "accepted" || event === "reply") hear(replies);
      };
      await read(response.body, tell, alive);
      if (refused) throw refusal(refused.status ?? 500, refused, refused.retry_after);
      if (!done) throw Object.assign(new Error("cut off"), { passing: true });
      return done;
    });
  }

  /** Run a request that is given up when nothing arrives for too long. A failure of the network is `passing`. */
  async _patiently(run) {
    const cut = new AbortController();
    let timer;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => cut.abort(), PATIENCE);
    };
    alive();
    try {
      return await run(cut.signal, alive);
    } catch (error) {
      throw error.status === undefined ? Object.assign(error, { passing: true }) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  // ── what this tab keeps ──

  _renew(token) {
    if (!this._embedded || !token || token === this._token) return;
    this._token = token;
    this._keep();
  }

  /** The server knows the conversation no longer: what is shown stays, what comes belongs to a new one. */
  _forget() {
    this._token = null;
    this._known = 0;
    this.more = false;
    this.leave();
    if (this.turns.some((turn) => turn.id !== null)) this._show.note(WORDS.anew);
    for (const turn of this.turns) turn.id = null;
    this._keep();
    this._show.drawAll();
  }

  _begin() {
    this.turns = [];
    this.asOf = null;
    this._forget();
  }

  _keep() {
    const waiting = this.turns.filter((turn) => turn.state !== "sent" && !turn.final);
    const queue = waiting.map(({ message, begin, text }) => ({ message, begin, text }));
    keep({ ...stored(), token: this._token, asOf: this.asOf, dated: this._dated, queue });
  }
}

export function remember(name, value) {
  keep({ ...stored(), [name]: value });
}

/** What the tab remembers; {} when there is nothing or it cannot be read. */
export function stored(key = KEY) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key));
    return kept && typeof kept === "object" && Array.isArray(kept.queue ?? []) ? kept : {};
  } catch {
    return {};
  }
}

export function keep(what, key = KEY) {
  try {
    sessionStorage.setItem(key, JSON.stringify(what));
  } catch {
    // full or forbidden: costs what was not sent before a reload
  }
}

function fresh(text, message, begin) {
  return { message, begin, id: null, text, replies: [], state: "queued", trouble: null, final: false, pushed: false };
}

/** A number of its own for a message; randomUUID is not there on a page without TLS. */
export function number() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function isExpired(error) {
  return error.status === 401 || error.field === "sender";
}

async function answerOf(response) {
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw refusal(response.status, answer, response.headers.get("Retry-After"));
  return answer;
}

/** The server's refusal as an error: status, field, `said` (its sentence), `passing` and `pause` (ms) when it will pass. */
function refusal(status, answer, seconds) {
  const told = answer.error ?? answer;
  return Object.assign(new Error(told.message ?? String(status)), {
    status,
    field: told.field ?? null,
    said: told.message ?? WORDS.failed,
    passing: [408, 429, 502, 503, 504].includes(status),
    pause: Number(seconds) > 0 ? Math.min(Number(seconds), 60) * 1000 : undefined,
  });
}

// ── text/event-stream, read by fetch: EventSource can neither show a token nor send a message ──

/** Call `told(event, data)` for every event until the stream ends; `alive()` whenever anything comes, a heartbeat too. */
async function read(body, told, alive = () => {}) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    rest += decoder.decode(value, { stream: true });
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const [, event, data] = block.match(/^event: ([^\n]*)\ndata: ([^\n]*)/m) ?? []; // as bot/api/sse.py writes it
      if (event) told(event, JSON.parse(data));
    }
  }
}

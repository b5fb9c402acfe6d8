// Server-sent events that go on coming: a line that broke is made anew; where something on the way holds events back,
// the same address is asked again and again for what there is.
import { call } from "./call.js";

const SILENT = 6000; // milliseconds without the event that every connection begins with
const AGAIN = 3000; // milliseconds until a line that was refused is tried again
const LONGEST = 130000; // milliseconds without an event: the server ends each connection sooner
const HELD_UP = 2; // times in a row that it was silent, until it is only asked
const FINAL = [401, 403, 404]; // it is of no use to come again

/** One line. The server begins each connection with an event. */
export class Line {
  /**
   * address(): path and query below /staff/api/ · heard: {event: (data) => …}
   * over({status, message}): it ended for good · broken(yes): whether nothing is heard for now
   */
  constructor(address, heard, { over, broken }) {
    Object.assign(this, { _address: address, _heard: heard, _over: over, _broken: broken, _held: 0, _asking: false });
    this._open();
  }

  close() {
    this._closed = true;
    this._source.close();
    clearTimeout(this._timer);
  }

  _path(asking) {
    const path = this._address();
    return asking ? `${path}${path.includes("?") ? "&" : "?"}seconds=0` : path;
  }

  _open() {
    const source = new EventSource(`/staff/api/${this._path(this._asking)}`);
    this._source = source;
    this._lived = false;
    for (const [name, hear] of Object.entries(this._heard)) {
      source.addEventListener(name, ({ data }) => {
        this._lives();
        hear(JSON.parse(data));
      });
    }
    source.addEventListener("ended", ({ data }) => this._end(JSON.parse(data)));
    source.addEventListener("error", () => {
      if (this._closed) return;
      if (source.readyState === EventSource.CLOSED) this._refused();
      else if (this._asking && this._lived && this._held < HELD_UP) this._anew(false); // it was the network
      else this._wait(); // it comes back by itself
    });
    this._wait();
  }

  _wait() {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => {
      this._broken(true);
      if (!this._asking) this._held += 1;
      this._anew(true);
    }, SILENT);
  }

  _lives() {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._anew(this._asking), LONGEST); // a line may die without a word
    this._lived = true;
    if (!this._asking) this._held = 0;
    this._broken(false);
  }

  _anew(asking) {
    if (this._closed) return;
    this._source.close();
    this._asking = asking;
    this._open();
  }

  /** An answer that is no stream: for good, or a server that is just being started. */
  async _refused() {
    clearTimeout(this._timer);
    const trouble = await call("GET", this._path(true)).catch((error) => error);
    if (this._closed) return;
    if (FINAL.includes(trouble.status)) return this._end(trouble);
    this._broken(true);
    this._timer = setTimeout(() => this._anew(this._asking), AGAIN);
  }

  _end(trouble) {
    this.close();
    this._over(trouble);
  }
}

// Every request of the operators' screen: JSON, the session's token, and whatever goes wrong as one sentence to be shown.
import { WORDS } from "./words.js";

const PATIENCE = 15000; // milliseconds until a request counts as lost

const member = document.querySelector("meta[name=member]").content;
let token = document.querySelector("meta[name=csrf]").content;

/** Hears "answered" whenever the console answers a request as it should. */
export const answers = new EventTarget();

/** What went wrong, in the server's words; `status`: 0 without an answer, 401 when one has to sign in first. */
export class Trouble extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Ask the console and return its answer. Throws Trouble. `path`: as from /staff/api/ on, e.g. "cases". */
export async function call(method, path, body) {
  const sent = token;
  let response = await asked(method, path, body);
  if (response.status === 403 && method !== "GET" && (await renewed(sent))) response = await asked(method, path, body);
  const answer = await read(response);
  answers.dispatchEvent(new Event("answered"));
  return answer;
}

async function asked(method, path, body) {
  const headers = { Accept: "application/json", "X-CSRF-Token": token };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(`/staff/api/${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch (error) {
    throw new Trouble(WORDS.unreachable, 0);
  }
}

async function read(response) {
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  const status = response.ok ? 0 : response.status; // done, perhaps, and the answer is lost: not refused
  throw new Trouble(answer?.error?.message ?? WORDS.failed, status);
}

/**
 * Whoever signed in again in another tab has another token: take it, and say whether it is another than the one that was
 * sent, for a request beside this one may have taken it already. Throws Trouble; when it is another person, too: what
 * stands on this page is not theirs to send.
 */
export async function renewed(sent) {
  const { name, csrf } = await read(await asked("GET", "session"));
  if (name !== member) throw new Trouble(WORDS.somebody_else, 401);
  token = csrf;
  return token !== sent;
}

/** Returns take(promise, show, failed): of several promises only the last one taken is shown; take() forgets them all. */
export function latest() {
  let count = 0;
  return async (promise, show, failed) => {
    const mine = ++count;
    try {
      const answer = await promise;
      if (mine === count && show) show(answer);
    } catch (error) {
      if (mine === count && failed) failed(error);
    }
  };
}

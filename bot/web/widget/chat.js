// What one sees: header, conversation, box to write in. The conversation itself is talk.js.
import { answers, bubble, button, composing, forEars, form, make, ours, spoken, today, Tools } from "./replies.js";
import { remember, stored, Talk } from "./talk.js";
import { WORDS } from "./words.js";

/** The chat inside a <wengang-chat>. `base`: URL of the house · `close`: called when a floating one is to close. */
export class Chat {
  constructor(host, base, close) {
    this._base = base;
    this._close = close;
    this._rows = new Map(); // turn → {element, shown: number of replies drawn}
    this._floating = host.floating;
    this._root = host.shadowRoot;
    const wished = attributes(host);
    const embedded = base.origin !== location.origin || window.top !== window;
    this._talk = new Talk(base, { embedded, ...wished }, this);
    this._tools = new Tools(this._talk, wished.lang);
    this._build(wished.lang);
    this._root.append(this._chat);
    this.elder(stored().elder ?? host.hasAttribute("elder"));
    this._showDate();
    this.status();
    this._talk.start();
  }

  /** Open, and put the keyboard where one writes if somebody asked for it. */
  show(pressed) {
    this._chat.hidden = false;
    if (pressed) this._text.focus();
    this._follow();
  }

  hide() {
    this._tools.silence();
    this._chat.hidden = true;
  }

  leave() {
    this._tools.silence();
    this._talk.leave();
  }

  elder(on) {
    this._chat.classList.toggle("elder", on);
    this._elder.setAttribute("aria-pressed", String(on));
    this._follow();
  }

  // ── building ──

  _build(lang) {
    this._date = button("", () => this._askDate(), { class: "quiet date" });
    this._elder = button(WORDS.elder, () => {
      const on = !this._chat.classList.contains("elder");
      remember("elder", on);
      this.elder(on);
    }, { class: "quiet", "aria-pressed": "false" }); // prettier-ignore
    this._menuButton = button(WORDS.menu, () => this._menu(this._menuPanel.hidden), {
      class: "quiet",
      "aria-expanded": "false",
      "aria-controls": "menu",
    });
    this._menuPanel = make("div", { class: "menu", id: "menu", hidden: true }, ...this._menuItems());
    const shut = this._floating ? button(WORDS.close, () => this._close(), { class: "quiet" }) : null;
    const brand = make("h2", { class: "brand" }, WORDS.name, make("span", {}, WORDS.about));
    const top = make("header", { class: "bar" }, brand, this._date, this._elder, this._menuButton, shut, this._menuPanel);

    this._intro = this._welcome();
    this._log = make("div", { class: "log", role: "log", "aria-live": "off", "aria-label": WORDS.log });
    const dots = [1, 2, 3].map(() => make("i", {}));
    this._typing = make("p", { class: "typing", role: "status", hidden: true }, forEars(WORDS.typing), ...dots);
    const labels = { role: "region", "aria-label": WORDS.scroll, tabindex: "0" };
    const earlier = async () => {
      this._earlier.textContent = (await this._talk.earlier()) ? WORDS.earlier : WORDS.earlier_failed;
    };
    this._earlier = button(WORDS.earlier, earlier, { class: "quiet", hidden: true });
    this._scroll = make("div", { class: "scroll", ...labels }, this._intro, this._earlier, this._log, this._typing);

    this._state = make("p", { class: "state", role: "status" });
    this._text = make("textarea", {
      id: "text",
      rows: 1,
      placeholder: WORDS.ready,
      enterkeyhint: "send",
      "aria-describedby": "hint count",
    });
    this._send = make("button", { type: "submit", class: "main" }, WORDS.send);
    this._count = make("span", { id: "count", class: "count" });
    const below = make("p", { class: "below" }, make("span", { id: "hint" }, WORDS.no_numbers), this._count);
    const label = make("label", { class: "for-ears", for: "text" }, WORDS.text);
    const parts = [label, this._text, this._send, below];
    this._composer = form(() => this._submit(), "composer", { autocomplete: "off" }, ...parts);
    this._sheets = new Sheets((hidden) => {
      for (const part of [this._scroll, this._state, this._composer]) part.hidden = hidden;
      if (!hidden) this.status();
    });
    const role = this._floating ? "dialog" : null;
    this._chat = make("section", { class: "chat", lang, role, "aria-label": `${WORDS.name} ${WORDS.about}`, hidden: true });
    this._chat.append(top, this._sheets.element, this._scroll, this._state, this._composer);

    this._text.addEventListener("input", () => this._measure());
    this._text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || composing(event)) return;
      event.preventDefault();
      this._submit();
    });
    this._chat.addEventListener("keydown", (event) => event.key === "Escape" && !composing(event) && this._escape());
    this._chat.addEventListener("click", (event) => {
      if (!top.contains(event.target)) this._menu(false);
    });
  }

  _menuItems() {
    const item = (word, act = () => this._say(word)) =>
      button(word, () => {
        this._menu(false);
        act();
      });
    const items = [
      item(WORDS.profile),
      item(WORDS.human),
      item(WORDS.restart, () => restartSheet(this._sheets, this._menuButton, () => this._say(WORDS.restart))),
      item(WORDS.privacy, () => this._openPrivacy(this._menuButton)),
      ours(this._base, "rules", WORDS.rules),
    ];
    if (this._tools.canSpeak) {
      const toggle = button(WORDS.read_all, () => toggle.setAttribute("aria-pressed", String(this._tools.toggle())), {
        "aria-pressed": String(this._tools.reading),
      });
      items.push(toggle);
    }
    return items;
  }

  _welcome() {
    const about = make("p", {}, WORDS.how, " ", ours(this._base, "rules", WORDS.rules));
    this._examples = make("div", { class: "examples", role: "group", "aria-label": WORDS.ask_like_this });
    this._notice = make("p", { class: "notice" });
    return make("div", { class: "intro" }, make("h3", {}, WORDS.intro), about, this._notice, this._examples);
  }

  _introduce() {
    const { notice, examples } = this._talk.house;
    if (!notice || this._notice.firstChild) return;
    this._examples.append(...examples.map((words) => button(words, () => this._answer(words))));
    const more = button(WORDS.privacy_more, () => this._openPrivacy(more), { class: "quiet" });
    this._notice.replaceChildren(...notice.lines.slice(0, 2), more);
  }

  _openPrivacy(opener) {
    privacySheet(this._sheets, opener, this._talk);
  }

  // ── what talk.js has shown ──

  drawAll() {
    this._introduce();
    this._showDate();
    const { turns, more } = this._talk;
    const known = this._rows.has(turns.at(-1));
    if (this._rows.size && !turns.length) this._clear(); // erased
    for (const turn of turns) this.draw(turn);
    this._earlier.hidden = !more;
    if (!known) this._follow();
    // what was said before the reload is not read out again
    requestAnimationFrame(() => this._log.setAttribute("aria-live", "polite"));
  }

  draw(turn) {
    const row = this._rows.get(turn) ?? this._begin(turn);
    row.element.dataset.state = turn.state;
    if (turn.replies.length < row.shown) {
      for (const old of row.element.querySelectorAll(":scope > .bubble:not(.said)")) old.remove();
      row.shown = 0;
    }
    for (const reply of turn.replies.slice(row.shown)) {
      const shown = bubble(reply, this._base, (words) => this._answer(words));
      shown.prepend(forEars(turn.pushed ? WORDS.operator : WORDS.assistant));
      row.element.insertBefore(shown, row.below);
      row.shown += 1;
    }
    const failed = turn.state !== "sent" || turn.replies.some((reply) => reply.failed);
    const trouble = failed && (turn.trouble || turn.state !== "sending") ? this._trouble(turn) : null;
    const tools = turn.state === "sent" ? this._tools.of(turn) : null;
    row.below.replaceChildren(...[trouble, tools].filter(Boolean));
    this._offer();
    this._showDate();
    if (turn.state === "sent" && !row.told) {
      row.told = true;
      this._tools.announce(turn);
      this._follow();
    }
  }

  _begin(turn) {
    const element = make("div", { class: "turn" });
    if (turn.text !== null) element.append(make("div", { class: "bubble said" }, forEars(WORDS.you), turn.text));
    const row = { element, shown: 0, below: make("div", { class: "under" }), told: turn.state === "sent" };
    element.append(row.below);
    this._rows.set(turn, row);
    const all = this._talk.turns;
    const next = all.slice(all.indexOf(turn) + 1).map((one) => this._rows.get(one)?.element).find(Boolean);
    this._log.insertBefore(element, next ?? null);
    this._intro.hidden = true;
    return row;
  }

  _trouble(turn) {
    const waiting = turn.state === "queued";
    const words = turn.trouble ?? (waiting ? (this._talk.offline ? WORDS.queued : "") : WORDS.failed);
    if (!words) return null;
    const again = button(waiting ? WORDS.retry_now : WORDS.retry, () => this._talk.retry(turn));
    return make("div", { class: "trouble" }, make("span", {}, words), turn.final ? null : again);
  }

  /** The last turn can be answered by a tap, the others not any more. */
  _offer() {
    const turns = this._talk.turns;
    const last = turns.at(-1);
    const wanted = last?.state === "sent" && this._rows.has(last) ? last : null;
    if (wanted === this._offered && wanted) return;
    this._ways?.remove();
    this._offered = wanted;
    this._ways = wanted ? answers(wanted.replies, (words) => this._answer(words)) : null;
    if (this._ways) this._rows.get(wanted).below.before(this._ways);
    this._text.placeholder = this._ways ? WORDS.answer : WORDS.ready;
  }

  note(text) {
    this._log.append(make("p", { class: "note" }, text));
  }

  _clear() {
    this._rows.clear();
    this._log.replaceChildren();
    this._offered = null;
    this._ways = null;
    this._intro.hidden = false;
    this._text.placeholder = WORDS.ready;
    this._showDate();
    this.status();
  }

  refuse(sentence) {
    const page = ours(this._base, "", WORDS.page);
    this._intro.replaceChildren(make("div", { class: "bubble refused", role: "alert" }, make("p", {}, sentence), make("p", {}, page)));
    this._composer.hidden = true;
    for (const one of [this._date, this._menuButton]) one.hidden = true;
  }

  status() {
    const { busy, offline } = this._talk;
    this._state.textContent = offline ? (navigator.onLine ? WORDS.unreachable : WORDS.offline) : "";
    this._state.hidden = !offline || this._sheets.open;
    clearTimeout(this._typingSoon);
    this._typing.hidden = true;
    if (busy) {
      this._typingSoon = setTimeout(() => {
        this._typing.hidden = false;
        this._follow();
      }, 250);
    }
    this._measure();
  }

  // ── saying ──

  /** What was pressed goes away: a keyboard goes on where one writes; a finger does not call up the keys of a telephone. */
  _answer(words) {
    const keyboard = this._root.activeElement?.matches(":focus-visible");
    this._say(words);
    (keyboard ? this._text : this._scroll).focus({ preventScroll: true });
  }

  _say(words) {
    if (!this._talk.say(words)) return false;
    this._follow();
    return true;
  }

  _submit() {
    if (this._send.disabled || !this._say(this._text.value)) return;
    this._text.value = "";
    this._measure();
  }

  _measure() {
    const { busy, limit } = this._talk;
    const length = Array.from(this._text.value.trim()).length;
    const over = length > limit;
    this._count.textContent = over ? WORDS.too_long(length, limit) : WORDS.count(length, limit);
    this._count.classList.toggle("over", over);
    this._count.setAttribute("role", over ? "status" : "none");
    this._send.disabled = busy || over || !length;
    const lines = Math.min(6, Math.max(1, this._text.value.split("\n").length));
    this._text.rows = lines;
    while (this._text.rows < 6 && this._text.scrollHeight > this._text.clientHeight) this._text.rows += 1;
  }

  /** Show the end of the conversation; of a long answer its beginning. */
  _follow() {
    const asked = [...this._log.querySelectorAll(".said")].at(-1);
    const scroll = this._scroll.scrollHeight > this._scroll.clientHeight ? this._scroll : this._chat;
    if (asked) scroll.scrollTop += asked.getBoundingClientRect().top - scroll.getBoundingClientRect().top - 12;
  }

  // ── the date, the menu ──

  _showDate() {
    const day = this._talk.day;
    const shown = !day || day === today() ? WORDS.today : spoken(day);
    const time = make("time", { datetime: day }, shown.slice(0, 5), make("wbr"), shown.slice(5)); // may break behind the year
    this._date.replaceChildren(make("span", { class: "soft" }, WORDS.by), "\u00a0", time);
    this._date.setAttribute("aria-label", `${WORDS.as_of}：${WORDS.by} ${shown}`);
  }

  _askDate() {
    this._menu(false);
    dateSheet(this._sheets, this._date, this._talk.day ?? today(), this._talk.house.as_of, (day) => {
      if (day === this._talk.day) return;
      this._talk.choose(day);
      this.note(WORDS.date_note(spoken(day)));
      this._showDate();
    });
  }

  _menu(open) {
    if (open && this._sheets.open) this._sheets.close();
    this._menuPanel.hidden = !open;
    this._menuButton.setAttribute("aria-expanded", String(open));
  }

  _escape() {
    if (!this._menuPanel.hidden) {
      this._menu(false);
      this._menuButton.focus();
    } else if (this._tools.silence()) {
      // it only stops reading
    } else if (this._floating) {
      this._close();
    }
  }
}

/** What the page wishes; nothing of it is trusted, and what has not the form it should have is left out. */
function attributes(host) {
  const place = (host.getAttribute("place") ?? "").trim();
  const day = host.getAttribute("as-of") ?? "";
  const lang = host.getAttribute("lang") ?? "";
  return {
    place: place && Array.from(place).length <= 20 ? place : null,
    asOf: /^\d{4}-\d\d-\d\d$/.test(day) && !Number.isNaN(Date.parse(day)) ? day : null,
    lang: /^zh(-[A-Za-z]{2,8})*$/.test(lang) ? lang : "zh-CN",
  };
}

// ── what opens in place of the conversation: the date, beginning anew, privacy and erasing ──

/** A place for sheets. `hide(true)` hides the conversation meanwhile, `hide(false)` shows it again. */
class Sheets {
  constructor(hide) {
    this._hide = hide;
    this._opener = null;
    this.element = make("section", { class: "sheet", hidden: true, "aria-labelledby": "sheet-title" });
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !composing(event)) {
        event.stopPropagation();
        this.close();
      }
    });
  }

  get open() {
    return !this.element.hidden;
  }

  /** Open a sheet; `opener` gets the keyboard back. */
  show(title, opener, ...content) {
    const heading = make("h3", { id: "sheet-title", tabindex: -1 }, title);
    const top = make("div", { class: "sheet-top" }, heading, button(WORDS.back, () => this.close()));
    this.element.replaceChildren(top, ...content);
    this._opener = opener;
    this._hide(true);
    this.element.hidden = false;
    heading.focus();
  }

  close() {
    if (!this.open) return;
    this.element.hidden = true;
    this._hide(false);
    this._opener?.focus();
  }
}

/** The day answers are for. `choose(day)`: the day picked; `usual`: the server's own, or null. */
function dateSheet(sheets, opener, shown, usual, choose) {
  const input = make("input", { id: "as-of", type: "date", min: "1990-01-01", max: "2099-12-31", required: true, value: shown });
  const take = (day) => {
    sheets.close();
    choose(day);
  };
  const reset = usual && usual !== shown ? button(WORDS.as_of_reset, () => take(usual)) : null;
  const row = make("div", { class: "row" }, make("button", { type: "submit", class: "main" }, WORDS.as_of_set), reset);
  const label = make("label", { for: "as-of" }, WORDS.as_of_ask);
  const asked = form(() => take(input.value), "stack", {}, label, input, row);
  sheets.show(WORDS.as_of, opener, make("p", {}, WORDS.as_of_why), asked);
}

function restartSheet(sheets, opener, restart) {
  const go = button(WORDS.restart, () => (sheets.close(), restart()), { class: "main" });
  sheets.show(WORDS.restart_ask, opener, make("p", {}, WORDS.restart_why), make("div", { class: "row" }, go));
}

/** What is stored, and having it erased. */
function privacySheet(sheets, opener, talk) {
  const { house } = talk;
  const list = make("ul", { class: "lines" }, ...(house.notice?.lines ?? []).map((line) => make("li", {}, line)));
  const place = make("div", { class: "stack", role: "status" });
  const offer = () =>
    place.replaceChildren(talk.turns.length ? button(WORDS.erase, ask, { class: "danger" }) : make("p", {}, WORDS.nothing));
  const ask = () => {
    const no = button(WORDS.erase_no, offer);
    const yes = button(WORDS.erase_yes, go, { class: "danger" });
    place.replaceChildren(make("p", {}, house.erase.ask), make("div", { class: "row" }, no, yes));
    no.focus();
  };
  const go = async () => {
    try {
      const proof = await talk.erase();
      const told = house.erase.done.replace("{erased}", proof.erased).replace("{left}", proof.left);
      const when = new Date().toLocaleString("zh-CN", { hour12: false });
      place.replaceChildren(make("p", { tabindex: -1 }, told), make("p", {}, WORDS.erased_at(when)));
      place.firstChild.focus();
    } catch (error) {
      const again = button(WORDS.erase, ask, { class: "danger" });
      place.replaceChildren(make("p", { class: "over" }, error.said ?? WORDS.erase_failed), again);
      again.focus();
    }
  };
  offer();
  sheets.show(WORDS.privacy, opener, list, place);
}

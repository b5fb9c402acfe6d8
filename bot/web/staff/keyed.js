// A button of the screen that has a key, Alt and a letter; the screen presses it wherever the keyboard is.
import { button, make } from "../widget/replies.js";

/** Make one, as screen.html writes its own. */
export function keyed(letter, words, onclick, more = {}) {
  const made = button("", onclick, { "data-key": letter, "aria-keyshortcuts": `Alt+${letter}`, ...more });
  made.append(make("kbd", {}, `Alt ${letter}`), " ", words);
  return made;
}

// What an operator types into a field, made into the value the server takes; null: it is none.

const LARGEST = 1e12; // as eligibility/facts.py has it
const TIMES = { 万: 10000, w: 10000, 千: 1000 };

/** Full-width as half-width, without white space at the ends: an input method may be on. */
export function plain(text) {
  return text.normalize("NFKC").replace(/[—–]/g, "-").trim();
}

/** 12 → 12, 1,200 → 1200, 12万 → 120000, 17.9% → 17.9; of months also 1.5年 → 18. `type`: of the fact. */
export function readNumber(text, type) {
  const found = /^(\d[\d,]*(?:\.\d+)?)(万|w|千|年|%)?$/i.exec(plain(text));
  if (!found) return null;
  const [, digits, unit] = found;
  if ((unit === "年" && type !== "months" && type !== "year") || (unit === "%" && type !== "percent")) return null;
  const times = unit === "年" && type === "months" ? 12 : (TIMES[unit?.toLowerCase()] ?? 1);
  const value = Math.round(Number(digits.replaceAll(",", "")) * times * 1e6) / 1e6;
  const fits = type === "percent" || type === "yuan" || Number.isInteger(value);
  return fits && value <= LARGEST ? value : null;
}

/**
 * 20210901, 2021-9-1, 2021年9月1日, 9-1 (of this year), +3 (in three days) → 2021-09-01. `today`: an ISO date; "": not known.
 * ahead: a day without a year is the next of that name.
 */
export function readDay(text, today, ahead = false) {
  const typed = plain(text);
  const later = /^\+(\d{1,3})$/.exec(typed);
  if (later && today) {
    const day = new Date(`${today}T00:00:00Z`);
    day.setUTCDate(day.getUTCDate() + Number(later[1]));
    return day.toISOString().slice(0, 10);
  }
  const [, year, month, day] =
    /^(\d{4})(\d{2})(\d{2})$/.exec(typed) ??
    /^(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?$/.exec(typed) ??
    /^()(\d{1,2})[-./月](\d{1,2})[日号]?$/.exec(typed) ??
    [];
  if (!day) return null;
  const of = (year) => [year, month.padStart(2, "0"), day.padStart(2, "0")].join("-");
  const soon = of(year || today.slice(0, 4));
  const iso = ahead && !year && soon < today ? of(Number(today.slice(0, 4)) + 1) : soon;
  const meant = new Date(`${iso}T00:00:00Z`);
  const exists = !Number.isNaN(meant.getTime()) && meant.toISOString().startsWith(iso);
  return exists && iso >= "1990" && iso < "2100" ? iso : null;
}

// Days and times as people read them.
const DAY = new Intl.DateTimeFormat('fr-FR', { day: 'numeric', month: 'short', year: 'numeric' });
const LONG = new Intl.DateTimeFormat('fr-FR', { dateStyle: 'long', timeZone: 'UTC' });
const SHORT = new Intl.DateTimeFormat('fr-FR', { timeZone: 'UTC' });
const TIME = new Intl.DateTimeFormat('fr-FR', { day: '2-digit', month: '2-digit', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** The first of a month is written « 1er », which the browser's own dates are not. */
const first = (text: string): string => text.replace(/^1(?=[\s\u00a0\u202f])/u, '1er');

/** `2026-11-24` → « 24 nov. 2026 », `2025-10-01` → « 1er oct. 2025 ». */
export const day = (text: string): string => first(DAY.format(new Date(`${text}T12:00:00`)));
/** `2024-04-14` → « 14 avril 2024 », whatever the clock of the computer. */
export const longDate = (text: string): string => first(LONG.format(new Date(text)));
/** `2024-04-14` → « 14/04/2024 », nothing for nothing. */
export const shortDate = (text: string): string => (text ? SHORT.format(new Date(text)) : '');
/** Seconds since 1970 → « 24 nov. 2026 ». */
export const dayOf = (seconds: number): string => first(DAY.format(new Date(seconds * 1000)));
/** Milliseconds since 1970 → « 24/11/2026 16:54:02 ». */
export const timeOf = (milliseconds: number): string => TIME.format(new Date(milliseconds));
/** Today in France, where the server counts its days, `2026-11-24`; some days from now. */
export const today = (later = 0): string => {
  // Days of the calendar: one in March has 23 hours, one in October 25.
  const day = new Date(new Date().toLocaleDateString('sv-SE', { timeZone: 'Europe/Paris' }));
  day.setUTCDate(day.getUTCDate() + later);
  return day.toISOString().slice(0, 10);
};
/** A day so many years and days from another, `2026-11-30` → `2029-11-29`; the years first. */
export function later(from: string, years: number, days = 0): string {
  const at = new Date(`${from}T12:00:00Z`);
  at.setUTCFullYear(at.getUTCFullYear() + years);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

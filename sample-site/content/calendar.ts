/**
 * Days of the site, as `YYYY-MM-DD` strings in UTC (Exampleland keeps UTC all year). Strings sort as dates,
 * go into SQLite and URLs unchanged, and cannot be shifted by a machine's time zone.
 */
export type Day = string;

const MS_PER_DAY = 86_400_000;
const MONTHS = [
  'January', 'February', 'March', 'April', 'May', 'June',
  'July', 'August', 'September', 'October', 'November', 'December',
] as const;
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

/** True for a real calendar day written `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === text;
}

export function addDays(day: Day, days: number): Day {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * MS_PER_DAY).toISOString().slice(0, 10);
}

/** 0 is Sunday, 6 is Saturday. */
export function weekdayOf(day: Day): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay();
}

export function yearOf(day: Day): number {
  return Number(day.slice(0, 4));
}

/** "14 March 2026" */
export function longDay(day: Day): string {
  return `${Number(day.slice(8))} ${MONTHS[Number(day.slice(5, 7)) - 1]} ${day.slice(0, 4)}`;
}

/** "Saturday 14 March 2026" */
export function fullDay(day: Day): string {
  return `${WEEKDAYS[weekdayOf(day)]} ${longDay(day)}`;
}

export function monthYear(day: Day): string {
  return `${MONTHS[Number(day.slice(5, 7)) - 1]} ${day.slice(0, 4)}`;
}

/** The moment a thing dated `day` was published, for Last-Modified and feeds. */
export function publishedAt(day: Day, clock = '09:00'): Date {
  return new Date(`${day}T${clock}:00Z`);
}

import { Refusal } from './answer.ts';

/** A positive whole number from the path or query; 400 when it is something else. */
export function positiveInteger(text: string, what: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Refusal(400, `“${text.slice(0, 40)}” is not a valid ${what}.`);
  return Number(text);
}

/** The `page` of a list, from 1. */
export function pageNumber(url: URL): number {
  const text = url.searchParams.get('page');
  return text === null ? 1 : positiveInteger(text, 'page number');
}

/** A query value that must be one of `allowed`; absent or empty means no filter; anything else is a 400. */
export function oneOf<T extends string>(url: URL, name: string, allowed: readonly T[]): T | undefined {
  const text = url.searchParams.get(name);
  if (text === null || text === '') return undefined;
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw new Refusal(400, `“${text.slice(0, 40)}” is not a valid ${name}.`);
  return found;
}

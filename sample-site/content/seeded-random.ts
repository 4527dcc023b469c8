/**
 * The one source of chance for the site's content: the same seed gives the same parliament, on every
 * machine and in every run. sfc32 (Chris Doty-Humphrey, PractRand), seeded through an FNV-1a hash of a label.
 * Never used for session identifiers or form tokens: those come from node:crypto.
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, label: string) {
    this.#a = hashLabel(label, 2166136261);
    this.#b = hashLabel(label, seed | 0);
    this.#c = seed | 0;
    for (let warmUp = 0; warmUp < 12; warmUp += 1) this.next();
  }

  /** A number in [0, 1). */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return (sum >>> 0) / 4294967296;
  }

  /** A whole number from low to high, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)];
  }

  /** `count` different items, in random order; all of them when there are fewer. */
  sample<T>(items: readonly T[], count: number): T[] {
    const rest = [...items];
    const taken: T[] = [];
    while (taken.length < count && rest.length > 0) {
      const index = Math.floor(this.next() * rest.length);
      taken.push(rest[index]);
      rest[index] = rest[rest.length - 1];
      rest.pop();
    }
    return taken;
  }
}

function hashLabel(label: string, start: number): number {
  let hash = start;
  for (let index = 0; index < label.length; index += 1) {
    hash = Math.imul(hash ^ label.charCodeAt(index), 16777619);
  }
  return hash | 0;
}

/** What one file says: ranges of addresses, each with a record of country and network operator. Plain typed arrays, so that a thread can hand it over without copying. */
import { type FlatRanges, findValue, NOTHING, RangeBuilder } from './range-table.ts'

export interface NetworkTable {
  readonly v4: FlatRanges
  readonly v6: FlatRanges
  /** Per record (from 1): two ASCII letters, 0 when not said. */
  readonly countries: Uint16Array
  /** Per record: AS number, 0 when not said. */
  readonly asns: Uint32Array
  /** Per record: where its name ends in `names`; it begins where the one before ended. */
  readonly nameEnds: Uint32Array
  /** All names in one text: a hundred thousand small texts would take the receiving thread its whole tick. */
  readonly names: string
}

export interface NetworkFacts {
  /** Two capital letters (ISO 3166), '' when not known. */
  readonly country: string
  /** 0 when not known. */
  readonly asn: number
  readonly name: string
}

export const NO_FACTS: NetworkFacts = Object.freeze({ country: '', asn: 0, name: '' })

/** `high`, `low`: as in contract/sample.ts (addressHigh, addressLow). */
export function lookUp(table: NetworkTable, high: number, low: number, family: number): NetworkFacts {
  const record = findRecord(table, high, low, family)
  return record === NOTHING ? NO_FACTS : factsOf(table, record)
}

/** The record's number, NOTHING when the address lies in no range: equal numbers mean equal facts. */
export function findRecord(table: NetworkTable, high: number, low: number, family: number): number {
  return family === 4 ? findValue(table.v4, high, 0) : findValue(table.v6, high, low)
}

export function factsOf(table: NetworkTable, record: number): NetworkFacts {
  const letters = table.countries[record]
  return {
    country: letters === 0 ? '' : String.fromCharCode(letters >>> 8, letters & 255),
    asn: table.asns[record],
    name: table.names.slice(table.nameEnds[record - 1], table.nameEnds[record]),
  }
}

export function bytesOf(table: NetworkTable): number {
  const arrays = [table.countries, table.asns, table.nameEnds, ...[table.v4, table.v6].flatMap((ranges) => [ranges.startHigh, ranges.startLow, ranges.endHigh, ranges.endLow, ranges.values])]
  return arrays.reduce((sum, array) => sum + (array?.byteLength ?? 0), table.names.length)
}

/** More ranges than any real table (all routed prefixes of both families are about 1.3 million): the file is not what it seems. */
const MOST_RANGES = 8_000_000
const MOST_RECORDS = 1_000_000
const LONGEST_NAME = 80

export class NetworkTableBuilder {
  readonly v4 = new RangeBuilder(4)
  readonly v6 = new RangeBuilder(6)
  readonly #records = new Map<string, number>()
  readonly #countries: number[] = [0]
  readonly #asns: number[] = [0]
  readonly #names: string[] = ['']

  get ranges(): number {
    return this.v4.size + this.v6.size
  }

  /** `country`: two letters or ''. @throws RangeError when there are too many. */
  recordOf(country: string, asn: number, name: string): number {
    const key = `${country} ${asn}`
    const known = this.#records.get(key)
    if (known !== undefined) return known
    if (this.#records.size >= MOST_RECORDS) throw new RangeError(`more than ${MOST_RECORDS} different networks`)
    const letters = country === '' ? 0 : (country.toUpperCase().charCodeAt(0) << 8) | country.toUpperCase().charCodeAt(1)
    this.#countries.push(letters)
    this.#asns.push(asn)
    this.#names.push(name.length > LONGEST_NAME ? name.slice(0, LONGEST_NAME) : name)
    this.#records.set(key, this.#countries.length - 1)
    return this.#countries.length - 1
  }

  /** False when the end lies before the start. @throws RangeError when there are too many. */
  add(family: 4 | 6, startHigh: number, startLow: number, endHigh: number, endLow: number, record: number): boolean {
    if (this.ranges >= MOST_RANGES) throw new RangeError(`more than ${MOST_RANGES} ranges`)
    return (family === 4 ? this.v4 : this.v6).add(startHigh, startLow, endHigh, endLow, record)
  }

  finish(): NetworkTable {
    const nameEnds = new Uint32Array(this.#names.length)
    let end = 0
    for (let i = 0; i < nameEnds.length; i++) nameEnds[i] = end += this.#names[i].length
    return {
      v4: this.v4.finish(), v6: this.v6.finish(), countries: Uint16Array.from(this.#countries), asns: Uint32Array.from(this.#asns), nameEnds, names: this.#names.join(''),
    }
  }
}

/** The perfect mimic: machines that replay whole visits, with parts and cookies. Nothing can tell them from a crowd, and nothing should pretend to. */
import { pickLanguage, pickProgram } from '../crowds/programs.ts'
import { Visitor } from '../crowds/visit.ts'
import { type Seat, type World, attackerAddress, stream } from '../world.ts'

const PAGES = 4

/** Four pages with their think times last about half a minute: whoever began then is in the middle at `fromMs`. */
const LEAD_MS = 45_000

/** `pagesPerSecond` page views from so many addresses, at once in full swing. */
export function mimic(world: World, fromMs: number, untilMs: number, addresses: number, pagesPerSecond: number): void {
  const { random } = world
  const seats: Seat[] = Array.from({ length: addresses }, () => world.seat(attackerAddress(random), 'attack', 2))
  const begin = (atMs: number): void => {
    const plan = { program: pickProgram(random), language: pickLanguage(random), scripts: true, cookies: true, pages: PAGES, firstPath: null, firstReferer: '', reloads: false }
    new Visitor(world, seats[random.below(seats.length)], plan).begin(atMs, fromMs)
  }
  for (let at = fromMs - LEAD_MS; at < fromMs; at += (1_000 * PAGES) / pagesPerSecond) begin(at)
  stream(world, fromMs, untilMs, pagesPerSecond / PAGES, begin)
}

import { GROUPS } from './groups.ts';
import type { Group } from './groups.ts';
import { FIRST_NAMES, LAST_NAMES, NAMED_MEMBERS, PROFESSIONS } from './member-names.ts';
import { DISTRICTS } from './places.ts';
import type { District } from './places.ts';
import { SeededRandom } from './seeded-random.ts';
import { COMMITTEES } from './topics.ts';

export interface Member {
  readonly slug: string;
  readonly name: string;
  readonly group: Group;
  readonly district: District;
  /** Empty for members without a special office. */
  readonly office: string;
  readonly committees: readonly string[];
  readonly profession: string;
  readonly bornYear: number;
  readonly electedYear: number;
  readonly biography: readonly string[];
  readonly email: string;
  readonly telephone: string;
  /** 0 to 150, left to right in the chamber. */
  readonly seat: number;
}

/** All 151 members in seat order. `year` is the current one: birth and election years hang on it. */
export function generateMembers(seed: number, year: number): readonly Member[] {
  const random = new SeededRandom(seed, 'members');
  const taken = new Set(NAMED_MEMBERS.map((named) => named.name));
  const lastElection = year - 2;
  const members: Member[] = [];
  for (const group of GROUPS) {
    const named = NAMED_MEMBERS.filter((candidate) => candidate.groupId === group.id);
    for (let place = 0; place < group.seats; place += 1) {
      const fixed = named[place];
      const name = fixed?.name ?? newName(random, taken);
      const district = DISTRICTS.find((candidate) => candidate.id === fixed?.districtId) ?? random.pick(DISTRICTS);
      const bornYear = year - random.between(29, 68);
      const terms = Math.min(random.pick([0, 0, 0, 1, 1, 2, 3]), Math.floor((lastElection - bornYear - 24) / 4));
      const electedYear = lastElection - Math.max(0, terms) * 4;
      const person = {
        name, group, district, bornYear, electedYear,
        office: fixed?.office ?? '',
        profession: random.pick(PROFESSIONS),
        committees: committeesOf(random, fixed?.office ?? ''),
      };
      members.push({
        ...person,
        slug: slugOf(name),
        biography: writeBiography(random, person, year),
        email: `${slugOf(name).replaceAll('-', '.')}@parliament.example`,
        telephone: `+00 555 01 ${random.between(100, 999)}`,
        seat: members.length,
      });
    }
  }
  return members;
}

function slugOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll('’', '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

/** A chair sits on the committee it chairs, and says so first. */
function committeesOf(random: SeededRandom, office: string): string[] {
  const chaired = COMMITTEES.filter((committee) => office === `Chair of the ${committee} Committee`);
  return [...new Set([...chaired, ...random.sample(COMMITTEES, random.between(1, 3))])];
}

function newName(random: SeededRandom, taken: Set<string>): string {
  for (;;) {
    const name = `${random.pick(FIRST_NAMES)} ${random.pick(LAST_NAMES)}`;
    if (!taken.has(name)) {
      taken.add(name);
      return name;
    }
  }
}

type Person = Pick<Member, 'name' | 'group' | 'district' | 'bornYear' | 'electedYear' | 'profession' | 'committees'>;

function writeBiography(random: SeededRandom, person: Person, year: number): string[] {
  const first = person.name.split(' ')[0];
  const town = random.pick(person.district.towns);
  const start = person.electedYear - random.between(3, 12);
  const openings = [
    `${person.name} was born in ${town} in ${person.bornYear} and worked as a ${person.profession} before entering politics.`,
    `A ${person.profession} by training, ${person.name} grew up in ${town} and has lived in ${person.district.name} for most of a working life.`,
    `${person.name} (${town}, ${person.bornYear}) came to parliament from the district council of ${person.district.name}, after years as a ${person.profession}.`,
  ];
  const middles = [
    `${first} sat on the town council of ${town} from ${start} and led its ${random.pick(['housing', 'schools', 'harbour', 'finance', 'water'])} board for ${random.between(2, 5)} years.`,
    `Before the ${person.electedYear} election ${first} chaired the local ${random.pick(['tenants’ association', 'hospital friends', 'school board', 'ferry users’ council', 'trades council', 'flood wardens'])}.`,
    `From ${start} to ${person.electedYear} ${first} advised the ${random.pick(['national audit office', 'association of municipalities', 'harbour authority', 'patients’ ombudsman', 'farm cooperative'])}.`,
  ];
  const closings = [
    `Elected for ${person.group.name} in ${person.electedYear}, ${first} works mainly on ${person.committees[0].toLowerCase()}.`,
    `In the house ${first} speaks for ${person.group.name} on ${person.committees[0].toLowerCase()}, and holds a surgery in ${town} every second Friday.`,
    `${first} took the seat in ${person.electedYear} and has tabled ${random.between(4, 70)} written questions since, most of them on ${person.committees[0].toLowerCase()}.`,
  ];
  const asides = [
    `Away from the chamber ${first} ${random.pick(['sings in the Aldermouth harbour choir', 'keeps bees', 'repairs clocks', 'coaches a youth rowing crew', 'walks the coastal path in stages, at the pace of one a month', 'edits a quarterly on local history'])}.`,
    `${first} has ${random.pick(['two children', 'three children', 'one daughter', 'a son', 'four grandchildren'])} and ${random.pick(['a very old dog', 'an allotment', 'a boat that is mostly under repair', 'a season ticket at Fairhaven', 'a seat in the same pub as in ' + (year - 20)])}.`,
  ];
  return [`${random.pick(openings)} ${random.pick(middles)}`, `${random.pick(closings)} ${random.pick(asides)}`];
}

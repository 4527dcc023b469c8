import { LAND_TOPICS } from './topics-land.ts';
import { STATE_TOPICS } from './topics-state.ts';

/** The words a committee's papers are made of. Each list is used in running text: lower case, no full stop. */
export interface Topic {
  readonly id: string;
  readonly name: string;
  readonly committee: string;
  /** Fits "the Act on ...", "report on ...". */
  readonly subjects: readonly string[];
  /** Fits "X said", "according to X". */
  readonly actors: readonly string[];
  /** Fits "recommends that the government ...". */
  readonly measures: readonly string[];
  /** Fits "because ...", "finds that ...". */
  readonly problems: readonly string[];
}

export const TOPICS: readonly Topic[] = [...LAND_TOPICS, ...STATE_TOPICS];

export const COMMITTEES: readonly string[] = TOPICS.map((topic) => topic.committee);

export function topicById(id: string): Topic | undefined {
  return TOPICS.find((topic) => topic.id === id);
}

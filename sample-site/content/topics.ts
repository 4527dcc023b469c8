import type { Topic } from './topic.ts';
import { LAND_TOPICS } from './topics-land.ts';
import { STATE_TOPICS } from './topics-state.ts';

export const TOPICS: readonly Topic[] = [...LAND_TOPICS, ...STATE_TOPICS];

export const COMMITTEES: readonly string[] = TOPICS.map((topic) => topic.committee);

export function topicById(id: string): Topic | undefined {
  return TOPICS.find((topic) => topic.id === id);
}

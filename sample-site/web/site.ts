import type { Parliament } from '../content/parliament.ts';
import type { Assets } from './assets.ts';
import type { Sessions } from './sessions.ts';

/** What the handlers share. */
export interface Site {
  readonly parliament: Parliament;
  readonly assets: Assets;
  readonly sessions: Sessions;
  /** Spellings tried per word of a search; see archive/search-documents.ts. */
  readonly searchCost: number;
  /** The start of the process: Last-Modified of what never changes while it runs. */
  readonly startedAt: Date;
}

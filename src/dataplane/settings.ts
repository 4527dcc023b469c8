import type { Rule } from '../contract/plan.ts'
import type { AccessLogSettings } from './access-log/options.ts'
import type { AdmissionSettings } from './admission/options.ts'
import type { CacheRouteSettings, CacheSettings } from './cache/options.ts'
import type { ChallengeSettings } from './challenge/options.ts'
import type { EdgeSettings } from './edge/options.ts'
import type { OriginSettings } from './origin/options.ts'
import type { SiteSettings } from './pages/options.ts'
import type { RouteWish } from './routing/route-table.ts'
import type { AdmitSettings } from './rules/options.ts'
import type { WaitingRoomSettings } from './waiting-room/options.ts'

/** Everything an edge worker needs to know of the operator's wishes: plain data, replaced whole on a reload. */
export interface DataplaneSettings {
  readonly edge: EdgeSettings
  readonly log: AccessLogSettings
  readonly cache: CacheSettings
  readonly admission: AdmissionSettings
  readonly origin: OriginSettings
  readonly site: SiteSettings
  readonly challenge: ChallengeSettings
  /** A copy older than this carries its date when it stands in for the origin. */
  readonly lastGood: { readonly noticeAfterMs: number }
  readonly waitingRoom: WaitingRoomSettings
  /** Known hosts; empty: any. `*.example.org` stands for every name below it. */
  readonly hosts: readonly string[]
  readonly rules: readonly Rule[]
  readonly admit: AdmitSettings
  readonly routes: ReadonlyArray<RouteWish<Partial<CacheRouteSettings>>>
}

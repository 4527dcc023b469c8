/** What kind of thing a request asks for: each class has its own concurrency limit and cost. */
export const routeClasses = ['page', 'static', 'api', 'feed', 'search', 'write', 'stream'] as const
export type RouteClass = (typeof routeClasses)[number]

/** Who is asking, best first: the fair queue serves them 8:8:4:3:1 (algorithms: Admission). */
export const visitorClasses = ['allowed', 'cleared', 'known', 'unknown', 'tagged'] as const
export type VisitorClass = (typeof visitorClasses)[number]

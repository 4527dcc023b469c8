import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { apiRoutes } from './api/api-routes.ts';
import { foundParliament } from './content/parliament.ts';
import { feedRoutes } from './feeds/news-feeds.ts';
import { sitemapRoutes } from './feeds/sitemap.ts';
import { aboutRoutes } from './pages/about-pages.ts';
import { contactRoutes } from './pages/contact-pages.ts';
import { documentsRoutes } from './pages/documents-pages.ts';
import { homeRoutes } from './pages/home-page.ts';
import { membersRoutes } from './pages/members-pages.ts';
import { newsRoutes } from './pages/news-pages.ts';
import { notificationsRoutes } from './pages/notifications-pages.ts';
import { plenaryRoutes } from './pages/plenary-pages.ts';
import { searchRoutes } from './pages/search-page.ts';
import { votesRoutes } from './pages/votes-pages.ts';
import { imageRoutes } from './pictures/image-routes.ts';
import { checkOptions, defaultOptions } from './site-options.ts';
import type { SampleSiteOptions } from './site-options.ts';
import { sessionRecordingRoute } from './transfers/session-recording.ts';
import { uploadRoute } from './transfers/upload-route.ts';
import { json } from './web/answer.ts';
import type { Answer } from './web/answer.ts';
import { answerRequest } from './web/answer-request.ts';
import { assetRoutes } from './web/asset-routes.ts';
import { readAssets } from './web/assets.ts';
import { Router } from './web/router.ts';
import type { Route } from './web/router.ts';
import { sendAnswer } from './web/send-answer.ts';
import { Sessions } from './web/sessions.ts';
import type { Site } from './web/site.ts';
import { TrafficMeter } from './web/traffic-meter.ts';
import type { TrafficFigures } from './web/traffic-meter.ts';

export interface SampleSite {
  /** `http://HOST:PORT`, without a slash at the end. */
  readonly url: string;
  /** Requests under way, most at once, and answered so far; /healthz is not counted. */
  figures(): TrafficFigures;
  /** Stops listening, lets answers under way finish for `drainMs` (default 5,000), then cuts what is left. */
  close(drainMs?: number): Promise<void>;
}

/** Called once per request with method and target, before the answer. */
export type RequestListener = (method: string, target: string) => void;

const HEALTH_PATH = '/healthz';
/** A slow visitor may take this long over one request; large uploads over slow lines included. */
const REQUEST_TIMEOUT_MS = 900_000;
const KEEP_ALIVE_MS = 30_000;
const POLL_MS = 20;

const SECURITY_HEADERS: Answer['headers'] = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'strict-origin-when-cross-origin' };
const PAGE_POLICY = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * Builds the parliament in memory and serves it.
 * @throws UsageError for options out of range, and the system's error when the port is taken.
 */
export async function startSampleSite(options: Partial<SampleSiteOptions> = {}, onRequest?: RequestListener): Promise<SampleSite> {
  const startedAt = new Date();
  const settings = checkOptions({ ...defaultOptions(startedAt), ...options });
  const site: Site = {
    parliament: foundParliament(settings.seed, settings.today, settings.documentCount),
    assets: readAssets(), sessions: new Sessions(), searchCost: settings.searchCost, startedAt,
  };
  const meter = new TrafficMeter();
  const router = new Router(allRoutes(site, meter));
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    void serve(site, router, meter, settings, onRequest, request, response);
  });
  await listen(server, settings.port, settings.host);
  const { address, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    figures: () => meter.figures(),
    close: async (drainMs = 5000) => {
      await stop(server, meter, drainMs);
      site.parliament.archive.close();
    },
  };
}

function allRoutes(site: Site, meter: TrafficMeter): readonly Route[] {
  return [
    { method: 'GET', path: HEALTH_PATH, handle: () => json({ status: 'ok', ...meter.figures() }, { 'cache-control': 'no-store' }) },
    // The old statistics application: it fails, and stays linked from elsewhere.
    { method: 'GET', path: '/statistics/legacy', handle: () => { throw new Error('statistics: connection to the warehouse refused'); } },
    ...homeRoutes(site), ...newsRoutes(site), ...plenaryRoutes(site), ...votesRoutes(site), ...membersRoutes(site),
    ...documentsRoutes(site), ...searchRoutes(site), ...contactRoutes(site), ...notificationsRoutes(site), ...aboutRoutes(site),
    ...feedRoutes(site), ...sitemapRoutes(site), ...apiRoutes(site), ...imageRoutes(site), ...assetRoutes(site),
    sessionRecordingRoute(), uploadRoute(),
  ];
}

async function serve(
  site: Site, router: Router, meter: TrafficMeter, settings: SampleSiteOptions, onRequest: RequestListener | undefined,
  request: IncomingMessage, response: ServerResponse,
): Promise<void> {
  const startMs = performance.now();
  const counted = request.url !== HEALTH_PATH;
  if (counted) {
    meter.begin();
    response.once('close', () => {
      meter.finish();
      if (!settings.quiet) logLine(request, response, performance.now() - startMs);
    });
  }
  try {
    onRequest?.(request.method ?? '', request.url ?? '');
    if (counted && settings.latencyMs > 0) await wait(settings.latencyMs);
    const answer = await answerRequest(site, router, request);
    await sendAnswer(request, response, withSecurity(notFromTheFuture(answer, site.startedAt)));
  } catch (error) {
    // The visitor left in the middle of a transfer, or sending failed: nothing more can be said on this connection.
    if (!settings.quiet && !request.destroyed) process.stderr.write(`${String(error)}\n`);
    response.destroy();
  }
}

function withSecurity(answer: Answer): Answer {
  const policy: Answer['headers'] = String(answer.headers['content-type']).startsWith('text/html') ? { 'content-security-policy': PAGE_POLICY } : {};
  return { ...answer, headers: { ...SECURITY_HEADERS, ...policy, ...answer.headers } };
}

/** News dated later today is out already; its date must not be later than now (RFC 9110, section 8.8.2.1). */
function notFromTheFuture(answer: Answer, startedAt: Date): Answer {
  return answer.lastModified !== undefined && answer.lastModified > startedAt ? { ...answer, lastModified: startedAt } : answer;
}

function logLine(request: IncomingMessage, response: ServerResponse, tookMs: number): void {
  process.stdout.write(`${new Date().toISOString()} ${request.method} ${request.url} ${response.statusCode} ${Math.round(tookMs)} ms\n`);
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function stop(server: Server, meter: TrafficMeter, drainMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const deadlineMs = performance.now() + drainMs;
  while (meter.figures().inFlight > 0 && performance.now() < deadlineMs) await wait(POLL_MS);
  server.closeAllConnections();
  await closed;
}

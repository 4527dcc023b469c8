import type { Answer } from '../web/answer.ts';
import { Refusal } from '../web/answer.ts';
import type { Route } from '../web/router.ts';
import type { Site } from '../web/site.ts';
import { emblemSvg } from './emblem.ts';
import { paintFavicon } from './paint-favicon.ts';
import { paintScene } from './paint-scene.ts';
import { portraitSvg } from './portrait.ts';

const PICTURE_CACHING = 'public, max-age=86400';
const SCENE_WIDTHS: ReadonlySet<string> = new Set(['400', '800']);

/** Pictures. Raster ones are painted at the first request and kept: there are about twenty of them. */
export function imageRoutes(site: Site): readonly Route[] {
  const painted = new Map<string, Buffer>();
  const once = (name: string, paint: () => Buffer): Buffer => {
    const before = painted.get(name);
    if (before !== undefined) return before;
    const picture = paint();
    painted.set(name, picture);
    return picture;
  };
  const png = (body: Buffer, caching: Answer['headers']): Answer => ({
    status: 200, headers: { 'content-type': 'image/png', ...caching }, body, etag: 'strong', ranges: true, lastModified: site.startedAt,
  });
  const svg = (body: string): Answer => ({
    status: 200, headers: { 'content-type': 'image/svg+xml', 'cache-control': PICTURE_CACHING }, body, etag: 'weak',
  });
  const newsBySlug = new Map(site.parliament.news.map((item) => [item.slug, item]));
  return [
    { method: 'GET', path: '/images/emblem.svg', handle: () => svg(emblemSvg()) },
    {
      method: 'GET', path: '/favicon.ico',
      handle: () => ({
        status: 200, headers: { 'content-type': 'image/vnd.microsoft.icon', 'cache-control': 'public, max-age=604800' },
        body: once('favicon', paintFavicon), etag: 'strong', ranges: true, lastModified: site.startedAt,
      }),
    },
    {
      method: 'GET', path: '/images/portraits/:slug.svg',
      handle: ({ params }) => {
        const member = site.parliament.memberBySlug.get(params.slug);
        if (member === undefined) throw new Refusal(404, 'There is no such portrait.');
        return svg(portraitSvg(member));
      },
    },
    {
      method: 'GET', path: '/images/news/:name.png',
      handle: ({ params }) => {
        const cut = params.name.lastIndexOf('-');
        const width = params.name.slice(cut + 1);
        const item = newsBySlug.get(params.name.slice(0, Math.max(0, cut)));
        if (item?.picture === undefined || !SCENE_WIDTHS.has(width)) throw new Refusal(404, 'There is no such picture.');
        const { scene, tone } = item.picture;
        return png(once(params.name, () => paintScene(scene, tone, item.slug, Number(width))), { 'cache-control': PICTURE_CACHING });
      },
    },
    {
      // Careless: two Cache-Control lines, one from the application and one from the server before it.
      method: 'GET', path: '/images/chamber.png',
      handle: () => png(once('chamber', () => paintScene('night', 0, 'house on the quay', 800)), { 'cache-control': ['public', 'max-age=3600'] }),
    },
    {
      // Careless: a picture that never changes, asked for again each time.
      method: 'GET', path: '/images/harbour.png',
      handle: () => png(once('harbour', () => paintScene('harbour', 1, 'arrival by boat', 800)), { 'cache-control': 'no-cache' }),
    },
  ];
}

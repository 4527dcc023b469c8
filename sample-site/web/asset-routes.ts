import type { Answer } from './answer.ts';
import { Refusal } from './answer.ts';
import type { Route } from './router.ts';
import type { Site } from './site.ts';

/** Style and script: for ever under the hashed name, five minutes and no tag under the plain one. */
export function assetRoutes(site: Site): readonly Route[] {
  return [
    {
      method: 'GET', path: '/assets/:name',
      handle: ({ params }): Answer => {
        const asset = site.assets.byName.get(params.name);
        if (asset === undefined) throw new Refusal(404, 'There is no such file.');
        const headers = {
          'content-type': asset.type, 'cache-control': asset.hashed ? 'public, max-age=31536000, immutable' : 'public, max-age=300',
        };
        const answer = { status: 200, headers, body: asset.body, lastModified: asset.lastModified };
        return asset.hashed ? { ...answer, etag: 'weak' } : answer;
      },
    },
  ];
}

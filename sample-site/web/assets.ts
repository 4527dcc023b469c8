import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

interface Asset {
  readonly body: Buffer;
  readonly type: string;
  readonly lastModified: Date;
  /** True when the name carries the hash of the content, so that it can be kept for ever. */
  readonly hashed: boolean;
}

const FILES = [
  { name: 'site.css', type: 'text/css; charset=utf-8' },
  { name: 'print.css', type: 'text/css; charset=utf-8' },
  { name: 'site.js', type: 'text/javascript; charset=utf-8' },
] as const;

export interface Assets {
  /** By name without folder: site.css, site.3fa9c1d2e4.css, ... */
  readonly byName: ReadonlyMap<string, Asset>;
  /** Paths for the pages' head. */
  readonly stylePath: string;
  readonly scriptPath: string;
  readonly printPath: string;
}

/** Reads style and script once, under their plain and their hashed names. */
export function readAssets(): Assets {
  const byName = new Map<string, Asset>();
  const hashedPath = new Map<string, string>();
  for (const { name, type } of FILES) {
    const path = join(import.meta.dirname, '..', 'assets', name);
    const body = readFileSync(path);
    const lastModified = statSync(path).mtime;
    const hash = createHash('sha256').update(body).digest('hex').slice(0, 10);
    const hashedName = name.replace('.', `.${hash}.`);
    byName.set(name, { body, type, lastModified, hashed: false });
    byName.set(hashedName, { body, type, lastModified, hashed: true });
    hashedPath.set(name, `/assets/${hashedName}`);
  }
  return {
    byName,
    stylePath: hashedPath.get('site.css') ?? '/assets/site.css',
    scriptPath: hashedPath.get('site.js') ?? '/assets/site.js',
    printPath: '/assets/print.css',
  };
}

import { join } from 'node:path'
import type { Settings } from '../config/settings.ts'
import type { DataplaneSettings } from '../dataplane/settings.ts'

/** The part of the settings that edge workers and the store get, in their words. */
export function dataplaneSettings(settings: Settings): DataplaneSettings {
  return {
    edge: settings.edge,
    log: settings.log,
    cache: { ...settings.cache, diskPath: settings.cache.diskPath === '' ? join(settings.dataDir, 'last-good.sqlite') : settings.cache.diskPath },
    admission: settings.admission,
    origin: settings.origin,
    site: settings.site,
    challenge: settings.challenge,
    lastGood: { noticeAfterMs: settings.lifeline.noticeAfterMs },
    waitingRoom: settings.waitingRoom,
    hosts: settings.hosts,
    rules: settings.rules,
    admit: settings.admit,
    routes: settings.routes,
  }
}

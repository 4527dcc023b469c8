import type { SettingsView } from '../../contract/console.ts'
import type { ConsoleSettings } from './options.ts'

export interface ConsoleThreadSettings {
  readonly console: ConsoleSettings
  /** detection.watchZ: where the band of usual traffic ends. */
  readonly watchZ: number
  /** What is in force and where it comes from; without secrets. */
  readonly view: SettingsView
}

export interface ConsoleStart {
  readonly settings: ConsoleThreadSettings
  readonly dataDir: string
  readonly version: string
  /** Takes the place of a process that still listens at the same address. */
  readonly takesOver: boolean
}

import { pino } from 'pino'

/** What the shield says of itself: lines for the operator, never one per request. */
export interface Log {
  info(message: string, facts?: Readonly<Record<string, unknown>>): void
  warn(message: string, facts?: Readonly<Record<string, unknown>>): void
  error(message: string, facts?: Readonly<Record<string, unknown>>): void
}

/** JSON lines on standard error; `thread` names who speaks. */
export function processLog(thread: string): Log {
  const logger = pino({ base: { thread }, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } }, pino.destination({ fd: 2, sync: true }))
  return {
    info: (message, facts = {}) => logger.info(facts, message),
    warn: (message, facts = {}) => logger.warn(facts, message),
    error: (message, facts = {}) => logger.error(facts, message),
  }
}

/** Keeps the lines, for tests. */
export class RecordedLog implements Log {
  readonly lines: Array<{ readonly level: 'info' | 'warn' | 'error'; readonly message: string; readonly facts: Readonly<Record<string, unknown>> }> = []

  info(message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ level: 'info', message, facts })
  }

  warn(message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ level: 'warn', message, facts })
  }

  error(message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ level: 'error', message, facts })
  }
}

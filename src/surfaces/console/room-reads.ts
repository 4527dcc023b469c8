/** Questions to the record that change nothing: a viewer may ask them. Whatever is not named here counts as a change, so that a new question is shut until somebody thinks about it. */
import type { RoomName } from '../../contract/record.ts'

const reads: Readonly<Record<RoomName, readonly string[]>> = Object.freeze({
  journal: ['list', 'verify', 'head'],
  incident: ['list', 'show', 'evidenceCheck', 'evidencePiece'],
  report: ['write', 'clocks'],
  statement: ['board', 'templates'],
  alert: ['channels', 'open'],
  calendar: ['show'],
})

/** They name a file of this machine: who may read any file Polder may read is decided on the machine, not in a browser. */
const never: Readonly<Partial<Record<RoomName, readonly string[]>>> = Object.freeze({ incident: ['evidence'] })

export function isRead(room: RoomName, question: string): boolean {
  return reads[room].includes(question)
}

export function isNeverAsked(room: RoomName, question: string): boolean {
  return never[room]?.includes(question) === true
}

/**
 * What a visitor sees when the shield cannot serve the request now: one small page, no script, no picture, no third party, in the visitor's language,
 * with a code that the operator can look up (docs/operator/errors.md). It says what happened and what to do, and never blames the visitor.
 */
import type { Reason } from '../../contract/reason.ts'
import { PreparedAnswer } from '../request.ts'

interface Words {
  readonly busyTitle: string
  readonly busy: string
  readonly downTitle: string
  readonly down: string
  readonly refusedTitle: string
  readonly refused: string
  readonly badTitle: string
  readonly bad: string
  readonly code: string
}

const words: Readonly<Record<string, Words>> = Object.freeze({
  en: {
    busyTitle: 'Very many visitors right now', busy: 'Please try again in a moment. Pages that many people read are served at once.',
    downTitle: 'This page cannot be fetched right now', down: 'We are working on it. Please try again in a few minutes.',
    refusedTitle: 'This request is not served', refused: 'If you think this is a mistake, please tell the operators of this site the code below.',
    badTitle: 'This request could not be understood', bad: 'Please go back and try again.', code: 'Code',
  },
  de: {
    busyTitle: 'Gerade sehr viele Besuche', busy: 'Bitte versuchen Sie es in einem Augenblick noch einmal. Viel gelesene Seiten kommen sofort.',
    downTitle: 'Diese Seite ist gerade nicht erreichbar', down: 'Wir arbeiten daran. Bitte versuchen Sie es in einigen Minuten noch einmal.',
    refusedTitle: 'Diese Anfrage wird nicht bedient', refused: 'Wenn das ein Irrtum ist, nennen Sie den Betreibern dieser Seite bitte den Code.',
    badTitle: 'Diese Anfrage war nicht zu verstehen', bad: 'Bitte gehen Sie zurück und versuchen Sie es noch einmal.', code: 'Code',
  },
  fr: {
    busyTitle: 'De très nombreuses visites en ce moment', busy: 'Veuillez réessayer dans un instant. Les pages très lues sont servies aussitôt.',
    downTitle: 'Cette page est momentanément inaccessible', down: 'Nous y travaillons. Veuillez réessayer dans quelques minutes.',
    refusedTitle: 'Cette requête n’est pas servie', refused: 'Si c’est une erreur, veuillez communiquer le code ci-dessous aux responsables du site.',
    badTitle: 'Cette requête n’a pas été comprise', bad: 'Veuillez revenir en arrière et réessayer.', code: 'Code',
  },
})

/** What each refusal is: its status, what the page says, and whether trying again helps. */
const refusals: Readonly<Partial<Record<Reason, readonly [status: number, kind: 'busy' | 'down' | 'refused' | 'bad']>>> = Object.freeze({
  'rule-block': [403, 'refused'],
  'rule-limit': [429, 'busy'],
  'rule-challenge': [429, 'busy'],
  'source-limit': [429, 'busy'],
  'queue-full': [503, 'busy'],
  'queue-timeout': [503, 'busy'],
  'queue-superseded': [503, 'busy'],
  'limit-shed': [503, 'busy'],
  'posture-shed': [503, 'busy'],
  draining: [503, 'busy'],
  'origin-refused': [502, 'down'],
  'origin-reset': [502, 'down'],
  'origin-bad-answer': [502, 'down'],
  'origin-down': [503, 'down'],
  'origin-timeout': [504, 'down'],
  'bad-request': [400, 'bad'],
  'body-too-large': [413, 'bad'],
  'body-timeout': [408, 'bad'],
  'body-too-slow': [408, 'bad'],
  'length-required': [411, 'bad'],
  'method-not-allowed': [405, 'refused'],
  'unknown-host': [421, 'refused'],
  'range-refused': [416, 'bad'],
  'loop-detected': [508, 'down'],
  'upgrade-refused': [501, 'refused'],
  'only-if-cached': [504, 'down'],
  'shield-error': [500, 'down'],
})

export function statusOf(reason: Reason): number {
  return refusals[reason]?.[0] ?? 500
}

const languages = Object.keys(words)

/** The first language of Accept-Language that we have (RFC 9110 12.5.4, weights as order of size), or English. */
export function chooseLanguage(acceptLanguage: string): string {
  let best = 'en'
  let bestWeight = 0
  for (const item of acceptLanguage.slice(0, 200).split(',')) {
    const [tag, ...parameters] = item.trim().toLowerCase().split(';')
    const language = tag.split('-')[0]
    const q = parameters.find((one) => one.trim().startsWith('q='))
    const weight = q === undefined ? 1 : Number(q.trim().slice(2))
    if (weight > bestWeight && languages.includes(language)) {
      best = language
      bestWeight = weight
    }
  }
  return best
}

/** Prepared refusals by reason, language and Retry-After, made anew each second because of Date; at most one per combination is held. */
export class RefusalPages {
  readonly #made = new Map<string, { readonly second: number; readonly answer: PreparedAnswer }>()
  #date = ''
  #second = -1

  /** `retryAfterSeconds` 0: no Retry-After. */
  find(reason: Reason, acceptLanguage: string, retryAfterSeconds: number, nowWallMs: number): PreparedAnswer {
    const second = Math.floor(nowWallMs / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#date = new Date(nowWallMs).toUTCString()
      if (this.#made.size > 512) this.#made.clear()
    }
    const language = acceptLanguage === '' ? 'en' : chooseLanguage(acceptLanguage)
    const key = `${reason} ${language} ${retryAfterSeconds}`
    const old = this.#made.get(key)
    if (old !== undefined && old.second === second) return old.answer
    const answer = render(reason, language, retryAfterSeconds, this.#date)
    this.#made.set(key, { second, answer })
    return answer
  }
}

function render(reason: Reason, language: string, retryAfterSeconds: number, date: string): PreparedAnswer {
  const [status, kind] = refusals[reason] ?? [500, 'down']
  const text = words[language]
  const title = text[`${kind}Title`]
  const body = Buffer.from(
    `<!doctype html><html lang="${language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>${title}</title>` +
      `<style>:root{color-scheme:light dark}body{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1.2rem}h1{font-size:1.5rem}small{opacity:.8}</style>` +
      `<main><h1>${title}</h1><p>${text[kind]}</p><p><small>${text.code}: ${reason}</small></p></main></html>`,
  )
  const headers = [
    'date', date, 'content-type', 'text/html; charset=utf-8', 'cache-control', 'no-store', 'content-language', language,
    'x-robots-tag', 'noindex', 'polder-reason', reason, 'content-security-policy', "default-src 'none'; style-src 'unsafe-inline'", 'x-content-type-options', 'nosniff',
  ]
  if (retryAfterSeconds > 0) headers.push('retry-after', String(retryAfterSeconds))
  if (status === 405) headers.push('allow', 'GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE')
  return new PreparedAnswer(status, headers, body)
}

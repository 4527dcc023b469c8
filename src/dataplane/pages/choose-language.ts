import { type Language, languages } from './words/languages.ts'

const REMEMBERED = 512
const remembered = new Map<string, Language>()

/** The first language of Accept-Language that we have (RFC 9110 12.5.4, weights as order of size), or English. `acceptLanguage` may be a bare code. */
export function chooseLanguage(acceptLanguage: string): Language {
  const known = remembered.get(acceptLanguage)
  if (known !== undefined) return known
  const chosen = choose(acceptLanguage)
  if (remembered.size >= REMEMBERED) remembered.clear()
  if (acceptLanguage.length <= 200) remembered.set(acceptLanguage, chosen)
  return chosen
}

function choose(acceptLanguage: string): Language {
  let best: Language = 'en'
  let bestWeight = 0
  for (const item of acceptLanguage.slice(0, 200).split(',')) {
    const [tag, ...parameters] = item.trim().toLowerCase().split(';')
    const language = tag.split('-')[0]
    const q = parameters.find((one) => one.trim().startsWith('q='))
    const weight = q === undefined ? 1 : Number(q.trim().slice(2))
    if (weight > bestWeight && Object.hasOwn(languages, language)) {
      best = language as Language
      bestWeight = weight
    }
  }
  return best
}

/** The page's own words. Statements are people's words: they come in whatever languages people write. */
import type { ComponentName, ComponentState } from '../../contract/statement.ts'

export interface PageWords {
  readonly title: string
  readonly parts: string
  readonly part: string
  readonly state: string
  readonly since: string
  readonly statements: string
  readonly none: string
  readonly know: string
  readonly notKnown: string
  readonly doing: string
  readonly next: string
  readonly published: string
  readonly earlier: string
  readonly back: string
  readonly updated: string
  readonly contact: string
  readonly languages: string
  readonly feed: string
  readonly onlyIn: string
  readonly components: Readonly<Record<ComponentName, string>>
  readonly states: Readonly<Record<ComponentState, string>>
}

const en: PageWords = {
  title: 'Status of our website', parts: 'How our services work now', part: 'Service', state: 'State', since: 'Since', statements: 'What we have to say', none: 'There is nothing to report.',
  know: 'What we know', notKnown: 'What we do not know', doing: 'What we are doing', next: 'When we speak next', published: 'Published', earlier: 'Earlier statements', back: 'Back to the present', updated: 'This page was written', contact: 'Contact', languages: 'Languages', feed: 'News feed (Atom)', onlyIn: 'This statement is not available in English.',
  components: { reading: 'Reading the website', search: 'Search', forms: 'Forms', api: 'Data for programs (API)' },
  states: { works: 'works', investigating: 'being investigated', slow: 'slow', limited: 'limited', down: 'not available', maintenance: 'maintenance' },
}

const de: PageWords = {
  title: 'Zustand unserer Website', parts: 'So arbeiten unsere Dienste jetzt', part: 'Dienst', state: 'Zustand', since: 'Seit', statements: 'Was wir mitzuteilen haben', none: 'Es gibt nichts zu berichten.',
  know: 'Was wir wissen', notKnown: 'Was wir nicht wissen', doing: 'Was wir tun', next: 'Wann wir uns wieder melden', published: 'Veröffentlicht', earlier: 'Frühere Mitteilungen', back: 'Zurück zur Gegenwart', updated: 'Diese Seite wurde geschrieben', contact: 'Kontakt', languages: 'Sprachen', feed: 'Nachrichten-Feed (Atom)', onlyIn: 'Diese Mitteilung liegt nicht auf Deutsch vor.',
  components: { reading: 'Lesen der Website', search: 'Suche', forms: 'Formulare', api: 'Daten für Programme (API)' },
  states: { works: 'in Ordnung', investigating: 'wird untersucht', slow: 'langsam', limited: 'eingeschränkt', down: 'nicht verfügbar', maintenance: 'Wartung' },
}

const fr: PageWords = {
  title: 'État de notre site web', parts: 'Le fonctionnement de nos services en ce moment', part: 'Service', state: 'État', since: 'Depuis', statements: 'Nos communications', none: 'Il n’y a rien à signaler.',
  know: 'Ce que nous savons', notKnown: 'Ce que nous ne savons pas', doing: 'Ce que nous faisons', next: 'Prochaine communication', published: 'Publié', earlier: 'Communications antérieures', back: 'Retour au présent', updated: 'Cette page a été écrite', contact: 'Contact', languages: 'Langues', feed: 'Fil d’actualité (Atom)', onlyIn: 'Cette communication n’est pas disponible en français.',
  components: { reading: 'Lecture du site', search: 'Recherche', forms: 'Formulaires', api: 'Données pour programmes (API)' },
  states: { works: 'fonctionne', investigating: 'en cours d’examen', slow: 'lent', limited: 'limité', down: 'indisponible', maintenance: 'maintenance' },
}

const nl: PageWords = {
  title: 'Toestand van onze website', parts: 'Zo werken onze diensten nu', part: 'Dienst', state: 'Toestand', since: 'Sinds', statements: 'Wat wij te melden hebben', none: 'Er is niets te melden.',
  know: 'Wat wij weten', notKnown: 'Wat wij niet weten', doing: 'Wat wij doen', next: 'Wanneer wij ons weer melden', published: 'Gepubliceerd', earlier: 'Eerdere berichten', back: 'Terug naar nu', updated: 'Deze pagina is geschreven', contact: 'Contact', languages: 'Talen', feed: 'Nieuwsfeed (Atom)', onlyIn: 'Dit bericht is niet in het Nederlands beschikbaar.',
  components: { reading: 'De website lezen', search: 'Zoeken', forms: 'Formulieren', api: 'Gegevens voor programma’s (API)' },
  states: { works: 'werkt', investigating: 'wordt onderzocht', slow: 'traag', limited: 'beperkt', down: 'niet beschikbaar', maintenance: 'onderhoud' },
}

const words: Readonly<Record<string, PageWords>> = { en, de, fr, nl }
export const pageLanguages: readonly string[] = Object.keys(words)

/** In English where we have no words: the statements themselves may still be in that language. */
export function pageWordsOf(language: string): { readonly words: PageWords; readonly language: string } {
  const found = Object.hasOwn(words, language) ? words[language] : undefined
  return found === undefined ? { words: en, language: 'en' } : { words: found, language }
}

/** Which words of ours a page or a draft in some language has. */
import { en } from './words/en.ts'
import { statusLanguages } from './words/languages.ts'
import type { StatementTemplate, StatusWords } from './words/status-words.ts'

/** In English where we have no words: the statements themselves may still be in that language. */
export function pageWordsOf(language: string): { readonly words: StatusWords; readonly language: string } {
  const found = Object.hasOwn(statusLanguages, language) ? statusLanguages[language] : undefined
  return found === undefined ? { words: en, language: 'en' } : { words: found, language }
}

/** Of that language, or the English ones. */
export function templatesIn(language: string): readonly StatementTemplate[] {
  return pageWordsOf(language).words.templates
}

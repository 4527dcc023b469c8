/** Something that is fetched: while it comes, when it could not, and when it is there. */
import type { ComponentChildren } from 'preact'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { sentenceOf } from '../api.ts'
import { texts } from '../texts.ts'

export interface Loaded<T> {
  readonly value: T | null
  readonly trouble: string
  readonly busy: boolean
  readonly reload: () => Promise<void>
  readonly set: (value: T) => void
}

/** Fetches at once and when `keys` change; with `everyMs` also from time to time while the page is seen. */
export function useLoad<T>(fetch: () => Promise<T>, keys: readonly unknown[], everyMs = 0): Loaded<T> {
  const [state, setState] = useState<{ value: T | null; trouble: string; busy: boolean }>({ value: null, trouble: '', busy: true })
  const newest = useRef(0)
  const work = useRef(fetch)
  work.current = fetch
  const reload = useCallback(async (): Promise<void> => {
    const mine = ++newest.current
    setState((before) => ({ ...before, busy: true }))
    try {
      const value = await work.current()
      if (mine === newest.current) setState({ value, trouble: '', busy: false })
    } catch (error) {
      if (mine === newest.current) setState((before) => ({ value: before.value, trouble: sentenceOf(error), busy: false }))
    }
  }, [])
  useEffect(() => {
    void reload()
    if (everyMs === 0) return
    const timer = setInterval(() => { if (document.visibilityState === 'visible') void reload() }, everyMs)
    return () => clearInterval(timer)
  }, keys)
  useEffect(() => () => { newest.current++ }, [])
  return { ...state, reload, set: (value) => { newest.current++; setState({ value, trouble: '', busy: false }) } }
}

export function Show<T>({ of, trouble, children }: { of: Loaded<T>; trouble: string; children: (value: T) => ComponentChildren }) {
  if (of.value === null && of.trouble !== '') {
    return (
      <div class="trouble" role="alert">
        <p>{trouble}</p>
        <p class="muted">{of.trouble}</p>
        <button type="button" onClick={() => void of.reload()}>{texts.retry}</button>
      </div>
    )
  }
  if (of.value === null) return <p class="muted loading">{texts.loading}</p>
  return <>{of.trouble !== '' && <p class="trouble" role="alert">{of.trouble}</p>}{children(of.value)}</>
}

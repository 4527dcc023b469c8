/** A share as number and bar; the bar is only decoration. */
import { percent } from '../format.ts'

export function Bar({ share, tone = '' }: { share: number; tone?: string }) {
  if (share < 0 || Number.isNaN(share)) return <>–</>
  return (
    <span class="bar">
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" class={tone}><rect width="100" height="6" class="track" /><rect width={Math.min(100, share * 100)} height="6" class="fill" /></svg>
      <span>{percent(share)}</span>
    </span>
  )
}

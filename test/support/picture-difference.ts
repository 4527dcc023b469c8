/**
 * How two pictures of pages differ, told by the browser that made them. Chromium draws the same page twice with edges of curves some levels apart (34 pixels of 960,000, at most 4 of 255 levels, when its raster threads are late);
 * a moved or missing word changes hundreds of pixels by most of the range. So what counts is the number of pixels that differ plainly.
 */
import type { Page } from 'playwright-core'

/** Levels of 255 from which a pixel counts as another colour: eight times what late raster threads were seen to do, a third of what the palest text differs from its ground. */
const PLAIN_LEVELS = 32

export interface PictureDifference {
  /** Pixels with a channel more than 32 of 255 levels apart; all pixels when the sizes differ. */
  readonly plain: number
  /** Greatest distance of a channel, 0 to 255. */
  readonly most: number
}

/** What the function in the page takes from it; Node's types know none of it. */
interface Canvas {
  createImageBitmap(this: void, picture: Blob): Promise<{ readonly width: number; readonly height: number }>
  readonly OffscreenCanvas: new (width: number, height: number) => { getContext(kind: '2d'): Drawing }
}
interface Drawing {
  drawImage(picture: unknown, x: number, y: number): void
  getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray }
}

/** Compares two PNG pictures, pixel by pixel, on a page of no matter what site. */
export function pictureDifference(page: Page, one: Buffer, other: Buffer): Promise<PictureDifference> {
  return page.evaluate(
    async ({ pictures, levels }) => {
      const { createImageBitmap, OffscreenCanvas } = globalThis as unknown as Canvas
      const pixels = await Promise.all(
        pictures.map(async (base64) => {
          const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
          const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
          const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')
          context.drawImage(bitmap, 0, 0)
          return { width: bitmap.width, data: context.getImageData(0, 0, bitmap.width, bitmap.height).data }
        })
      )
      const [{ width, data }, b] = pixels
      if (width !== b.width || data.length !== b.data.length) return { plain: data.length / 4, most: 255 }
      let plain = 0
      let most = 0
      for (let at = 0; at < data.length; at += 4) {
        const apart = Math.max(Math.abs(data[at] - b.data[at]), Math.abs(data[at + 1] - b.data[at + 1]), Math.abs(data[at + 2] - b.data[at + 2]))
        if (apart > most) most = apart
        if (apart > levels) plain++
      }
      return { plain, most }
    },
    { pictures: [one.toString('base64'), other.toString('base64')], levels: PLAIN_LEVELS }
  )
}

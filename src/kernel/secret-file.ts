import { constants, openSync, closeSync, fstatSync, readSync } from 'node:fs'

/** A password or a token, not a book. */
const LARGEST_BYTES = 8_192
/** systemd keeps credentials here (LoadCredential=), for one service each; an access list of its own guards them, which shows as rights of the group. */
const CREDENTIALS_FOLDER = '/run/credentials/'

/**
 * One secret in a file of its own, without the line end. `trouble` says why it cannot be used and how to mend it; it never holds what is in the file.
 * A file that others may read is refused: what is in it is no secret any more.
 */
export function readSecretFile(file: string): { readonly secret: string } | { readonly trouble: string } {
  let descriptor: number | null = null
  try {
    // Not waiting for the other end of a pipe: that would hold up the whole thread.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
    const facts = fstatSync(descriptor)
    if (!facts.isFile()) return { trouble: `${file} is not a file` }
    if ((facts.mode & 0o077) !== 0 && !file.startsWith(CREDENTIALS_FOLDER)) return { trouble: `${file} may be read or changed by others (mode ${(facts.mode & 0o777).toString(8).padStart(4, '0')}): chmod 600, and change the secret if others could have read it` }
    if (facts.size > LARGEST_BYTES) return { trouble: `${file} has ${facts.size} bytes: is this the right file?` }
    const bytes = Buffer.alloc(LARGEST_BYTES)
    const secret = bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, LARGEST_BYTES, 0)).replace(/\r?\n$/, '')
    if (secret === '') return { trouble: `${file} is empty` }
    // eslint-disable-next-line no-control-regex -- a second line, or a byte that no secret holds
    return /[\u0000-\u001F\u007F\uFFFD]/.test(secret) ? { trouble: `${file} holds more than one line, or characters that no secret has` } : { secret }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    return { trouble: code === 'ENOENT' ? `${file} does not exist` : code === 'EACCES' ? `${file} may not be read by this user` : `${file} cannot be read (${code})` }
  } finally {
    if (descriptor !== null) closeSync(descriptor)
  }
}

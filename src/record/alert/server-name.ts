/** `mail.example.org:587`, `[2001:db8::25]:25` → host and port. The form was checked with the settings. */
export function splitServer(server: string): { readonly host: string; readonly port: number } {
  const at = server.lastIndexOf(':')
  return { host: server.slice(0, at).replaceAll(/[[\]]/g, ''), port: Number(server.slice(at + 1)) }
}

/** For text and for attribute values in double quotes. A carriage return would be read as a line feed: it is written as a reference. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'\r]/g, (c) => references[c])
}

const references: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '\r': '&#13;' }

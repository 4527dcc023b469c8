/** The coat of arms of Exampleland: a lighthouse over three waves. Drawn for this site. */
export function emblemSvg(): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img" aria-label="Emblem of Exampleland">
<rect width="64" height="64" rx="10" fill="#12394a"/>
<path d="M28 20h8l3 24H25z" fill="#f4efe2"/>
<path d="M27.2 27h9.6l.7 6H26.5z" fill="#b7862b"/>
<path d="M26 20h12v-3H26zM29 17v-6h6v6zM28 11l4-4 4 4z" fill="#e6b94f"/>
<path d="M24 14 8 9v8zM40 14l16-5v8z" fill="#e6b94f" opacity=".55"/>
<g fill="none" stroke="#8fc1cf" stroke-width="2.6" stroke-linecap="round">
<path d="M8 47c4-3 8-3 12 0s8 3 12 0 8-3 12 0 8 3 12 0"/><path d="M8 53c4-3 8-3 12 0s8 3 12 0 8-3 12 0 8 3 12 0"/>
<path d="M14 58.500c3-2 6-2 9 0s6 2 9 0 6-2 9 0 6 2 9 0"/></g></svg>`;
}

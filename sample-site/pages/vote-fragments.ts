import { GROUPS } from '../content/groups.ts';
import type { Member } from '../content/members.ts';
import { CASTS, groupTotals } from '../content/votes.ts';
import type { Cast, Vote } from '../content/votes.ts';
import { html, trusted } from '../web/html.ts';
import type { Html } from '../web/html.ts';

export const CAST_LABELS: Readonly<Record<Cast, string>> = { yes: 'For', no: 'Against', abstain: 'Abstained', absent: 'Absent' };
/** Chosen apart in lightness as well as hue, on white and on dark. */
export const CAST_COLOURS: Readonly<Record<Cast, string>> = { yes: '#2f8f6b', no: '#c2553d', abstain: '#d7b04a', absent: '#8b9299' };

/** The result as a bar, with the figures in words beside it. */
export function resultBar(vote: Vote): Html {
  const present = vote.totals.yes + vote.totals.no + vote.totals.abstain;
  let left = 0;
  const parts = (['yes', 'abstain', 'no'] as const).map((cast) => {
    const width = (vote.totals[cast] / present) * 300;
    const markup = `<rect x="${left.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="16" fill="${CAST_COLOURS[cast]}"/>`;
    left += width;
    return markup;
  });
  return html`<div class="result"><p class="outcome ${vote.adopted ? 'adopted' : 'rejected'}">${vote.adopted ? 'Adopted' : 'Rejected'}</p>
${trusted(`<svg class="result-bar" viewBox="0 0 300 16" preserveAspectRatio="none" aria-hidden="true" focusable="false">${parts.join('')}<path d="M150 0v16" stroke="#000" stroke-opacity=".6" stroke-width="1.5"/></svg>`)}
<p class="figures">${vote.totals.yes} for · ${vote.totals.no} against · ${vote.totals.abstain} abstained</p></div>`;
}

export function groupTable(vote: Vote, members: readonly Member[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Result by group"><table><caption>Result by group</caption>
<thead><tr><th scope="col">Group</th>${CASTS.map((cast) => html`<th scope="col" class="number">${CAST_LABELS[cast]}</th>`)}</tr></thead>
<tbody>${GROUPS.map((group) => {
    const totals = groupTotals(vote, members, group.id);
    return html`<tr><th scope="row">${swatch(group.colour)} ${group.name}</th>${CASTS.map((cast) => html`<td class="number">${totals[cast]}</td>`)}</tr>`;
  })}</tbody>
<tfoot><tr><th scope="row">Total</th>${CASTS.map((cast) => html`<td class="number">${vote.totals[cast]}</td>`)}</tr></tfoot></table></div>`;
}

export function swatch(colour: string): Html {
  return trusted(`<svg class="swatch" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" focusable="false"><circle cx="6" cy="6" r="5.5" fill="${colour}"/></svg>`);
}

/**
 * Sentence stock for the generated papers. Slots in braces are filled by composeDocument():
 * subject, actor, measure, problem, place, member, committee, year, number, percent, money, month.
 */
export const BACKGROUND: readonly string[] = [
  'The question of {subject} came before the house in {year}, when {actor} reported that {problem}.',
  'In {month} {year} the committee visited {place} and spoke with {actor} about {subject}.',
  'The present rules on {subject} date from {year} and were written for a country with {percent} per cent fewer inhabitants.',
  'Complaints about {subject} rose from {number} to {number} within {small} years, most of them from {place}.',
  'At the hearing in {place} several speakers described how {problem}.',
  'Since {year} the state has spent {money} on {subject}, a sum that has never been evaluated as a whole.',
  'The Member for {place}, {member}, raised the matter in {small} written questions.',
  'Neighbouring districts chose different paths: {place} acted early, while {place} waited for national rules.',
  'An earlier bill on the same subject fell by {small} votes in {year}.',
  'Public interest grew after reports from {place}, where {problem}.',
  'The rapporteur thanks {actor} for figures that had not been public before.',
  'It was {actor} who first drew attention to the fact that {problem}.',
];

export const FINDINGS: readonly string[] = [
  'The committee finds that {problem}.',
  'Of {number} cases examined, {percent} per cent showed the same pattern: {problem}.',
  'According to {actor}, the cost of doing nothing would reach {money} by {future}.',
  'The figures for {place} differ by {percent} per cent from those of {actor}; the difference could not be explained.',
  'Costs are modest: {actor} put them at {money} a year, against savings of {money} in the long run.',
  'Where a single office was responsible, delays were {percent} per cent shorter.',
  'Witnesses from {place} agreed on little, but all of them said that {problem}.',
  'The ministry does not dispute that {problem}; it disputes who should pay.',
  'In {place} the arrangement works well and could be copied at little cost.',
  'No evidence was found for the claim, made several times in debate, that {subject} had become cheaper.',
  'A survey of {number} households in {place} put trust in the present arrangement at {percent} per cent.',
  'The comparison with {year} is flattering, because that year was exceptional.',
  'Staff spoke openly; several said that they had warned of it since {year}.',
  'The committee notes with concern that {actor} learned of the change from the press.',
  'Two of the {small} pilot projects ended early, both for the same reason: {problem}.',
];

export const PROPOSALS: readonly string[] = [
  'The house asks the government to {measure}.',
  'It recommends that the minister {measure}, starting in {place}.',
  'Within {small} months the government should {measure}.',
  'The committee sees no reason to wait and proposes to {measure} from the first of {month}.',
  'To this end {money} should be set aside in the coming budget.',
  'A majority of members supported the proposal to {measure}; a minority wished first to hear {actor}.',
  'Responsibility should rest with one authority, and {actor} should report on it every year.',
  'The rules should expire after {small} years unless the house renews them.',
  'The effect on small municipalities such as {place} should be measured before and after.',
  'The government should {measure}, and tell the house by the end of {month} what has been done.',
];

export const PROCEDURE: readonly string[] = [
  'The file was referred to the {committee} Committee, with {member} as rapporteur.',
  'The committee considered it at {small} meetings, the last of them in {month} {year}.',
  'Amendments could be tabled until noon of the last Friday in {month}; {number} were received.',
  'The opinion of {actor} was requested and is annexed.',
  'The committee adopted the text by a show of hands, {member} dissenting.',
  'Minutes of the hearing are available from the registry.',
  'The text was corrected in its second version; only the numbering changed.',
  'A minority view by {member} is attached at the request of its author.',
];

export const QUESTIONS: readonly string[] = [
  'Is the minister aware that {problem}?',
  'How many times since {year} has {actor} been consulted on {subject}?',
  'Will the government {measure}, and if not, why not?',
  'What has been spent on {subject} in {place} since {year}, year by year?',
  'Can the minister confirm the figure of {money} given by {actor}?',
  'Which office answers letters on {subject} from residents of {place}?',
];

export const ANSWERS: readonly string[] = [
  'The minister thanks the member for the question and confirms that {problem}.',
  'Since {year} there were {number} consultations with {actor}; the list is annexed.',
  'The government intends to {measure} and will inform the house in {month}.',
  'Spending amounted to {money}, of which {percent} per cent went to {place}.',
  'The figure quoted is correct for {year} but includes costs that would have arisen in any case.',
  'Letters are answered by the regional office in {place}, on average within {small} weeks.',
  'The minister does not share the view that nothing has been done: {actor} received {money} for this purpose.',
];

export const ARTICLES: readonly string[] = [
  'The competent minister shall {measure}.',
  'Any person living in the district concerned may ask {actor} for a decision on {subject}; it shall be given within {small} weeks.',
  'The authority shall keep a public register of decisions on {subject}.',
  'Fees under this Act shall not exceed the cost of the service, and in no case {number} crowns.',
  'Decisions taken before the entry into force remain valid until the end of {future}.',
  'The government shall report to the house on the effects of this Act within {small} years.',
  'Whoever knowingly gives false figures to {actor} may be fined up to {money}.',
  'Municipalities with fewer than {number} inhabitants may carry out this Act together.',
  'This Act enters into force on the first day of the third month after its publication.',
];

export const REMARKS: readonly string[] = [
  'asked why {actor} had not been heard before the text was drafted.',
  'recalled that {problem}, and that nobody in the room had disputed it.',
  'would vote for the text, with regret that it stopped short of {place}.',
  'said that {subject} could not be settled by a circular.',
  'pointed to {place}, where the same rules cost {percent} per cent less.',
  'warned against promising {money} that the budget did not contain.',
  'thanked {actor}, and asked for the figures of {year} to be added.',
  'wished to {measure} at once, without a trial.',
  'preferred a trial of {small} months in {place}.',
  'found the comparison with {place} unfair, given the winter of {year}.',
  'noted that {actor} and the ministry used two different definitions of the same word.',
  'had received {number} letters on {subject}, most of them written by hand.',
  'read out a letter from a resident of {place}, according to whom {problem}.',
  'agreed with the previous speaker about the aim and with nobody about the means.',
  'asked that the vote be postponed until {actor} had answered; the chair declined.',
];

/** One line of the annex; the district is put before it. */
export const DISTRICT_LINES: readonly string[] = [
  '{number} cases on file, of which {percent} per cent closed within the term; spending {money}.',
  '{number} cases on file; {percent} per cent closed within the term; no change of staff since {year}.',
  'figures incomplete for {year}; {number} cases counted by hand; spending estimated at {money}.',
  '{number} households affected; {actor} expects {percent} per cent fewer by {future}.',
];

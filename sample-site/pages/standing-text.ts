export interface StandingPage {
  readonly path: string;
  readonly title: string;
  readonly lead: string;
  /** Paragraphs parted by an empty line; "## " makes a heading. */
  readonly text: string;
  readonly caching: 'ordinary' | 'only-last-modified' | 'cookie-on-public-page' | 'vary-star' | 'expires-zero' | 'etag-only';
  readonly editedDaysAgo: number;
  readonly links?: readonly { readonly path: string; readonly label: string }[];
  readonly picture?: { readonly path: string; readonly alt: string; readonly width: number; readonly height: number };
}

export const STANDING_PAGES: readonly StandingPage[] = [
  {
    path: '/about', title: 'About the parliament', caching: 'ordinary', editedDaysAgo: 90,
    lead: 'One chamber, 151 members, ten districts. The house makes the laws, votes the budget and asks the questions.',
    picture: { path: '/images/chamber.png', alt: 'Aldermouth by night, seen from the water; the House on the Quay among its roofs.', width: 800, height: 450 },
    text: `## How the house works

Members are elected every four years in ten districts. They sit in groups, speak in the order of a list kept by the President, and vote by name whenever fifteen of them ask for it. In practice they nearly always do.

A bill goes to one of twelve committees, comes back with a report, is debated, amended and voted on. Most bills take seven months. The fastest took nine days and the slowest, on the width of cart wheels, forty-one years.

## The President

The President chairs the sittings, speaks for the house, and votes like every other member, last. The office rotates between the larger groups by custom and is filled by secret ballot.

## Money

The house spends 84 million crowns a year, a little under fifteen crowns for each inhabitant. The accounts are among the documents.`,
    links: [
      { path: '/about/history', label: 'History of the house' },
      { path: '/about/opening-hours', label: 'Opening hours' },
      { path: '/about/press', label: 'For the press' },
      { path: '/about/open-data', label: 'Open data and feeds' },
      { path: '/accessibility', label: 'Accessibility' },
      { path: '/privacy', label: 'Privacy' },
    ],
  },
  {
    path: '/about/history', title: 'History of the house', caching: 'only-last-modified', editedDaysAgo: 400,
    lead: 'From a meeting of dyke wardens in a barn to a chamber with a loop for hearing aids.',
    text: `## The wardens

The first assembly of which minutes survive met in 1612, in a barn at Reedham Bridge, to settle who should pay for a breach. It did not settle it. The wardens agreed to meet again, and that habit is what the house descends from.

## The House on the Quay

The present building went up between 1868 and 1871 on piles driven into the harbour mud. It was meant as a corn exchange; the price of corn fell, and parliament bought the shell for a third of its cost. The dome was added because the roof leaked.

## Votes for all

Men without property voted from 1899, women from 1917, residents from abroad in local affairs from 1986. Each extension was called premature by a member whose grandson later praised it from the same seat.

## The fire

On a January night in 1944 the east wing burned. The roll of members was carried out by the night porter, who went back for the cat. Both are commemorated by a plaque in the cloakroom.

## Today

The chamber was last rebuilt to be reached without steps from every side. The barn at Reedham Bridge still stands and holds potatoes.`,
  },
  {
    path: '/about/opening-hours', title: 'Opening hours', caching: 'expires-zero', editedDaysAgo: 60,
    lead: 'When the doors are open, and when somebody answers the telephone.',
    text: `## Public gallery

On sitting days from half an hour before the sitting until its close. On evenings with a large vote, from 18:45.

## Registry and telephone

Working days from 09:00 to 17:00; on sitting days until the close of the sitting.

## Library reading room

Monday to Friday from 10:00 to 18:00, Saturday from 10:00 to 13:00. Closed in August.

## Exhibition

Every day but Monday from 10:00 to 17:00. Entrance is free.`,
  },
  {
    path: '/about/press', title: 'For the press', caching: 'vary-star', editedDaysAgo: 30,
    lead: 'Accreditation, pictures and the telephone number that is answered at night.',
    text: `## Accreditation

A day pass is issued at the west door on showing a press card. Film crews are asked to register by noon of the day before.

## Pictures

The drawings and pictures on this site may be used under the Apache License 2.0. Members are drawn, not photographed, by a decision of the house of 1952 which nobody has moved to reverse.

## On vote nights

Results are published on the page of the vote, on the agenda and through the feeds at the same moment. The press desk is reached at +00 555 01 30 until one hour after the close of the sitting.`,
    links: [{ path: '/votes/latest', label: 'The latest roll call' }, { path: '/rss.xml', label: 'News feed' }],
  },
  {
    path: '/about/open-data', title: 'Open data and feeds', caching: 'etag-only', editedDaysAgo: 14,
    lead: 'Members, votes and papers as JSON, without a key. Please be gentle with the search.',
    text: `## The interface

The addresses below answer in JSON and allow requests from any website. Lists take the parameters page and per_page (at most 100). Dates are days in UTC.

## Feeds

News is published as RSS and Atom, sittings as iCalendar. A feed reader that asks every fifteen minutes, and sends back the tag it was given, costs us next to nothing.

## Limits

There is no key and no quota. If you want everything, walk the list of documents once, at night, and ask again only for what is new.`,
    links: [
      { path: '/api/v1', label: 'Overview of the interface' },
      { path: '/api/v1/members', label: 'Members' },
      { path: '/api/v1/votes', label: 'Votes' },
      { path: '/api/v1/documents', label: 'Documents' },
      { path: '/plenary/calendar.ics', label: 'Calendar of sittings' },
      { path: '/downloads/session-recording.bin?bytes=1048576', label: 'Sample of a session recording (1 MiB)' },
    ],
  },
  {
    path: '/visit', title: 'Visit the house', caching: 'cookie-on-public-page', editedDaysAgo: 20,
    lead: 'The gallery is open to everyone on sitting days. You need neither a ticket nor a tie.',
    picture: { path: '/images/harbour.png', alt: 'Cranes and quays near the house, seen from the boat.', width: 800, height: 450 },
    text: `## Getting here

Tram 2 stops at Treaty Square. From the central station it is twelve minutes on foot along the water. Boats from the Outer Isles land at the quay in front of the house.

## Guided tours

Tours leave on Wednesdays and Saturdays at 11:00 and 14:00 and last fifty minutes. They end in the old chamber, where visitors may vote on a question of their own.

## Access

All public rooms can be reached without steps. Wheelchairs can be borrowed at the west door. The loop for hearing aids works on channel T. Guide dogs are welcome and are given water.

## Schools

Four groups a day, from the age of ten. Please write to us at least three weeks ahead.`,
    links: [{ path: '/contact', label: 'Ask for a date' }, { path: '/about/opening-hours', label: 'Opening hours' }],
  },
  {
    path: '/accessibility', title: 'Accessibility', caching: 'ordinary', editedDaysAgo: 120,
    lead: 'This site should work for everyone, with any browser, on a slow line and without scripts.',
    text: `## What we aim for

Headings and landmarks in order, text that can be enlarged fourfold, contrast of at least 4.5 to 1, and nothing that needs a mouse. Charts come with a table that says the same.

## What falls short

Older papers were scanned and their PDF files are not tagged. The text on the page of each paper is complete; please use it instead.

## Tell us

If something does not work for you, write to us or call. We mend it, or tell you why not, within ten working days.`,
    links: [{ path: '/contact', label: 'Report a problem' }],
  },
  {
    path: '/privacy', title: 'Privacy', caching: 'ordinary', editedDaysAgo: 150,
    lead: 'We want to know as little about you as the law and the contact form allow.',
    text: `## Reading

Reading this site needs no cookie, no account and no script. There are no trackers, no advertising and no content from other sites.

## Forms

The contact form and the notifications use one session cookie, which ends with the session. What you write is read by the registry, answered, and deleted after two years.

## Logs

Our servers note the time, the address asked for and a shortened network address. The logs are deleted after fourteen days, or kept longer by order of a court.`,
  },
];

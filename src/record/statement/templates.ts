/**
 * Beginnings for a spokesperson at night: each keeps apart what is known, what is not, what is done, and when one speaks next. What stands in [square
 * brackets] must be filled in by a person: a statement that still holds a bracket is not approved. None says who did it or why: that is never known at the
 * beginning, and a claim of responsibility is a claim.
 */
export interface StatementTemplate {
  readonly name: string
  readonly title: string
  readonly know: string
  readonly notKnown: string
  readonly doing: string
  readonly next: string
}

const en: readonly StatementTemplate[] = [
  {
    name: 'first-word', title: 'Our website is hard to reach',
    know: 'Since [time] our website has been hard to reach for many people. Very many requests reach it at once. Texts that were published before can still be read.',
    notKnown: 'We do not yet know where these requests come from or why.',
    doing: 'Our technicians are working on it, together with [CSIRT or provider].', next: 'We will report again at [time].',
  },
  {
    name: 'attack', title: 'Attack on the availability of our website',
    know: 'Since [time] our website has been flooded with requests in order to make it unreachable. Such an attack keeps visitors out; [as far as we know, no data was read or changed].',
    notKnown: 'We do not know who is behind it. We do not know whether it is linked to [event]; the time alone does not show that.',
    doing: 'We refuse the requests of the attack and keep the site readable. We have informed [authorities].', next: 'We will report again at [time].',
  },
  {
    name: 'claim', title: 'On a claim of responsibility',
    know: 'A group that calls itself [name] says that it attacked our website. We know of this claim since [time].',
    notKnown: 'We cannot confirm the claim. Such claims are often made by several groups, and some are untrue.',
    doing: 'We have passed it on to [authorities], who investigate.', next: 'We will say more when we know more, at the latest at [time].',
  },
  {
    name: 'over', title: 'Our website works as usual again',
    know: 'The attack that began at [time] ended at [time]. Our website works as usual.',
    notKnown: 'Who was behind it is being investigated. [What else is not known.]',
    doing: 'We keep watching, go through what happened and will improve what can be improved.', next: 'We will publish a summary by [date].',
  },
]

const de: readonly StatementTemplate[] = [
  {
    name: 'first-word', title: 'Unsere Website ist schwer erreichbar',
    know: 'Seit [Uhrzeit] ist unsere Website für viele Menschen schwer erreichbar. Sehr viele Anfragen treffen gleichzeitig ein. Bereits veröffentlichte Texte können weiterhin gelesen werden.',
    notKnown: 'Wir wissen noch nicht, woher diese Anfragen kommen und warum.',
    doing: 'Unsere Technik arbeitet daran, zusammen mit [CSIRT oder Anbieter].', next: 'Wir melden uns wieder um [Uhrzeit].',
  },
  {
    name: 'attack', title: 'Angriff auf die Erreichbarkeit unserer Website',
    know: 'Seit [Uhrzeit] wird unsere Website mit Anfragen überflutet, damit sie nicht mehr erreichbar ist. Ein solcher Angriff hält Besucher fern; [soweit wir wissen, wurden keine Daten gelesen oder verändert].',
    notKnown: 'Wir wissen nicht, wer dahintersteht. Wir wissen nicht, ob ein Zusammenhang mit [Ereignis] besteht; der Zeitpunkt allein zeigt das nicht.',
    doing: 'Wir weisen die Anfragen des Angriffs ab und halten die Website lesbar. Wir haben [Behörden] informiert.', next: 'Wir melden uns wieder um [Uhrzeit].',
  },
  {
    name: 'claim', title: 'Zu einem Bekennerschreiben',
    know: 'Eine Gruppe, die sich [Name] nennt, sagt, sie habe unsere Website angegriffen. Wir kennen diese Behauptung seit [Uhrzeit].',
    notKnown: 'Wir können die Behauptung nicht bestätigen. Solche Behauptungen werden oft von mehreren Gruppen aufgestellt, und manche sind unwahr.',
    doing: 'Wir haben sie an [Behörden] weitergegeben, die ermitteln.', next: 'Wir sagen mehr, wenn wir mehr wissen, spätestens um [Uhrzeit].',
  },
  {
    name: 'over', title: 'Unsere Website arbeitet wieder wie gewohnt',
    know: 'Der Angriff, der um [Uhrzeit] begann, endete um [Uhrzeit]. Unsere Website arbeitet wie gewohnt.',
    notKnown: 'Wer dahinterstand, wird untersucht. [Was sonst nicht bekannt ist.]',
    doing: 'Wir beobachten weiter, werten das Geschehen aus und verbessern, was zu verbessern ist.', next: 'Wir veröffentlichen eine Zusammenfassung bis [Datum].',
  },
]

const fr: readonly StatementTemplate[] = [
  {
    name: 'first-word', title: 'Notre site web est difficile à joindre',
    know: 'Depuis [heure], notre site web est difficile à joindre pour beaucoup de personnes. Un très grand nombre de requêtes arrivent en même temps. Les textes déjà publiés restent lisibles.',
    notKnown: 'Nous ne savons pas encore d’où viennent ces requêtes ni pourquoi.',
    doing: 'Nos équipes techniques y travaillent, avec [CSIRT ou fournisseur].', next: 'Nous communiquerons de nouveau à [heure].',
  },
  {
    name: 'attack', title: 'Attaque contre la disponibilité de notre site web',
    know: 'Depuis [heure], notre site web est submergé de requêtes afin de le rendre inaccessible. Une telle attaque tient les visiteurs à l’écart ; [à notre connaissance, aucune donnée n’a été lue ou modifiée].',
    notKnown: 'Nous ne savons pas qui en est l’auteur. Nous ne savons pas si elle est liée à [événement] ; le moment seul ne le montre pas.',
    doing: 'Nous refusons les requêtes de l’attaque et gardons le site lisible. Nous avons informé [autorités].', next: 'Nous communiquerons de nouveau à [heure].',
  },
  {
    name: 'claim', title: 'À propos d’une revendication',
    know: 'Un groupe qui se nomme [nom] dit avoir attaqué notre site web. Nous connaissons cette revendication depuis [heure].',
    notKnown: 'Nous ne pouvons pas la confirmer. De telles revendications viennent souvent de plusieurs groupes, et certaines sont fausses.',
    doing: 'Nous l’avons transmise à [autorités], qui enquêtent.', next: 'Nous en dirons plus quand nous en saurons plus, au plus tard à [heure].',
  },
  {
    name: 'over', title: 'Notre site web fonctionne de nouveau normalement',
    know: 'L’attaque commencée à [heure] a pris fin à [heure]. Notre site web fonctionne normalement.',
    notKnown: 'L’enquête sur ses auteurs est en cours. [Ce que l’on ne sait pas encore.]',
    doing: 'Nous restons attentifs, analysons ce qui s’est passé et améliorerons ce qui peut l’être.', next: 'Nous publierons un bilan avant le [date].',
  },
]

const nl: readonly StatementTemplate[] = [
  {
    name: 'first-word', title: 'Onze website is moeilijk bereikbaar',
    know: 'Sinds [tijd] is onze website voor veel mensen moeilijk bereikbaar. Er komen zeer veel verzoeken tegelijk binnen. Eerder gepubliceerde teksten blijven leesbaar.',
    notKnown: 'Wij weten nog niet waar deze verzoeken vandaan komen en waarom.',
    doing: 'Onze technici werken eraan, samen met [CSIRT of provider].', next: 'Wij melden ons weer om [tijd].',
  },
  {
    name: 'attack', title: 'Aanval op de bereikbaarheid van onze website',
    know: 'Sinds [tijd] wordt onze website overspoeld met verzoeken om haar onbereikbaar te maken. Zo’n aanval houdt bezoekers buiten; [voor zover wij weten zijn er geen gegevens gelezen of gewijzigd].',
    notKnown: 'Wij weten niet wie erachter zit. Wij weten niet of er een verband is met [gebeurtenis]; het tijdstip alleen toont dat niet aan.',
    doing: 'Wij weren de verzoeken van de aanval en houden de website leesbaar. Wij hebben [autoriteiten] ingelicht.', next: 'Wij melden ons weer om [tijd].',
  },
  {
    name: 'claim', title: 'Over een opgeëiste aanval',
    know: 'Een groep die zich [naam] noemt, zegt onze website te hebben aangevallen. Wij kennen deze bewering sinds [tijd].',
    notKnown: 'Wij kunnen de bewering niet bevestigen. Zulke beweringen worden vaak door meerdere groepen gedaan, en sommige zijn onwaar.',
    doing: 'Wij hebben haar doorgegeven aan [autoriteiten], die onderzoek doen.', next: 'Wij zeggen meer zodra wij meer weten, uiterlijk om [tijd].',
  },
  {
    name: 'over', title: 'Onze website werkt weer zoals gewoonlijk',
    know: 'De aanval die om [tijd] begon, eindigde om [tijd]. Onze website werkt zoals gewoonlijk.',
    notKnown: 'Wie erachter zat, wordt onderzocht. [Wat verder niet bekend is.]',
    doing: 'Wij blijven alert, gaan na wat er is gebeurd en verbeteren wat beter kan.', next: 'Wij publiceren een samenvatting vóór [datum].',
  },
]

const all: Readonly<Record<string, readonly StatementTemplate[]>> = { en, de, fr, nl }
export const templateLanguages: readonly string[] = Object.keys(all)

/** Of that language, or the English ones. */
export function templatesIn(language: string): readonly StatementTemplate[] {
  return Object.hasOwn(all, language) ? all[language]! : en
}

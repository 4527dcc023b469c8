/** Every word the console shows, in one place: a translation is a second file of this shape. Sentences are plain, short and without blame. */
import type { ComponentState } from '../../src/contract/statement.ts'
import type { ReportKind } from '../../src/contract/report.ts'
import type { Condition, RuleAction, ShieldState } from '../../src/contract/plan.ts'
import { count, percent, span } from './format.ts'

const plural = (n: number, one: string, many: string): string => `${count(n)} ${n === 1 ? one : many}`

export const texts = {
  product: 'Polder',
  skip: 'Skip to the content',
  views: {
    now: 'Now', explore: 'Explore', incidents: 'Incidents', statements: 'Public status', alerts: 'Alerts', lifeline: 'Lifeline', calendar: 'Calendar', journal: 'Journal', settings: 'Settings', accounts: 'Accounts',
  },
  menu: 'Menu', close: 'Close', cancel: 'Cancel', save: 'Save', undo: 'Undo', retry: 'Try again', loading: 'Loading …', more: 'Show more', table: 'As a table', none: 'None', never: 'never', unknown: 'not known',
  times: { local: 'Times in your zone', utc: 'Times in UTC', switchUtc: 'Show times in UTC', switchLocal: 'Show times in my zone', now: 'now', ago: (ms: number) => `${span(ms)} ago`, ahead: (ms: number) => `in ${span(ms)}` },
  login: {
    title: 'Sign in to Polder', name: 'Name', password: 'Password', code: 'Code from your authenticator (if you use one)', go: 'Sign in', working: 'Signing in …',
    first: 'No account yet? On the machine: polder account add NAME --role admin', unreachable: 'Polder cannot be reached. Is it running? polder status on the machine tells.',
    wait: (seconds: number) => `Please wait ${span(seconds * 1_000)} before the next try.`, ended: 'Your session has ended. Please sign in again.', out: 'Sign out',
  },
  connection: {
    live: 'Live', connecting: 'Connecting …', lost: (ms: number) => `No news for ${span(ms)}. Reconnecting by itself; visitors are not affected by this page.`, renewed: 'Polder has been renewed. Load this page anew when you have finished writing.',
  },
  presence: { alone: 'Only you are here', others: (names: readonly string[]) => `Here too: ${names.join(', ')}`, at: (name: string, where: string) => `${name} is at ${where}`, acted: 'What people did', nobody: 'Nobody has changed anything since you came.' },
  moment: {
    title: (time: string) => `You see ${time}, not now.`, back: 'Back to live', loading: 'Loading that moment …', none: 'Nothing was kept of that moment.', hint: 'Drag over a chart, or use the arrow keys on it, to see that moment.',
    failed: 'That moment could not be loaded.', actsHeld: 'Acts are for now, not for the past: go back to live to use them.',
  },
  ranges: { label: 'Time range', '5m': '5 minutes', '15m': '15 minutes', '1h': '1 hour', '6h': '6 hours', '24h': '24 hours', '7d': '7 days', '90d': '90 days' } as Record<string, string>,
  now: {
    starting: 'Polder has just started and has not said anything yet. This takes a few seconds.',
    figures: { served: 'Visitors served', waiting: 'Waiting', challenged: 'Asked to prove', refused: 'Refused', failed: 'Failed', perSecond: 'a second', now: 'now' },
    charts: {
      rate: 'Requests and what is usual', answers: 'What became of them', latency: 'Origin: time to answer', load: 'Origin: at once, limit, queue', cache: 'Answered without the origin',
      asked: 'Asked', expected: 'Usual', band: 'Upper edge of usual', served: 'Served', refused: 'Refused', failed: 'Failed', challenged: 'Challenged', p50: 'Median', p99: 'Slowest 1 %', inFlight: 'At once', limit: 'Limit', queue: 'Waiting', fromCache: 'From the store',
      perSecond: 'a second', ms: 'ms', share: '%', requests: 'requests', time: 'Time', state: 'State', noData: 'Nothing recorded in this range yet.',
      rateNow: (now: number, usual: number | null, top: number | null, at: string) => `${count(now)}/s${usual === null ? '' : `, usual ${count(usual)}/s`}${top === null ? '' : `; highest ${count(top)}/s at ${at}`}.`,
      answersSum: (served: number, refused: number, failed: number) => `${count(served)} served, ${count(refused)} refused, ${count(failed)} failed in this range.`,
      latencyNow: (median: number | null, top: number | null, at: string) => `${median === null ? 'Not asked now' : `Median ${count(median)} ms`}${top === null ? '' : `; slowest ${count(top)} ms at ${at}`}.`,
      loadNow: (inFlight: number, limit: number, queue: number) => `${count(inFlight)} of ${count(limit)} at once, ${count(queue)} wait.`,
      storedNow: (stored: number, lifeline: number) => `${percent(stored)} from the store, ${percent(lifeline)} from the lifeline.`,
      failed_: 'The history could not be loaded.',
    },
    inTime: 'Figures over time', state: 'State', reasons: 'Why', noReasons: 'Nothing stands out.', excess: 'What the excess is made of', tooMany: (all: number, suspicious: number) => `${count(all)}/s too many; ${count(suspicious)}/s of them from clients that show nothing a visitor shows.`, noExcess: 'There is no excess: as many requests as usual.', pattern: 'Pattern', ofExcess: 'Of the excess', normally: 'Normally', heldBack: 'Thought of, not made', nets: 'Where it comes from', visitorsShare: 'Of visitors',
    rules: 'Rules in force', noRules: 'No rule acts. Nobody is held back.', asleep: 'Asleep', vetoed: 'Vetoed', fromSettings: 'from the settings file', addRule: 'Add a rule', posture: 'Posture', postureUsual: 'As usual. The calendar asks for nothing.', postureNext: 'Next', postureNone: 'Nothing planned in the next 30 days.', events: 'What happened', noEvents: 'Nothing happened since the start.',
    learnt: (minutes: number) => `Polder has learned ${span(minutes * 60_000)} of this site. In its first day it blocks nobody by itself.`,
    controlGone: 'The part of Polder that decides is silent. Visitors are served by the last plan; its rules run out by themselves. It is started anew by itself.',
    recordGone: 'The journal is silent: what happens now is not written down. See the log if this lasts.', alarms: (n: number) => `${plural(n, 'alert is', 'alerts are')} open.`,
    watchful: (sensitivity: number) => `More watchful: reacts at ${percent(sensitivity)} of the usual thresholds.`, rehearse: 'The challenge is rehearsed', refresh: 'The lifeline is refreshed', tell: 'People are told', dryAll: 'All of Polder’s own rules: count only', dryAllOff: 'All of Polder’s own rules: act again',
    lifeline: 'Lifeline', lifelineShare: (share: number) => `${percent(share)} of what is read could be served without the origin.`, lifelineNone: 'Nobody has read anything yet.', upstreamsDown: (down: number, all: number) => `${count(down)} of ${count(all)} upstreams held back`, workers: (ready: number, wanted: number) => `${ready} of ${wanted} workers`, connections: (n: number) => plural(n, 'connection', 'connections'),
  },
  headline: {
    everyone: 'Serving everyone.', most: (share: number) => `Serving; ${percent(share)} of answers fail.`, few: (share: number) => `Only ${percent(share)} of requests that should be served get an answer.`, waiting: (n: number) => `Serving; ${plural(n, 'visitor waits', 'visitors wait')} in line.`, nobody: 'Visitors are not served: no worker runs.', draining: 'This process is ending; it takes nothing new.',
    originWell: 'Origin well.', originSlow: (since: string) => `Origin slow since ${since}.`, originFails: (since: string) => `Origin failing since ${since}.`, rules: (n: number, share: number, least: boolean) => `${n === 1 ? '1 rule holds' : `${n} rules hold`} ${least ? 'at least ' : ''}${percent(share)} of the excess;`, rulesNoShare: (n: number) => (n === 1 ? '1 rule acts;' : `${n} rules act;`),
    touched: (share: number) => `at most ${percent(share)} of visitors touched.`, touchedNone: 'no visitor touched so far.', calm: 'Nothing stands out.', busy: (times: number) => `${times < 10 ? times.toFixed(1) : count(times)} times as many requests as usual.`,
  },
  states: { NORMAL: 'Calm', WATCH: 'Watch', STRAIN: 'Strain', ATTACK: 'Attack', EMERGENCY: 'Emergency' } satisfies Record<ShieldState, string> as Record<ShieldState, string>,
  stateSentences: {
    NORMAL: 'All is calm.',
    WATCH: 'More is asked than usual, or it looks different; the origin is well, so nobody is touched.',
    STRAIN: 'The origin suffers. Stored copies are shown first and who waits is served fairly; nothing is proven against anyone.',
    ATTACK: 'An attack is under way and is being pushed back.',
    EMERGENCY: 'The origin is failing under an attack: everything that can be refused with little harm is refused.',
  } satisfies Record<ShieldState, string> as Record<ShieldState, string>,
  stateSince: (time: string, ms: number) => `since ${time} (${span(ms)})`,
  actions: { allow: 'Always let in', observe: 'Only counted', tag: 'Served last', 'cache-only': 'Stored answers only', challenge: 'Asked to prove', limit: 'Limited', block: 'Refused' } satisfies Record<RuleAction, string> as Record<RuleAction, string>,
  rule: {
    pin: 'Pin', unpin: 'Unpin', veto: 'Veto', extend: 'Extend', stepDown: 'Step down', expire: 'End now', dryRun: 'Count only', dryRunOff: 'Act again', details: 'Evidence and history', acts: (id: string) => `Acts on rule ${id}`,
    sentences: {
      pin: 'Keeps this rule at its step, whatever its gates say later.', unpin: 'Gives the rule back to its own life: gates, harm and expiry count again.', veto: 'Stops this rule at once. Polder does not make this pattern again until the veto ends.', extend: 'Moves the end of this rule.',
      'step-down': 'From now on this rule does the next milder thing. For ten minutes Polder does not make it stricter by itself; its end stays.', expire: 'Ends this rule now. One of Polder’s own may come back when it is needed; veto it against that.', 'dry-run': 'From now on this rule only counts what it would have done, and touches nobody.', 'dry-run-off': 'From now on this rule acts again.', 'dry-run-all': 'Everything Polder writes by itself only counts, and touches nobody.', 'dry-run-all-off': 'What Polder writes by itself acts again.',
    } as Record<string, string>,
    why: 'Why (kept in the journal)', whyDefault: 'from the console', forHow: 'For how long', until: 'Until', open: 'until undone', expected: 'Harm promised', live: 'Harm so far', matchedSoFar: 'Matched so far', explains: 'Explains', rate: 'Matches', doesNotAct: 'does not act', endsIn: (ms: number) => `ends in ${span(ms)}`, unlessFlood: 'unless its flood goes on', noEnd: 'no end', ended: 'ended', gates: 'Gates', passed: 'passed', held: 'holds back', history: 'History', conditions: 'Matches requests where', marks: { pinned: 'pinned', dryRun: 'count only', decaying: 'fading', operator: 'by hand', dormant: 'asleep', vetoed: 'vetoed' },
    normalPerSecond: (matched: number, expected: number) => `${count(matched)}/s (normal ${count(expected)}/s)`, ofExcess: (share: number) => `${percent(share)} of the excess`, harmBound: (share: number) => `at most ${percent(share)} of normal requests`, harmNone: 'nothing matched', harmLive: (positive: number, matched: number) => `${count(positive)} of ${count(matched)} matches behave like visitors (${percent(matched === 0 ? 0 : positive / matched)})`, canary: (passed: number, tried: number) => `${count(passed)} of ${count(tried)} let through on trial were visitors`, heldFor: (ms: number) => `not stricter for ${span(ms)}`, by: (who: string, why: string) => `by ${who}${why === '' ? '' : `: ${why}`}`, bornAt: (time: string) => `since ${time}`,
    action: 'What happens', limitPerSecond: 'Let through a second', name: 'Name', add: 'Add this rule', and: ', and ', noConditions: 'A rule without conditions would match everything: name a path, host, network or method.', noLimit: 'Say how many a second may pass.',
    keys: 'Keys on a rule: P pin, V veto, X extend, S step down, D count only, Enter evidence',
  },
  done: { notDone: 'Nothing was changed.', failed: 'That could not be done: Polder cannot be reached. Nothing was changed.', undone: 'Undone.', viewer: 'Your role may look, not change. Ask an operator.', at: (who: string) => `${who}:` },
  explore: {
    title: 'Explore', lead: 'Break the traffic of a window down, find what stands out, and see beforehand whom a rule would touch.', window: 'Window', by: 'Break down by', where: 'Only where', clear: 'Clear', value: 'Value', requests: 'Requests', share: 'Share', normal: 'Normally', visitors: 'Behave like visitors', only: (value: string) => `Only ${value}`, drop: (value: string) => `Without ${value}`, empty: 'No requests in this window.', sampled: (rows: number, total: number) => `${count(rows)} sampled of ${count(total)} requests.`, harm: 'Whom would a rule touch?', matchesNow: 'Matches now', makeRule: 'Make a rule of this', pick: 'Choose at least one value; the rule is made of what you choose.', failed: 'This could not be computed.',
    windows: { now: 'The last seconds', '15m': 'The last 15 minutes', '1h': 'The last hour', moment: 'Around the chosen moment' } as Record<string, string>,
    attributes: { prefix: 'Network (prefix)', asn: 'Network operator (AS)', country: 'Country', userAgent: 'User agent', userAgentShape: 'User agent, numbers aside', headerOrder: 'Order of header fields', acceptCombo: 'Languages and encodings', httpVersion: 'HTTP version', tlsFingerprint: 'TLS fingerprint', path: 'Path', pathTemplate: 'Path, numbers aside', queryShape: 'Form of the query', referer: 'Referer', refererClass: 'Where it came from', host: 'Host', method: 'Method', status: 'Status', class: 'Kind of request', pathClass: 'Kind of request' } as Record<string, string>,
  },
  address: {
    title: 'Look up one address', label: 'Address of a visitor', go: 'Look up', countedAs: (what: string) => `counted as ${what}`, unknown: 'Not seen lately.', visitor: 'It behaves like a visitor.', notVisitor: 'It has not behaved like a visitor so far.', dropped: 'The kernel drops it.', proxy: 'It is a trusted proxy.',
    seen: (ago: string, requests: string, pages: string, statics: string) => `Last seen ${ago} ago; about ${requests} requests, ${pages} pages, ${statics} pictures, scripts and styles (halved every two minutes).`, noRule: 'No rule names it.', further: (others: number) => `if ${plural(others, 'further condition holds', 'further conditions hold')}`, undecided: (n: number) => `Of ${plural(n, 'further rule', 'further rules')} only a request can tell.`,
  },
  incidents: {
    title: 'Incidents', none: 'There has been no incident. One is opened by itself when an attack begins, or by hand.', open: 'Open an incident', openTitle: 'What is it', isOpen: 'open', one: 'Incident', closedHead: 'Closed', closed: 'closed', merged: (into: string) => `merged into ${into}`, worst: 'Worst state', opened: 'Opened', tasks: 'Open tasks', marking: 'May be read by', failed: 'The incidents could not be loaded.', back: 'All incidents', notFound: 'There is no such incident.',
    closeIt: 'Close the incident', closeWhy: 'Why it is over', aware: 'People know since', awareNot: 'Nobody has said yet since when people know. The legal deadlines start then.', awareSay: 'People know since …', awareNow: 'Now', significant: 'Significant in the sense of the law', notJudged: 'not judged', yes: 'yes', no: 'no', deadlines: 'Deadlines', timeLeft: 'Time left', late: (ms: number) => `${span(ms)} late`, left: (ms: number) => `${span(ms)} left`, sent: (time: string) => `sent ${time}`, notStarted: 'not started', facts: 'Figures', timeline: 'Timeline', claims: 'Claims', claimsNote: 'What somebody says. It is not evidence.', noClaims: 'Nobody has claimed anything.', addClaim: 'Note a claim', saidBy: 'Who says it', where: 'Where', text: 'Text', reliability: 'Source (A reliable … F cannot be judged)', credibility: 'What is said (1 confirmed … 6 cannot be judged)', hypotheses: 'Questions and judgements', hypothesesNote: 'The answer is always a person’s. Polder never fills it in.', noHypotheses: 'No question has been asked.', addHypothesis: 'Ask a question', verdict: 'Judgement', supports: 'Speaks for it', against: 'Speaks against it', addArgument: 'Add an argument', side: 'Side', notes: 'Notes', noNotes: 'No notes.', addNote: 'Write a note', tasksTitle: 'Tasks', noTasks: 'No tasks.', addTask: 'Add a task', assignee: 'Who', due: 'Until', doneTask: 'Done', doneAt: (time: string) => `done ${time}`, reports: 'Reports', evidence: 'Evidence', noEvidence: 'No files have been taken in.', evidenceHow: 'Files are taken in on the machine: polder incident evidence ID FILE.', around: 'In the calendar around it', noAround: 'Nothing in the calendar.', noTimeline: 'Nothing has happened yet.', markTlp: 'TLP marking', kindsShown: 'Show', all: 'everything', duration: (ms: number) => `for ${span(ms)}`,
    figureKinds: { exact: 'counted', sampled: 'from a sample', estimated: 'estimated', 'not-known': 'not known' } as Record<string, string>,
    timelineKinds: { state: 'State', rule: 'Rule', act: 'Person', origin: 'Origin', alert: 'Alert', statement: 'Statement', claim: 'Claim', person: 'Person', calendar: 'Calendar', system: 'Polder' } as Record<string, string>,
  },
  reports: {
    kinds: { 'early-warning': 'Early warning', notification: 'Notification', intermediate: 'Intermediate report', final: 'Final report', 'after-action': 'After-action report', brief: 'Brief for the leadership' } satisfies Record<ReportKind, string> as Record<ReportKind, string>,
    kind: 'Report', form: 'Form', write: 'Write it', preview: 'Preview', missing: 'Only a person can answer', nothingMissing: 'Nothing is missing.', answer: 'Keep the answer', download: (form: string) => `Download as ${form}`, writing: 'Writing …', markSent: 'It was sent', sentTo: 'To whom', choose: 'Choose a report to see it as it stands now.',
  },
  statements: {
    title: 'Public status', lead: 'What the public is told. Only what a person approved is shown.', page: (listen: string) => `Served at ${listen}`, noPage: 'Polder does not serve the status page itself (statements.listen is empty).', folder: (folder: string) => `Written to ${folder}`, exported: (time: string) => `up to date since ${time}`, components: 'Parts of the site', automatic: 'by Polder', byHand: 'by a person', none: 'Nothing has been said yet.', draft: 'Write a statement', template: 'Start from', blank: 'an empty page', know: 'What we know', notKnown: 'What we do not know', doing: 'What we are doing', next: 'When we speak next', heading: 'Title', language: 'Language', saveDraft: 'Save the draft', approve: 'Approve', publish: 'Publish', withdraw: 'Withdraw', edit: 'Edit', preview: 'As the public will see it', fourEyes: 'Somebody else than the writer must approve.', draftedBy: (who: string) => `written by ${who}`, approvedBy: (who: string) => `approved by ${who}`, publishedAt: (time: string) => `published ${time}`, brackets: 'There is a [bracket] left: fill it in before it is approved.', failed: 'The statements could not be loaded.',
    stages: { draft: 'Draft', approved: 'Approved', published: 'Published', withdrawn: 'Withdrawn' } as Record<string, string>,
    states: { works: 'works', investigating: 'being investigated', slow: 'slow', limited: 'limited', down: 'down', maintenance: 'under maintenance' } satisfies Record<ComponentState, string> as Record<ComponentState, string>,
    names: { reading: 'Reading pages', search: 'Search', forms: 'Forms', api: 'Interfaces' } as Record<string, string>,
  },
  alerts: { title: 'Alerts', open: 'Open', none: 'No alert is open.', channels: 'Who is told', noChannels: 'Nobody is told: there is no channel in the settings (alert.channels).', acknowledge: 'I have seen it', acknowledged: (who: string, time: string) => `seen by ${who}, ${time}`, test: 'Send a test', testing: 'Sending; this takes up to 20 seconds …', sent: 'Sent', failedCount: 'Failed', waiting: 'Waiting', last: 'Last', trouble: 'Trouble', told: (names: readonly string[]) => `told: ${names.join(', ')}`, failed: 'The alerts could not be loaded.', to: 'Where to', channel: 'Channel', worksFine: 'works' , severities: { info: 'For information', warning: 'Warning', critical: 'Critical' } as Record<string, string> },
  lifeline: {
    title: 'Lifeline', lead: 'The last good copy of the public site: what readers get when the origin cannot answer.', share: 'Of what is read, could be served', noReads: 'Nobody has read anything yet.', readsOf: (reads: number, days: number) => `${count(reads)} reads in ${plural(days, 'day', 'days')}`, kept: 'Pages kept', known: (n: number) => `of ${count(n)} known`, age: 'Half are younger than', oldest: (ms: number) => `oldest ${span(ms)}`, disk: 'On disk', ofMax: (max: string) => `of at most ${max}`, suspended: 'Writing is suspended: the disk has no room.', crawl: 'Refresh now', crawlHint: 'Begins as soon as the site is calm.', unserved: 'Read, but not kept', noUnserved: 'Everything that is read is kept.', missing: 'Why pages are missing', noMissing: 'No page is missing.', page: 'Page', reads: 'Reads', why: 'Why', pages: 'Pages', examples: 'For example', passNow: (done: number, left: number) => `Pass under way: ${count(done)} done, ${count(left)} left.`, passDone: (time: string) => `Last pass ended ${time}.`, failed: 'The lifeline does not answer. Visitors are served without it.',
    pauses: { '': 'Working', done: 'All done for now', off: 'Off in the settings', 'no-site': 'No site named in the settings (lifeline.sites)', 'not-calm': 'Rests: it is not calm', 'origin-fails': 'Rests: the origin fails', starting: 'Starting' } as Record<string, string>,
  },
  calendar: { title: 'Calendar', lead: 'Days on which Polder is more watchful: votes, sessions, releases. A calendar makes nobody an attacker.', now: 'In force now', nothingNow: 'Nothing: as usual.', next: 'The next 30 days', nothingNext: 'Nothing planned.', add: 'Add a watchful time', name: 'Posture', reason: 'Because of', from: 'From', until: 'Until', remove: 'Remove', sources: 'Calendars', noSources: 'No calendar in the settings (calendar.sources).', refresh: 'Read them again', events: (n: number) => plural(n, 'event', 'events'), read: (time: string) => `read ${time}`, failed: 'The calendar could not be loaded.', postureHint: 'As named in the settings, for example election-night', source: 'Source' },
  journal: { title: 'Journal', lead: 'What happened and who did what, each entry bound to the one before.', verify: 'Prove that nothing was altered', verifying: 'Reading the whole journal …', whole: (entries: number, hash: string) => `Nothing was altered, removed or put in. ${count(entries)} entries; the newest has the hash ${hash}.`, altered: (n: number) => `Altered in ${plural(n, 'place', 'places')}:`, kind: 'Kind', allKinds: 'All kinds', older: 'Older entries', none: 'No entries of this kind.', when: 'When', who: 'Who', what: 'What happened', number: 'No.', failed: 'The journal could not be loaded.', suspended: (why: string) => `Entries are kept in memory for now: ${why}` },
  settings: { title: 'Settings', lead: 'What is in force, and where it comes from. Change the settings file; most of it acts without a restart.', find: 'Find a setting', name: 'Setting', value: 'Value', from: 'Comes from', effect: 'Takes effect', none: 'No setting has this in its name.', failed: 'The settings could not be loaded.', live: 'at once', restart: 'after a restart', count: (n: number, of: number) => `${n} of ${of} settings` },
  accounts: { title: 'Accounts', lead: 'Who may come in. Viewers look, operators act, admins also manage accounts.', name: 'Name', role: 'Role', roles: { viewer: 'Viewer', operator: 'Operator', admin: 'Admin' } as Record<string, string>, add: 'Add an account', password: 'Password', passwordHint: 'At least 12 characters. They can change it later.', remove: 'Remove', removeSure: (name: string) => `Remove ${name}`, newPassword: 'New password', change: 'Change', created: 'Since', last: 'Last sign-in', totp: 'Second factor', on: 'on', off: 'off', failed: 'The accounts could not be loaded.', onlyAdmin: 'Only admins see accounts.', sessions: 'Signed in', unlock: 'Unlock', ownPassword: 'Change my password', oldPassword: 'Present password', switchOn: 'Switch on', switchOff: 'Switch off', removeHint: 'They are signed out at once. What they did stays in the journal.', totpHint: 'Give this to your authenticator now; it is shown only once.', lockedUntil: (time: string) => `locked until ${time}` },
  palette: { title: 'Commands', find: 'Type what you want to do', none: 'Nothing of that name.', go: (view: string) => `Go to ${view}`, range: (range: string) => `Show ${range}`, rule: (act: string, id: string) => `${act}: rule ${id}`, live: 'Back to live', help: 'Keyboard shortcuts', incident: (title: string) => `Incident: ${title}`, undoLast: 'Undo the last act' },
  help: {
    title: 'Keyboard', open: 'Keyboard shortcuts', groups: { everywhere: 'Everywhere', charts: 'On a chart', rules: 'On a rule' }, keys: [
      ['everywhere', 'Ctrl K / ⌘ K', 'Commands'], ['everywhere', 'G, then N E I S A L C J', 'Go to Now, Explore, Incidents, public Status, Alerts, Lifeline, Calendar, Journal'], ['everywhere', 'J / K', 'Next or previous rule'], ['everywhere', 'Z', 'Undo the last act'], ['everywhere', 'Esc', 'Close; back to live'], ['everywhere', '?', 'This help'],
      ['charts', '← →', 'One step back or on'], ['charts', 'Page Up / Page Down', 'Ten steps'], ['charts', 'Home / End', 'The beginning; now'], ['charts', 'Drag', 'See that moment'],
      ['rules', 'P', 'Pin or unpin'], ['rules', 'V', 'Veto'], ['rules', 'X', 'Extend'], ['rules', 'S', 'Step down'], ['rules', 'D', 'Count only, or act again'], ['rules', 'Enter', 'Evidence and history'],
    ] as ReadonlyArray<readonly ['everywhere' | 'charts' | 'rules', string, string]>,
  },
  notFound: 'There is no such page here.',
  attributeWords: {
    userAgent: 'the user agent', userAgentShape: 'the user agent, numbers aside,', headerOrder: 'the order of the header fields', acceptCombo: 'the languages and encodings asked for', httpVersion: 'the HTTP version', tlsFingerprint: 'the TLS fingerprint (JA4)', pathTemplate: 'the path, numbers aside,', queryShape: 'the form of the query', referer: 'the page it came from', refererClass: 'where it came from',
  } as Record<string, string>,
  condition(this: void, condition: Condition): string {
    switch (condition.attribute) {
      case 'path': return `the path is ${condition.glob}`
      case 'host': return `the host is ${condition.glob}`
      case 'method': return `the method is ${condition.oneOf.join(' or ')}`
      case 'prefix': return `the address is in ${condition.cidrs.slice(0, 5).join(', ')}${condition.cidrs.length > 5 ? ` and ${condition.cidrs.length - 5} more` : ''}`
      case 'page-only': return `the client has had ${condition.pages} pages or more and fetched no picture, script or style, and echoed no cookie`
      case 'unproven': return 'the client has not behaved like a visitor so far'
      case 'query-present': return 'there is a query (?…)'
      case 'httpVersion': return `the HTTP version is ${condition.equals === 20 ? '2' : (condition.equals / 10).toFixed(1)}`
      case 'refererClass': return ['it names no page it came from', 'it came from a page of this site', 'it came from a page of another site'][condition.equals] ?? `referer class ${condition.equals}`
      default: {
        const what = texts.attributeWords[condition.attribute] ?? condition.attribute
        if (condition.text !== undefined && condition.text !== '') return `${what} is “${condition.text}”`
        return condition.attribute === 'queryShape' && condition.equals === 0 ? 'there is no query' : `${what} has the fingerprint ${condition.equals.toString(16).padStart(8, '0')}`
      }
    }
  },
}

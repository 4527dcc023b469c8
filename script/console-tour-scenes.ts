/** The scenes of the console's tour: what people look at and do, and when a picture is taken. */
import type { Locator, Page } from 'playwright-core'
import type { Incident, IncidentSummary } from '../src/contract/incident.ts'
import type { Evening } from './console-tour-run.ts'
import { dismissNotices, openView, tellRecord } from './console-tour-seats.ts'

const strained = '.bar-top .state:is(.strain, .attack)'

/** Nothing happens: what one sees on every other day. */
export async function calm({ camera, ada, ben, headlines }: Evening): Promise<void> {
  await range(ada.page)
  await range(ben.page)
  headlines['calm'] = await headline(ada.page)
  await camera.take(ada.page, 'calm')
  await camera.take(ben.page, 'calm-phone')
  await openView(ada.page, 'lifeline')
  await camera.take(ada.page, 'lifeline')
  await openView(ada.page, 'now')
}

/** Ten times as many people as usual, and none of them is held back. */
export async function crowded({ camera, ada, headlines }: Evening): Promise<void> {
  headlines['crowd'] = await headline(ada.page)
  await camera.take(ada.page, 'crowd')
}

/** The flood, and one person who acts while another looks over their shoulder. */
export async function flooded(evening: Evening): Promise<void> {
  const { camera, ada, ben, tell, headlines, plan } = evening
  const { page } = ada
  await page.locator(strained).waitFor({ timeout: plan.stateWithinMs })
  tell(`the shield says: ${await headline(page)}`)
  await page.locator('article.rule').first().waitFor({ timeout: plan.stateWithinMs })
  await page.locator('.headline', { hasText: 'hold' }).waitFor({ timeout: plan.stateWithinMs })
  // A few more seconds, so that the charts show what the rules do.
  await page.waitForTimeout(12_000)
  headlines['flood'] = await headline(page)
  await camera.take(page, 'flood')
  await camera.take(page, 'flood-dark', { dark: true })
  await camera.take(ben.page, 'flood-phone-dark', { dark: true })
  await camera.take(ben.page, 'flood-rules-phone', { top: ben.page.locator('#rules-title') })

  const rule = page.locator('article.rule').first()
  await rule.locator('summary').first().click()
  await camera.take(page, 'rule-evidence', { top: page.locator('#rules-title') })
  await rule.locator('summary').first().click()
  await act(page, rule, 's', 'check the search for two minutes first')
  await camera.take(page, 'step-down-undo')
  await page.keyboard.press('z')
  await page.locator('article.rule').first().waitFor()
  await page.waitForTimeout(1_200)
  await dismissNotices(page)
  const again = page.locator('article.rule').first()
  await again.focus()
  await page.keyboard.press('v')
  await page.locator('dialog[open]').waitFor()
  await camera.take(page, 'veto-dialog')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await page.locator('dialog[open] input').fill('veto')
  await camera.take(page, 'commands')
  await page.keyboard.press('Escape')
  await act(page, again, 'p', 'hold it until the vote is over')
  await act(page, again, 'd', 'is this really the flood?')
  await page.waitForTimeout(800)
  await page.keyboard.press('z')
  await page.waitForTimeout(800)
  await dismissNotices(page)
  await explored(evening)
}

/** From a table to a rule, and whom it would touch before there is one. */
async function explored({ camera, ada, ben }: Evening): Promise<void> {
  const { page } = ada
  await openView(page, 'explore')
  await page.locator('table.explore').waitFor()
  await page.waitForTimeout(400)
  await camera.take(page, 'explore')
  await openView(ben.page, 'explore')
  await ben.page.locator('table.explore').waitFor()
  await dismissNotices(ben.page)
  await camera.take(ben.page, 'explore-phone')
  await page.locator('table.explore button.link').first().click()
  await page.getByRole('button', { name: 'Whom would a rule touch?' }).click()
  await page.locator('.verdict').waitFor()
  await camera.take(page, 'explore-harm')
  const make = page.getByRole('button', { name: 'Make a rule of this' })
  if ((await make.count()) > 0) {
    await make.click()
    await page.locator('dialog[open]').waitFor()
    await page.locator('dialog input[name=why]').fill('one program on many networks')
    await camera.take(page, 'explore-rule')
    await page.locator('dialog button[type=submit]').click()
    await page.locator('dialog[open]').waitFor({ state: 'detached' })
  }
  await openView(page, 'now')
  await page.waitForTimeout(1_500)
  await camera.take(page, 'two-people', { top: page.locator('#events-title') })
  await dismissNotices(page)
  await openView(ben.page, 'now')
}

/** What is left to do when it is over: look back, write down, report, speak. */
export async function aftermath(evening: Evening, floodWallMs: number): Promise<void> {
  const { camera, ada, ben, headlines } = evening
  const { page } = ada
  await dismissNotices(page)
  headlines['aftermath'] = await headline(page)
  await camera.take(page, 'aftermath')
  await dragTo(page, floodWallMs + 10_000)
  headlines['moment'] = await headline(page)
  await camera.take(page, 'time-travel')
  await page.keyboard.press('Escape')
  await dragTo(ben.page, floodWallMs + 10_000)
  await camera.take(ben.page, 'time-travel-phone', { stay: true })
  await ben.page.locator('.banner button').click()
  await recorded(evening)
  await spoken(evening)
  for (const view of ['journal', 'alerts', 'calendar', 'settings', 'accounts']) {
    await openView(page, view)
    if (view === 'journal') {
      await page.getByRole('button', { name: 'Prove that nothing was altered' }).click()
      await page.locator('.tone-calm, p.trouble').first().waitFor()
    }
    await camera.take(page, view)
  }
  await openView(ben.page, 'journal')
  await camera.take(ben.page, 'journal-phone')
  await page.keyboard.press('?')
  await page.locator('dialog[open]').waitFor()
  await camera.take(page, 'keyboard')
  await page.keyboard.press('Escape')
  await openView(page, 'now')
  await openView(ben.page, 'now')
}

/** The incident has closed by itself; people add what only they know. */
async function recorded({ camera, ada, ben, tell, plan }: Evening): Promise<void> {
  const { page } = ada
  const [{ id }] = await tellRecord<IncidentSummary[]>(page, 'incident/list', {})
  await tellRecord(page, 'incident/aware', { id, atWallMs: Date.now() })
  await tellRecord(page, 'incident/claim', { id, text: 'We stopped the parliament of Exampleland tonight.', saidBy: 'a group that calls itself Night Ferry', where: 'its channel', saidAtWallMs: Date.now(), reliability: 'E', credibility: 5, evidenceId: null })
  await tellRecord(page, 'incident/hypothesis', { id, text: 'Is it linked to tonight’s vote?' })
  await tellRecord(page, 'incident/task', { id, text: 'Send the early warning to the CSIRT', assignee: 'ada', dueWallMs: Date.now() + 3_600_000 })
  await tellRecord(page, 'incident/note', { id, text: 'Provider called: no filter needed so far.' })
  tell('waiting for the incident to close by itself')
  for (const end = Date.now() + plan.closedWithinMs; (await tellRecord<Incident>(page, 'incident/show', { id })).closedAtWallMs === null; await page.waitForTimeout(1_000)) {
    if (Date.now() > end) throw new Error('the incident did not close by itself')
  }
  await openView(page, 'incidents')
  await camera.take(page, 'incidents')
  await page.getByRole('link', { name: id }).or(page.locator('tbody th a')).first().click()
  await page.locator('.timeline').waitFor()
  await page.waitForTimeout(500)
  await camera.take(page, 'incident')
  await openView(ben.page, `incidents/${id}`)
  await camera.take(ben.page, 'incident-phone')
  await page.locator('#reports-title ~ .field select').selectOption('early-warning')
  await page.locator('.preview').waitFor()
  await camera.take(page, 'report-preview', { top: page.locator('#reports-title') })
}

const words = {
  en: ['Tonight our website was flooded with requests meant to make it unreachable. Such an attack keeps visitors out; as far as we know, no data was read or changed.', 'We do not know who is behind it.', 'We refuse the requests of the attack and keep the site readable.', 'Tomorrow at noon.'],
  fr: ['Ce soir, notre site a été submergé de requêtes qui visaient à le rendre inaccessible. Une telle attaque empêche l’accès ; à notre connaissance, aucune donnée n’a été lue ni modifiée.', 'Nous ne savons pas qui en est l’auteur.', 'Nous refusons les requêtes de l’attaque et gardons le site lisible.', 'Demain à midi.'],
} as const

/** One writes, another reads it and says yes. */
async function spoken({ camera, ada, ben }: Evening): Promise<void> {
  const { page } = ada
  await openView(page, 'statements')
  await page.getByLabel('Start from').selectOption({ index: 1 })
  await page.getByRole('button', { name: 'Write a statement' }).click()
  await page.locator('.editor').waitFor()
  for (const language of ['fr', 'en'] as const) {
    await page.locator('.editor').getByLabel('Language').selectOption(language)
    for (const [place, text] of words[language].entries()) await page.locator('.editor textarea').nth(place).fill(text)
  }
  await camera.take(page, 'statement', { top: page.locator('#editor-title') })
  await page.getByRole('button', { name: 'Save the draft' }).click()
  await page.locator('.editor').waitFor({ state: 'detached' })
  await openView(ben.page, 'statements')
  const approve = ben.page.getByRole('button', { name: 'Approve' })
  await approve.waitFor()
  await camera.take(ben.page, 'statement-approve-phone', { top: ben.page.locator('article.statement') })
  await approve.click()
  await ben.page.getByRole('button', { name: 'Publish' }).waitFor()
  await dismissNotices(ben.page)
  await dismissNotices(page)
}

/** The shield is killed: the page says so, and that visitors do not depend on this page. */
export async function lost({ camera, ada }: Evening): Promise<void> {
  await ada.page.locator('.connection.lost').waitFor()
  await ada.page.waitForTimeout(7_000)
  await camera.take(ada.page, 'no-news')
}

async function headline(page: Page): Promise<string> {
  return (await page.locator('.headline').innerText()).trim()
}

async function range(page: Page): Promise<void> {
  await page.locator('input[name=range][value="5m"]').check({ force: true })
  await page.waitForTimeout(500)
}

/** By keyboard, with a reason. */
async function act(page: Page, rule: Locator, key: string, why: string): Promise<void> {
  await rule.focus()
  await page.keyboard.press(key)
  await page.locator('dialog input[name=why]').fill(why)
  await page.keyboard.press('Enter')
  await page.locator('dialog[open]').waitFor({ state: 'detached' })
  await page.waitForTimeout(1_200)
}

/** From the right edge of the first chart to that moment, slowly enough to see something on the way. */
async function dragTo(page: Page, wallMs: number): Promise<void> {
  const chart = page.getByRole('slider').first()
  await chart.scrollIntoViewIfNeeded()
  const [from, to] = await Promise.all(['aria-valuemin', 'aria-valuemax'].map(async (name) => Number(await chart.getAttribute(name))))
  const box = (await chart.locator('.u-over').boundingBox())!
  const x = box.x + (box.width * (wallMs - from)) / (to - from)
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + box.width - 4, y)
  await page.mouse.down()
  await page.mouse.move(x, y, { steps: 12 })
  await page.mouse.up()
  await page.locator('.top .state').waitFor()
  await page.waitForTimeout(1_200)
}

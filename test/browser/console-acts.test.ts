/** Every act of the console by keyboard alone, its undo, and what others see of it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import type { MockConsole } from '../../console/mock/mock-console.ts'
import { launchChromium } from '../support/chromium.ts'
import { openView, signIn, withConsole } from './console-rig.testing.ts'

let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser?.close())

async function until(what: () => boolean | Promise<boolean>, sentence: string): Promise<void> {
  for (const end = Date.now() + 8_000; !(await what()); ) {
    assert.ok(Date.now() < end, sentence)
    await new Promise((resolve) => { setTimeout(resolve, 30) })
  }
}

/** Tab until what has the focus matches; proves that it can be reached. */
async function tabTo(page: Page, selector: string, most = 200): Promise<void> {
  for (let presses = 0; presses < most; presses++) {
    if (await page.evaluate(`document.activeElement?.matches(${JSON.stringify(selector)})`) === true) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`${selector} is not reached with Tab`)
}

async function actByKey(page: Page, mock: MockConsole, key: string): Promise<MockConsole['acts'][number]> {
  const before = mock.acts.length
  await page.keyboard.press(key)
  await page.locator('dialog[open]').waitFor()
  await page.keyboard.press('Enter')
  await until(() => mock.acts.length > before, `${key} did nothing`)
  await page.locator('dialog[open]').waitFor({ state: 'detached' })
  return mock.acts[before]
}

test('pin, veto, extend, count only and end now on a rule, by key, each with who and why', { timeout: 60_000 }, async () => {
  await withConsole(browser, {}, async ({ page, mock, errors }) => {
    await page.locator('article.rule').first().waitFor()
    for (const [key, kind] of [['p', 'pin'], ['x', 'extend'], ['d', 'dry-run'], ['v', 'veto']] as const) {
      await page.keyboard.press('j')
      const act = await actByKey(page, mock, key)
      assert.equal(act.kind, kind)
      assert.equal(act.why, 'from the console')
      assert.equal(act.who, 'anna')
      await page.locator('body').click({ position: { x: 2, y: 700 } })
    }
    await page.keyboard.press('j')
    assert.equal((await actByKey(page, mock, 'e')).kind, 'expire')
    assert.deepEqual(errors, [])
  })
})

test('every button of a rule is reached with Tab, and does the same as its key', { timeout: 60_000 }, async () => {
  await withConsole(browser, {}, async ({ page, mock }) => {
    for (const letter of ['P', 'V', 'X', 'S', 'D', 'E']) {
      const button = `article[data-rule="r-1a2b"] button[aria-keyshortcuts="${letter}"]`
      await page.locator(button).waitFor()
      await page.locator('article[data-rule="r-1a2b"]').focus()
      await tabTo(page, button, 12)
      await page.keyboard.press('Enter')
      await page.locator('dialog[open]').waitFor()
      await page.keyboard.press('Escape')
      await page.locator('dialog[open]').waitFor({ state: 'detached' })
      assert.ok(await page.evaluate(`document.activeElement?.matches(${JSON.stringify(button)})`), 'the focus comes back')
    }
    assert.equal(mock.acts.length, 0, 'Escape changes nothing')
  })
})

test('a step down is one order on the rule itself, and Z takes it back', { timeout: 60_000 }, async () => {
  await withConsole(browser, {}, async ({ page, mock }) => {
    await page.locator('article[data-rule="r-1a2b"]').focus()
    await actByKey(page, mock, 's')
    assert.deepEqual(mock.acts.map((act) => [act.kind, 'ruleId' in act ? act.ruleId : '']), [['step-down', 'r-1a2b']])
    const rule = page.locator('article[data-rule="r-1a2b"]')
    await rule.locator('.badge', { hasText: 'Limited' }).waitFor()
    await rule.getByText('not stricter for').waitFor()
    await page.keyboard.press('z')
    await rule.locator('.badge', { hasText: 'Refused' }).waitFor()
  })
})

test('whatever is done to a rule has an undo in its notice, and the undo makes it what it was', { timeout: 120_000 }, async () => {
  await withConsole(browser, {}, async ({ page, mock, errors }) => {
    const rule = page.locator('article[data-rule="r-7c40"]')
    const looks = async (): Promise<string> => `${await rule.locator('.badge').textContent()} ${(await rule.locator('.id').textContent())?.replace(/ends in .*?(?=,|$)/, '')}`
    await rule.waitFor()
    const before = await looks()
    for (const [key, kind] of [['p', 'pin'], ['v', 'veto'], ['x', 'extend'], ['s', 'step-down'], ['d', 'dry-run'], ['e', 'expire']] as const) {
      await rule.focus()
      const act = await actByKey(page, mock, key)
      assert.equal(act.kind, kind)
      const sent = mock.acts.length
      await page.locator('.notice.done', { hasText: 'Undo' }).last().waitFor()
      await page.keyboard.press('z')
      await until(() => mock.acts.length > sent, `${kind} is not taken back`)
      const back = mock.acts.at(-1)!
      assert.ok(kind === 'dry-run' ? back.kind === 'dry-run' && !back.on : back.kind === 'take-back' && back.of === kind, JSON.stringify(back))
      assert.equal(back.who, 'anna')
      await until(async () => (await rule.count()) === 1 && (await looks()) === before, `${kind}: ${before} came back as ${(await rule.count()) === 1 ? await looks() : 'nothing'}`)
    }
    assert.deepEqual(errors, [])
  })
})

test('what people do beside rules is undone where the record can be as it was: a judgement, an entry of the calendar, a role', { timeout: 120_000 }, async () => {
  await withConsole(browser, {}, async ({ page, errors }) => {
    const undo = async (): Promise<void> => {
      await page.locator('.notice.done', { hasText: 'Undo' }).last().waitFor()
      await page.locator('main h1').first().click()
      await page.keyboard.press('z')
      await page.locator('.notice', { hasText: 'Undone.' }).last().waitFor()
    }
    await openView(page, 'incidents/2026-11-23-1')
    const verdict = page.getByLabel('Judgement (hypothesis-1)')
    const before = await verdict.inputValue()
    await verdict.selectOption('unlikely')
    await undo()
    await until(async () => (await verdict.inputValue()) === before, 'the judgement is as it was')

    await openView(page, 'calendar')
    const entries = page.locator('main li.split')
    const titles = entries.locator('b')
    const known = await titles.allTextContents()
    await page.getByRole('button', { name: /^Remove: / }).first().click()
    await until(async () => (await entries.count()) === known.length - 1, 'the entry is gone')
    await undo()
    await until(async () => JSON.stringify((await titles.allTextContents()).toSorted()) === JSON.stringify(known.toSorted()), 'the entry is back')

    await openView(page, 'accounts')
    const role = page.getByLabel(/^Role: ben/)
    await role.selectOption('operator')
    await undo()
    await until(async () => (await role.inputValue()) === 'viewer', 'the role is as it was')
    assert.deepEqual(errors, [])
  })
})

test('the last act is undone with Z, and by the button of its notice', { timeout: 60_000 }, async () => {
  await withConsole(browser, {}, async ({ page, mock }) => {
    await page.locator('article[data-rule="r-7c40"]').focus()
    await actByKey(page, mock, 'p')
    await page.locator('.notice.done').waitFor()
    await page.keyboard.press('z')
    await until(() => { const last = mock.acts.at(-1); return last?.kind === 'take-back' && last.of === 'pin' }, 'Z takes the pin back')
    await page.locator('article[data-rule="r-7c40"]').focus()
    await actByKey(page, mock, 'd')
    await page.locator('.notice button', { hasText: 'Undo' }).last().focus()
    await page.keyboard.press('Enter')
    await until(() => { const last = mock.acts.at(-1); return last?.kind === 'dry-run' && !last.on }, 'the notice takes it back')
  })
})

test('the palette finds an act by a few letters and does it', { timeout: 60_000 }, async () => {
  await withConsole(browser, {}, async ({ page, mock }) => {
    await page.locator('article.rule').first().waitFor()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('veto r-e9')
    await page.keyboard.press('Enter')
    await page.locator('dialog[open] select').waitFor()
    await page.keyboard.press('Enter')
    await until(() => mock.acts.some((act) => act.kind === 'veto' && act.ruleId === 'r-e915'), 'veto by palette')
    await page.locator('dialog[open]').waitFor({ state: 'detached' })
    await page.keyboard.press('Control+k')
    await page.keyboard.type('journal')
    await page.keyboard.press('Enter')
    await page.locator('h1', { hasText: 'Journal' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('i')
    await page.locator('h1', { hasText: 'Incidents' }).waitFor()
  })
})

test('a rule by hand: from fields, and from a selection in Explore that says beforehand whom it would touch', { timeout: 90_000 }, async () => {
  await withConsole(browser, {}, async ({ page, mock }) => {
    await page.getByRole('button', { name: 'Add a rule' }).focus()
    await page.keyboard.press('Enter')
    await page.locator('dialog[open] input[name=path]').waitFor()
    await page.keyboard.type('/search*')
    await page.keyboard.press('Enter')
    await until(() => mock.acts.length === 1, 'the rule is added')
    const made = mock.acts[0]
    assert.ok(made.kind === 'add' && made.action === 'limit' && made.limitPerSecond === 5)
    assert.deepEqual(made.when, [{ attribute: 'path', glob: '/search*' }, { attribute: 'unproven' }])
    await openView(page, 'explore')
    await page.getByRole('button', { name: 'Only stress/2.1' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Whom would a rule touch?' }).focus()
    await page.keyboard.press('Enter')
    await page.getByText('at most 0.04 %').first().waitFor()
    await page.getByRole('button', { name: 'Make a rule of this' }).focus()
    await page.keyboard.press('Enter')
    await page.locator('dialog[open] button[type=submit]').focus()
    await page.keyboard.press('Enter')
    await until(() => mock.acts.length === 2, 'the rule of the selection is added')
    const second = mock.acts[1]
    assert.ok(second.kind === 'add' && second.action === 'challenge' && second.when[0].attribute === 'userAgent')
  })
})

test('arrow keys on a chart and dragging over it show that moment; acts wait until one is back', { timeout: 60_000 }, async () => {
  await withConsole(browser, {}, async ({ page, mock }) => {
    await page.getByRole('slider', { name: 'Requests and what is usual' }).focus()
    await page.keyboard.press('Home')
    await page.locator('.banner.moment').waitFor()
    await page.locator('.top .state.calm').waitFor()
    assert.equal(await page.locator('article.rule .acts').count(), 0, 'no acts on the past')
    await page.locator('.screen .rules article').first().focus()
    await page.keyboard.press('p')
    assert.equal(mock.acts.length, 0)
    await page.keyboard.press('Escape')
    await page.locator('.top .state.attack').waitFor()
    await page.locator('.u-over').nth(2).scrollIntoViewIfNeeded()
    const box = (await page.locator('.u-over').nth(2).boundingBox())!
    await page.mouse.move(box.x + box.width * 0.9, box.y + 40)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.2, box.y + 40, { steps: 8 })
    await page.mouse.up()
    await page.locator('.top .state.calm').waitFor()
    await page.locator('.excess table', { hasText: 'User agent' }).waitFor()
    await page.keyboard.press('Escape')
    await page.locator('.banner.moment').waitFor({ state: 'detached' })
  })
})

test('an incident is led by keyboard: task done, note, claim, question judged, report answered, statement approved and published', { timeout: 120_000 }, async () => {
  await withConsole(browser, {}, async ({ page }) => {
    const press = async (name: string | RegExp, nth = 0): Promise<void> => {
      await page.getByRole('button', { name }).nth(nth).focus()
      await page.keyboard.press('Enter')
    }
    const unfold = async (title: string): Promise<void> => {
      await page.locator('summary', { hasText: title }).first().focus()
      await page.keyboard.press('Enter')
    }
    await openView(page, 'incidents/2026-11-23-1')
    await press('Done: Call the CSIRT')
    await page.locator('.tasks .is-done', { hasText: 'Call the CSIRT' }).waitFor()
    await unfold('Write a note')
    await page.locator('textarea[name=text]:visible').first().focus()
    await page.keyboard.type('Upstream filters work.')
    await press('Write a note')
    await page.locator('.plain p', { hasText: 'Upstream filters work.' }).waitFor()
    await page.getByLabel('Judgement (hypothesis-1)').focus()
    await page.keyboard.type('unl')
    await page.locator('.notice', { hasText: 'Judgement: unlikely' }).waitFor()
    await page.getByLabel('Report', { exact: true }).selectOption('early-warning')
    await page.getByLabel('What is the likely cause?').focus()
    await page.keyboard.type('A flood by a botnet')
    await press('Keep the answer')
    await page.locator('.preview', { hasText: 'A flood by a botnet' }).waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), press('Download as MARKDOWN')])
    assert.match(download.suggestedFilename(), /early-warning/)
    await openView(page, 'statements')
    await press('Edit: 2026-11-23-s1')
    await page.getByLabel('When we speak next').focus()
    await page.keyboard.press('Control+a')
    await page.keyboard.type('At 21:00.')
    await page.locator('.editor .preview', { hasText: 'At 21:00.' }).waitFor()
    await press('Save the draft')
    await press('Approve: 2026-11-23-s1')
    await press('Publish: 2026-11-23-s1')
    await page.locator('.badge.calm', { hasText: 'Published' }).waitFor()
    await openView(page, 'alerts')
    await press(/^I have seen it/)
    await page.getByText('seen by anna').waitFor()
    await press('Send a test: chat')
    await page.locator('.trouble', { hasText: 'answered 403' }).first().waitFor()
  })
})

test('an address is looked up by keyboard', { timeout: 60_000 }, async () => {
  await withConsole(browser, { role: 'viewer' }, async ({ page }) => {
    await openView(page, 'explore')
    await page.locator('summary', { hasText: 'Look up one address' }).focus()
    await page.keyboard.press('Enter')
    await page.getByLabel('Address of a visitor').focus()
    await page.keyboard.type('192.0.2.7')
    await page.keyboard.press('Enter')
    await page.getByText('It has not behaved like a visitor so far.').waitFor()
    await page.locator('li', { hasText: 'r-1a2b block if 1 further condition holds' }).waitFor()
  })
})

test('two people at once see each other and each other’s acts, with the undo', { timeout: 60_000 }, async () => {
  await withConsole(browser, {}, async ({ page, mock }) => {
    await page.locator('.presence', { hasText: 'ben' }).waitFor()
    mock.actAs('ben', 'r-1a2b: pinned', { kind: 'unpin', ruleId: 'r-1a2b', untilWallMs: null, why: 'undone' })
    const notice = page.locator('.notice', { hasText: 'ben: r-1a2b: pinned' })
    await notice.waitFor()
    await notice.getByRole('button', { name: 'Undo' }).focus()
    await page.keyboard.press('Enter')
    await until(() => mock.acts.at(-1)?.kind === 'unpin', 'the act of another is taken back')
  })
})

test('a viewer sees everything and is offered no act', { timeout: 60_000 }, async () => {
  await withConsole(browser, { role: 'viewer' }, async ({ page }) => {
    await page.locator('article.rule').first().waitFor()
    assert.equal(await page.locator('.acts').count(), 0)
    for (const view of ['incidents/2026-11-23-1', 'statements', 'alerts', 'calendar', 'lifeline']) {
      await openView(page, view)
      assert.equal(await page.locator('main form').count(), 0, view)
    }
  })
})

test('sign in with keys; a wrong password is said, a session that ends leads back to the door', { timeout: 60_000 }, async () => {
  await withConsole(browser, { signedIn: false }, async ({ page, mock }) => {
    await page.locator('input[name=name]').waitFor()
    await page.keyboard.type('anna')
    await page.keyboard.press('Tab')
    await page.keyboard.type('wrong')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'Name or password is wrong.' }).waitFor()
    await signIn(page)
    mock.endSessions()
    await page.getByText('Your session has ended.').waitFor()
  })
})

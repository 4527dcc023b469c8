import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { confirmCrawler, type DnsQuestions } from './forward-confirm.ts'

const suffixes = ['.googlebot.com', '.search.msn.com']
const fail = (code: string): Error => Object.assign(new Error(code), { code })

/** A world of names: `ptr` by address, `forward` by name; an Error is thrown. */
function dnsOf(ptr: Record<string, string[] | Error>, forward: Record<string, string[] | Error>, asked: string[] = []): DnsQuestions {
  const look = (table: Record<string, string[] | Error>, key: string): Promise<readonly string[]> => {
    asked.push(key)
    const found = table[key] ?? fail('ENOTFOUND')
    return found instanceof Error ? Promise.reject(found) : Promise.resolve(found)
  }
  return { namesOf: (address) => look(ptr, address), addressesOf: (name) => look(forward, name) }
}

test('name and address that point at each other, under a crawler\'s domain, prove it', async () => {
  const dns = dnsOf({ '66.249.66.1': ['Crawl-66-249-66-1.GoogleBot.com.'] }, { 'crawl-66-249-66-1.googlebot.com': ['66.249.66.2', '66.249.66.1'] })
  assert.deepEqual(await confirmCrawler('66.249.66.1', 4, suffixes, dns), { verdict: 'verified', name: 'crawl-66-249-66-1.googlebot.com' })
})

test('IPv6 addresses are compared as addresses, not as text', async () => {
  const dns = dnsOf({ '2001:4860:4801:10::1': ['c.googlebot.com'] }, { 'c.googlebot.com': ['2001:4860:4801:0010:0:0:0:1'] })
  assert.equal((await confirmCrawler('2001:4860:4801:10::1', 6, suffixes, dns)).verdict, 'verified')
})

test('a forged PTR proves nothing: the name does not point back', async () => {
  const dns = dnsOf({ '198.51.100.7': ['crawl-66-249-66-1.googlebot.com'] }, { 'crawl-66-249-66-1.googlebot.com': ['66.249.66.1'] })
  assert.equal((await confirmCrawler('198.51.100.7', 4, suffixes, dns)).verdict, 'refuted')
})

test('names that only look like a crawler\'s domain are not even asked about', async () => {
  const asked: string[] = []
  const names = ['googlebot.com.evil.example', 'evilgooglebot.com', 'googlebot.com', '.googlebot.com', 'a b.googlebot.com', 'x\n.googlebot.com']
  const dns = dnsOf({ '198.51.100.7': names }, Object.fromEntries(names.map((name) => [name, ['198.51.100.7']])), asked)
  assert.equal((await confirmCrawler('198.51.100.7', 4, suffixes, dns)).verdict, 'refuted')
  assert.deepEqual(asked, ['198.51.100.7'])
})

test('an address with a thousand names makes us ask about three of them', async () => {
  const asked: string[] = []
  const names = Array.from({ length: 1_000 }, (_, i) => `n${i}.googlebot.com`)
  await confirmCrawler('198.51.100.7', 4, suffixes, dnsOf({ '198.51.100.7': names }, {}, asked))
  assert.equal(asked.length, 4)
})

test('no such name is a no; no answer is no answer', async () => {
  const named = { '198.51.100.7': ['a.googlebot.com'] }
  assert.equal((await confirmCrawler('198.51.100.7', 4, suffixes, dnsOf({}, {}))).verdict, 'refuted')
  assert.equal((await confirmCrawler('198.51.100.7', 4, suffixes, dnsOf(named, { 'a.googlebot.com': fail('ENODATA') }))).verdict, 'refuted')
  for (const code of ['ETIMEOUT', 'ECANCELLED', 'ESERVFAIL', 'ECONNREFUSED']) {
    assert.equal((await confirmCrawler('198.51.100.7', 4, suffixes, dnsOf({ '198.51.100.7': fail(code) }, {}))).verdict, 'unknown', code)
    assert.equal((await confirmCrawler('198.51.100.7', 4, suffixes, dnsOf(named, { 'a.googlebot.com': fail(code) }))).verdict, 'unknown', code)
  }
})

test('whatever DNS answers, only an address named back is verified, and nothing throws', async () => {
  const name = fc.oneof(fc.string(), fc.constantFrom('a.googlebot.com', 'b.googlebot.com.', 'x.search.msn.com', 'GOOGLEBOT.COM'))
  await fc.assert(
    fc.asyncProperty(fc.array(name, { maxLength: 5 }), fc.array(fc.oneof(fc.ipV4(), fc.string(), fc.constant('198.51.100.7')), { maxLength: 4 }), async (names, addresses) => {
      const proof = await confirmCrawler('198.51.100.7', 4, suffixes, { namesOf: () => Promise.resolve(names), addressesOf: () => Promise.resolve(addresses) })
      if (proof.verdict === 'verified') assert.ok(addresses.includes('198.51.100.7') && suffixes.some((suffix) => proof.name.endsWith(suffix)))
    }),
  )
})

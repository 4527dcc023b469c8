/** What is known of one address: the question of a help desk that has a visitor on the telephone. */
import { useState } from 'preact/hooks'
import type { AddressFacts } from '../../../src/contract/control-socket.ts'
import { get, sentenceOf } from '../api.ts'
import { count, shown, span } from '../format.ts'
import { texts } from '../texts.ts'
import { Field, Fold, Form } from './fields.tsx'

const words = texts.address

export function AddressLookup() {
  const [facts, setFacts] = useState<AddressFacts | null>(null)
  const [trouble, setTrouble] = useState('')
  return (
    <Fold title={words.title}>
      <Form go={words.go} onSend={async (fields) => {
        try {
          setFacts(await get<AddressFacts>(`address?address=${encodeURIComponent(fields['address'])}`))
          setTrouble('')
        } catch (error) {
          setFacts(null)
          setTrouble(sentenceOf(error))
        }
        return false
      }}>
        <Field name="address" label={words.label} placeholder="192.0.2.7" maxLength={60} required />
      </Form>
      <div role="status">
        {trouble !== '' && <p class="trouble">{trouble}</p>}
        {facts !== null && (
          <>
            <p><b>{shown(facts.address)}</b>{facts.countedAs !== facts.address && <span class="muted"> {words.countedAs(shown(facts.countedAs))}</span>}. {facts.tracked === null ? words.unknown : facts.tracked.behavesLikeVisitor ? words.visitor : words.notVisitor}{facts.kernelDropped && ` ${words.dropped}`}{facts.trustedProxy && ` ${words.proxy}`}</p>
            {facts.tracked !== null && <p class="muted">{words.seen(span(facts.tracked.lastSeenMsAgo), count(facts.tracked.requests), count(facts.tracked.pages), count(facts.tracked.statics))}</p>}
            {facts.matching.length === 0 ? <p>{words.noRule}</p> : <ul>{facts.matching.map((one) => <li key={one.ruleId}><b>{shown(one.ruleId)}</b> {shown(one.action)}{!one.whole && <span class="muted"> {words.further(one.others)}</span>}</li>)}</ul>}
            {facts.undecided > 0 && <p class="muted">{words.undecided(facts.undecided)}</p>}
          </>
        )}
      </div>
    </Fold>
  )
}

/** The list of incidents. */
import type { IncidentSummary } from '../../../src/contract/incident.ts'
import { attempt } from '../acts.ts'
import { mayAct, record } from '../api.ts'
import { count, dayAndTime, shown } from '../format.ts'
import { toneOf } from '../headline.ts'
import { Field, Fold, Form } from '../parts/fields.tsx'
import { Show, useLoad } from '../parts/load.tsx'
import { addressOf, go } from '../router.ts'
import { unbroken } from '../sentences.ts'
import { texts } from '../texts.ts'

const words = texts.incidents

export function IncidentsView() {
  const list = useLoad(() => record('incident', 'list', {}), [], 15_000)
  return (
    <>
      <h1>{words.title}</h1>
      <Show of={list} trouble={words.failed}>
        {(all) => (all.length === 0 ? <p class="muted">{words.none}</p> : (
          <div class="scroll" tabIndex={0} role="group" aria-label={words.title}>
            <table class="cards">
              <thead><tr><th scope="col">{words.one}</th><th scope="col">{words.worst}</th><th scope="col">{words.opened}</th><th scope="col">{words.closedHead}</th><th scope="col">{words.tasks}</th><th scope="col">{words.marking}</th></tr></thead>
              <tbody>{all.toSorted((a, b) => b.openedAtWallMs - a.openedAtWallMs).map((one) => <Row key={one.id} one={one} />)}</tbody>
            </table>
          </div>
        ))}
      </Show>
      {mayAct() && (
        <Fold title={words.open}>
          <Form go={words.open} onSend={async (fields) => {
            const made = await attempt(() => record('incident', 'open', { title: fields['title'] }), (incident) => `${incident.id}: ${incident.title}`)
            if (made !== null) go('incidents', made.id)
            return made
          }}>
            <Field name="title" label={words.openTitle} required maxLength={200} />
          </Form>
        </Fold>
      )}
    </>
  )
}

function Row({ one }: { one: IncidentSummary }) {
  return (
    <tr>
      <th scope="row"><a href={addressOf('incidents', one.id)}>{unbroken(shown(one.title))}</a> <small class="muted">{one.id}</small></th>
      <td data-label={words.worst}><span class={`state ${toneOf(one.worstState)}`}>{texts.states[one.worstState]}</span></td>
      <td data-label={words.opened}>{dayAndTime(one.openedAtWallMs)}</td>
      <td data-label={words.closedHead}>{one.mergedInto !== null ? words.merged(one.mergedInto) : one.closedAtWallMs === null ? <b>{words.isOpen}</b> : dayAndTime(one.closedAtWallMs)}</td>
      <td data-label={words.tasks}>{count(one.openTasks)}</td>
      <td data-label={words.marking}>{texts.tlp(one.tlp)}</td>
    </tr>
  )
}

/** The rows and goals of engines beside one another, from passes given. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AdapterDescription } from '../../../peer/engine/adapter-description.ts'
import type { Contestant, Entrant } from '../../bench/engine/entrants.ts'
import { passRows } from '../../bench/engine/pass-rows.ts'
import { isMeasured } from '../../bench/rows.ts'

const entrant = (name: string, more: Partial<Contestant> = {}) =>
  ({ contestant: { name, module: '', ...more }, loaded: { loadMs: 1, firstTokenMs: 2, facts: `${name}’s facts` } }) as Entrant
const pass = (prefillMs: number, decodeMs: number, tokens: number[]) => ({ prefillMs, decodeMs, tokens })
const model = { name: 'model', path: '' }
const entered = [entrant('Shoal'), entrant('web', { webGpu: true }), entrant('cpu')]
const passes = {
  Shoal: [pass(100, 160, [5, 6, 7])],
  web: [pass(200, 320, [5, 6, 7])],
  cpu: [pass(10, 16, [5, 8, 7])]
}

function rowsOn(kind: 'software' | 'gpu') {
  return passRows({ adapter: { kind } as AdapterDescription }, model, entered, passes, 32, 16).filter(isMeasured)
}

test('tokens a second over the other’s, with the adapter’s goals against WebGPU engines only', () => {
  const summary = rowsOn('software').map(({ name, value, against, ratio, goal }) => [name, value, against?.name, ratio, goal])
  assert.deepEqual(summary, [
    ['model prefill', 320, 'web', 2, undefined],
    ['model prefill', 320, 'cpu', 0.1, undefined],
    ['model decode', 100, 'web', 2, { min: 1.5 }],
    ['model decode', 100, 'cpu', 0.1, undefined]
  ])
  assert.deepEqual(
    rowsOn('gpu').map(({ goal }) => goal),
    [{ min: 1 }, undefined, { min: 1.3 }, undefined]
  )
})

test('it is said how far tokens agree', () => {
  const [, , web, cpu] = rowsOn('software')
  assert.equal(web!.note, 'the same 3 tokens')
  assert.equal(cpu!.note, 'tokens part at 1 of 3')
})

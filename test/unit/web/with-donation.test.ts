import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeviceLostError } from '../../../peer/errors.ts'
import type { DonationEvent } from '../../../peer/host/donate.ts'
import { initialState, type PageState } from '../../../web/state.ts'
import { withDonation } from '../../../web/with-donation.ts'

const span = { first: 3, end: 6 }
const stats = {
  tokensServed: 40,
  sessions: 2,
  bytesReceived: 0,
  bytesSent: 0,
  kvTokens: 0,
  freeKvTokens: 0,
  logBytes: 0,
  standingBy: 0,
  standbyLag: 0,
  waits: { prompts: 0, expectedMs: 0, waitedMs: 0, missedMs: 0 }
}
const serving = (tokensServed = 40): DonationEvent => ({
  state: 'serving',
  span,
  stats: { ...stats, tokensServed },
  decodeRate: 900
})
const loading = (bytesDone: number, bytesTotal: number, bytesCached = 0, bytesUnkept = 0): DonationEvent => ({
  state: 'loading',
  span,
  progress: { bytesDone, bytesTotal, bytesCached, bytesUnkept }
})
const after = (state: PageState, event: DonationEvent, now = 0) => withDonation(state, event, { now, sources: ['a.example'] })
const starting: PageState = {
  ...initialState,
  donation: { phase: 'starting', step: 'choosing', span: undefined, loaded: undefined, fetched: [], again: undefined }
}
type Starting = PageState['donation'] & { phase: 'starting' }

test('bytes tell the step; only what came over the network counts as fetched', () => {
  const testing = after(starting, loading(0, 0))
  assert.equal((testing.donation as Starting).step, 'testing')
  const half = after(after(testing, loading(300, 1_000, 300), 1_000), loading(500, 1_000, 300), 2_000)
  const { step, loaded, fetched } = half.donation as Starting
  assert.equal(step, 'loading')
  assert.deepEqual(loaded, { done: 500, total: 1_000, cached: 300, sources: ['a.example'] })
  assert.deepEqual(fetched, [
    { at: 1_000, total: 0 },
    { at: 2_000, total: 200 }
  ])
  const all = after(half, loading(1_000, 1_000, 300, 150))
  assert.equal((all.donation as Starting).step, 'measuring')
  assert.deepEqual([half.care.unkept, all.care.unkept], [0, 150])
})

test('serving keeps its beginning and its pause; a late word of it does not undo a stop', () => {
  const begun = after(starting, serving(), 5_000)
  assert.ok(begun.donation.phase === 'serving')
  assert.deepEqual([begun.donation.since, begun.donation.decodeRate], [5_000, 900])
  const paused: PageState = { ...begun, donation: { ...begun.donation, paused: ['asked'] } }
  const later = after(paused, serving(60), 6_000)
  assert.ok(later.donation.phase === 'serving')
  assert.deepEqual([later.donation.since, later.donation.paused, later.donation.samples.length], [5_000, ['asked'], 2])
  const stopping: PageState = { ...later, donation: { phase: 'stopping', answers: 5 } }
  assert.deepEqual(after(stopping, serving()).donation, { phase: 'stopping', answers: 2 })
  assert.deepEqual(after(stopping, { state: 'ended', error: undefined, retried: false }).donation, {
    phase: 'off',
    notice: undefined
  })
})

test('a lost GPU is said while the tab starts again with less, and for good the second time', () => {
  const error = new DeviceLostError('the device was lost')
  const leaving = after(after(starting, serving()), { state: 'leaving', span })
  const again = after(leaving, { state: 'retrying', span, error })
  assert.ok(again.donation.phase === 'starting')
  assert.match(again.donation.again!.detail, /tries once more, with less than layers 4–6/)
  // The reason stays while the weights load anew.
  const loaded = after(again, loading(5, 10)).donation as Starting
  assert.deepEqual([loaded.step, loaded.again], ['loading', again.donation.again])
  const ended = after(again, { state: 'ended', error, retried: true }).donation
  assert.ok(ended.phase === 'off')
  assert.match(ended.notice!.title, /again/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type PlacementQuestion, placeNewcomer } from '../../../peer/swarm/placement.ts'
import type { SpanOffer } from '../../../peer/swarm/types.ts'
import { directoryOf, model, offerOf } from './kit.ts'

const LAYER = 100
const EMBEDDING = 150

/** The embedding with layer 0, the head (as large) with the last layer, shared when both are here. */
const spanBytesOf = (layers: number) => (span: { first: number; end: number }) =>
  (span.end - span.first) * LAYER + (span.first === 0 || span.end === layers ? EMBEDDING : 0)

function question(layers: number, offers: Record<string, SpanOffer>, more: Partial<PlacementQuestion> = {}): PlacementQuestion {
  return {
    directory: directoryOf(offers),
    model,
    layers,
    spanBytes: spanBytesOf(layers),
    memoryBytes: 400,
    decodeRate: 100,
    random: () => 0,
    ...more
  }
}

test('placement stays within memory and fills as many holes as any window that fits', () => {
  const swarm = fc.integer({ min: 1, max: 10 }).chain(layers =>
    fc.record({
      layers: fc.constant(layers),
      spans: fc.array(fc.tuple(fc.nat({ max: layers - 1 }), fc.integer({ min: 1, max: layers }), fc.boolean()), { maxLength: 6 }),
      memoryBytes: fc.integer({ min: 0, max: 1_500 }),
      maxLayers: fc.integer({ min: 1, max: 12 }),
      draw: fc.double({ min: 0, max: 0.999, noNaN: true })
    })
  )
  fc.assert(
    fc.property(swarm, ({ layers, spans, memoryBytes, maxLayers, draw }) => {
      const offers = Object.fromEntries(
        spans.map(([first, length, loading], i) => [
          `p${i}`,
          offerOf({ first, end: Math.min(layers, first + length) }, layers, { state: loading ? 'loading' : 'serving' })
        ])
      )
      const held = new Set(
        Object.values(offers).flatMap(({ span }) => Array.from({ length: span.end - span.first }, (_, i) => span.first + i))
      )
      const fits = (first: number, end: number) => end - first <= maxLayers && spanBytesOf(layers)({ first, end }) <= memoryBytes
      const filled = (first: number, end: number) =>
        Array.from({ length: end - first }, (_, i) => first + i).filter(layer => !held.has(layer)).length
      let most = -1
      for (let first = 0; first < layers; first++)
        for (let end = first + 1; end <= layers; end++)
          // In an empty swarm one begins at layer 0 if that fits at all.
          if (fits(first, end) && (held.size > 0 || first === 0 || !fits(0, 1))) most = Math.max(most, filled(first, end))
      const span = placeNewcomer(question(layers, offers, { memoryBytes, maxLayers, random: () => draw }))
      if (most < 0) {
        assert.equal(span, undefined)
        return
      }
      assert.ok(span !== undefined && fits(span.first, span.end))
      assert.equal(filled(span.first, span.end), most)
    }),
    { numRuns: 500 }
  )
})

test('newcomers one after the other make a chain, then double its weakest part', () => {
  const layers = 8
  const offers: Record<string, SpanOffer> = {}
  const join = (peer: string, more: Partial<PlacementQuestion> = {}) => {
    const span = placeNewcomer(question(layers, offers, more))
    assert.ok(span)
    offers[peer] = offerOf(span, layers)
    return [span.first, span.end]
  }
  // 400 bytes hold two layers beside the embedding, four in the middle.
  assert.deepEqual(join('a'), [0, 2])
  assert.deepEqual(join('b'), [2, 6])
  assert.deepEqual(join('c'), [6, 8])
  // [2, 6) has the least throughput a layer: a rate of 100 over four layers.
  assert.deepEqual(join('d'), [2, 6])
  assert.deepEqual(join('whole', { memoryBytes: 10_000 }), [0, 8])
})

test('newcomers that see the same swarm spread over equally good windows', () => {
  const offers = { a: offerOf({ first: 0, end: 4 }, 8), b: offerOf({ first: 4, end: 8 }, 8) }
  const chosen = new Set(
    [0, 0.3, 0.6, 0.99].map(draw => placeNewcomer(question(8, offers, { memoryBytes: 550, random: () => draw }))?.first)
  )
  assert.deepEqual(chosen, new Set([0, 4]))
})

test('a peer’s own announcement does not count against it', () => {
  const offers = { me: offerOf({ first: 0, end: 2 }, 4), other: offerOf({ first: 2, end: 4 }, 4) }
  assert.deepEqual(placeNewcomer(question(4, offers, { self: 'me', memoryBytes: 350 })), { first: 0, end: 2 })
})

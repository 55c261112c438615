import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ChainFlow, type SpanRate } from '../../../peer/swarm/throughput.ts'

const swarm = fc.integer({ min: 1, max: 6 }).chain(layers =>
  fc.record({
    layers: fc.constant(layers),
    spans: fc.array(
      fc
        .tuple(fc.nat({ max: layers - 1 }), fc.integer({ min: 1, max: layers }), fc.integer({ min: 1, max: 50 }))
        .map(([first, length, rate]): SpanRate => ({ span: { first, end: Math.min(layers, first + length) }, rate })),
      { maxLength: 10 }
    )
  })
)

/** The least capacity over every way to part the layer boundaries into those before and those after a cut. */
function leastCut(layers: number, spans: readonly SpanRate[]): number {
  let least = Number.POSITIVE_INFINITY
  for (let bits = 0; bits < 2 ** (layers + 1); bits++) {
    const before = (at: number) => (bits >> at) % 2 === 1
    if (!before(0) || before(layers)) continue
    const cut = spans.filter(({ span }) => before(span.first) && !before(span.end)).reduce((sum, { rate }) => sum + rate, 0)
    least = Math.min(least, cut)
  }
  return least
}

test('throughput is that of the narrowest cut, in whatever order spans come', () => {
  fc.assert(
    fc.property(swarm, fc.nat(), ({ layers, spans }, turn) => {
      const expected = leastCut(layers, spans)
      assert.ok(Math.abs(new ChainFlow(layers, spans).throughput - expected) < 1e-6)
      const at = spans.length === 0 ? 0 : turn % spans.length
      const turned = [...spans.slice(at), ...spans.slice(0, at)]
      assert.equal(new ChainFlow(layers, turned).throughput, new ChainFlow(layers, spans).throughput)
    }),
    { numRuns: 500 }
  )
})

test('what one span more brings is what a swarm with that span has, and asking changes nothing', () => {
  fc.assert(
    fc.property(swarm, fc.nat(), ({ layers, spans }, which) => {
      if (spans.length === 0) return
      const more = spans[which % spans.length]!
      const others = spans.filter(span => span !== more)
      const flow = new ChainFlow(layers, others)
      for (let times = 0; times < 2; times++) assert.ok(Math.abs(flow.with(more) - leastCut(layers, spans)) < 1e-6)
      assert.ok(Math.abs(flow.throughput - leastCut(layers, others)) < 1e-6)
    }),
    { numRuns: 500 }
  )
})

test('spans that overlap without meeting make no chain', () => {
  const spans = [
    { span: { first: 0, end: 5 }, rate: 9 },
    { span: { first: 4, end: 8 }, rate: 9 }
  ]
  assert.equal(new ChainFlow(8, spans).throughput, 0)
  assert.equal(new ChainFlow(8, spans).with({ span: { first: 5, end: 8 }, rate: 4 }), 4)
})

/**
 * What the command prints for people.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chainReport } from '../../../peer/cli/chain-report.ts'
import { directoryTable } from '../../../peer/cli/peers.ts'
import { renderProgress } from '../../../peer/cli/progress-bar.ts'
import { shortName } from '../../../peer/cli/published-model.ts'

test('the chain and each hop’s time stand under the answer', () => {
  const report = chainReport({
    chain: [
      { peer: '12D3KooWabcdefgh12345678', span: { first: 0, end: 3 } },
      { peer: 'short', span: { first: 3, end: 4 } }
    ],
    hops: [
      { queueMs: 0.25, computeMs: 4 },
      { queueMs: 1, computeMs: 120 }
    ],
    ttftMs: 40,
    tpotMs: 130.25,
    completionTokens: 9
  })
  assert.equal(
    report,
    [
      '       peer       layers  queue   compute',
      'hop 0  …12345678  0–2     0.3 ms  4.0 ms',
      'hop 1  short      3       1.0 ms  120 ms',
      '9 tokens, first after 40.0 ms, then 130 ms each, of it 5.0 ms links and driver'
    ].join('\n')
  )
})

test('who was lost on the way stands above the chain', () => {
  const chain = [{ peer: 'short', span: { first: 0, end: 4 } }]
  const recovered = { epoch: 2, chain, pauseMs: 230, replayed: 1 }
  const report = chainReport({
    chain,
    hops: [],
    ttftMs: 1,
    tpotMs: 1,
    completionTokens: 2,
    recoveries: [
      { ...recovered, lost: '12D3KooWabcdefgh12345678', numericsChanged: false },
      { ...recovered, lost: '', numericsChanged: true }
    ]
  })
  assert.deepEqual(report.split('\n').slice(0, 2), [
    'peer …12345678 was lost, others took over after 230 ms',
    'a peer was lost, others took over after 230 ms; the new chain rounds differently'
  ])
})

test('progress is drawn to scale', () => {
  assert.equal(renderProgress('loading', 3e6, 6e6), `loading [${'█'.repeat(15)}${'·'.repeat(15)}] 50 % 3.0/6.0 MB`)
  assert.match(renderProgress('loading', 0, 0), / 100 % /)
})

test('an empty directory is said in words', () => {
  assert.equal(directoryTable({ entries: [] }), 'nobody serves anything yet')
})

test('a model’s name becomes one that can be typed', () => {
  for (const [name, short] of [
    ['Psalter 6M', 'psalter-6m'],
    ['Llama 3.2 1B Instruct', 'llama-3.2-1b-instruct'],
    [' (x) ', 'x'],
    ['日本', '']
  ] as const)
    assert.equal(shortName(name), short)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SELECTOR_OPTIONS } from '../../../peer/select/selector.ts'
import { policies } from '../../sim/policies.ts'
import { runPolicy } from '../../sim/run.ts'

const run = (name: string, seed: number) =>
  runPolicy(policies(seed, SELECTOR_OPTIONS).find(policy => policy.name === name)!, 'stable', seed)

test('in the simulated setting CS-UCB meets 95 % of deadlines, with less energy than the cloud and less regret than UCB1', () => {
  const ours = run('CS-UCB', 1)
  const plain = run('UCB1', 1)
  assert.ok(ours.success >= 0.95, `${ours.success}`)
  assert.ok(ours.energy < run('all-cloud', 1).energy * 0.7)
  assert.ok(ours.regret[3]! < plain.regret[3]!)
  assert.deepEqual(run('CS-UCB', 1), ours)
  assert.notDeepEqual(run('CS-UCB', 2).went, ours.went)
})

test('the oracle regrets nothing', () => {
  assert.deepEqual(run('oracle', 1).regret, [0, 0, 0, 0])
})

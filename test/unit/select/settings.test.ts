import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidRequestError } from '../../../peer/errors.ts'
import { classify, INTERACTIVE } from '../../../peer/select/classes.ts'
import { readSettings } from '../../../peer/select/settings.ts'

const cloud = { name: 'big', url: 'https://example.com/v1', model: 'large' }
const environment = (name: string) => (name === 'BIG_KEY' ? 'sk-secret' : undefined)
const read = (value: unknown) => readSettings(value, environment)

test('an empty file has the built-in classes and no clouds', () => {
  const settings = read({})
  assert.deepEqual(settings.clouds, [])
  assert.equal(settings.defaultClass, INTERACTIVE)
  assert.equal(settings.budget, undefined)
})

test('prices are per million tokens, keys come from the environment, periods have names', () => {
  const { clouds, budget } = read({
    clouds: [
      {
        ...cloud,
        key_from: 'BIG_KEY',
        price: { prompt: 2, completion: 8 },
        limits: { concurrent: 4 },
        budget: { limit: 3, per: 'hour' }
      }
    ],
    budget: { limit: 5, per: 'day' }
  })
  const [big] = clouds
  assert.deepEqual(big!.price, { prompt: 2e-6, completion: 8e-6 })
  assert.equal(big!.key, 'sk-secret')
  assert.deepEqual(big!.limits, {
    concurrent: 4,
    requestsPerMinute: Number.POSITIVE_INFINITY,
    tokensPerMinute: Number.POSITIVE_INFINITY
  })
  assert.deepEqual(big!.budget, { limit: 3, periodMs: 3_600_000 })
  assert.deepEqual(budget, { limit: 5, periodMs: 86_400_000 })
})

for (const [where, file] of [
  ['the file', []],
  ['cloud', { cloud: [] }],
  ['clouds', { clouds: {} }],
  ['clouds', { clouds: [cloud, cloud] }],
  ['clouds[0].name', { clouds: [{ ...cloud, name: 'Big One' }] }],
  ['clouds[0].url', { clouds: [{ ...cloud, url: 'ftp://example.com' }] }],
  ['clouds[0].url', { clouds: [{ ...cloud, url: 'https://me:sk-secret@example.com/v1' }] }],
  ['clouds[0].model', { clouds: [{ name: 'big', url: cloud.url }] }],
  ['clouds[0].key', { clouds: [{ ...cloud, key: 'sk-secret' }] }],
  ['clouds[0].key_from', { clouds: [{ ...cloud, key_from: 'NO_KEY' }] }],
  ['clouds[0].key_from', { clouds: [{ ...cloud, key_from: 'sk-secret' }] }],
  ['clouds[0].price.prompt', { clouds: [{ ...cloud, price: { prompt: -1 } }] }],
  ['clouds[0].limits.concurrent', { clouds: [{ ...cloud, limits: { concurrent: 0 } }] }],
  ['clouds[0].serves[0]', { clouds: [{ ...cloud, serves: [7] }] }],
  ['classes[0].first_token_ms', { classes: [{ name: 'own', first_token_ms: '2s' }] }],
  ['classes[0].prompt_buckets', { classes: [{ name: 'own', prompt_buckets: [5, 5] }] }],
  ['rules[0].class', { rules: [{ class: 'nowhere' }] }],
  ['rules[0].class', { rules: [{}] }],
  ['default_class', { default_class: 'nowhere' }],
  ['budget.limit', { budget: {} }],
  ['budget.per', { budget: { limit: 1, per: 'week' } }],
  ['selector.fade', { selector: { fade: 1 } }]
] as const)
  test(`${JSON.stringify(file).slice(0, 90)} is refused as ${where}, and no value is quoted`, () => {
    assert.throws(
      () => read(file),
      (error: unknown) =>
        error instanceof InvalidRequestError && error.message.startsWith(`${where} `) && !error.message.includes('secret')
    )
  })

test('the request’s word comes first, then the first rule it meets, then the default', () => {
  const { classes, rules } = read({
    classes: [{ name: 'private', edge_only: true }],
    rules: [
      { class: 'private', user: 'clinic' },
      { class: 'batch', stream: false, least_prompt_tokens: 1_000 }
    ]
  })
  const asked = { name: undefined, model: 'm', user: undefined, stream: false, promptTokens: 10 }
  const of = (changes: object) => classify({ ...asked, ...changes }, classes, rules, INTERACTIVE)
  const free = (name: string) => [name, false]
  const told = (changes: object) => [of(changes).class.name, of(changes).edgeOnly]
  assert.deepEqual(told({}), free('interactive'))
  assert.deepEqual(told({ promptTokens: 1_000 }), free('batch'))
  assert.deepEqual(told({ promptTokens: 1_000, stream: true }), free('interactive'))
  assert.deepEqual(told({ name: 'nonsense' }), free('interactive'))
  assert.deepEqual(told({ promptTokens: 1_000, user: 'clinic' }), ['private', true])
  // A client can't talk itself out of what a rule keeps at the edge.
  assert.deepEqual(told({ name: 'batch', user: 'clinic' }), ['batch', true])
})

/**
 * The operator's file of clouds, classes, rules and budgets, from JSON to values. Keys stand in environment variables that
 * the file names: a file of settings is copied around, a key must not be.
 */
import type { Budget } from './budget.ts'
import { BATCH, type ClassRule, INTERACTIVE, type RequestClass } from './classes.ts'
import type { CloudOptions } from './cloud-options.ts'
import { ENERGY_WEIGHTS, type EnergyWeights } from './energy.ts'
import { SELECTOR_OPTIONS, type SelectorOptions } from './selector.ts'
import {
  needed,
  readChoice,
  readFlag,
  readList,
  readNumber,
  readPart,
  readSection,
  readText,
  type Section,
  wrong
} from './settings-fields.ts'

export interface SelectionSettings {
  clouds: CloudOptions[]
  /** Those of the file; the built-in ones come after them. */
  classes: RequestClass[]
  rules: ClassRule[]
  /** Of a request that names none and meets no rule, or names an unknown one. */
  defaultClass: RequestClass
  /** Of all clouds together. */
  budget: Budget | undefined
  edge: { promptPrice: number; tokenPrice: number; bandwidth: number }
  energyWeights: EnergyWeights
  selector: SelectorOptions
}

/** Each is asked about at every request. */
const MAX_CLOUDS = 16
const MAX_CLASSES = 32
const MAX_RULES = 64
const MAX_BUCKETS = 8
const MAX_MODELS = 64
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/
const NAME_RULE = 'must be 1 to 64 of a–z, 0–9, ".", "_" and "-"'
const HOUR_MS = 3_600_000
const PERIODS = { hour: HOUR_MS, day: 24 * HOUR_MS, month: 30 * 24 * HOUR_MS, ever: Number.POSITIVE_INFINITY }
/** Prices are usually given for so many tokens. */
const PRICED_TOKENS = 1e6
const MAX_MS = 24 * HOUR_MS

/**
 * @param environment by name; undefined for a variable that is not set
 * @throws InvalidRequestError naming the field
 */
export function readSettings(value: unknown, environment: (name: string) => string | undefined): SelectionSettings {
  const file = readSection(value, '', ['clouds', 'classes', 'rules', 'default_class', 'budget', 'edge', 'energy', 'selector'])
  const clouds = readList(file, 'clouds', MAX_CLOUDS, (item, where) => readCloud(item, where, environment))
  unique(clouds, 'clouds')
  const classes = readList(file, 'classes', MAX_CLASSES, readClass)
  unique(classes, 'classes')
  const known = [...classes, INTERACTIVE, BATCH]
  const named = (name: string | undefined, where: string): RequestClass | undefined => {
    const found = known.find(each => each.name === name)
    if (name !== undefined && found === undefined) throw wrong(where, `names no class; there are ${known.map(each => each.name)}`)
    return found
  }
  const edge = readPart(file, 'edge', ['price', 'bandwidth'])
  const price = readPrice(edge)
  return {
    clouds,
    classes,
    rules: readList(file, 'rules', MAX_RULES, (item, where) => readRule(item, where, named)),
    defaultClass: named(readText(file, 'default_class'), 'default_class') ?? INTERACTIVE,
    budget: readBudget(file),
    edge: { promptPrice: price.prompt, tokenPrice: price.completion, bandwidth: readBandwidth(edge) },
    energyWeights: readEnergyWeights(file),
    selector: readSelector(file)
  }
}

function readCloud(value: unknown, where: string, environment: (name: string) => string | undefined): CloudOptions {
  const cloud = readSection(value, where, [
    'name',
    'url',
    'model',
    'key_from',
    'serves',
    'apis',
    'tokens_field',
    'sampling_extensions',
    'price',
    'watts',
    'joules_per_token',
    'limits',
    'expected',
    'bandwidth',
    'context_length',
    'budget'
  ])
  const name = needed(readText(cloud, 'name', NAME, NAME_RULE), cloud, 'name')
  const url = needed(readText(cloud, 'url'), cloud, 'url')
  const parsed = URL.parse(url)
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) throw wrong(`${where}.url`, 'must be an http(s) URL')
  if (parsed.username !== '' || parsed.password !== '')
    throw wrong(`${where}.url`, 'must hold no key: name a variable in key_from')
  const variable = readText(cloud, 'key_from', /^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
  const key = variable === undefined ? undefined : environment(variable)
  if (variable !== undefined && (key === undefined || key === ''))
    throw wrong(`${where}.key_from`, 'names an environment variable that is not set')
  const limits = readPart(cloud, 'limits', ['concurrent', 'requests_per_minute', 'tokens_per_minute'])
  const expected = readPart(cloud, 'expected', ['first_token_ms', 'per_token_ms'])
  const limit = (of: string) => readNumber(limits, of, { min: 1, max: 1e9, integer: true }) ?? Number.POSITIVE_INFINITY
  const serves = readList(cloud, 'serves', MAX_MODELS, (item, at) => {
    if (typeof item !== 'string' || item === '') throw wrong(at, 'must be the name or digest of a model')
    return item
  })
  return {
    name,
    url,
    model: needed(readText(cloud, 'model'), cloud, 'model'),
    key,
    serves: serves.length === 0 ? undefined : serves,
    textApi: readChoice(cloud, 'apis', ['chat', 'both']) === 'both',
    tokensField: readChoice(cloud, 'tokens_field', ['max_tokens', 'max_completion_tokens']) ?? 'max_tokens',
    samplingExtensions: readFlag(cloud, 'sampling_extensions') ?? false,
    price: readPrice(cloud),
    watts: readNumber(cloud, 'watts', { max: 1e6 }) ?? 0,
    joulesPerToken: readNumber(cloud, 'joules_per_token', { max: 1e6 }),
    limits: {
      concurrent: limit('concurrent'),
      requestsPerMinute: limit('requests_per_minute'),
      tokensPerMinute: limit('tokens_per_minute')
    },
    expected: {
      firstTokenMs: readNumber(expected, 'first_token_ms', { max: MAX_MS }) ?? 500,
      perTokenMs: readNumber(expected, 'per_token_ms', { max: MAX_MS }) ?? 30
    },
    bandwidth: readBandwidth(cloud),
    contextLength: readNumber(cloud, 'context_length', { min: 1, max: 1e9, integer: true }) ?? Number.POSITIVE_INFINITY,
    budget: readBudget(cloud)
  }
}

function readClass(value: unknown, where: string): RequestClass {
  const section = readSection(value, where, [
    'name',
    'first_token_ms',
    'per_token_ms',
    'slack_weight',
    'energy_weight',
    'money_weight',
    'prompt_buckets',
    'edge_only'
  ])
  const name = needed(readText(section, 'name', NAME, NAME_RULE), section, 'name')
  const base = name === BATCH.name ? BATCH : INTERACTIVE
  const positive = { min: 1, max: MAX_MS }
  const weight = { max: 1_000 }
  const buckets = readList(section, 'prompt_buckets', MAX_BUCKETS, (item, at) => {
    if (!Number.isSafeInteger(item) || (item as number) < 1) throw wrong(at, 'must be a whole number above 0')
    return item as number
  })
  if (buckets.some((end, index) => index > 0 && end <= buckets[index - 1]!))
    throw wrong(`${where}.prompt_buckets`, 'must be in ascending order')
  return {
    name,
    firstTokenMs: readNumber(section, 'first_token_ms', positive) ?? base.firstTokenMs,
    perTokenMs: readNumber(section, 'per_token_ms', positive) ?? base.perTokenMs,
    slackWeight: readNumber(section, 'slack_weight', weight) ?? base.slackWeight,
    energyWeight: readNumber(section, 'energy_weight', weight) ?? base.energyWeight,
    moneyWeight: readNumber(section, 'money_weight', weight) ?? base.moneyWeight,
    promptBuckets: section.fields.prompt_buckets === undefined ? base.promptBuckets : buckets,
    edgeOnly: readFlag(section, 'edge_only') ?? false
  }
}

function readRule(
  value: unknown,
  where: string,
  named: (name: string | undefined, where: string) => RequestClass | undefined
): ClassRule {
  const rule = readSection(value, where, ['class', 'model', 'user', 'stream', 'least_prompt_tokens'])
  return {
    class: needed(named(readText(rule, 'class'), `${where}.class`), rule, 'class'),
    model: readText(rule, 'model'),
    user: readText(rule, 'user'),
    stream: readFlag(rule, 'stream'),
    leastPromptTokens: readNumber(rule, 'least_prompt_tokens', { integer: true })
  }
}

/** Given per million tokens; a value per token. */
function readPrice(section: Section): CloudOptions['price'] {
  const price = readPart(section, 'price', ['prompt', 'completion'])
  const perToken = (name: string) => (readNumber(price, name, { max: 1e9 }) ?? 0) / PRICED_TOKENS
  return { prompt: perToken('prompt'), completion: perToken('completion') }
}

/** Bytes a second. */
function readBandwidth(section: Section): number {
  return readNumber(section, 'bandwidth', { min: 1 }) ?? Number.POSITIVE_INFINITY
}

function readBudget(section: Section): Budget | undefined {
  if (section.fields.budget === undefined) return undefined
  const budget = readPart(section, 'budget', ['limit', 'per'])
  const period = readChoice(budget, 'per', Object.keys(PERIODS) as (keyof typeof PERIODS)[]) ?? 'ever'
  return { limit: needed(readNumber(budget, 'limit'), budget, 'limit'), periodMs: PERIODS[period] }
}

function readEnergyWeights(file: Section): EnergyWeights {
  const section = readPart(file, 'energy', ['transmission', 'inference', 'idle'])
  const weight = (name: keyof EnergyWeights) => readNumber(section, name, { max: 1_000 }) ?? ENERGY_WEIGHTS[name]
  return { transmission: weight('transmission'), inference: weight('inference'), idle: weight('idle') }
}

function readSelector(file: Section): SelectorOptions {
  const section = readPart(file, 'selector', ['exploration', 'violation_penalty', 'fade'])
  return {
    ...SELECTOR_OPTIONS,
    exploration: readNumber(section, 'exploration', { max: 100 }) ?? SELECTOR_OPTIONS.exploration,
    violationPenalty: readNumber(section, 'violation_penalty', { max: 100 }) ?? SELECTOR_OPTIONS.violationPenalty,
    // 1 would never forget and grow without end; below a half nearly nothing is remembered.
    fade: readNumber(section, 'fade', { min: 0.5, max: 0.9999 }) ?? SELECTOR_OPTIONS.fade
  }
}

function unique(items: readonly { name: string }[], where: string): void {
  const twice = items.find(({ name }, index) => items.findIndex(other => other.name === name) < index)
  if (twice !== undefined) throw wrong(where, `has ${twice.name} twice`)
}

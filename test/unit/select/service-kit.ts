/** A selecting service over a scripted edge and clouds in this process. */
import assert from 'node:assert/strict'
import { SelectionBook } from '../../../peer/select/book.ts'
import { openCloud } from '../../../peer/select/cloud.ts'
import type { SelectingOptions } from '../../../peer/select/selecting-context.ts'
import { openSelectingService } from '../../../peer/select/selecting-service.ts'
import { readSettings } from '../../../peer/select/settings.ts'
import { neutralSampling } from '../../../peer/session/neutral-sampling.ts'
import type { CompletionEvent, CompletionRequest, PlacedEvent } from '../../../peer/session/types.ts'
import { Reputation } from '../../../peer/swarm/reputation.ts'
import type { Directory } from '../../../peer/swarm/types.ts'
import { digest, type Step, scriptedService } from '../gateway/scripted-service.ts'
import { ManualClock } from './manual-clock.ts'

export const KEY = 'sk-very-secret'

/** Two peers with the eight layers of the scripted model. */
export function directoryOf(changes: { freeKvTokens?: number; queueMs?: number; end?: number } = {}): Directory {
  const { freeKvTokens = 1_024, queueMs = 0, end = 8 } = changes
  const entry = (peer: string, first: number, last: number) => ({
    announcement: {
      peer,
      sequence: 1,
      addresses: [],
      agent: 'node' as const,
      adapter: 'x',
      watts: 100,
      offers: [
        {
          model: digest,
          layers: 8,
          span: { first, end: last },
          state: 'serving' as const,
          numerics: '',
          prefillRate: 1e4,
          decodeRate: 1e3,
          freeKvTokens,
          queueMs
        }
      ]
    },
    ageMs: 0
  })
  return { entries: [entry('peer-a', 0, 3), entry('peer-b', 3, end)] }
}

export interface KitOptions {
  edge?: readonly Step[]
  directory?: Directory
  settings?: object
  /** Of every cloud. */
  cloud?: object
  keep?: () => Promise<void>
}

export function serviceOver(urls: readonly string[], options: KitOptions = {}) {
  const clock = new ManualClock()
  const scripted = scriptedService(options.edge ?? [])
  const clouds = urls.map((url, index) => ({
    name: `c${index}`,
    url,
    model: 'large',
    key_from: 'KEY',
    apis: 'both',
    price: { prompt: 1e6, completion: 1e6 },
    ...options.cloud
  }))
  const settings = readSettings({ clouds, ...options.settings }, () => KEY)
  const book = new SelectionBook(settings, clock.now(), () => 1)
  const logged: string[] = []
  const log = (value: object, message?: string) => logged.push(JSON.stringify(value) + message)
  const context: SelectingOptions = {
    // A token is a word here.
    edge: {
      ...scripted,
      measure: ({ maxTokens = 16, answered = '' }) => ({ promptTokens: 5 + wordsOf(answered), maxTokens }),
      countTokens: wordsOf
    },
    layers: 8,
    width: 4,
    directory: async () => options.directory ?? { entries: [] },
    reputation: new Reputation(),
    wayTo: () => 'lan',
    clouds: settings.clouds.map(openCloud),
    settings,
    book,
    keep: options.keep ?? (async () => {}),
    clock,
    chance: () => 1,
    logger: { debug: log, info: log, warn: log }
  }
  const service = openSelectingService(context)
  const request = (change: Partial<CompletionRequest> = {}): CompletionRequest => ({
    input: { messages: [{ role: 'user', content: 'hi' }] },
    maxTokens: 16,
    sampling: { ...neutralSampling, seed: 1 },
    stop: [],
    wish: { stream: true },
    ...change
  })
  const ask = (change: Partial<CompletionRequest> = {}, signal?: AbortSignal) =>
    Array.fromAsync(service.complete(request(change), signal))
  return { clock, book, service, scripted, request, ask, logged }
}

const wordsOf = (text: string) => text.split(' ').filter(Boolean).length

type Event = CompletionEvent | PlacedEvent

export function textOf(events: readonly Event[]): string {
  return events.map(event => (event.type === 'text' ? event.text : '')).join('')
}

export function armsOf(events: readonly Event[]): string[] {
  return events.flatMap(event => (event.type === 'placed' ? [event.placement.arm] : []))
}

export function finishedOf(events: readonly Event[]) {
  const last = events.at(-1)
  assert.ok(last?.type === 'finished', JSON.stringify(last))
  return last
}

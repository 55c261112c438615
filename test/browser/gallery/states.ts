/**
 * States of the page worth looking at: every view empty, at work and in trouble, with the longest words that come.
 */
import { DeadlineError, DeviceLostError, NoRouteError } from '../../../peer/errors.ts'
import type { DirectoryEntry, SpanOffer } from '../../../peer/swarm/types.ts'
import { coverageOf, holdersOf } from '../../../web/layers.ts'
import { readSelector } from '../../../web/selector-view.ts'
import { type AnswerTrace, initialState, type PageState, type Turn } from '../../../web/state.ts'
import { answerNotice } from '../../../web/words/chat.ts'
import { donationNotice, noWebGpuNotice } from '../../../web/words/donate.ts'
import { unreachableNotice } from '../../../web/words/page.ts'

const DIGEST = '8e033040'.repeat(8)
const OTHER = '5a17c0de'.repeat(8)
const LAYERS = 24

const peer = (number: number) =>
  `12D3KooW${'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrs'.slice(0, 38)}${['f1WS1S', '6yZW1s', '4Brp6d', 'kQ9rTe', 'Zm4xVa', 'pL0wYu', 'hN7cGb'][number]}`
const self = peer(0)

const offer = (first: number, end: number, change: Partial<SpanOffer> = {}): SpanOffer => ({
  model: DIGEST,
  layers: LAYERS,
  span: { first, end },
  state: 'serving',
  numerics: 'f16',
  prefillRate: 40_000,
  decodeRate: 4_800,
  freeKvTokens: 16_384,
  queueMs: 2,
  ...change
})

function entry(number: number, offered: SpanOffer, adapter = 'NVIDIA GeForce RTX 4070'): DirectoryEntry {
  const announcement = { peer: peer(number), sequence: 1, addresses: [], adapter, offers: [offered] }
  return { announcement: { ...announcement, agent: number % 2 === 0 ? 'tab' : 'node' }, ageMs: 400 }
}

const directory = [
  entry(0, offer(8, 16), 'Apple M3'),
  entry(1, offer(0, 8)),
  entry(2, offer(0, 12), 'AMD Radeon RX 7900 XTX (RADV NAVI31) with a driver that has a very long name'),
  entry(3, offer(12, 20, { decodeRate: 900, queueMs: 140 }), 'Intel(R) Iris(R) Xe Graphics'),
  entry(4, offer(16, 24)),
  entry(5, offer(20, 24, { state: 'loading' }), 'llvmpipe (LLVM 19.1.7, 256 bits)')
]

const trace: AnswerTrace = {
  chain: [
    { peer: peer(1), span: { first: 0, end: 8 } },
    { peer: self, span: { first: 8, end: 16 } },
    { peer: peer(4), span: { first: 16, end: 24 } }
  ],
  lost: [],
  numericsChanged: false,
  recoveries: [],
  promptTokens: 310,
  hops: [
    { queueMs: 0.1, computeMs: 9.4 },
    { queueMs: 2.2, computeMs: 12.1 },
    { queueMs: 0, computeMs: 10.9 }
  ],
  ttftMs: 412,
  tpotMs: 51,
  tokens: Array.from({ length: 184 }, (_, index) => index),
  answerTokens: undefined,
  gateway: undefined,
  placements: []
}

const markdown = `A fish in a shoal keeps three rules:

1. **Stay close** to your neighbours.
2. **Don't collide** with them.
3. *Swim where they swim.*

| Rule | Radius | Weight |
|:--|--:|--:|
| cohesion | 25 | 1.0 |
| separation | 8 | 1.5 |

\`\`\`python
def steer(fish, shoal):
    near = [other for other in shoal if distance(fish, other) < RADIUS and other is not fish]
    return cohesion(fish, near) + separation(fish, near) * 1.5
\`\`\`

> No fish leads. Whoever turns first is followed.

A long word wraps: Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft, and \`code()\` and <b>HTML</b> stay what they are. See [Boids](https://www.red3d.com/cwr/boids/).`

const question: Turn = { role: 'user', text: 'How does a shoal of fish turn all at once?' }
const answer = (change: Partial<Turn & { role: 'assistant' }>): Turn => ({
  role: 'assistant',
  text: markdown,
  state: 'finished',
  cut: false,
  forgotten: 0,
  notice: undefined,
  trace,
  ...change
})

const joined: PageState = {
  ...initialState,
  connection: { phase: 'connected' },
  self,
  links: { total: 5, relayed: 1 },
  models: [
    { digest: DIGEST, name: 'qwen3-0.6b', layers: LAYERS },
    { digest: OTHER, name: 'a-model-whose-name-nobody-thought-would-ever-become-this-long-q4_k_m', layers: 32 }
  ],
  model: { digest: DIGEST, name: 'qwen3-0.6b', layers: LAYERS },
  contextLength: 4_096,
  directory,
  coverages: { [DIGEST]: coverageOf(holdersOf(directory, DIGEST), LAYERS), [OTHER]: { counts: [0], peers: 0 } },
  gpu: { phase: 'ready', name: 'Apple M3', software: false },
  memory: { chosen: 410e6, least: 60e6, most: 1_020e6, layers: 9 },
  conversations: [
    { id: '1', title: 'How does a shoal of fish turn all at once?', changed: 3 },
    { id: '2', title: 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerk', changed: 2 },
    { id: '3', title: 'A letter to the landlord', changed: 1 }
  ],
  roundTrips: { [peer(1)]: 14, [peer(2)]: 96, [peer(3)]: 31, [peer(4)]: 1.6 },
  hosted: { digest: DIGEST, name: 'qwen3-0.6b', layers: LAYERS },
  care: { power: 'mains', awake: true, throttled: false, unkept: 0 },
  headlessCommand: 'npx shoal edge --join https://shoal.example.org'
}

const recovered = { ...trace, lost: [peer(2)], numericsChanged: true, recoveries: [{ lost: peer(2), at: 140, pauseMs: 840 }] }
const holed = directory.filter(({ announcement }) => announcement.peer !== peer(3) && announcement.peer !== peer(4))
const chatting = { conversation: '1', turns: [question, answer({ trace: recovered })] }
/** What a gateway that has asked both places tells. */
const report = {
  cells: [128, null].map((tokens, index) => ({
    class: index === 0 ? 'interactive' : 'a-class-with-a-name-that-its-operator-found-telling',
    prompt_tokens: tokens,
    stream: index === 0,
    arms: [
      { arm: 'edge:lan', pulls: 212, mean_reward: 0.62, bound: 0.71, violations: 0.04 },
      { arm: 'cloud:big', pulls: 31, mean_reward: 0.38, bound: 0.66, violations: 0 },
      { arm: 'edge:wan', pulls: 0, mean_reward: null, bound: null, violations: 0 }
    ]
  })),
  arms: [
    { arm: 'edge:lan', in_flight: 2, answered: 208, failed: 2, joules: 8_412, money: 0 },
    { arm: 'cloud:big', in_flight: 0, answered: 31, failed: 0, joules: 5_270, money: 0.0173 }
  ],
  budgets: [{ of: 'cloud:big', limit: 5, spent: 0.0173 }],
  decisions: [
    {
      at: '2026-01-05T12:00:00.000Z',
      class: 'interactive',
      edge_only: false,
      refused: [],
      legs: [
        { arm: 'edge:lan', reason: 'best', result: 'failed', ms: 812 },
        { arm: 'cloud:big', reason: 'only', result: 'answered', ms: 1_940 }
      ]
    },
    {
      at: '2026-01-05T11:59:00.000Z',
      class: 'private',
      edge_only: true,
      refused: [{ arm: 'cloud:big', why: 'edge only' }],
      legs: [{ arm: 'edge:lan', reason: 'only', result: 'answered', ms: 2_310 }]
    }
  ]
}
const gateway: PageState['gateway'] = {
  url: 'https://gateway.example.org/',
  host: 'gateway.example.org',
  selector: { phase: 'told', view: readSelector(report)! }
}
const clouded = {
  ...trace,
  chain: [],
  hops: undefined,
  tokens: [],
  answerTokens: 184,
  gateway: 'gateway.example.org',
  placements: [{ class: 'interactive', arm: 'cloud:big', reason: 'only', after: { arm: 'edge:lan', error: 'peer_lost' } }]
}
const lost = new DeviceLostError('Device lost: out of memory')

/** Three minutes of answers that come and go. */
const samples = Array.from({ length: 180 }, (_, second) => {
  // The sum of rates that rise and fall.
  const working = Math.max(0, second - 40)
  return { at: 1_000 * second, total: Math.round(14 * working - 80 * Math.cos(working / 9) + 80) }
})

const serving: PageState['donation'] & { phase: 'serving' } = {
  phase: 'serving',
  span: { first: 8, end: 16 },
  tokensServed: 184_230,
  sessions: 3,
  since: -3 * 3_600_000,
  samples,
  decodeRate: 4_800,
  paused: []
}

export const states: Record<string, PageState> = {
  'chat-joining': initialState,
  'chat-empty': joined,
  'chat-answer': { ...joined, ...chatting },
  'chat-cloud': {
    ...joined,
    conversation: '1',
    turns: [question, answer({ trace: clouded })],
    gateway,
    settings: { ...joined.settings, askedBy: 'gateway' }
  },
  'chat-streaming': {
    ...joined,
    conversation: '1',
    turns: [
      question,
      answer({ state: 'streaming', text: markdown.slice(0, 260), trace: { ...recovered, hops: undefined, ttftMs: undefined } })
    ]
  },
  'chat-failed': {
    ...joined,
    directory: holed,
    turns: [
      question,
      answer({
        state: 'failed',
        text: '',
        trace: undefined,
        notice: answerNotice(new NoRouteError('no route'), [{ first: 16, end: 24 }])
      }),
      { role: 'user', text: 'And now?' },
      answer({ state: 'failed', text: 'A fish', notice: answerNotice(new DeadlineError('No chain within 30 s'), []) })
    ]
  },
  'chat-unreachable': {
    ...joined,
    connection: { phase: 'unreachable', notice: unreachableNotice('https://shoal.example.org/') }
  },
  'donate-off': { ...joined, view: 'donate' },
  'donate-no-gpu': {
    ...joined,
    view: 'donate',
    gpu: { phase: 'none', notice: noWebGpuNotice('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0') }
  },
  'donate-failed': { ...joined, view: 'donate', donation: { phase: 'off', notice: donationNotice(lost) } },
  'donate-elsewhere': { ...joined, view: 'donate', donation: { phase: 'elsewhere' } },
  'donate-loading': {
    ...joined,
    view: 'donate',
    donation: {
      phase: 'starting',
      step: 'loading',
      span: { first: 8, end: 16 },
      loaded: { done: 164e6, total: 410e6, cached: 61e6, sources: ['shoal.example.org'] },
      fetched: [0, 1, 2, 3].map(second => ({ at: 1_000 * second, total: 25.7e6 * second })),
      again: undefined
    }
  },
  'donate-tight': {
    ...joined,
    view: 'donate',
    care: { ...joined.care, unkept: 3e6 },
    donation: {
      phase: 'starting',
      step: 'loading',
      span: { first: 8, end: 16 },
      loaded: { done: 4e6, total: 410e6, cached: 0, sources: ['shoal.example.org', 'models.example.org'] },
      fetched: [],
      again: undefined
    }
  },
  'donate-serving': { ...joined, view: 'donate', donation: serving },
  'donate-paused': {
    ...joined,
    view: 'donate',
    donation: { ...serving, sessions: 0, paused: ['asked', 'hours'] },
    donor: { ...joined.donor, hoursOnly: true },
    care: { power: 'battery', awake: true, throttled: true, unkept: 0 }
  },
  'donate-stopping': { ...joined, view: 'donate', donation: { phase: 'stopping', answers: 2 } },
  'swarm-full': { ...joined, ...chatting, view: 'swarm' },
  'swarm-healing': {
    ...joined,
    view: 'swarm',
    gone: [{ holder: { entry: directory[2]!, offer: directory[2]!.announcement.offers[0]! }, at: 0 }],
    directory: directory.filter((_, index) => index !== 2),
    turns: [question, answer({ state: 'streaming', trace: recovered })]
  },
  'swarm-gateway': { ...joined, view: 'swarm', gateway },
  'swarm-hole': { ...joined, view: 'swarm', directory: holed },
  'swarm-empty': { ...joined, view: 'swarm', directory: [] }
}

/**
 * Peers that go away in the middle of an answer, by force and politely: the answer goes on, every token once and the
 * golden ones.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import type { ServiceProcess } from '../../peer/cli/service-process.ts'
import type { CompletionEvent } from '../../peer/session/types.ts'
import type { Directory } from '../../peer/swarm/types.ts'
import { loadGoldens } from '../oracle/goldens.ts'
import { eventually, MAIN, shoal, startSwarm, type TestSwarm } from './swarm-kit.ts'

const prompt = loadGoldens().prompts.find(({ name }) => name === 'house')!
const TOKENS = prompt.greedy.ids.length
/** Far enough in that the loss falls into decode, with most of the answer to come. */
const TOKENS_BEFORE_LOSS = 12
/** A freeze is noticed within 2.5 s and mended in less than another; the rest is room for a busy machine. */
const FROZEN_MS = 12_000

let swarm: TestSwarm
/** Two peers hold the middle. */
const middles = new Map<string, ServiceProcess>()

before(async () => {
  swarm = await startSwarm()
  const [first, second] = await Promise.all([
    swarm.edge('middle-a', '3-5'),
    swarm.edge('middle-b', '3-5'),
    swarm.edge('begin', '0-2'),
    swarm.edge('end', '6-7')
  ])
  for (const middle of [first, second]) middles.set(String(middle.ready.peer), middle)
})

after(() => swarm?.end())

/** Drives one answer from a process of its own, and loses the middle hop of its chain on the way. */
async function answerLosing(
  lose: (middle: ServiceProcess) => void,
  ...more: string[]
): Promise<{ events: CompletionEvent[]; lost: ServiceProcess; longestMs: number }> {
  const args = [
    'run',
    '--join',
    swarm.url,
    '--raw',
    '--temperature',
    '0',
    '--max-tokens',
    String(TOKENS),
    '--json',
    ...more,
    prompt.rendered
  ]
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const events: CompletionEvent[] = []
  let middle: ServiceProcess | undefined
  let lost: ServiceProcess | undefined
  let tokens = 0
  let longestMs = 0
  let heardAt = 0
  try {
    for await (const line of createInterface({ input: child.stdout! })) {
      if (lost !== undefined) longestMs = Math.max(longestMs, performance.now() - heardAt)
      heardAt = performance.now()
      const event = JSON.parse(line) as CompletionEvent
      events.push(event)
      if (event.type === 'started') middle = middles.get(event.chain[1]!.peer)
      if (event.type === 'text') tokens += event.tokens.length
      if (lost === undefined && tokens >= TOKENS_BEFORE_LOSS) {
        lost = middle!
        lose(lost)
      }
    }
  } finally {
    child.kill('SIGKILL')
  }
  return { events, lost: lost!, longestMs }
}

function checkAnswer(events: CompletionEvent[]): void {
  assert.equal(events.at(-1)?.type, 'finished')
  const tokens = events.flatMap(event => (event.type === 'text' ? event.tokens : []))
  assert.deepEqual(tokens, prompt.greedy.ids)
  const text = events.flatMap(event => (event.type === 'text' ? [event.text] : [])).join('')
  assert.equal(text, prompt.answer.text)
}

const directory = async () => JSON.parse((await shoal(['peers', '--join', swarm.url, '--json'])).stdout) as Directory
const known = ({ entries }: Directory, peer: unknown) => entries.some(({ announcement }) => announcement.peer === peer)

/** The same peer, serving the same layers. */
async function startAgain(lost: ServiceProcess): Promise<void> {
  const name = lost === [...middles.values()][0] ? 'middle-a' : 'middle-b'
  const again = await swarm.edge(name, '3-5')
  assert.equal(again.ready.peer, lost.ready.peer)
  middles.set(String(again.ready.peer), again)
  await eventually(directory, found => known(found, again.ready.peer), 'back in the directory')
}

test('SIGTERM: the peer says goodbye, ends with 0 and is gone from the directory; the answer goes on', async () => {
  const { events, lost } = await answerLosing(middle => middle.kill('SIGTERM'))
  checkAnswer(events)
  assert.deepEqual(await lost.exited, { code: 0, signal: null })
  assert.ok(!known(await directory(), lost.ready.peer), 'withdrawn')
  await startAgain(lost)
})

test('SIGKILL with standbys: the other holder has the KV already, and goes on at most one step behind', async () => {
  const { events, lost } = await answerLosing(middle => middle.kill('SIGKILL'), '--standby')
  checkAnswer(events)
  const recovered = events.filter(event => event.type === 'recovered')
  assert.equal(recovered.length, 1)
  assert.equal(recovered[0]!.lost, lost.ready.peer)
  assert.ok(recovered[0]!.replayed <= 2, `${recovered[0]!.replayed} positions replayed`)
  await lost.exited
  await startAgain(lost)
})

test('SIGSTOP: a frozen peer is named and replaced in seconds, and is a peer like any other when it comes back', async t => {
  let frozen: ServiceProcess | undefined
  try {
    const { events, lost, longestMs } = await answerLosing(middle => {
      frozen = middle
      middle.kill('SIGSTOP')
    })
    checkAnswer(events)
    const recovered = events.filter(event => event.type === 'recovered')
    assert.deepEqual(
      recovered.map(event => event.lost),
      [lost.ready.peer]
    )
    t.diagnostic(
      `longest silence ${Math.round(longestMs)} ms, recovered ${Math.round(recovered[0]!.pauseMs)} ms after the loss was known`
    )
    assert.ok(longestMs < FROZEN_MS, `${longestMs} ms`)
  } finally {
    frozen?.kill('SIGCONT')
  }
  await eventually(directory, found => known(found, frozen!.ready.peer), 'back in the directory')
})

test('SIGKILL: the answer goes on over the other holder, nothing lost, repeated or changed', async () => {
  const { events, lost } = await answerLosing(middle => middle.kill('SIGKILL'))
  checkAnswer(events)
  assert.deepEqual(await lost.exited, { code: null, signal: 'SIGKILL' })
  const recovered = events.filter(event => event.type === 'recovered')
  assert.equal(recovered.length, 1)
  assert.equal(recovered[0]!.lost, lost.ready.peer)
  const other = [...middles.keys()].find(peer => peer !== lost.ready.peer)
  assert.equal(recovered[0]!.chain[1]!.peer, other)
})

/**
 * A peer whose GPU goes away in the middle of an answer: the answer goes on elsewhere at once, the peer comes back with
 * half its layers, and when it loses its GPU again it ends and says why.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { EXIT } from '../../peer/cli/exit-codes.ts'
import { type ServiceProcess, startService } from '../../peer/cli/service-process.ts'
import type { CompletionEvent } from '../../peer/session/types.ts'
import type { Directory } from '../../peer/swarm/types.ts'
import { loadGoldens } from '../oracle/goldens.ts'
import { eventually, KV_TOKENS, MAIN, shoal, startSwarm, type TestSwarm } from './swarm-kit.ts'

const prompt = loadGoldens().prompts.find(({ name }) => name === 'house')!
const TOKENS = prompt.greedy.ids.length
const TOKENS_BEFORE_LOSS = 12
/** Opening a chain and prefilling the prompt on the survivors, on two busy cores; nothing waits for a limit. */
const PAUSE_MS = 10_000
const PRELOAD = fileURLToPath(new URL('./losing-gpu.ts', import.meta.url))

let swarm: TestSwarm
const ends: ServiceProcess[] = []

before(async () => {
  swarm = await startSwarm()
  const end = (name: string) =>
    startService(
      ['edge', '--join', swarm.url, '--layers', '3-7', '--kv-tokens', String(KV_TOKENS), '--log-level', 'warn'].concat(
        '--identity',
        `${swarm.folder}/${name}.key`
      ),
      { env: { ...process.env, NODE_OPTIONS: `--import=${PRELOAD}` } }
    )
  const started = await Promise.allSettled([end('end-a'), end('end-b'), swarm.edge('begin', '0-2')])
  for (const result of started.slice(0, 2)) if (result.status === 'fulfilled') ends.push(result.value)
  for (const result of started) if (result.status === 'rejected') throw result.reason
})

after(async () => {
  await Promise.all(ends.map(service => service.stop()))
  await swarm?.end()
})

const offersOf = async (peer: unknown) => {
  const { entries } = JSON.parse((await shoal(['peers', '--join', swarm.url, '--json'])).stdout) as Directory
  return entries.flatMap(({ announcement }) => (announcement.peer === peer ? announcement.offers : []))
}

test('the answer goes on, the peer comes back with half its layers, then ends with a reason', async () => {
  const args = ['run', '--join', swarm.url, '--raw', '--temperature', '0', '--max-tokens', String(TOKENS), '--json']
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...args, prompt.rendered], { stdio: ['ignore', 'pipe', 'inherit'] })
  const events: CompletionEvent[] = []
  let doomed: ServiceProcess | undefined
  let tokens = 0
  try {
    for await (const line of createInterface({ input: child.stdout! })) {
      const event = JSON.parse(line) as CompletionEvent
      events.push(event)
      if (event.type === 'text') tokens += event.tokens.length
      if (doomed !== undefined || tokens < TOKENS_BEFORE_LOSS) continue
      const started = events.find(known => known.type === 'started')!
      doomed = ends.find(({ ready }) => ready.peer === started.chain[1]!.peer)!
      doomed.kill('SIGUSR2')
    }
  } finally {
    child.kill('SIGKILL')
  }
  assert.deepEqual(
    events.flatMap(event => (event.type === 'text' ? event.tokens : [])),
    prompt.greedy.ids
  )
  const recoveries = events.filter(event => event.type === 'recovered')
  assert.deepEqual(
    recoveries.map(({ lost, epoch }) => ({ lost, epoch })),
    [{ lost: doomed!.ready.peer, epoch: 2 }]
  )
  assert.ok(recoveries[0]!.pauseMs < PAUSE_MS, `${recoveries[0]!.pauseMs} ms`)

  const again = await eventually(
    () => offersOf(doomed!.ready.peer),
    ([offer]) => offer?.state === 'serving' && offer.span.end === 5,
    'serving half its layers'
  )
  assert.deepEqual(
    again.map(({ span }) => span),
    [{ first: 3, end: 5 }]
  )
  doomed!.kill('SIGUSR2')
  assert.deepEqual(await doomed!.exited, { code: EXIT.gpu, signal: null })
  assert.match(doomed!.log().join('\n'), /shoal: .* was lost .*second try with less ended the same way.*\(DEVICE_LOST\)/)
  assert.deepEqual(await offersOf(doomed!.ready.peer), [])
})

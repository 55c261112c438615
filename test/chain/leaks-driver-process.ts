/**
 * A driver that asks for several answers at once and is killed: argv holds the model's facts and the hosts' announcements.
 * Tells in a line of every token, so that its end can be chosen.
 */
import { generateKeyPair } from '@libp2p/crypto/keys'
import { DEFAULT_LIMITS } from '../../peer/session/driver-limits.ts'
import { generate } from '../../peer/session/generate.ts'
import { neutralSampling } from '../../peer/session/neutral-sampling.ts'
import { readEntries } from '../../peer/swarm/read-entries.ts'
import { Reputation } from '../../peer/swarm/reputation.ts'
import { systemClock } from '../../peer/wire/clock.ts'
import { silent } from '../../peer/wire/log.ts'
import { makeNode } from './wire-kit.ts'

const { model, announcements, answers, leaseMs } = JSON.parse(process.argv[2]!)
const directory = await readEntries(
  announcements.map((hex: string) => ({ announcement: Uint8Array.from(Buffer.from(hex, 'hex')), ageMs: 0 }))
)
const privateKey = await generateKeyPair('Ed25519')
const links = await makeNode({ privateKey, webrtc: false })
const context = {
  links,
  privateKey,
  directory: { query: async () => directory },
  model,
  reputation: new Reputation(),
  clock: systemClock,
  logger: silent,
  limits: { ...DEFAULT_LIMITS, leaseMs }
}
await Promise.all(
  Array.from({ length: answers }, async (_, at) => {
    const request = { prompt: [1, 2, 3, at], maxTokens: 200, endIds: new Set<number>(), choice: 0, standby: false }
    const sampling = { ...neutralSampling, temperature: 0, seed: 1 }
    for await (const event of generate(context, { ...request, sampling, logprobs: undefined, deadlineMs: undefined }))
      if (event.type === 'token') process.stdout.write('token\n')
  })
)

/**
 * The property that recovery is held to: whatever a schedule of faults does to frames, links and peers, as long as every
 * layer stays held, each token is given once and is the undisturbed run's, and nothing is left behind. The unit tests run
 * some hundred schedules of it, `npm run test:faults` as many as it is told.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Answer, AnswerFrame, ChainFrame, Dtype, StandbyFrame } from '../../../peer/wire/frames.pb.js'
import { answerProtocol, chainProtocol } from '../../../peer/wire/protocols.ts'
import { standbyProtocol } from '../../../peer/wire/standby-frames.ts'
import type { Delivery, Passing } from './memory-links.ts'
import { seer } from './seer.ts'
import { PROMPT, ROW_BYTES, SmallSwarm, THREE } from './small-swarm.ts'
import { greedyReference, STAND_IN } from './stand-in-engine.ts'

/** Holds everything, but so slowly that routes avoid it while others live; never killed, so that every layer stays held. */
export const LAST_RESORT = { first: 0, end: 8, decodeRate: 0.01 }
/** Longer than any lease: whatever nobody renews is free after it. */
export const LEASES_MS = 60_000
/** Longer than a chain may stand still, so that frozen peers come back both before and after they are given up. */
const LONGEST_MS = 90_000
/** A crawling frame takes a share of a fault's time: up to 4.5 s, with beats due every 5 s. */
const CRAWL_SHARE = 20
/** With drafts, some of them wrong, in about three steps. */
const TOKENS = 10
/** Frames may be held as long as that one after the other, and bans double meanwhile. */
const RECOVER_MS = 1_800_000

const kinds = [
  /** The frame never arrives. */
  'drop',
  /** The frame and those behind it arrive later. */
  'delay',
  'duplicate',
  /** A copy arrives later. */
  'duplicate late',
  /** The frames behind it arrive before it. */
  'reorder',
  /** The frame says that it is of the epoch before its own. */
  'stale',
  'garbage',
  'cut',
  /** The next answer or credit is lost with its link: its sender has run the step. */
  'cut after execution',
  /** The driver's links are cut below the next answer, which arrives in a later epoch. */
  'old answer',
  'crawl',
  'kill',
  /** Until the answer is over. */
  'freeze',
  /** For the fault's time. */
  'freeze and resume',
  /** The same of the driver: everybody else goes on. */
  'freeze the driver',
  /** The victim's runs do not end for the fault's time; it answers all the same. */
  'hang',
  /** The next hidden states or logits arrive with a NaN among them. */
  'wrong values',
  /** The victim's engine computes NaN for the fault's time. */
  'compute wrong values',
  /** The victim's GPU goes: it withdraws and stops. */
  'lose the device',
  /** The next KV on its way to a standby is lost with its stream; everything else between the two goes on. */
  'cut the standby'
] as const

interface Fault {
  /** The frame at which it strikes, of all frames of the network. */
  at: number
  kind: (typeof kinds)[number]
  /** Which host is killed, frozen or slowed: any but the last resort. */
  victim: number
  ms: number
}

const fault = fc.record<Fault>({
  at: fc.nat(200),
  kind: fc.constantFrom(...kinds),
  victim: fc.nat(2 * THREE.length - 1),
  ms: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: LONGEST_MS }))
})

const schedules = fc.uniqueArray(fault, { selector: ({ at }) => at, maxLength: 6 })

/** Room for all, for some of the prompt, or for nothing. */
const logBytes = fc.constantFrom(1_000_000, 1_000_000, 12 * ROW_BYTES, 0)

/** Whether drafts are wrong, position by position; undefined: nothing is drafted. */
const drafts = fc.option(fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }), { nil: undefined, freq: 1 })

/** Of answers asked for at once: their steps share runs. */
const PROMPTS = [PROMPT, PROMPT.slice(0, 9), PROMPT.toReversed()]
const expected = await Promise.all(PROMPTS.map(prompt => greedyReference(prompt, TOKENS)))

/** How many of them. */
const answers = fc.constantFrom(1, 1, PROMPTS.length)

/** Fails with the shrunk schedule, its seed and its path; given that path too, runs that schedule alone. */
export async function checkFaultSchedules(options: { numRuns: number; seed: number; path?: string }): Promise<void> {
  await fc.assert(fc.asyncProperty(schedules, logBytes, fc.boolean(), drafts, answers, survives), options)
}

/**
 * With standbys the second holder of each span keeps the first's KV; with drafts steps hold up to eight tokens, of which some
 * are wrong and taken back; with several answers asked for at once, steps of one share runs with those of others.
 */
async function survives(
  schedule: readonly Fault[],
  logBytes: number,
  standby: boolean,
  blunders: readonly boolean[] | undefined,
  asked: number
): Promise<void> {
  const swarm = new SmallSwarm([...THREE, ...THREE, LAST_RESORT].map(span => ({ ...span, logBytes })))
  if (blunders !== undefined)
    swarm.drafter = seer([...PROMPT, ...expected[0]!], STAND_IN.vocabulary, position => blunders[position % blunders.length]!)
  const strikes = new Strikes(swarm, schedule)
  swarm.network.fate = passing => strikes.fateOf(passing)
  const request = { maxTokens: TOKENS, standby, speculate: blunders !== undefined }
  const limits = { recoverMs: RECOVER_MS, openMs: RECOVER_MS }
  const prompts = PROMPTS.slice(0, asked)
  const all = await swarm.clock.until(
    Promise.all(prompts.map(prompt => Array.fromAsync(swarm.generate({ ...request, prompt }, limits))))
  )
  assert.deepEqual(
    all.map(events => events.flatMap(event => (event.type === 'token' ? [event.token] : []))),
    expected.slice(0, asked)
  )
  strikes.answerOver = true
  for (const { id } of swarm.hosts) swarm.network.resume(id)
  await swarm.clock.pass(LONGEST_MS + LEASES_MS)
  for (const { id, engine, host } of swarm.hosts) {
    if (swarm.gone.has(id)) continue
    const { freeBlocks, totalBlocks } = engine.kv()
    const { sessions, logBytes: logged, standingBy, standbyLag } = host.stats()
    const expected = { id, freeBlocks: totalBlocks, sessions: 0, logged: 0, standingBy: 0, standbyLag: 0 }
    assert.deepEqual({ id, freeBlocks, sessions, logged, standingBy, standbyLag }, expected)
  }
  assert.deepEqual(swarm.network.open, [])
}

class Strikes {
  readonly #swarm: SmallSwarm
  readonly #faults: Map<number, Fault>
  answerOver = false
  #cutsDue = 0
  #oldAnswersDue = 0
  #wrongDue = 0
  #standbyCutsDue = 0
  /** Kept from its own epoch for a later one. */
  #old: Answer | undefined

  constructor(swarm: SmallSwarm, schedule: readonly Fault[]) {
    this.#swarm = swarm
    this.#faults = new Map(schedule.map(fault => [fault.at, fault]))
  }

  fateOf(passing: Passing): Delivery[] {
    const fault = this.#faults.get(passing.index)
    if (fault?.kind === 'cut after execution') this.#cutsDue++
    if (fault?.kind === 'old answer') this.#oldAnswersDue++
    if (fault?.kind === 'wrong values') this.#wrongDue++
    if (fault?.kind === 'cut the standby') this.#standbyCutsDue++
    return (
      this.#fateOfOutcome(passing) ?? this.#fateOfValues(passing) ?? (fault === undefined ? [{}] : this.#strike(fault, passing))
    )
  }

  #strike({ kind, victim, ms }: Fault, passing: Passing): Delivery[] {
    const { network, clock, hosts } = this.#swarm
    const { id } = hosts[victim]!
    switch (kind) {
      case 'drop':
        return []
      case 'delay':
        return [{ heldMs: ms }]
      case 'duplicate':
        return [{}, {}]
      case 'duplicate late':
        return [{}, { delayMs: ms }]
      case 'reorder':
        return [{ delayMs: ms }]
      case 'stale':
        return [{}, { bytes: ofEarlierEpoch(passing) }]
      case 'garbage':
        return [{ bytes: Uint8Array.of(0xff, 0xff, 0xff) }, {}]
      case 'cut':
        network.cut(passing.from, passing.to)
        return []
      case 'crawl':
        network.crawl(id, Math.ceil(ms / CRAWL_SHARE))
        return [{}]
      case 'kill':
        this.#swarm.kill(victim)
        return [{}]
      case 'freeze':
        // A frame that is late may strike when nobody is left to resume the peer.
        if (!this.answerOver) network.freeze(id)
        return [{}]
      case 'freeze and resume':
        network.freeze(id)
        clock.after(ms, () => network.resume(id))
        return [{}]
      case 'freeze the driver':
        network.freeze(this.#swarm.driverId)
        clock.after(ms, () => network.resume(this.#swarm.driverId))
        return [{}]
      case 'hang': {
        const over = clock.now() + ms
        hosts[victim]!.engine.hold = () => new Promise(resolve => clock.after(over - clock.now(), resolve))
        return [{}]
      }
      case 'compute wrong values': {
        const { engine } = hosts[victim]!
        const until = clock.now() + ms
        engine.spoils = () => clock.now() < until
        return [{}]
      }
      case 'lose the device':
        hosts[victim]!.engine.lose()
        return [{}]
      default:
        return [{}]
    }
  }

  /** What the faults that wait for values or for KV do to them, if anything. */
  #fateOfValues(passing: Passing): Delivery[] | undefined {
    if (this.#standbyCutsDue > 0 && passing.protocol === standbyProtocol.id && StandbyFrame.decode(passing.bytes).part) {
      this.#standbyCutsDue--
      this.#swarm.network.cut(passing.from, passing.to, standbyProtocol.id)
      return []
    }
    const wrong = this.#wrongDue > 0 ? withNaN(passing) : undefined
    if (wrong === undefined) return undefined
    this.#wrongDue--
    return [{ bytes: wrong }]
  }

  /** What the faults that wait for an answer or a credit do to it, if anything. */
  #fateOfOutcome(passing: Passing): Delivery[] | undefined {
    const { network, driverId, hosts } = this.#swarm
    if (this.#cutsDue + this.#oldAnswersDue === 0 && this.#old === undefined) return undefined
    const { answer, credit } = frameOf(passing)
    const outcome = answer ?? credit
    if (outcome === undefined) return undefined
    const toDriver = passing.to === driverId
    const { session, epoch, number } = outcome
    const ofOld = this.#old !== undefined && session.every((byte, at) => byte === this.#old!.session[at])
    // Credit comes before the answer: the driver waits for one of the same number.
    if (toDriver && this.#old !== undefined && ofOld && epoch > this.#old.epoch && number >= this.#old.number) {
      const { encode } = passing.protocol === chainProtocol.id ? ChainFrame : AnswerFrame
      const bytes = encode({ answer: this.#old })
      this.#old = undefined
      return [{ bytes }, {}]
    }
    if (toDriver && this.#oldAnswersDue > 0 && answer !== undefined) {
      this.#oldAnswersDue--
      this.#old = answer
      for (const { id } of hosts) network.cut(driverId, id)
      return []
    }
    if (this.#cutsDue === 0) return undefined
    this.#cutsDue--
    network.cut(passing.from, passing.to)
    return []
  }
}

/** The same frame with a NaN among its values; undefined where it has none. */
function withNaN({ protocol, bytes }: Passing): Uint8Array | undefined {
  if (protocol === answerProtocol.id) {
    const frame = AnswerFrame.decode(bytes)
    return spoilLogits(frame.answer) ? AnswerFrame.encode(frame) : undefined
  }
  if (protocol !== chainProtocol.id) return undefined
  const frame = ChainFrame.decode(bytes)
  if (spoilLogits(frame.answer)) return ChainFrame.encode(frame)
  const { step } = frame
  if (step?.hidden === undefined) return undefined
  const values = new Float32Array(step.count * STAND_IN.width).fill(Number.NaN)
  step.hidden = { dtype: Dtype.DTYPE_F32, data: new Uint8Array(values.buffer) }
  return ChainFrame.encode(frame)
}

function spoilLogits(answer: Answer | undefined): boolean {
  const row = answer?.rows[0]
  if (row === undefined) return false
  row.logits[0] = Number.NaN
  return true
}

/** What of a frame says that a step has run. */
function frameOf({ protocol, bytes }: Passing): Partial<Pick<ChainFrame, 'answer' | 'credit'>> {
  if (protocol === chainProtocol.id) return ChainFrame.decode(bytes)
  return protocol === answerProtocol.id ? { answer: AnswerFrame.decode(bytes).answer } : {}
}

/** The same frame, claiming an epoch before its own; whatever it is, nobody may act on it. */
function ofEarlierEpoch({ protocol, bytes }: Passing): Uint8Array {
  if (protocol !== chainProtocol.id) return bytes
  const frame = ChainFrame.decode(bytes)
  const body = frame.step ?? frame.answer ?? frame.credit ?? frame.beat
  if (body === undefined || body.epoch < 2) return bytes
  body.epoch -= 1
  return ChainFrame.encode(frame)
}

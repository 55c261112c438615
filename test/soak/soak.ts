/**
 * A swarm under constant requests and constant loss: every answer must be whole and golden, no KV may stay taken, no
 * process that lasts may grow.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { healthOf } from '../chain/swarm-kit.ts'
import { assertGolden, streamAnswer } from '../deaths/answer-stream.ts'
import { PARTS } from '../deaths/cells.ts'
import { goldenText } from '../deaths/golden-texts.ts'
import { type Loss, Pool } from '../deaths/pool.ts'
import { uniform } from '../sim/random.ts'
import { Churn } from './churn.ts'
import { type MemorySample, residentBytes, type Trend, trendOf } from './memory.ts'

export interface SoakOptions {
  minutes: number
  seed: number
  onProgress: (line: string) => void
}

export interface ProcessFigures {
  name: string
  pid: number
  /** Of the last half's samples after a collection: the first, the last, and how they change. */
  firstBytes: number
  lastBytes: number
  resident: Trend
  /** The same of what no file backs. */
  anonymous: Trend
  /** At any time of that half. */
  mostBytes: number
  samples: MemorySample[]
}

export interface SoakFigures {
  minutes: number
  seed: number
  answers: { whole: number; tokens: number; recovered: number; recoveries: number; longestPauseMs: number }
  faults: Churn['counts']
  processes: ProcessFigures[]
  /** Empty when all is well. */
  violations: string[]
}

/** Of each part one lasts and two come and go. */
const HOLDERS = [3, 3, 3]
/** Answers under way at any time. */
const CLIENTS = 2
/** Longest an answer may take: the driver gives up after five minutes in which it lost every chain. */
const ANSWER_MS = 310_000
/** A pause longer than this is told with what the gateway met meanwhile. */
const SLOW_MS = 10_000
const SAMPLE_MS = 5_000
/**
 * Every sixth sample is taken just after a collection, and those are judged. Between collections the garbage that V8 lets
 * lie makes a peer's RSS swing between 300 and 370 MiB within minutes, which says nothing of what it keeps.
 */
const COLLECT_EVERY = 6
/** From the signal to the sample: two collections of a heap of some 40 MiB on a machine that is busy. */
const COLLECTING_MS = 1_500
/** Of the last half's mean, per 10 minutes. */
const MOST_GROWTH = 0.01
/** Of the mean, over the last half: one burst may still take more than any before it, which is a step and no slope. */
const MOST_RISE = 0.05
/** A shorter run is all warm-up: heaps grow to their working size in the first minutes, whatever the process does. */
const LEAST_JUDGED_MINUTES = 10

const PROMPTS = ['apostle', 'house', 'abram', 'psalm-23']
/** Of 64 golden tokens, so many at most are given with the prompt, and at least so many asked for. */
const MOST_GIVEN = 40
const LEAST_ASKED = 12

export async function soak({ minutes, seed, onProgress }: SoakOptions): Promise<SoakFigures> {
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --expose-gc --import ${import.meta.resolve('./collect.ts')}`
  const pool = await Pool.start(PARTS, HOLDERS)
  try {
    const lasting = PARTS.map((_, part) => pool.holders.find(holder => holder.part === part)!)
    const watched = [
      { name: 'bootstrap', service: pool.swarm.bootstrap, holder: undefined },
      { name: 'gateway', service: pool.gateway, holder: undefined },
      ...lasting.map(holder => ({ name: `peer of layers ${PARTS[holder.part]}`, service: holder.service, holder }))
    ].map(each => ({ ...each, samples: [] as MemorySample[] }))
    const violations: string[] = []
    const answers = { whole: 0, tokens: 0, recovered: 0, recoveries: 0, longestPauseMs: 0 }
    const churn = new Churn(pool, seed, lasting)
    const startedAt = performance.now()
    const over = AbortSignal.timeout(minutes * 60_000)

    const client = async (index: number) => {
      for (let number = 0; !over.aborted; number++) {
        const draw = (which: number) => uniform(seed, 2 + index, 3 * number + which)
        const given = Math.floor(draw(1) * MOST_GIVEN)
        const count = LEAST_ASKED + Math.floor(draw(2) * (64 - MOST_GIVEN - LEAST_ASKED))
        const name = PROMPTS[Math.floor(draw(0) * PROMPTS.length)]!
        const golden = goldenText(name, given, count)
        const began = performance.now()
        const beganAt = Date.now()
        const lossesBefore = pool.losses.length
        const stream = streamAnswer(pool.url, golden, AbortSignal.timeout(ANSWER_MS))
        try {
          const { recoveries } = await stream.ended
          assertGolden(stream, golden)
          answers.whole++
          answers.tokens += count
          answers.recovered += Number(recoveries.length > 0)
          answers.recoveries += recoveries.length
          const longest = Math.max(0, ...recoveries.map(({ pause_ms }) => pause_ms))
          answers.longestPauseMs = Math.max(answers.longestPauseMs, longest)
          if (longest > SLOW_MS)
            onProgress(`slow, ${(longest / 1000).toFixed(1)} s: ${lossesText(pool.losses.slice(lossesBefore), beganAt)}`)
        } catch (error) {
          const at = `${((began - startedAt) / 1000).toFixed(1)} s, for ${((performance.now() - began) / 1000).toFixed(1)} s`
          violations.push(
            `answer ${number} of client ${index} (${name}, ${given}, ${count}; from ${at}): ${(error as Error).message}`
          )
          onProgress(violations.at(-1)!)
          onProgress(`lost meanwhile: ${lossesText(pool.losses.slice(lossesBefore), beganAt)}`)
          onProgress(`away meanwhile: ${churn.absencesSince(beganAt)}`)
          // Whoever was refused does not ask again at once.
          await wait(1_000)
        }
      }
    }
    const sampler = async () => {
      for (let number = 0; !over.aborted; number++) {
        const collected = number % COLLECT_EVERY === COLLECT_EVERY - 1
        // Who is frozen collects nothing.
        const awake = watched.filter(({ holder }) => !collected || holder?.state !== 'frozen')
        if (collected) {
          for (const { service } of awake) service.kill('SIGUSR2')
          await wait(COLLECTING_MS)
        }
        for (const { service, holder, samples } of awake) {
          if (collected && holder?.state === 'frozen') continue
          const resident = await residentBytes(service.pid)
          if (resident !== undefined) samples.push({ at: performance.now() - startedAt, collected, ...resident })
        }
        if (collected) {
          const resident = watched.map(({ name, samples }) => `${name} ${megabytes(samples.at(-1)?.rss ?? 0)}`)
          onProgress(
            `${((performance.now() - startedAt) / 60_000).toFixed(1)} min: ${answers.whole} answers, ${answers.recoveries} recoveries; ${resident.join(', ')}`
          )
        }
        await wait(SAMPLE_MS, undefined, { signal: over }).catch(() => {})
      }
    }
    const clients = Array.from({ length: CLIENTS }, (_, index) => client(index))
    await Promise.all([churn.run(over), sampler(), ...clients])

    await pool.restore()
    await pool.drained().catch(error => violations.push(`KV stayed taken: ${(error as Error).message}`))
    const { answering } = await healthOf(pool.gateway)
    if (answering > 0) violations.push(`the gateway still counts ${answering} answers`)
    const processes = watched.map(({ name, service, samples }): ProcessFigures => {
      const half = samples.filter(({ at }) => at > (minutes * 60_000) / 2)
      const calm = half.filter(({ collected }) => collected)
      return {
        name,
        pid: service.pid,
        firstBytes: calm[0]?.rss ?? 0,
        lastBytes: calm.at(-1)?.rss ?? 0,
        resident: trendOf(calm, 'rss'),
        anonymous: trendOf(calm, 'anonymous'),
        mostBytes: Math.max(...half.map(({ rss }) => rss)),
        samples
      }
    })
    for (const { name, resident } of minutes < LEAST_JUDGED_MINUTES ? [] : processes) {
      // What is not a number must not pass.
      if (!(resident.growth <= MOST_GROWTH)) violations.push(`${name} grows by ${percent(resident.growth)} per 10 minutes`)
      if (!(resident.rise <= MOST_RISE)) violations.push(`${name} rose by ${percent(resident.rise)} in the last half`)
    }
    for (const { name, samples } of processes)
      if ((samples.at(-1)?.at ?? 0) < minutes * 60_000 - 3 * SAMPLE_MS) violations.push(`${name} ended`)
    return { minutes, seed, answers, faults: churn.counts, processes, violations }
  } finally {
    await pool.end()
  }
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`
}

export function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}

/** Since `from`, ms of Date.now(). */
function lossesText(losses: readonly Loss[], from: number): string {
  return losses
    .map(({ at, code, peer, epoch }) => `+${at - from} ms ${code} ${peer?.slice(-6) ?? '?'} (epoch ${epoch})`)
    .join(', ')
}

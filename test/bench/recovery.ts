/**
 * How long the reader of an answer waits when a hop is lost, beside the same answer undisturbed: a chain of three on real
 * processes behind a gateway, whose middle hop is killed, frozen or told to leave while it decodes, and killed or frozen
 * while another peer keeps its KV.
 */
import { type AnswerEnd, assertGolden, streamAnswer } from '../deaths/answer-stream.ts'
import { longestSilence, PARTS } from '../deaths/cells.ts'
import { goldenText } from '../deaths/golden-texts.ts'
import { Killer } from '../deaths/killer.ts'
import { type Holder, Pool } from '../deaths/pool.ts'
import type { Bench, BenchContext } from './bench.ts'
import { measureAlternately } from './measure.ts'
import { median, type Row, ratioRow, valueRow } from './rows.ts'

const bench = 'recovery'
const ROUNDS = 5
/** The middle has one that takes over. */
const HOLDERS = [1, 2, 1]
const MIDDLE = 1
/** Tokens decoded before the loss. */
const BEFORE = 8
/** Of which the hop that takes over is fed all that came before: the prompt and these. */
const ANSWER = goldenText('psalm-23', 0, 64)
/** The same text up to the loss as a prompt: its prefill is the one that recovery can't do without. */
const UNDISTURBED = goldenText('psalm-23', BEFORE, 56)
const ANSWER_MS = 90_000

interface Undisturbed {
  tokenMs: number
  /** Of the middle hop: from the start of its prefill to that of the hop after it. */
  prefillMs: number
}

interface Disturbed {
  /** From the blow to the driver's word that the chain is lost; undefined when it never was. */
  detectionMs: number | undefined
  /** Longest silence of the stream after the blow. */
  pauseMs: number
  /** Positions that were computed again, over all recoveries. */
  replayed: number
}

const kill = (pool: Pool, holder: Holder) => pool.kill(holder)
const freeze = (pool: Pool, holder: Holder) => pool.freeze(holder)

interface Death {
  strike: (pool: Pool, holder: Holder) => void
  standby: boolean
  /** What it may cost beyond a prefill of the lost span, ms; undefined where nothing beyond its own detection and two tokens. */
  allowedMs?: number
}

/** A leave is no worse than a close. */
const KINDS = {
  killed: { strike: kill, standby: false, allowedMs: 1_000 },
  frozen: { strike: freeze, standby: false, allowedMs: 3_000 },
  leaving: { strike: (pool, holder) => void pool.leave(holder), standby: false, allowedMs: 1_000 },
  'killed with standby': { strike: kill, standby: true },
  'frozen with standby': { strike: freeze, standby: true }
} satisfies Record<string, Death>
type Kind = keyof typeof KINDS
const NAMES = Object.keys(KINDS) as Kind[]
const deathOf = (kind: Kind): Death => KINDS[kind]

export const recovery: Bench = { name: bench, run }

async function run(context: BenchContext): Promise<Row[]> {
  const pool = await Pool.start(PARTS, HOLDERS)
  try {
    const disturb = (kind: Kind) => async (): Promise<Disturbed> => {
      const measured = await disturbed(pool, kind, context.signal)
      const { detectionMs, pauseMs, replayed } = measured
      context.log(
        `${kind}: detection ${detectionMs?.toFixed(0)} ms, pause ${pauseMs.toFixed(0)} ms, ${replayed} positions replayed`
      )
      return measured
    }
    const undisturb = async (): Promise<Undisturbed> => await undisturbed(pool, context.signal)
    // The first answer of a gateway dials everybody.
    await undisturb()
    const samples = await measureAlternately<'undisturbed' | Kind, Undisturbed | Disturbed>(
      {
        undisturbed: undisturb,
        ...(Object.fromEntries(NAMES.map(kind => [kind, disturb(kind)])) as Record<Kind, () => Promise<Disturbed>>)
      },
      { rounds: context.quick ? 1 : ROUNDS, warmUps: 0, deadline: context.deadline, signal: context.signal }
    )
    return rows(samples.undisturbed as Undisturbed[], kind => samples[kind] as Disturbed[])
  } finally {
    await pool.end()
  }
}

function rows(plain: readonly Undisturbed[], disturbedOf: (kind: Kind) => Disturbed[]): Row[] {
  const tokens = plain.map(({ tokenMs }) => tokenMs)
  const prefills = plain.map(({ prefillMs }) => prefillMs)
  const measured: Row[] = [
    valueRow({ bench, name: 'token time, undisturbed', unit: 'ms' }, tokens),
    valueRow({ bench, name: `prefill of the lost span, ${UNDISTURBED.promptTokens} tokens`, unit: 'ms' }, prefills)
  ]
  for (const kind of NAMES) {
    const samples = disturbedOf(kind)
    const detections = samples.flatMap(({ detectionMs }) => (detectionMs === undefined ? [] : [detectionMs]))
    const name = `detection, ${kind}`
    if (detections.length === 0) measured.push({ bench, name, notRun: 'the answer ended on the chain it had' })
    else measured.push(valueRow({ bench, name, unit: 'ms' }, detections))
    const { allowedMs } = deathOf(kind)
    const against = allowedMs === undefined ? 'detection + 2 tokens' : `${allowedMs / 1000} s + prefill`
    const allowed = samples.map(({ detectionMs }, round) =>
      allowedMs === undefined ? (detectionMs ?? 0) + 2 * tokens[round]! : allowedMs + prefills[round]!
    )
    const replayed = median(samples.map(sample => sample.replayed))
    measured.push(
      ratioRow(
        { bench, name: `pause, ${kind}`, unit: 'ms', against, goal: { max: 1 }, note: `${replayed} positions replayed` },
        samples.map(({ pauseMs }) => pauseMs),
        allowed
      )
    )
  }
  return measured
}

async function undisturbed(pool: Pool, signal: AbortSignal): Promise<Undisturbed> {
  const startedAt: number[] = []
  pool.onEvent = ({ holder, what, position, at }) => {
    if (what === 'step started' && position === 0) startedAt[holder.part] = at
  }
  try {
    const stream = streamAnswer(pool.url, UNDISTURBED, limited(signal))
    await stream.ended
    assertGolden(stream, UNDISTURBED)
    const { tokens } = stream
    return {
      tokenMs: (tokens.at(-1)!.at - tokens[0]!.at) / (tokens.length - 1),
      prefillMs: startedAt[MIDDLE + 1]! - startedAt[MIDDLE]!
    }
  } finally {
    pool.onEvent = () => {}
  }
}

/** Leaves the swarm whole. */
async function disturbed(pool: Pool, kind: Kind, signal: AbortSignal): Promise<Disturbed> {
  const { strike, standby } = deathOf(kind)
  let struckAt = 0
  const killer = new Killer({
    hops: [MIDDLE],
    position: ANSWER.promptTokens + BEFORE,
    again: false,
    strike: holder => {
      struckAt = Date.now()
      strike(pool, holder)
    }
  })
  const lossesBefore = pool.losses.length
  const stream = streamAnswer(pool.url, ANSWER, limited(signal), standby)
  pool.onEvent = event => killer.hear(event, stream.tokens.length)
  let end: AnswerEnd
  try {
    end = await stream.ended
  } finally {
    pool.onEvent = () => {}
  }
  assertGolden(stream, ANSWER)
  const loss = pool.losses[lossesBefore]
  // One that is resumed would be avoided by this gateway for a while; a new one is as good as the last was.
  for (const holder of pool.holders) if (holder.state === 'frozen') pool.kill(holder)
  await pool.restore()
  return {
    detectionMs: loss === undefined ? undefined : loss.at - struckAt,
    pauseMs: longestSilence(stream.tokens, killer.diedAt),
    replayed: end.recoveries.reduce((sum, recovery) => sum + recovery.replayed, 0)
  }
}

const limited = (signal: AbortSignal) => AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])

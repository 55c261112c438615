/**
 * A span engine without a model: its hidden states are exact integers that depend on every earlier input of the sequence,
 * so that a skipped, doubled or misplaced step changes every token after it. Whole and split at any boundary agree bit
 * for bit, and f16 carries its values exactly.
 */
import type { EngineShape, HeadRow, SequenceId, SequenceOutput, SequenceStep, SpanEngine } from '../../../peer/engine/engine.ts'
import { BusyError, DeviceLostError, InvalidRequestError, NonFiniteError, UnknownSessionError } from '../../../peer/errors.ts'

/** Hidden values are integers below this: f16 is exact up to 2048. */
const MODULUS = 2039
export const STAND_IN: StandInModel = { layers: 8, width: 4, vocabulary: 97, contextLength: 256 }
const TOKENS_PER_BLOCK = 16

export interface StandInModel {
  layers: number
  width: number
  vocabulary: number
  contextLength: number
}

export interface StandInOptions {
  first: number
  end: number
  blocks?: number
  maxBatchTokens?: number
  numerics?: string
  /** Another size of model than STAND_IN's. */
  model?: StandInModel
  /** Hidden values are multiples of this; from 33 on some overflow f16. A power of two keeps the others exact in it. */
  scale?: number
}

interface Sequence {
  blocks: number
  /** Per layer of the span, the state after each position. */
  states: Uint32Array[][]
  row: { logits: Float32Array[] }
}

export class StandInEngine implements SpanEngine {
  readonly shape: EngineShape
  readonly lost: Promise<DeviceLostError>
  /** Every batch run, as numbers of tokens a sequence. */
  readonly batches: { sequence: SequenceId; position: number; count: number }[][] = []
  /** Awaited in every run: tests hold runs back with it. */
  hold: (() => Promise<void>) | undefined
  /** Whether a run's outputs hold NaN. */
  spoils: () => boolean = () => false
  /** Every write of KV. */
  readonly written: { sequence: SequenceId; from: number; count: number }[] = []
  /** Awaited in every read and write of KV. */
  holdKv: (() => Promise<void>) | undefined
  /** Awaited before KV is given back. */
  holdRelease: (() => Promise<void>) | undefined
  readonly #total: number
  readonly #scale: number
  readonly #sequences = new Map<SequenceId, Sequence>()
  #lose: (error: DeviceLostError) => void = () => {}
  #free: number
  #nextId = 1
  #running = false

  constructor(options: StandInOptions) {
    this.#total = options.blocks ?? 256
    this.#scale = options.scale ?? 1
    this.#free = this.#total
    const { layers, width, vocabulary, contextLength } = options.model ?? STAND_IN
    this.shape = {
      span: { first: options.first, end: options.end },
      width,
      vocabulary,
      contextLength,
      embeds: options.first === 0,
      heads: options.end === layers,
      maxBatchTokens: options.maxBatchTokens ?? 32,
      numerics: options.numerics ?? 'stand-in',
      kvPositionBytes: 4 * width * (options.end - options.first)
    }
    this.lost = new Promise(resolve => {
      this.#lose = resolve
    })
  }

  /** Plays a lost device. */
  lose(): void {
    this.#lose(new DeviceLostError('the device is lost'))
  }

  kv() {
    return { tokensPerBlock: TOKENS_PER_BLOCK, totalBlocks: this.#total, freeBlocks: this.#free }
  }

  async reserve(tokens: number): Promise<SequenceId> {
    const blocks = Math.ceil(tokens / TOKENS_PER_BLOCK)
    if (blocks > this.#free) throw new BusyError('no blocks')
    this.#free -= blocks
    const id = this.#nextId++
    const layers = this.shape.span.end - this.shape.span.first
    this.#sequences.set(id, { blocks, states: Array.from({ length: layers }, () => []), row: { logits: [] } })
    return id
  }

  async extend(id: SequenceId, tokens: number): Promise<void> {
    const sequence = this.#sequences.get(id)
    if (sequence === undefined) throw new UnknownSessionError(`sequence ${id}`)
    const more = Math.max(0, Math.ceil(tokens / TOKENS_PER_BLOCK) - sequence.blocks)
    if (more > this.#free) throw new BusyError('no blocks')
    this.#free -= more
    sequence.blocks += more
  }

  async release(id: SequenceId): Promise<void> {
    await this.holdRelease?.()
    this.#free += this.#sequences.get(id)?.blocks ?? 0
    this.#sequences.delete(id)
  }

  async run(steps: readonly SequenceStep[]): Promise<SequenceOutput[]> {
    if (this.#running) throw new Error('two runs at once')
    if (new Set(steps.map(step => step.sequence)).size !== steps.length) throw new Error('a sequence twice in a batch')
    if (steps.reduce((sum, step) => sum + countOf(step, this.shape), 0) > this.shape.maxBatchTokens)
      throw new Error('batch too large')
    this.#running = true
    try {
      this.batches.push(
        steps.map(step => ({ sequence: step.sequence, position: step.position, count: countOf(step, this.shape) }))
      )
      await this.hold?.()
      const outputs = steps.map(step => this.#runStep(step))
      if (this.spoils()) for (const output of outputs) spoil(output)
      return outputs
    } finally {
      this.#running = false
    }
  }

  async logits(id: SequenceId, row: number): Promise<Float32Array> {
    const logits = this.#sequences.get(id)?.row.logits[row]
    if (logits === undefined) throw new UnknownSessionError('row not kept')
    return logits
  }

  /** Layer by layer, position by position, the state's words. */
  async readKv(id: SequenceId, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    const { states } = this.#held(id)
    if (!(from >= 0 && from < to && to <= states[0]!.length)) throw new InvalidRequestError(`no KV of [${from}, ${to})`)
    await this.holdKv?.()
    const words = states.flatMap(layer => layer.slice(from, to).flatMap(state => [...state]))
    return new Uint8Array(Uint32Array.from(words).buffer)
  }

  async writeKv(id: SequenceId, from: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { states, blocks } = this.#held(id)
    const count = bytes.length / this.shape.kvPositionBytes
    if (!(Number.isInteger(count) && count > 0 && from <= states[0]!.length && from + count <= blocks * TOKENS_PER_BLOCK))
      throw new InvalidRequestError(`no room for ${bytes.length} bytes of KV at ${from}`)
    await this.holdKv?.()
    const words = new Uint32Array(new Uint8Array(bytes).buffer)
    const { width } = this.shape
    for (const [layer, held] of states.entries()) {
      held.length = from
      for (let at = layer * count; at < (layer + 1) * count; at++) held.push(words.slice(at * width, (at + 1) * width))
    }
    this.written.push({ sequence: id, from, count })
  }

  async close(): Promise<void> {}

  #held(id: SequenceId): Sequence {
    const sequence = this.#sequences.get(id)
    if (sequence === undefined) throw new UnknownSessionError('no such sequence')
    return sequence
  }

  #runStep(step: SequenceStep): SequenceOutput {
    const sequence = this.#held(step.sequence)
    const { span, width, embeds, heads } = this.shape
    const count = countOf(step, this.shape)
    if (step.position > (sequence.states[0]?.length ?? 0)) throw new Error('position beyond the KV')
    if (step.position + count > sequence.blocks * TOKENS_PER_BLOCK) throw new Error('beyond the reservation')
    if (embeds !== 'tokens' in step.input) throw new Error('wrong kind of input')
    const hidden = new Float32Array(count * width)
    for (let token = 0; token < count; token++) {
      let values =
        'tokens' in step.input
          ? embed(step.input.tokens[token]!, width)
          : step.input.hidden.slice(token * width, (token + 1) * width)
      for (let layer = span.first; layer < span.end; layer++) {
        const states = sequence.states[layer - span.first]!
        states.length = step.position + token
        values = layerOf(values, states.at(-1), layer, step.position + token).map(value => value * this.#scale)
        if (values.some(value => !Number.isFinite(value))) throw new NonFiniteError('not finite')
        states.push(Uint32Array.from(values))
      }
      hidden.set(values, token * width)
    }
    if (!heads) return { hidden }
    const kept: Float32Array[] = []
    for (let row = count - step.head.rows; row < count; row++)
      kept.push(headOf(hidden.subarray(row * width, (row + 1) * width), this.shape.vocabulary))
    if (kept.length > 0) sequence.row.logits = kept
    return { rows: kept.map(logits => headRow(logits, step)) }
  }
}

function spoil(output: SequenceOutput): void {
  if ('hidden' in output) output.hidden[0] = Number.NaN
  else for (const row of output.rows) row.logits[0] = Number.NaN
}

function countOf(step: SequenceStep, { width }: EngineShape): number {
  return 'tokens' in step.input ? step.input.tokens.length : step.input.hidden.length / width
}

function mix(a: number, b: number): number {
  let hash = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 15), 0x27d4eb2f)
  return (hash ^ (hash >>> 13)) >>> 0
}

function embed(token: number, width: number): Float32Array {
  return Float32Array.from({ length: width }, (_, at) => mix(token, at) % MODULUS)
}

/** The state before stands for all earlier positions, as attention over KV does. */
function layerOf(values: Float32Array, before: Uint32Array | undefined, layer: number, position: number): Float32Array {
  return values.map((value, at) => {
    if (!Number.isFinite(value)) return value
    const neighbour = values[(at + 1) % values.length]!
    return mix(mix(value, neighbour), mix(before?.[at] ?? 1, layer * 1000 + position)) % MODULUS
  })
}

function headOf(values: Float32Array, vocabulary: number): Float32Array {
  const seed = values.reduce((hash, value) => mix(hash, value), 7)
  return Float32Array.from({ length: vocabulary }, (_, id) => (mix(seed, id) % 4096) / 512)
}

function headRow(logits: Float32Array, { head }: SequenceStep): HeadRow {
  const ids = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b).slice(0, head.topK)
  const logSumExp = (temperature: number) =>
    Math.fround(Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit / temperature), 0)))
  return {
    ids: Uint32Array.from(ids),
    logits: Float32Array.from(ids, id => logits[id]!),
    extraLogits: Float32Array.from(head.extraIds, id => logits[id]!),
    logSumExp: logSumExp(1),
    logSumExpAtTemperature: logSumExp(head.temperature)
  }
}

/** The tokens a whole, undisturbed greedy run gives: computed without any chain. */
export async function greedyReference(prompt: readonly number[], count: number, model = STAND_IN, scale = 1): Promise<number[]> {
  const engine = new StandInEngine({ first: 0, end: model.layers, maxBatchTokens: 1024, model, scale })
  const sequence = await engine.reserve(model.contextLength)
  const head = { rows: 1, topK: 1, temperature: 1, extraIds: new Uint32Array(0) }
  const tokens: number[] = []
  let position = 0
  for (let input = Uint32Array.from(prompt); tokens.length < count; input = Uint32Array.of(tokens.at(-1)!)) {
    const [output] = await engine.run([{ sequence, position, input: { tokens: input }, head }])
    position += input.length
    if (output === undefined || !('rows' in output)) throw new Error('no rows')
    tokens.push(output.rows[0]!.ids[0]!)
  }
  return tokens
}

/**
 * The numerical self-test a peer passes before it announces itself: every kernel its span will run, on small tensors of
 * the span's types, each against f64 on the CPU, from the inputs the GPU itself held, so that the kernel at fault is named.
 * It also makes software adapters compile what they otherwise would at the first step.
 */
import { SelfTestError } from '../errors.ts'
import type { Hyperparameters, Span, TensorReader } from '../model/types.ts'
import { HEAD_ROWS_PER_PASS, planMatrices, type SpanLimits } from './budget.ts'
import { halfAt } from './decoders/decoder.ts'
import type { EngineDevice } from './device.ts'
import { BUFFER_USAGE, MAP_READ } from './gpu-usage.ts'
import { tilesOf } from './kernels/mat-mul.ts'
import { type KernelVariant, type KvType, TOKENS_PER_BLOCK } from './kernels/shared.ts'
import { ropeSourceRow, rotationAngles, rotationOf } from './rope.ts'
import {
  activated,
  add,
  attend,
  decodeTensor,
  type Expected,
  product,
  rmsNorm,
  rotate,
  softCapped,
  storedAsHalf,
  times
} from './self-test-maths.ts'
import { type SmallModel, seeded, smallModel } from './self-test-model.ts'
import { BufferOwner, loadSpanBuffers, type SpanBuffers } from './span-buffers.ts'
import { buildProgram, encodeLaunches, type Launch, type LayerProgram, logitPairs, type SpanProgram } from './span-program.ts'
import { planSpanTensors } from './span-tensors.ts'
import { packStep } from './step-buffer.ts'
import { styleFor } from './style.ts'

export interface SelfTestRequest {
  device: EngineDevice
  /** Of the real model and span; tensor types are looked up, nothing is read. */
  hyperparameters: Hyperparameters
  span: Span
  tensors: Pick<TensorReader, 'info'>
  /** As the span will be created. */
  kv?: KvType
  variant?: KernelVariant
  signal?: AbortSignal
}

/** KV blocks of the one sequence, not in order, so that a kernel that ignores the table is found out. */
const BLOCKS = [1, 0]

/** Tokens of each pass: a tile and one more for the largest, one less than it holds for others, at last one token. */
function passCounts(variant: KernelVariant): number[] {
  const tiles = tilesOf(variant).toReversed()
  return tiles.map((tile, index) => (tile === 1 ? 1 : index === 0 ? tile + 1 : tile - 1))
}

/** @throws SelfTestError naming kernel, element and values; DeviceLostError; the signal's reason */
export async function selfTest(request: SelfTestRequest): Promise<void> {
  const { device, kv = 'f16', signal } = request
  const model = smallModel(request.hyperparameters, request.span, request.tensors)
  const { hyperparameters, reader } = model
  const tensors = planSpanTensors(hyperparameters, model.span, reader)
  const style = styleFor(device, request.variant)
  const counts = passCounts(style.variant)
  const limits: SpanLimits = {
    kvTokens: BLOCKS.length * TOKENS_PER_BLOCK,
    maxBatchTokens: Math.max(...counts),
    kv,
    bindingLimit: device.gpu.limits.maxStorageBufferBindingSize
  }
  const matrices = planMatrices(hyperparameters, tensors, limits.bindingLimit)
  const owner = new BufferOwner(device.gpu)
  try {
    const load = { device, hyperparameters, tensors, matrices, limits }
    const buffers = await loadSpanBuffers(owner, { ...load, reader, signal, onProgress: undefined })
    const program = await buildProgram(owner, { device, hyperparameters, tensors, matrices, buffers, kv, style })
    const test = new KernelTest(device, owner, buffers, model, kv)
    await owner.verify()
    // The first pass crosses a block boundary; each goes on where the one before ended.
    let position = TOKENS_PER_BLOCK - 2
    for (const count of counts) {
      signal?.throwIfAborted()
      await test.pass(program, position, count)
      position += count
    }
  } catch (error) {
    throw device.failure() ?? error
  } finally {
    owner.destroy()
  }
}

class KernelTest {
  readonly #device: EngineDevice
  readonly #buffers: SpanBuffers
  readonly #staging: GPUBuffer
  readonly #model: SmallModel
  readonly #kv: KvType
  readonly #next = seeded(7)

  constructor(device: EngineDevice, owner: BufferOwner, buffers: SpanBuffers, model: SmallModel, kv: KvType) {
    this.#device = device
    this.#buffers = buffers
    this.#model = model
    this.#kv = kv
    const largest = Math.max(
      buffers.queries.size,
      buffers.activation.size,
      buffers.keys[0]?.size ?? 0,
      buffers.logits?.size ?? 0,
      buffers.residual.size
    )
    this.#staging = owner.take('self-test', largest, BUFFER_USAGE.copyTarget | BUFFER_USAGE.mapRead)
  }

  async pass(program: SpanProgram, position: number, count: number): Promise<void> {
    const { hyperparameters: h, span } = this.#model
    const { queue } = this.#device.gpu
    const { residual, normed, attention, activation, logits } = this.#buffers
    const tokens = Uint32Array.from({ length: count }, () => Math.floor(this.#next() * h.vocabulary))
    const positions = Array.from({ length: count }, (_, index) => position + index)
    const slots = positions.map(at => BLOCKS[Math.floor(at / TOKENS_PER_BLOCK)]! * TOKENS_PER_BLOCK + (at % TOKENS_PER_BLOCK))
    const headRows = positions.map((_, index) => count - 1 - index).slice(0, HEAD_ROWS_PER_PASS)
    queue.writeBuffer(this.#buffers.step, 0, packStep([{ tokens, position, slots, blocks: BLOCKS }], headRows))

    if (program.embed.length > 0) {
      await this.#launch(program.embed, count)
      const table = this.#tensor('token_embd.weight')
      const rows = Array.from(tokens, id =>
        Array.from(table.subarray(id * h.width, (id + 1) * h.width), value => ({ value, tolerance: Math.abs(value) * 1e-6 }))
      )
      this.#check(
        program.embed,
        rows.map(row => times(row, h.embeddingScale)),
        await this.#rows(residual, h.width, count)
      )
    }
    for (const [index, layer] of program.layers.entries()) {
      const tensors = smallLayer(this.#model, span.first + index, name => this.#tensor(name))
      const x = await this.#normed(layer.attentionNorm, tensors.vector('attn_norm.weight'), count)
      const gotQueries = await this.#queriesAndKeys(layer, index, tensors, x, positions)
      const [keys, values] = [await this.#kvRows(this.#buffers.keys[index]!), await this.#kvRows(this.#buffers.values[index]!)]

      await this.#launch(layer.attention, count)
      // One KV head: every head sees the same keys.
      const attended = gotQueries.map((row, at) =>
        Array.from({ length: h.heads }, (_, head) => {
          const end = positions[at]! + 1
          const seen = (rows: Float64Array[]) => rows.slice(Math.max(0, end - (tensors.window ?? end)), end)
          return attend(row.subarray(head * h.headDim, (head + 1) * h.headDim), seen(keys), seen(values), h)
        }).flat()
      )
      const gotAttended = await this.#rows(attention, h.heads * h.headDim, count)
      this.#check(layer.attention, attended, gotAttended)
      await this.#output(layer.attentionOutput, layer.postAttentionNorm, tensors.attentionOutput, gotAttended, () =>
        tensors.vector('post_attention_norm.weight')
      )

      const y = await this.#normed(layer.feedForwardNorm, tensors.vector('ffn_norm.weight'), count)
      await this.#launch(layer.gateUp, count)
      const gated = y.map(row => activated(product(tensors.gate, row), product(tensors.up, row), h.activation))
      const gotGated = await this.#rows(activation, h.feedForward, count)
      this.#check(layer.gateUp, gated, gotGated)
      await this.#output(layer.down, layer.postFeedForwardNorm, tensors.down, gotGated, () =>
        tensors.vector('post_ffw_norm.weight')
      )
    }
    if (logits === undefined) return
    const before = await this.#fillResidual(count)
    await this.#launch(program.outputNorm, headRows.length)
    const gain = this.#tensor('output_norm.weight')
    const gotNormed = await this.#rows(normed, h.width, headRows.length)
    this.#check(
      program.outputNorm,
      headRows.map(row => rmsNorm(before[row]!, gain, h.normEpsilon)),
      gotNormed
    )
    await this.#launch(program.head, headRows.length)
    const table = this.#tensor(h.tied ? 'token_embd.weight' : 'output.weight')
    const got = await this.#rows(logits, 2 * logitPairs(h), headRows.length)
    this.#check(
      program.head,
      gotNormed.map(row => softCapped(times(product(table, row), h.logitScale), h.logitSoftCap)),
      got.map(row => row.subarray(0, h.vocabulary))
    )
  }

  /** The fused product and, where heads are normed, the launch after it; returns the queries the GPU has then. */
  async #queriesAndKeys(layer: LayerProgram, index: number, tensors: SmallLayer, x: Float64Array[], positions: number[]) {
    const { hyperparameters: h } = this.#model
    const count = positions.length
    const queryLength = h.heads * h.headDim
    const biased = (rows: Expected[], part: string) => (h.qkvBias ? add(rows, tensors.vector(`${part}.bias`)) : rows)
    const turned = (rows: Expected[], at: number) =>
      tensors.angles === undefined ? rows : rotate(rows, positions[at]!, h, tensors.angles)
    const stored = (rows: Expected[][]) => (this.#kv === 'f16' ? rows.map(storedAsHalf) : rows)
    const keysAt = async () => {
      const keys = await this.#kvRows(this.#buffers.keys[index]!)
      return positions.map(at => keys[at]!)
    }
    await this.#launch(layer.qkv, count)
    const plainQueries = x.map(row => biased(product(tensors.query, row), 'attn_q'))
    const plainKeys = x.map(row => biased(product(tensors.key, row), 'attn_k'))
    const values = await this.#kvRows(this.#buffers.values[index]!)
    this.#check(
      layer.qkv,
      stored(x.map(row => biased(product(tensors.value, row), 'attn_v'))),
      positions.map(at => values[at]!)
    )
    const order = (rows: Expected[][], rotates: boolean) =>
      rows.map((row, at) => this.#engineOrder(rotates ? turned(row, at) : row))
    const gotQueries = await this.#rows(this.#buffers.queries, queryLength, count)
    this.#check(layer.qkv, order(plainQueries, !h.headNorms), gotQueries)
    if (!h.headNorms) {
      this.#check(layer.qkv, stored(order(plainKeys, true)), await keysAt())
      return gotQueries
    }
    const gotKeys = await this.#rows(this.#buffers.attention, h.headDim, count)
    this.#check(layer.qkv, order(plainKeys, false), gotKeys)
    await this.#launch(layer.headNorm, count)
    const normedHeads = (row: Float64Array, gain: Float64Array) =>
      split(this.#fileOrder(row), h.headDim).flatMap(head => rmsNorm(head, gain, h.normEpsilon))
    const normed = (rows: Float64Array[], part: string) => rows.map(row => normedHeads(row, tensors.vector(`${part}.weight`)))
    const got = await this.#rows(this.#buffers.queries, queryLength, count)
    this.#check(layer.headNorm, order(normed(gotQueries, 'attn_q_norm'), true), got)
    this.#check(layer.headNorm, stored(order(normed(gotKeys, 'attn_k_norm'), true)), await keysAt())
    return got
  }

  /** A product into the residual stream, through a norm where one follows. */
  async #output(launches: Launch[], norm: Launch[], matrix: Float64Array, x: Float64Array[], gain: () => Float64Array) {
    const { width, normEpsilon, residualScale } = this.#model.hyperparameters
    if (norm.length === 0) return await this.#added(launches, matrix, x, residualScale)
    await this.#launch(launches, x.length)
    const got = await this.#rows(this.#buffers.normed, width, x.length)
    this.#check(
      launches,
      x.map(row => product(matrix, row)),
      got
    )
    const before = await this.#fillResidual(x.length)
    await this.#launch(norm, x.length)
    const expected = got.map((row, at) => add(rmsNorm(row, gain(), normEpsilon), before[at]!))
    this.#check(norm, expected, await this.#rows(this.#buffers.residual, width, x.length))
  }

  /** Random hidden states, through the norm; what the GPU made of them. */
  async #normed(launches: Launch[], gain: Float64Array, count: number): Promise<Float64Array[]> {
    const { width, normEpsilon } = this.#model.hyperparameters
    const x = await this.#fillResidual(count)
    await this.#launch(launches, count)
    const got = await this.#rows(this.#buffers.normed, width, count)
    this.#check(
      launches,
      x.map(row => rmsNorm(row, gain, normEpsilon)),
      got
    )
    return got
  }

  /** A product that adds to the residual stream: from zero, where small rows show, then once more on top. */
  async #added(launches: Launch[], matrix: Float64Array, x: Float64Array[], factor: number | undefined): Promise<void> {
    const { width } = this.#model.hyperparameters
    const expected = x.map(row => times(product(matrix, row), factor))
    this.#device.gpu.queue.writeBuffer(this.#buffers.residual, 0, new Float32Array(x.length * width))
    await this.#launch(launches, x.length)
    this.#check(launches, expected, await this.#rows(this.#buffers.residual, width, x.length))
    await this.#launch(launches, x.length)
    const twice = expected.map(row => times(row, 2))
    this.#check(launches, twice, await this.#rows(this.#buffers.residual, width, x.length))
  }

  async #fillResidual(count: number): Promise<Float64Array[]> {
    const { width } = this.#model.hyperparameters
    const values = Float32Array.from({ length: count * width }, () => 2 * this.#next() - 1)
    this.#device.gpu.queue.writeBuffer(this.#buffers.residual, 0, values)
    return split(Float64Array.from(values), width)
  }

  /** From the file's order of a head's elements to the one in which rotation pairs are adjacent. */
  #engineOrder(rows: Expected[]): Expected[] {
    return rows.map((_, row) => rows[ropeSourceRow(this.#model.hyperparameters, row)]!)
  }

  /** The way back. */
  #fileOrder(row: Float64Array): Float64Array {
    const out = new Float64Array(row.length)
    for (const [at, value] of row.entries()) out[ropeSourceRow(this.#model.hyperparameters, at)] = value
    return out
  }

  #tensor(name: string): Float64Array {
    return decodeTensor(this.#model.reader.info(name)!, this.#model.bytes.get(name)!)
  }

  async #launch(launches: Launch[], rows: number): Promise<void> {
    const encoder = this.#device.gpu.createCommandEncoder()
    const pass = encoder.beginComputePass()
    encodeLaunches(pass, launches, rows)
    pass.end()
    this.#device.gpu.queue.submit([encoder.finish()])
  }

  async #read(buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    const encoder = this.#device.gpu.createCommandEncoder()
    encoder.copyBufferToBuffer(buffer, 0, this.#staging, 0, bytes)
    this.#device.gpu.queue.submit([encoder.finish()])
    await this.#staging.mapAsync(MAP_READ, 0, bytes)
    const copy = this.#staging.getMappedRange(0, bytes).slice(0)
    this.#staging.unmap()
    return copy
  }

  async #rows(buffer: GPUBuffer, length: number, count: number): Promise<Float64Array[]> {
    return split(Float64Array.from(new Float32Array(await this.#read(buffer, length * count * 4))), length)
  }

  /** Keys or values by position, of the one KV head. */
  async #kvRows(buffer: GPUBuffer): Promise<Float64Array[]> {
    const { headDim } = this.#model.hyperparameters
    const raw = await this.#read(buffer, buffer.size)
    const bytes = new Uint8Array(raw)
    const values =
      this.#kv === 'f16'
        ? Float64Array.from({ length: raw.byteLength / 2 }, (_, i) => halfAt(bytes, i * 2))
        : Float64Array.from(new Float32Array(raw))
    const slots = split(values, headDim)
    return BLOCKS.flatMap(block => slots.slice(block * TOKENS_PER_BLOCK, (block + 1) * TOKENS_PER_BLOCK))
  }

  #check(launches: Launch[], expected: Expected[][], actual: Float64Array[]): void {
    for (const [row, values] of expected.entries())
      for (const [index, { value, tolerance }] of values.entries()) {
        const got = actual[row]![index]!
        if (!(Math.abs(got - value) <= tolerance))
          throw new SelfTestError(
            `${this.#device.adapter.name} computes ${launches.map(launch => launch.name).join(', ')} wrongly: row ${row}, element ${index} is ${got}, should be ${value} ± ${tolerance}`
          )
      }
  }
}

interface SmallLayer {
  window: number | undefined
  /** Undefined for a layer that does not rotate. */
  angles: ReturnType<typeof rotationAngles> | undefined
  query: Float64Array
  key: Float64Array
  value: Float64Array
  attentionOutput: Float64Array
  gate: Float64Array
  up: Float64Array
  down: Float64Array
  vector: (part: string) => Float64Array
}

/** A layer's facts and matrices, fused ones taken apart. */
function smallLayer({ hyperparameters: h }: SmallModel, layer: number, tensor: (name: string) => Float64Array): SmallLayer {
  const part = (name: string) => tensor(`blk.${layer}.${name}`)
  const rows = (name: string, first: number, end: number) => part(name).subarray(first * h.width, end * h.width)
  const [queries, keys] = [h.heads * h.headDim, h.kvHeads * h.headDim]
  const { fused, feedForward, ropeFactors, window } = h
  const rotation = rotationOf(h, layer)
  const factors = ropeFactors && Float32Array.from(tensor(ropeFactors))
  return {
    window: window?.layers.includes(layer) ? window.size : undefined,
    angles: rotation === 'none' ? undefined : rotationAngles(h, rotation, factors),
    query: fused ? rows('attn_qkv.weight', 0, queries) : part('attn_q.weight'),
    key: fused ? rows('attn_qkv.weight', queries, queries + keys) : part('attn_k.weight'),
    value: fused ? rows('attn_qkv.weight', queries + keys, queries + 2 * keys) : part('attn_v.weight'),
    attentionOutput: part('attn_output.weight'),
    gate: fused ? rows('ffn_up.weight', 0, feedForward) : part('ffn_gate.weight'),
    up: fused ? rows('ffn_up.weight', feedForward, 2 * feedForward) : part('ffn_up.weight'),
    down: part('ffn_down.weight'),
    vector: part
  }
}

function split(values: Float64Array, length: number): Float64Array[] {
  return Array.from({ length: values.length / length }, (_, row) => values.subarray(row * length, (row + 1) * length))
}

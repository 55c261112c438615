/**
 * A span's program whose products take, for one, a few and many rows, the variant that is fastest on this adapter: every
 * candidate is built, each product measured on the span's own weights, and the choice remembered. Nothing but products is tuned.
 * Beside a plain program it takes UNIFORM_BYTES more a product and further candidate.
 */
import { HEAD_ROWS_PER_PASS } from './budget.ts'
import type { KernelVariant } from './kernels/shared.ts'
import type { MatrixPart } from './matrix.ts'
import type { BufferOwner } from './span-buffers.ts'
import { buildProgram, encodeLaunches, type Launch, type ProgramRequest, type SpanProgram } from './span-program.ts'
import { packStep } from './step-buffer.ts'
import { readChoices, type TuningClass, tune, writeChoices } from './tuning.ts'

/** Where choices outlive the process; both may fail silently, then they are measured again. */
export interface TuningMemory {
  get: (key: string) => Promise<string | undefined>
  put: (key: string, text: string) => Promise<void>
}

export interface TuningReport {
  /** Of all candidates' pipelines. */
  compileMs: number
  /** 0 when the choice was remembered. */
  measureMs: number
  /** Variant by `PRODUCT ROWS`. */
  choices: ReadonlyMap<string, KernelVariant>
}

export interface TuningRequest {
  /** The default first. All of them are trusted to compute rightly: see selfTest. */
  candidates: readonly KernelVariant[]
  maxBatchTokens: number
  memory: TuningMemory | undefined
  onTuned: ((report: TuningReport) => void) | undefined
  signal: AbortSignal | undefined
}

/** Raised whenever a change to the kernels may make another choice the best. */
const TUNING_VERSION = 1
/** As tilesOf has them: more rows than the last take what it takes. */
const ROWS = [1, 4, 8] as const
const PRODUCTS = ['qkv', 'attentionOutput', 'gateUp', 'down', 'head'] as const
type Product = (typeof PRODUCTS)[number]

const className = (product: Product, rows: number) => `${product} ${ROWS.find(each => each >= rows) ?? ROWS.at(-1)!}`

/** A product's launches of each layer. */
function layersOf(program: SpanProgram, product: Product): Launch[][] {
  return product === 'head' ? [program.head] : program.layers.map(layer => layer[product])
}

/** @throws InternalError when a kernel does not compile, DeviceLostError, the signal's reason */
export async function buildTunedProgram(
  owner: BufferOwner,
  request: ProgramRequest,
  { candidates, maxBatchTokens, memory, onTuned, signal }: TuningRequest
): Promise<SpanProgram> {
  const startedAt = performance.now()
  const built = candidates.map(
    async variant => [variant, await buildProgram(owner, { ...request, style: { ...request.style, variant } })] as const
  )
  const programs = new Map(await Promise.all(built))
  const standard = programs.get(candidates[0]!)!
  const compileMs = performance.now() - startedAt
  const classes = classesOf(standard, candidates, maxBatchTokens)
  const key = keyOf(request, classes)
  const kept = await memory?.get(key)
  let choices = kept === undefined ? undefined : readChoices(kept, classes)
  const measuredAt = performance.now()
  let measureMs = 0
  if (choices === undefined) {
    const measure = (name: string, variant: KernelVariant, repetitions: number) => {
      const [product, rows] = name.split(' ') as [Product, string]
      const launches = layersOf(programs.get(variant)!, product).flat()
      return timeDispatches(request, launches, Number(rows), repetitions)
    }
    choices = await tune(classes, measure, { now: () => performance.now(), signal })
    measureMs = performance.now() - measuredAt
    await memory?.put(key, writeChoices(choices))
  }
  onTuned?.({ compileMs, measureMs, choices })
  return combine(programs, standard, choices)
}

/** Few rows first: decode is what a reader waits for, and time may run out. */
function classesOf(
  standard: SpanProgram,
  candidates: readonly KernelVariant[],
  maxBatchTokens: number
): TuningClass<KernelVariant>[] {
  const mostRows = (product: Product) => (product === 'head' ? HEAD_ROWS_PER_PASS : maxBatchTokens)
  return ROWS.flatMap(rows =>
    PRODUCTS.filter(product => layersOf(standard, product).flat().length > 0 && rows <= mostRows(product)).map(product => ({
      name: className(product, rows),
      candidates
    }))
  )
}

/** Names the adapter, the kernels' version, the candidates and every shape that is measured. */
function keyOf({ device, matrices }: ProgramRequest, classes: readonly TuningClass<KernelVariant>[]): string {
  const { name, vendor, architecture } = device.adapter
  const shapeOf = (parts: MatrixPart[]) =>
    parts.map(({ decoders, pairs, groups }) => [...decoders.map(({ type }) => type), pairs, groups].join(' '))
  const shapes = [...matrices.layers.flatMap(layer => Object.values(layer) as MatrixPart[][]), matrices.head].map(shapeOf)
  return JSON.stringify(['tuning', TUNING_VERSION, name, vendor, architecture, classes, shapes])
}

/**
 * Dispatches one after the other through all layers, so that a layer's weights have left the caches when their turn comes
 * again. What they write is no sequence's yet: scratch, and KV of positions that count as absent.
 */
async function timeDispatches(
  { device, buffers }: ProgramRequest,
  launches: readonly Launch[],
  rows: number,
  repetitions: number
): Promise<number> {
  const slots = Array.from({ length: rows }, (_, row) => row)
  const words = packStep([{ tokens: undefined, position: 0, slots, blocks: [0] }], slots)
  const startedAt = performance.now()
  await device.checked(() => {
    device.gpu.queue.writeBuffer(buffers.step, 0, words)
    const encoder = device.gpu.createCommandEncoder()
    const pass = encoder.beginComputePass()
    for (let at = 0; at < repetitions; at++) encodeLaunches(pass, [launches[at % launches.length]!], rows)
    pass.end()
    device.gpu.queue.submit([encoder.finish()])
  })
  await device.gpu.queue.onSubmittedWorkDone()
  return performance.now() - startedAt
}

/** Each product's launch asks, for the rows it is given, the program whose variant was chosen for so many. */
function combine(
  programs: ReadonlyMap<KernelVariant, SpanProgram>,
  standard: SpanProgram,
  choices: ReadonlyMap<string, KernelVariant>
): SpanProgram {
  const chosen = (product: Product, launches: readonly Launch[], same: (program: SpanProgram) => readonly Launch[]): Launch[] =>
    launches.map((launch, index) => {
      const of = (rows: number) => {
        const variant = choices.get(className(product, rows))
        const program = variant === undefined ? standard : programs.get(variant)!
        return same(program)[index]!
      }
      // Bind groups of one layout over the same buffers: any of them serves.
      return { ...launch, pipeline: rows => of(rows).pipeline(rows), grid: rows => of(rows).grid(rows) }
    })
  const products = PRODUCTS.filter(product => product !== 'head')
  return {
    ...standard,
    layers: standard.layers.map((layer, index) => ({
      ...layer,
      ...Object.fromEntries(
        products.map(product => [product, chosen(product, layer[product], program => program.layers[index]![product])])
      )
    })),
    head: chosen('head', standard.head, program => program.head)
  }
}

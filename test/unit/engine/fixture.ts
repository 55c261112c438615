/** One device for a test file, and short ways to run steps. */
import assert from 'node:assert/strict'
import { requestGpu } from '#engine/adapter'
import { describeAdapter } from '../../../peer/engine/adapter-description.ts'
import { type DeviceOptions, type EngineDevice, openDevice } from '../../../peer/engine/device.ts'
import type { HeadRequest, HeadRow, SequenceId, SequenceOutput, SpanEngine } from '../../../peer/engine/engine.ts'
import { KERNEL_VARIANTS, type KernelVariant } from '../../../peer/engine/kernels/shared.ts'
import { type Kernel, PipelineCache } from '../../../peer/engine/pipelines.ts'
import { runs, styleFor } from '../../../peer/engine/style.ts'

export async function testDevice(options?: DeviceOptions): Promise<EngineDevice> {
  return openDevice(await requestGpu(), options)
}

/** Kernels that this machine's adapter has the features for; the usual ones: its default, and beside it that of GPUs. */
export async function testVariants(): Promise<{ all: KernelVariant[]; usual: [KernelVariant, ...KernelVariant[]] }> {
  const adapter = describeAdapter(await requestGpu())
  const { variant } = styleFor({ adapter })
  const all = KERNEL_VARIANTS.filter(each => runs(adapter, each))
  return { all, usual: variant === 'workgroup' ? [variant] : [variant, 'workgroup'] }
}

/** A device whose compiler gets one expression wrong in the kernels whose names match. */
export async function brokenDevice(name: RegExp, right: string, wrong: string): Promise<EngineDevice> {
  const device = await testDevice()
  const pipelines = new PipelineCache(device.gpu)
  const compile = pipelines.compile.bind(pipelines)
  pipelines.compile = (kernel: Kernel) => {
    if (!name.test(kernel.name)) return compile(kernel)
    assert.ok(kernel.code.includes(right), `${kernel.name} has no ${right}`)
    return compile({ ...kernel, code: kernel.code.replaceAll(right, wrong) })
  }
  return { ...device, pipelines }
}

export function headRequest(rows: number, topK = 1): HeadRequest {
  return { rows, topK, temperature: 1, extraIds: new Uint32Array(0) }
}

export function rowsOf(output: SequenceOutput): HeadRow[] {
  assert.ok('rows' in output)
  return output.rows
}

export function hiddenOf(output: SequenceOutput): Float32Array {
  assert.ok('hidden' in output)
  return output.hidden
}

/** Runs `tokens` from `position` through a chain of spans and returns the logits of each position. */
export async function runChain(
  engines: readonly SpanEngine[],
  sequences: readonly SequenceId[],
  position: number,
  tokens: readonly number[],
  betweenSpans: (hidden: Float32Array) => Float32Array = hidden => hidden
): Promise<Float32Array[]> {
  let input: { tokens: Uint32Array } | { hidden: Float32Array } = { tokens: Uint32Array.from(tokens) }
  for (const [index, engine] of engines.entries()) {
    const sequence = sequences[index]!
    const head = headRequest(tokens.length)
    const [output] = await engine.run([{ sequence, position, input, head }])
    if (engine.shape.heads) return Promise.all(tokens.map((_, row) => engine.logits(sequence, row)))
    input = { hidden: betweenSpans(hiddenOf(output!)) }
  }
  throw new Error('the chain does not end in a head')
}

/** Asserts |actual − expected| ≤ bound · (1 + |expected|) and returns the largest such ratio. */
export function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, bound: number, what: string): number {
  assert.equal(actual.length, expected.length, what)
  let worst = 0
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!) / (1 + Math.abs(expected[i]!))
    assert.ok(error <= bound, `${what}: element ${i} is ${actual[i]}, expected ${expected[i]}`)
    worst = Math.max(worst, error)
  }
  return worst
}

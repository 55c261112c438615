/**
 * `kernels`: each kernel of a token's way, in each variant, as a share of the bandwidth and the operations a second that the
 * adapter is measured to have in the same rounds.
 */
import { requestGpu } from '../../../peer/engine/adapter.ts'
import { type EngineDevice, openDevice } from '../../../peer/engine/device.ts'
import type { KernelVariant } from '../../../peer/engine/kernels/shared.ts'
import { runs } from '../../../peer/engine/style.ts'
import type { Bench, BenchContext } from '../bench.ts'
import { measureAlternately } from '../measure.ts'
import { type BenchModel, psalter, seededModel } from '../models.ts'
import { type Goal, type Row, ratioRow, valueRow } from '../rows.ts'
import { LaunchTimer } from './launch-timer.ts'
import { type KernelWork, openSpanLaunches } from './span-launches.ts'
import { openYardsticks, type Yardsticks } from './yardsticks.ts'

const POSITIONS = 256
/** A token after a prompt of some length, and a chunk of prompt. */
const STEPS = [
  { name: 'decode', rows: 1, position: 128 },
  { name: 'prefill 32', rows: 32, position: 0 }
] as const

/** On a GPU: a mat-vec that reads so many bytes reads them at half the bandwidth at least, and so does a whole token's model. */
const LARGE_MATRIX_BYTES = 64 * 10 ** 6
const LARGE_MODEL_BYTES = 4 * 10 ** 9
const BANDWIDTH_GOAL = 0.5

const MS_TO_S = 1000

export const kernels: Bench = {
  name: 'kernels',
  run: async context => {
    const { adapter, quick, cache, signal, log } = context
    if (adapter === undefined) return [{ bench: 'kernels', name: 'kernels', notRun: 'no WebGPU adapter' }]
    const models = quick
      ? [psalter()]
      : adapter.kind === 'software'
        ? [
            psalter(),
            await seededModel('50M', 'Q4_0', cache),
            await seededModel('50M', 'Q8_0', cache),
            await seededModel('50M', 'Q4_K', cache)
          ]
        : [await seededModel('1B', 'Q4_0', cache), await seededModel('1B', 'Q8_0', cache), await seededModel('7B', 'Q4_0', cache)]
    const device = await openDevice(await requestGpu())
    const rows: Row[] = []
    try {
      // The other class's variant is measured too where there is time: the choice between them is what a tuner makes.
      const byClass: KernelVariant[] =
        adapter.kind === 'software' ? ['exchange', 'rows', 'workgroup', 'subgroup'] : ['workgroup', 'subgroup', 'rows']
      const variants = byClass.filter(variant => runs(device.adapter, variant))
      for (const model of models)
        for (const variant of quick ? variants.slice(0, 1) : variants) {
          signal.throwIfAborted()
          log(`measures ${model.name}, ${variant}`)
          rows.push(...(await measureKernels(context, device, model, variant)))
        }
    } finally {
      device.close()
    }
    return rows
  }
}

interface Timed {
  ms: number
}

async function measureKernels(
  context: BenchContext,
  device: EngineDevice,
  model: BenchModel,
  variant: KernelVariant
): Promise<Row[]> {
  const { quick, signal, deadline } = context
  const timer = new LaunchTimer(device.gpu)
  const yardsticks = await openYardsticks(device)
  const launches = await openSpanLaunches(device, model, variant, POSITIONS, signal).catch(error => {
    yardsticks.destroy()
    timer.close()
    throw error
  })
  try {
    const rows: Row[] = []
    for (const [index, step] of STEPS.entries()) {
      const works = launches.works(step.rows, step.position)
      const contestants: Record<string, () => Promise<Timed>> = {}
      for (const [name, { repetition }] of [
        ...Object.entries(yardsticks).filter((entry): entry is [string, Yardsticks['read']] => typeof entry[1] === 'object'),
        ...works.map(work => [work.name, work] as const)
      ]) {
        const count = await timer.repetitionsFor(repetition)
        contestants[name] = async () => ({ ms: await timer.time(repetition, count) })
      }
      const stepDeadline = deadline - (deadline - performance.now()) * ((STEPS.length - 1 - index) / STEPS.length)
      const rounds = { rounds: quick ? 5 : 9, leastRounds: 2, deadline: stepDeadline, signal }
      const samples = await measureAlternately(contestants, rounds)
      const facts = {
        adapter: device.adapter.kind,
        label: `${model.name} ${variant} ${step.name}`,
        single: step.rows === 1,
        yardsticks
      }
      rows.push(...kernelRows(facts, works, samples, index === 0 ? timer.method : undefined))
    }
    return rows
  } finally {
    launches.close()
    yardsticks.destroy()
    timer.close()
  }
}

interface RowsFacts {
  adapter: 'software' | 'gpu'
  label: string
  single: boolean
  yardsticks: Yardsticks
}

function kernelRows(
  facts: RowsFacts,
  works: readonly KernelWork[],
  samples: Record<string, Timed[]>,
  method: string | undefined
): Row[] {
  const { label, single, yardsticks } = facts
  /** Billions a second. */
  const rates = (name: string, amount: number) => samples[name]!.map(({ ms }) => (amount / ms / 1e9) * MS_TO_S)
  const read = rates('read', yardsticks.read.amount)
  const peak = rates('operations', yardsticks.operations.amount)
  const row = (name: string, unit: string) => ({ bench: 'kernels', name: `${label}: ${name}`, unit })
  const launchUs = samples.launch!.map(({ ms }) => ms * 1000)
  return [
    valueRow({ ...row('empty launch', 'µs'), note: method && `times by ${method}` }, launchUs),
    ...works.flatMap((work): Row[] => {
      const shares: Row[] =
        work.bytes === 0
          ? []
          : single
            ? [
                ratioRow(
                  { ...row(work.name, 'GB/s'), against: 'read', goal: goalOf(facts, work) },
                  rates(work.name, work.bytes),
                  read
                )
              ]
            : [ratioRow({ ...row(work.name, 'GFLOP/s'), against: 'peak' }, rates(work.name, work.operations), peak)]
      const each = samples[work.name]!.map(({ ms }) => (ms * 1000) / work.launches)
      return [...shares, ratioRow({ ...row(`${work.name}, a launch`, 'µs'), against: 'empty' }, each, launchUs)]
    })
  ]
}

function goalOf({ adapter }: RowsFacts, { name, bytes, weightBytes }: KernelWork): Goal | undefined {
  const large = name === 'whole step' ? bytes >= LARGE_MODEL_BYTES : weightBytes >= LARGE_MATRIX_BYTES
  return adapter === 'gpu' && large ? { min: BANDWIDTH_GOAL } : undefined
}

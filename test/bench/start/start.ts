/**
 * `start`: from nothing to a first token, over an origin at 20 MB/s. Cold: nothing cached, neither weights nor the driver's
 * compiled shaders; warm: both as the last start left them. A new process each time.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openModelSource } from '../../../peer/cli/model-source.ts'
import { buildManifest } from '../../../peer/model/manifest.ts'
import type { Bench, BenchContext } from '../bench.ts'
import { BenchChild } from '../child.ts'
import { measureAlternately } from '../measure.ts'
import { type BenchModel, psalter, seededModel } from '../models.ts'
import { type Row, ratioRow } from '../rows.ts'
import { openThrottledOrigin } from './throttled-origin.ts'

const ORIGIN_BYTES_PER_SECOND = 20 * 10 ** 6

/** How much faster a start reads its shard from the cache than from the origin. */
const WARM_GOAL = 5

export interface StartRequest {
  url: string
  manifestPath: string
  cachePath: string
}

export interface Start {
  deviceMs: number
  loadMs: number
  loadedBytes: number
  /** After the weights are on the device: pipelines and bind groups. */
  pipelinesMs: number
  /** All before, and a prompt of two tokens. */
  firstTokenMs: number
  /** With the span's pipelines compiled. */
  selfTestMs: number
}

export const start: Bench = {
  name: 'start',
  run: async context => {
    if (context.adapter === undefined) return [{ bench: 'start', name: 'start', notRun: 'no WebGPU adapter' }]
    if (context.quick) return await measureStarts(context, psalter())
    return [
      ...(await measureStarts(context, psalter())),
      ...(await measureStarts(context, await seededModel('50M', 'Q8_0', context.cache)))
    ]
  }
}

async function measureStarts(context: BenchContext, model: BenchModel): Promise<Row[]> {
  const { signal, deadline, quick, log } = context

  const folder = await mkdtemp(join(tmpdir(), 'shoal-bench-'))
  const origin = await openThrottledOrigin(model.path, ORIGIN_BYTES_PER_SECOND)
  try {
    const manifestPath = join(folder, 'manifest.json')
    await writeFile(manifestPath, await manifestOf(model.path, signal))
    const shaders = join(folder, 'shaders')
    const kept = join(folder, 'kept')
    let starts = 0
    const startOnce = (warm: boolean) => async () => {
      const child = new BenchChild({
        module: join(import.meta.dirname, 'start-child.ts'),
        env: warm ? { MESA_SHADER_CACHE_DIR: shaders } : { MESA_SHADER_CACHE_DISABLE: 'true', __GL_SHADER_DISK_CACHE: '0' },
        signal
      })
      try {
        const cachePath = warm ? kept : join(folder, `cold-${starts++}`)
        return await child.ask<Start>('start', { url: origin.url, manifestPath, cachePath } satisfies StartRequest)
      } finally {
        await child.close()
      }
    }
    log(`starts with ${model.name} for the first time`)
    await startOnce(true)()
    log(`measures ${model.name}`)
    const samples = await measureAlternately(
      { warm: startOnce(true), cold: startOnce(false) },
      { rounds: quick ? 2 : 3, warmUps: 0, deadline, signal }
    )
    const pair = (name: string, unit: string, of: (start: Start) => number, goal?: { min: number }): Row =>
      ratioRow(
        { bench: 'start', name: `${model.name} ${name}, warm`, unit, against: 'cold', goal },
        samples.warm.map(of),
        samples.cold.map(of)
      )
    return [
      pair('shard load', 'MB/s', ({ loadedBytes, loadMs }) => loadedBytes / loadMs / 1000, { min: WARM_GOAL }),
      pair('device', 'ms', ({ deviceMs }) => deviceMs),
      pair('pipelines', 'ms', ({ pipelinesMs }) => pipelinesMs),
      pair('first token', 'ms', ({ firstTokenMs }) => firstTokenMs),
      pair('self-test after it', 'ms', ({ selfTestMs }) => selfTestMs)
    ]
  } finally {
    await origin.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function manifestOf(path: string, signal: AbortSignal): Promise<Uint8Array> {
  const source = await openModelSource(path, signal)
  try {
    return (await buildManifest(await source.readHeader(signal), source, () => undefined, signal)).bytes
  } finally {
    await source.close()
  }
}

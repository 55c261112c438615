/** What the figures of a run belong to: the machine, its WebGPU adapter, the revision measured. */
import { execFile } from 'node:child_process'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { promisify } from 'node:util'
import { requestGpu } from '../../peer/engine/adapter.ts'
import { type AdapterDescription, describeAdapter } from '../../peer/engine/adapter-description.ts'

export async function describeMachine(): Promise<Record<string, unknown>> {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${process.platform} ${process.arch} ${release()}`,
    node: process.version,
    /** Of the last minute: above the number of cores, others are at work. */
    loadBefore: loadavg()[0],
    revision: await revision(),
    date: new Date().toISOString()
  }
}

/** Undefined where WebGPU has no adapter. */
export async function findAdapter(): Promise<AdapterDescription | undefined> {
  try {
    return describeAdapter(await requestGpu())
  } catch {
    return undefined
  }
}

async function revision(): Promise<string> {
  const git = async (...args: string[]) => (await promisify(execFile)('git', args, { cwd: import.meta.dirname })).stdout.trim()
  try {
    return `${await git('rev-parse', '--short', 'HEAD')}${(await git('status', '--porcelain', '-uno')) === '' ? '' : ' with changes'}`
  } catch {
    return 'unknown'
  }
}

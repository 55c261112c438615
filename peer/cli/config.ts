/**
 * `shoal config`: every limit that Shoal sets to others, with its unit and its reason, as the code enforces it.
 */
import { Command } from 'commander'
import type { LimitTable } from '../limit-table.ts'
import { table } from './table.ts'

interface ConfigOptions {
  json?: boolean
}

export function configCommand(): Command {
  return new Command('config')
    .summary('list every limit and its reason')
    .description('Lists what strangers, peers and clients may send, hold and take, and why each bound is where it is.')
    .option('--json', 'print the limits as JSON')
    .action(async (options: ConfigOptions) => {
      const limits = await collectLimits()
      process.stdout.write(options.json ? `${JSON.stringify(limits, writeBigInt, 2)}\n` : `${limitsText(limits)}\n`)
    })
}

/** By the part of Shoal that enforces them. */
export async function collectLimits(): Promise<Record<string, LimitTable>> {
  const [{ wireLimits }, { frameLimits }, { swarmLimits }, { hostLimits }, { gatewayLimits }, { bootstrapLimits }] =
    await Promise.all([
      import('../wire/limits.ts'),
      import('../wire/frame-limits.ts'),
      import('../swarm/limits.ts'),
      import('../host/limits.ts'),
      import('../gateway/limits.ts'),
      import('../../bootstrap/limits.ts')
    ])
  return {
    'every peer': wireLimits,
    'frames and streams': frameLimits,
    announcements: swarmLimits,
    host: hostLimits,
    gateway: gatewayLimits,
    bootstrap: bootstrapLimits
  }
}

function limitsText(limits: Record<string, LimitTable>): string {
  return Object.entries(limits)
    .map(([part, rows]) => {
      const lines = Object.entries(rows).map(([name, { value, unit, why }]) => [name, String(value), unit, why])
      return `${part}\n${table(['limit', 'value', 'unit', 'why'], lines)}`
    })
    .join('\n\n')
}

function writeBigInt(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value
}

/**
 * `shoal config`: what the services would be started with, and from where each value comes; and every limit that Shoal sets
 * to others, with its unit and its reason, as the code enforces it.
 */
import { Command } from 'commander'
import type { LimitTable } from '../limit-table.ts'
import { effectiveSettings, readSettings, type Setting, strayVariables } from './settings.ts'
import { table } from './table.ts'

interface ConfigOptions {
  json?: boolean
}

/** @param services the commands whose settings are shown */
export function configCommand(services: readonly Command[]): Command {
  return new Command('config')
    .summary('show settings, where they come from, and every limit')
    .description(
      'Shows what bootstrap, edge and serve would be started with, from defaults, SHOAL_… variables and the file of --config; ' +
        'then what strangers, peers and clients may send, hold and take, and why each bound is where it is.'
    )
    .option('--json', 'print both as JSON')
    .action(async (options: ConfigOptions, command: Command) => {
      const commands = command.parent?.commands ?? services
      const path = command.optsWithGlobals<{ config?: string }>().config
      const file = path === undefined ? undefined : readSettings(path, commands)
      const settings = Object.fromEntries(
        services.map(service => [service.name(), effectiveSettings(service, file, process.env)])
      )
      const stray = strayVariables(commands, process.env)
      const limits = await collectLimits()
      const all = { settings, stray, limits }
      process.stdout.write(
        options.json ? `${JSON.stringify(all, writeBigInt, 2)}\n` : `${settingsText(settings, stray)}\n\n${limitsText(limits)}\n`
      )
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

function settingsText(settings: Record<string, readonly Setting[]>, stray: readonly string[]): string {
  const parts = Object.entries(settings).map(([service, rows]) => {
    const lines = rows.map(({ name, value, source }) => [name, value ?? '–', source])
    return `shoal ${service}\n${table(['option', 'value', 'from'], lines)}`
  })
  return [...parts, ...(stray.length === 0 ? [] : [`not read, since no option is called so: ${stray.join(', ')}`])].join('\n\n')
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

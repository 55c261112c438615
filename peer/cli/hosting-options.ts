/**
 * Options of commands that host a span.
 */
import { type Command, Option } from 'commander'
import type { Span } from '../model/types.ts'
import { collect, parseBytes, parseCount, parseLayers, parseWithin } from './parse-options.ts'

export interface HostingOptions {
  /** Several: a span of each. */
  model?: string[]
  layers?: Span
  memory: number
  kvTokens?: number
  watts?: number
}

export function addHostingOptions(command: Command): Command {
  return command
    .option(
      '--model <name>',
      'name or digest of the model to host; given several times, a span of each within --memory (default: the one that donors ' +
        'are wanted for most, now and later)',
      collect
    )
    .option(
      '--layers <first-last>',
      'host exactly these layers, e.g. 0-2 (default: what the swarm lacks most, now and later)',
      parseLayers
    )
    .addOption(
      new Option('--memory <amount>', 'memory to give for weights and KV, e.g. 512M')
        .default(2 * 1024 ** 3, '2G')
        .argParser(parseBytes)
    )
    .option('--kv-tokens <n>', 'positions of KV to hold for sessions (default: eight whole contexts)', parseCount)
    .option(
      '--watts <n>',
      'what this machine takes while it computes (default: what its kind of adapter usually does)',
      parseWithin(0, 100_000)
    )
}

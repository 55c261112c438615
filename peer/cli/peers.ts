/**
 * `shoal peers`: who is in the swarm and what they serve, as the directory has it now.
 */
import { Command } from 'commander'
import type { Directory } from '../swarm/types.ts'
import { layersText, shortPeer } from './chain-report.ts'
import { untilToldToEnd } from './lifetime.ts'
import { logLevelOption, openLogger } from './logger.ts'
import { addMembershipOptions, type MembershipOptions, membershipOf } from './membership-options.ts'
import { collectHttpUrls, JOIN_HELP } from './parse-options.ts'
import { table } from './table.ts'

interface PeersOptions extends MembershipOptions {
  join: string[]
  json?: boolean
  logLevel: string
}

export function peersCommand(): Command {
  return addMembershipOptions(new Command('peers'))
    .summary('list the swarm’s peers')
    .description('Asks the directory who serves which layers and prints a table.')
    .requiredOption('--join <url>', JOIN_HELP, collectHttpUrls)
    .option('--json', 'print the directory as JSON')
    .addOption(logLevelOption('warn'))
    .action((options: PeersOptions) => untilToldToEnd(signal => peers(options, signal)))
}

async function peers(options: PeersOptions, signal: AbortSignal): Promise<void> {
  const { joinSwarm } = await import('./join.ts')
  const swarm = await joinSwarm(options.join, { membership: membershipOf(options), logger: openLogger(options.logLevel), signal })
  try {
    const directory = await swarm.directory(signal)
    process.stdout.write(options.json ? `${JSON.stringify(directory, null, 2)}\n` : `${directoryTable(directory)}\n`)
  } finally {
    await swarm.leave()
  }
}

export function directoryTable({ entries }: Directory): string {
  if (entries.length === 0) return 'nobody serves anything yet'
  const rows = entries.flatMap(({ announcement, ageMs }) =>
    announcement.offers.map(offer => [
      shortPeer(announcement.peer),
      announcement.agent,
      offer.model.slice(0, 12),
      layersText(offer.span.first, offer.span.end),
      offer.state,
      `${Math.round(offer.decodeRate)}/s`,
      String(offer.freeKvTokens),
      `${Math.round(offer.queueMs)} ms`,
      `${(ageMs / 1000).toFixed(1)} s`,
      announcement.adapter
    ])
  )
  return table(['peer', 'kind', 'model', 'layers', 'state', 'decode', 'free KV', 'queue', 'heard', 'adapter'], rows)
}

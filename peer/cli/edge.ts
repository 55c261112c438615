/**
 * `shoal edge`: a headless peer that hosts a span until it is told to end.
 */
import { Command } from 'commander'
import { layersText } from './chain-report.ts'
import { addHostingOptions, type HostingOptions } from './hosting-options.ts'
import { aborted, untilToldToEnd } from './lifetime.ts'
import { logLevelOption, openLogger } from './logger.ts'
import { addMembershipOptions, type MembershipOptions, membershipOf } from './membership-options.ts'
import { collect, collectHttpUrls, JOIN_HELP } from './parse-options.ts'
import { announceReady } from './ready.ts'

/** Loopback and every interface, any free port; others also reach the peer through its directory nodes. */
const DEFAULT_LISTEN = ['/ip4/0.0.0.0/tcp/0']

interface EdgeOptions extends HostingOptions, MembershipOptions {
  join: string[]
  identity?: string
  listen?: string[]
  json?: boolean
  logLevel: string
}

export function edgeCommand(): Command {
  const command = new Command('edge')
    .summary('host a part of a model')
    .description('Joins the swarm, loads a span of the model on this machine’s GPU, and serves it until it is told to end.')
    .requiredOption('--join <url>', JOIN_HELP, collectHttpUrls)
  return addHostingOptions(addMembershipOptions(command))
    .option('--identity <file>', 'key file of this peer (default: one of this user’s, not in use)')
    .option(
      '--listen <multiaddr>',
      `where to accept connections; may be given several times (default: ${DEFAULT_LISTEN})`,
      collect
    )
    .option('--json', 'print one JSON line when ready')
    .addOption(logLevelOption('info'))
    .action((options: EdgeOptions) => untilToldToEnd(signal => edge(options, signal)))
}

async function edge(options: EdgeOptions, signal: AbortSignal): Promise<void> {
  const [{ joinSwarm }, { startHosting }, { claimIdentity }] = await Promise.all([
    import('./join.ts'),
    import('./hosting.ts'),
    import('./identity.ts')
  ])
  const logger = openLogger(options.logLevel)
  const identity = await claimIdentity(options.identity, 'edge')
  try {
    const listen = options.listen ?? DEFAULT_LISTEN
    const swarm = await joinSwarm(options.join, {
      membership: membershipOf(options),
      privateKey: identity.privateKey,
      listen,
      logger,
      signal
    })
    try {
      const hosting = await startHosting(swarm, options, logger, signal)
      try {
        const { span, adapter, model } = hosting
        announceReady(
          options.json === true,
          { event: 'ready', peer: swarm.self, model, layers: [span.first, span.end], adapter },
          [`peer ${swarm.self} serves layers ${layersText(span.first, span.end)} of ${model} on ${adapter}`]
        )
        const error = await Promise.race([hosting.ended, aborted(signal)])
        if (error !== undefined) throw error
      } finally {
        await hosting.stop()
      }
    } finally {
      await swarm.leave()
    }
  } finally {
    await identity.release()
  }
}

/**
 * `shoal edge`: a headless peer that hosts a span until it is told to end.
 */
import { Command } from 'commander'
import { layersText } from './chain-report.ts'
import type { HostedModel, SpanHosting } from './hosting.ts'
import { addHostingOptions, type HostingOptions } from './hosting-options.ts'
import { aborted, drainOption, untilToldToEnd } from './lifetime.ts'
import { logLevelOption, openLogger } from './logger.ts'
import { addMembershipOptions, type MembershipOptions, membershipOf } from './membership-options.ts'
import { type OperatorAddress, operatorOption } from './operator-option.ts'
import type { OperatorPort } from './operator-port.ts'
import { collect, collectHttpUrls, JOIN_HELP } from './parse-options.ts'
import { announceReady } from './ready.ts'

/** Loopback and every interface, any free port; others also reach the peer through its directory nodes. */
const DEFAULT_LISTEN = ['/ip4/0.0.0.0/tcp/0']

/** A step and its answer; who drives a longer session moves it to another peer meanwhile. */
const DRAIN_SECONDS = 2

interface EdgeOptions extends HostingOptions, MembershipOptions {
  join: string[]
  identity?: string
  listen?: string[]
  metrics?: OperatorAddress
  drain: number
  json?: boolean
  logLevel: string
}

export function edgeCommand(): Command {
  const command = new Command('edge')
    .summary('host a part of a model, or of several')
    .description('Joins the swarm, loads a span of the model on this machine’s GPU, and serves it until it is told to end.')
    .requiredOption('--join <url>', JOIN_HELP, collectHttpUrls)
  return addHostingOptions(addMembershipOptions(command))
    .option('--identity <file>', 'key file of this peer (default: one of this user’s, not in use)')
    .option(
      '--listen <multiaddr>',
      `where to accept connections; may be given several times (default: ${DEFAULT_LISTEN})`,
      collect
    )
    .addOption(operatorOption())
    .addOption(drainOption(DRAIN_SECONDS))
    .option('--json', 'print one JSON line when ready')
    .addOption(logLevelOption('info'))
    .action((options: EdgeOptions) => untilToldToEnd(signal => edge(options, signal), options.drain * 1_000))
}

async function edge(options: EdgeOptions, signal: AbortSignal): Promise<void> {
  const [{ joinSwarm }, { startHosting }, { claimIdentity }, { openOperatorPort }, { hostingMetrics }] = await Promise.all([
    import('./join.ts'),
    import('./hosting.ts'),
    import('./identity.ts'),
    import('./operator-port.ts'),
    import('./hosting-metrics.ts')
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
    let hosting: SpanHosting | undefined
    let operators: OperatorPort | undefined
    try {
      if (options.metrics !== undefined) {
        const state = () => ({ stats: hosting?.stats(), peers: swarm.connectedPeers() })
        // Before the weights are there: loading takes the longest, and operators watch it.
        operators = await openOperatorPort(
          options.metrics,
          hostingMetrics(state),
          () => !signal.aborted && state().stats !== undefined
        )
      }
      hosting = await startHosting(swarm, options, logger, signal)
      try {
        const { adapter, models } = hosting
        const [{ name, span }] = models as [HostedModel]
        announceReady(
          options.json === true,
          {
            event: 'ready',
            peer: swarm.self,
            model: name,
            layers: [span.first, span.end],
            spans: models.map(held => ({ model: held.name, layers: [held.span.first, held.span.end] })),
            adapter,
            ...(operators === undefined ? {} : { metrics: `${operators.url}/metrics` })
          },
          models.map(
            held => `peer ${swarm.self} serves layers ${layersText(held.span.first, held.span.end)} of ${held.name} on ${adapter}`
          )
        )
        const error = await Promise.race([hosting.ended, aborted(signal)])
        if (error !== undefined) throw error
      } finally {
        await hosting.stop(options.drain * 1_000)
      }
    } finally {
      await operators?.close()
      await swarm.leave()
    }
  } finally {
    await identity.release()
  }
}

#!/usr/bin/env -S node --max-semi-space-size=4
/**
 * The `shoal` command: reads the command line, runs one of its commands, and turns what went wrong into one line and an
 * exit code.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { toShoalError } from '../errors.ts'
import { isGpuTrouble } from '../host/assignment.ts'
import { bootstrapCommand } from './bootstrap.ts'
import { configCommand } from './config.ts'
import { demoCommand } from './demo.ts'
import { edgeCommand } from './edge.ts'
import { EXIT, EXIT_HELP } from './exit-codes.ts'
import { keyCommand } from './key.ts'
import { ROOT } from './layout.ts'
import { Interrupted } from './lifetime.ts'
import { peersCommand } from './peers.ts'
import { publishCommand } from './publish.ts'
import { runCommand } from './run.ts'
import { serveCommand } from './serve.ts'
import { configOption, takeSettings } from './settings.ts'

async function main(): Promise<number> {
  const { version, description } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const program = new Command('shoal').description(description).version(version).addOption(configOption())
  program.addHelpText('after', EXIT_HELP)
  const services = [bootstrapCommand(), edgeCommand(), serveCommand()]
  for (const command of [
    ...services,
    runCommand(),
    publishCommand(),
    peersCommand(),
    configCommand(services),
    keyCommand(),
    demoCommand()
  ]) {
    program.addCommand(command.configureHelp({ showGlobalOptions: true }))
  }
  takeSettings(program)
  // Commander ends the process itself unless every command is told to throw.
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
    command.exitOverride().showHelpAfterError('(--help lists the options)')
  try {
    await program.parseAsync()
    return EXIT.ok
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (thrown instanceof Interrupted) return EXIT.interrupted
    console.error(`shoal: ${oneLine(thrown)}`)
    if (process.env.SHOAL_TRACE !== undefined) console.error(thrown)
    return isGpuTrouble(toShoalError(thrown)) ? EXIT.gpu : EXIT.failure
  }
}

function oneLine(thrown: unknown): string {
  const { code, message } = toShoalError(thrown)
  return `${message.replaceAll(/\s*\n\s*/g, '; ')}${code === 'INTERNAL' ? '' : ` (${code})`}`
}

// Explicit, since native WebRTC and WebGPU threads would keep a finished process alive.
process.exit(await main())

/**
 * Values of options from elsewhere than the command line: variables SHOAL_… and one JSON file. The command line stands before
 * the environment, that before the file; all three are read by the same parsers, so that they may hold the same values.
 */
import { readFileSync, statSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { InvalidRequestError, toShoalError } from '../errors.ts'
import { isListParser, replaceable } from './parse-options.ts'

const PREFIX = 'SHOAL_'
/** Of what is no option. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set(['SHOAL_TRACE'])
/** A file has one line for each option. */
const MAX_BYTES = 256 * 1024

const TRUE: ReadonlySet<string> = new Set(['1', 'true', 'yes', 'on'])
const FALSE: ReadonlySet<string> = new Set(['', '0', 'false', 'no', 'off'])

type Section = ReadonlyMap<string, unknown>

/** What a file says, by the command's name; '' holds what is for every command that has the option. */
export interface Settings {
  path: string
  sections: ReadonlyMap<string, Section>
}

export interface Setting {
  /** As on the command line, without the dashes. */
  name: string
  /** As it was given; undefined where nothing was. */
  value: string | undefined
  source: string
}

export function configOption(): Option {
  return new Option('--config <file>', 'JSON file of options by their names, for all commands or in a section named as one')
    .env('SHOAL_CONFIG')
    .default(undefined)
}

export function variableOf(option: Option): string {
  return `${PREFIX}${option.name().replaceAll('-', '_').toUpperCase()}`
}

/** Lets each command of the program take its options from the environment and the file that --config names. */
export function takeSettings(program: Command): void {
  let settings: Settings | undefined
  const prepare = (command: Command) => {
    // For --help alone: commander reads those it knew when the option was added, and takes a switch as on whatever it says.
    for (const option of command.options) if (option.long !== '--version') option.env(variableOf(option))
    command.hook('preSubcommand', (_parent, chosen) => {
      const { config } = program.opts<{ config?: string }>()
      try {
        if (config !== undefined) settings ??= readSettings(config, program.commands)
        for (const option of chosen.options) {
          const found = find(chosen, option, settings, process.env)
          if (found === undefined) continue
          const value = read(option, found)
          const source = found.variable ? 'env' : 'config'
          chosen.setOptionValueWithSource(option.attributeName(), Array.isArray(value) ? replaceable(value) : value, source)
        }
      } catch (thrown) {
        chosen.error(`error: ${toShoalError(thrown).message}`)
      }
    })
    for (const child of command.commands) prepare(child)
  }
  prepare(program)
}

/** @throws InvalidRequestError naming the file and what in it is wrong */
export function readSettings(path: string, commands: readonly Command[]): Settings {
  const refuse = (what: string): never => {
    throw new InvalidRequestError(`${path}: ${what}`)
  }
  let document: unknown
  try {
    const { size } = statSync(path)
    if (size > MAX_BYTES) return refuse(`${size} bytes, at most ${MAX_BYTES} expected`)
    document = JSON.parse(readFileSync(path, 'utf8'))
  } catch (thrown) {
    if (thrown instanceof InvalidRequestError) throw thrown
    // What JSON.parse quotes of the file could be an invite.
    return refuse(thrown instanceof SyntaxError ? 'is no JSON' : toShoalError(thrown).message)
  }
  if (!isObject(document)) return refuse('an object of options expected')
  const sections = new Map<string, Section>()
  const common = new Map<string, unknown>()
  for (const [name, value] of Object.entries(document)) {
    const command = commands.find(each => each.name() === name)
    if (command === undefined) {
      if (!commands.some(each => optionOf(each, name))) return refuse(`${name}: neither an option nor a command of shoal`)
      common.set(name, value)
      continue
    }
    if (!isObject(value)) return refuse(`${name}: an object of options of \`shoal ${name}\` expected`)
    const unknown = Object.keys(value).find(option => optionOf(command, option) === undefined)
    if (unknown !== undefined) return refuse(`${name}.${unknown}: \`shoal ${name}\` has no option --${unknown}`)
    sections.set(name, new Map(Object.entries(value)))
  }
  return { path, sections: sections.set('', common) }
}

/** What a command would take if its command line said nothing, of each of its options. @throws InvalidRequestError */
export function effectiveSettings(command: Command, settings: Settings | undefined, env: NodeJS.ProcessEnv): Setting[] {
  return command.options.map((option): Setting => {
    const name = option.name()
    const found = find(command, option, settings, env)
    if (found !== undefined) {
      read(option, found)
      return { name, value: shown(option, found.value), source: found.place }
    }
    const fallback = option.defaultValueDescription ?? option.defaultValue
    if (fallback !== undefined) return { name, value: String(fallback), source: 'default' }
    return { name, value: undefined, source: option.mandatory ? 'missing' : 'default' }
  })
}

/** Variables that look like options and are none of these commands'. */
export function strayVariables(commands: readonly Command[], env: NodeJS.ProcessEnv): string[] {
  const all = commands.flatMap(command => [command, ...command.commands])
  const known = new Set(all.flatMap(({ options }) => options.map(variableOf)))
  return Object.keys(env).filter(name => name.startsWith(PREFIX) && !known.has(name) && !OTHER_VARIABLES.has(name))
}

interface Found {
  value: unknown
  /** File and field, or variable. */
  place: string
  variable: boolean
}

function find(command: Command, option: Option, settings: Settings | undefined, env: NodeJS.ProcessEnv): Found | undefined {
  const [name, variable] = [option.name(), variableOf(option)]
  const told = env[variable]
  if (told !== undefined) return { value: told, place: variable, variable: true }
  // Only options of the commands themselves stand in a file, not those of commands within them.
  const own = command.parent?.parent ? [] : [command.name(), '']
  const section = own.find(each => settings?.sections.get(each)?.has(name))
  if (settings === undefined || section === undefined) return undefined
  const field = section === '' ? name : `${section}.${name}`
  return { value: settings.sections.get(section)!.get(name), place: `${settings.path} (${field})`, variable: false }
}

/** @throws InvalidRequestError naming the option, its value and where that stands, as commander does of the command line */
function read(option: Option, found: Found): unknown {
  try {
    return option.isBoolean() ? readSwitch(found) : readValue(option, found.value)
  } catch (thrown) {
    if (!(thrown instanceof InvalidArgumentError)) throw thrown
    const value = shown(option, found.value)
    throw new InvalidRequestError(`option '${option.flags}' value '${value}' from ${found.place} is invalid. ${thrown.message}`)
  }
}

function readValue(option: Option, value: unknown): unknown {
  if (!Array.isArray(value) || !isListParser(option.parseArg)) return parse(option, textOf(value))
  if (value.length === 0) throw new InvalidArgumentError('Give at least one.')
  return value.reduce((list: unknown, each) => parse(option, textOf(each), list), undefined)
}

function readSwitch({ value, variable }: Found): boolean {
  if (typeof value === 'boolean') return value
  const word = variable ? String(value).trim().toLowerCase() : ''
  if (!variable || !(TRUE.has(word) || FALSE.has(word))) throw new InvalidArgumentError('Give true or false.')
  return TRUE.has(word)
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  throw new InvalidArgumentError('Give a text or a number.')
}

function parse(option: Option, text: string, earlier?: unknown): unknown {
  return option.parseArg === undefined ? text : option.parseArg(text, earlier)
}

/** An invite is a secret, and what a person reads here may be on a screen that others see. */
function shown(option: Option, value: unknown): string {
  if (option.name() === 'invite') return '(secret)'
  return Array.isArray(value) ? value.join(' ') : String(value)
}

function optionOf(command: Command, name: string): Option | undefined {
  return command.options.find(option => option.name() === name)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

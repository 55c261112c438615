/**
 * Where options come from: the command line before the environment before the file, each refused by name and place.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import { Command } from 'commander'
import { collect, collectHttpUrls, parsePort } from '../../../peer/cli/parse-options.ts'
import { configOption, effectiveSettings, readSettings, strayVariables, takeSettings } from '../../../peer/cli/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'shoal-settings-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const given = new Set<string>()
afterEach(() => {
  for (const name of given) delete process.env[name]
  given.clear()
})

function setVariables(values: Record<string, string>): void {
  for (const [name, value] of Object.entries(values)) {
    process.env[name] = value
    given.add(name)
  }
}

function write(content: unknown): string {
  const path = join(folder, 'shoal.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const serveCommand = () =>
  new Command('serve')
    .requiredOption('--join <url>', 'where', collectHttpUrls)
    .option('--port <port>', 'which', parsePort, 8081)
    .option('--keys <file>', 'keys')
    .option('--open', 'for anybody')
    .option('--listen <address>', 'where else', collect)
    .option('--invite <invite>', 'secret')

/** What `serve` gets to see, or what is said on standard error. */
async function run(...args: string[]): Promise<Record<string, unknown> | string> {
  let seen: Record<string, unknown> = {}
  let said = ''
  const program = new Command('shoal').addOption(configOption())
  program.addCommand(serveCommand().action(options => (seen = { ...options })))
  program.addCommand(new Command('edge').option('--layers <layers>', 'which').action(() => {}))
  takeSettings(program)
  for (const command of [program, ...program.commands])
    command.exitOverride().configureOutput({ writeErr: text => (said += text) })
  try {
    await program.parseAsync(['node', 'shoal', ...args])
    return seen
  } catch {
    return said
  }
}

test('the command line stands before the environment, that before the file, that before defaults', async () => {
  const config = write({ join: 'http://file', serve: { port: 1, keys: 'file.json', open: true } })
  const serve = ['serve', '--config', config]
  assert.deepEqual(await run(...serve), { join: ['http://file'], port: 1, keys: 'file.json', open: true })
  setVariables({ SHOAL_PORT: '2', SHOAL_JOIN: 'http://one http://two' })
  assert.deepEqual(await run(...serve), { join: ['http://one', 'http://two'], port: 2, keys: 'file.json', open: true })
  assert.deepEqual(await run(...serve, '--port', '3', '--join', 'http://a', '--join', 'http://b'), {
    join: ['http://a', 'http://b'],
    port: 3,
    keys: 'file.json',
    open: true
  })
})

test('lists of a file are replaced by those of the command line, not added to', async () => {
  const config = write({ serve: { join: ['http://a', 'http://b'], listen: ['/ip4/0.0.0.0/tcp/0'] } })
  const options = await run('--config', config, 'serve', '--join', 'http://c')
  assert.deepEqual(options, { join: ['http://c'], port: 8081, listen: ['/ip4/0.0.0.0/tcp/0'] })
})

test('a section stands before what is for every command, and SHOAL_CONFIG names the file as well', async () => {
  setVariables({ SHOAL_CONFIG: write({ port: 5, join: 'http://all', serve: { port: 6 }, edge: { layers: '0-2' } }) })
  assert.deepEqual(await run('serve'), { join: ['http://all'], port: 6 })
})

test('a switch in the environment may be off', async () => {
  for (const [word, open] of [
    ['true', true],
    ['1', true],
    ['false', false],
    ['0', false],
    ['', false]
  ] as const) {
    setVariables({ SHOAL_OPEN: word, SHOAL_JOIN: 'http://a' })
    assert.deepEqual(await run('serve'), { join: ['http://a'], port: 8081, open }, word)
  }
})

for (const [what, content, says] of [
  ['no JSON', '{"invite": "secret', /^error: .*shoal\.json: is no JSON/],
  ['no object', [], /an object of options expected/],
  ['a misspelt option', { serve: { prot: 1 } }, /shoal\.json: serve\.prot: `shoal serve` has no option --prot/],
  ['a misspelt command', { serv: { port: 1 } }, /shoal\.json: serv: neither an option nor a command/],
  ['a section that is none', { serve: 5 }, /shoal\.json: serve: an object of options/],
  [
    'a wrong value',
    { serve: { port: 70_000 } },
    /'--port <port>' value '70000' from .*shoal\.json \(serve\.port\) is invalid\. Give a port/
  ],
  ['a wrong value for all', { port: 'x' }, /'--port <port>' value 'x' from .*shoal\.json \(port\) is invalid/],
  ['an object as value', { serve: { port: {} } }, /\(serve\.port\) is invalid\. Give a text or a number/],
  ['a text for a switch', { serve: { open: 'yes' } }, /\(serve\.open\) is invalid\. Give true or false/],
  ['an empty list', { serve: { join: [] } }, /\(serve\.join\) is invalid\. Give at least one/],
  ['a list for one value', { serve: { keys: ['a', 'b'] } }, /\(serve\.keys\) is invalid/],
  ['a wrong value in a list', { serve: { join: ['http://a', 'b'] } }, /\(serve\.join\) is invalid\. Give an http/]
] as const)
  test(`a file with ${what} is refused, by name and place`, async () => {
    const said = await run('serve', '--join', 'http://a', '--config', write(content))
    assert.equal(typeof said, 'string')
    assert.match(String(said), says)
    assert.doesNotMatch(String(said), /secret/)
  })

test('a wrong variable is refused by its name; a file that is not there, and what nobody gave', async () => {
  assert.match(String(await run('serve', '--join', 'http://a', '--config', join(folder, 'none.json'))), /none\.json: ENOENT/)
  assert.match(String(await run('serve')), /required option '--join <url>' not specified/)
  setVariables({ SHOAL_PORT: 'x', SHOAL_JOIN: 'http://a' })
  assert.match(String(await run('serve')), /'--port <port>' value 'x' from SHOAL_PORT is invalid\. Give a port/)
  setVariables({ SHOAL_PORT: '1', SHOAL_OPEN: 'maybe' })
  assert.match(String(await run('serve')), /'--open' value 'maybe' from SHOAL_OPEN is invalid\. Give true or false/)
})

test('what would be taken is told with where it comes from, but for secrets', () => {
  const serve = serveCommand()
  const path = write({ join: ['http://a', 'http://b'], serve: { invite: 'hush' } })
  const settings = readSettings(path, [serve])
  const found = effectiveSettings(serve, settings, { SHOAL_PORT: '9' })
  assert.deepEqual(
    found.map(({ name, value, source }) => [name, value, source]),
    [
      ['join', 'http://a http://b', `${path} (join)`],
      ['port', '9', 'SHOAL_PORT'],
      ['keys', undefined, 'default'],
      ['open', undefined, 'default'],
      ['listen', undefined, 'default'],
      ['invite', '(secret)', `${path} (serve.invite)`]
    ]
  )
  assert.equal(effectiveSettings(serve, undefined, {})[0]!.source, 'missing')
  assert.throws(() => effectiveSettings(serve, undefined, { SHOAL_PORT: 'x' }), /value 'x' from SHOAL_PORT is invalid/)
  assert.deepEqual(strayVariables([serve], { SHOAL_PROT: '1', SHOAL_PORT: '1', SHOAL_TRACE: '', PATH: '' }), ['SHOAL_PROT'])
})

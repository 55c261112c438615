/**
 * The `shoal` command against wrong files, wrong command lines and interruption: one clear line, the right exit code.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { goldenModelPath, loadGoldens } from '../oracle/goldens.ts'
import { MAIN, resultOf, shoal } from './swarm-kit.ts'

const folder = mkdtempSync(join(tmpdir(), 'shoal-command-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const bytes = readFileSync(goldenModelPath())
const write = (name: string, content: Uint8Array) => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const truncated = write('truncated.gguf', bytes.subarray(0, bytes.length - 1000))
const headless = write('headless.gguf', bytes.subarray(0, 5000))
const noMagic = write('magic.gguf', Buffer.concat([Buffer.from('GGML'), bytes.subarray(4)]))

for (const [file, says] of [
  [truncated, /^shoal: .*tensor '.+'.*\(INVALID_FILE\)\n$/],
  [headless, /^shoal: .*\(INVALID_FILE\)\n$/],
  [noMagic, /^shoal: .*magic.*\(INVALID_FILE\)\n$/i],
  [join(folder, 'absent.gguf'), /^shoal: .*absent\.gguf.*\(SOURCE_FAILED\)\n$/]
] as const)
  test(`publish refuses ${file.slice(folder.length + 1)}`, async () => {
    const { code, stdout, stderr } = await shoal(['publish', file, '--out', join(folder, 'out.json')])
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, says)
  })

test('a bootstrap refuses to publish a wrong file', async () => {
  const key = join(folder, 'bootstrap.key')
  const { code, stderr } = await shoal(['bootstrap', '--port', '0', '--model', truncated, '--identity', key])
  assert.equal(code, 1)
  assert.match(stderr, /^shoal: .*tensor '.+'.*\(INVALID_FILE\)\n$/)
})

test('publish writes the manifest whose digest names the model', async () => {
  const out = join(folder, 'psalter.json')
  const { code, stdout, stderr } = await shoal(['publish', goldenModelPath(), '--out', out, '--json'])
  assert.equal(code, 0, stderr)
  assert.equal(JSON.parse(stdout).digest, loadGoldens().model.manifestDigest)
  assert.equal(JSON.parse(readFileSync(out, 'utf8')).name, JSON.parse(stdout).name)
})

for (const args of [
  ['edge'],
  ['edge', '--join', 'nowhere'],
  ['edge', '--join', 'http://localhost', '--layers', '5-2'],
  ['dance'],
  ['run', '--join', 'http://localhost']
])
  test(`'${args.join(' ')}' is a wrong command line`, async () => {
    const { code, stderr } = await shoal(args)
    assert.equal(code, 2)
    assert.match(stderr, /error: /)
  })

test('every command explains itself', async () => {
  const commands = ['bootstrap', 'edge', 'serve', 'run', 'publish', 'peers', 'key', 'demo']
  const { code, stdout } = await shoal(['--help'])
  assert.equal(code, 0)
  for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} `, 'm'))
  const pages = await Promise.all(commands.map(command => shoal([command, '--help'])))
  for (const [index, page] of pages.entries()) {
    assert.equal(page.code, 0)
    assert.match(page.stdout, new RegExp(`^Usage: shoal ${commands[index]} `))
  }
})

test('a key is printed once, listed by its id, and taken back', async () => {
  const keys = join(folder, 'keys.json')
  const added = await shoal(['key', 'add', 'clinic', '--keys', keys, '--requests-per-minute', '60'])
  assert.equal(added.code, 0, added.stderr)
  assert.match(added.stdout, /^sk-shoal-[0-9a-f]{12}-[\w-]{32}\n$/)
  const listed = await shoal(['key', 'list', '--keys', keys, '--json'])
  const [{ id, name, requestsPerMinute, ...rest }] = JSON.parse(listed.stdout)
  assert.deepEqual([name, requestsPerMinute, Object.keys(rest)], ['clinic', 60, ['created']])
  assert.ok(!readFileSync(keys, 'utf8').includes(added.stdout.trim().slice(-32)))
  assert.equal((await shoal(['key', 'remove', id, '--keys', keys])).code, 0)
  assert.match((await shoal(['key', 'list', '--keys', keys])).stdout, /^no keys$/m)
})

test('a gateway opens beyond loopback only with keys, or when it is told that anybody may use it', async () => {
  const serve = ['serve', '--join', 'http://127.0.0.1:1', '--host', '0.0.0.0', '--port', '0']
  const refused = await shoal(serve)
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /^shoal: --host 0\.0\.0\.0 lets others use this gateway: .*--keys.*--open/)
  // Further on, there is no bootstrap.
  const open = await shoal([...serve, '--open'])
  assert.match(open.stderr, /"level":40.*whoever reaches this address may use the gateway.*\nshoal: .*SOURCE_FAILED/s)
})

test('a bootstrap that is not there is named', async () => {
  const { code, stderr } = await shoal(['peers', '--join', 'http://127.0.0.1:1'])
  assert.equal(code, 1)
  assert.match(stderr, /^shoal: http:\/\/127\.0\.0\.1:1\/shoal\.json: .*\(SOURCE_FAILED\)\n$/)
})

test('a key file serves one process at a time', async () => {
  const key = join(folder, 'taken.key')
  writeFileSync(`${key}.pid`, String(process.pid))
  const { code, stderr } = await shoal(['bootstrap', '--port', '0', '--identity', key, '--log-level', 'warn'])
  assert.equal(code, 1)
  assert.match(stderr, /in use by another process \(BUSY\)/)
})

test('interrupted before it is done, a command ends with 130', async () => {
  // A bootstrap that takes the connection and never answers.
  const silent = createServer()
  const asked = new Promise<void>(resolve => silent.once('connection', socket => socket.once('data', () => resolve())))
  await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as { port: number }
  const child = spawn(process.execPath, [MAIN, 'peers', '--join', `http://127.0.0.1:${port}`], {
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const ended = resultOf(child)
  await asked
  child.kill('SIGINT')
  assert.equal((await ended).code, 130)
  await new Promise(resolve => silent.close(resolve))
})

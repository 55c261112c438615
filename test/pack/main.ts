/**
 * `npm run test:pack`: packs the checkout as it would be published, installs that in an empty folder, and runs a swarm from
 * there with nothing of the checkout: bootstrap with page, an edge peer, an answer. Takes about a minute and a registry; with
 * `-- --built` it packs dist/ as `npm run build` left it.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { loadGoldens } from '../oracle/goldens.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const asBuilt = process.argv.includes('--built') ? ['--ignore-scripts'] : []
const ANSWER_TOKENS = 16
/** A software driver compiles for tens of seconds. */
const READY_MS = 120_000
/** Larger than code, page, types and the embedded model together. */
const MAX_PACKED_BYTES = 16 * 1024 * 1024

const folder = mkdtempSync(join(tmpdir(), 'shoal-pack-'))
const user = join(folder, 'user')
/** `npx` finds the Node that runs this first, and keeps its state in the folder. */
const env = {
  ...process.env,
  PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
  XDG_STATE_HOME: join(folder, 'state'),
  XDG_CACHE_HOME: join(folder, 'cache')
}
const services: ChildProcess[] = []

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}

function say(line: string): void {
  console.log(`${(performance.now() / 1_000).toFixed(1).padStart(6)} s  ${line}`)
}

/** Its notice that it is ready. */
async function start(...args: string[]): Promise<Record<string, unknown>> {
  // Not through npx, which would be the process that a signal ends.
  const child = spawn(join(user, 'node_modules/.bin/shoal'), [...args, '--json', '--log-level', 'warn'], {
    cwd: user,
    env,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  services.push(child)
  const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>()
  createInterface({ input: child.stdout! }).once('line', line => resolve(JSON.parse(line)))
  child.once('exit', code => reject(new Error(`shoal ${args[0]} ended with ${code}`)))
  const timer = setTimeout(() => reject(new Error(`shoal ${args[0]} is not ready after ${READY_MS / 1_000} s`)), READY_MS)
  return await promise.finally(() => clearTimeout(timer))
}

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode
  const exited = new Promise<number | null>(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  return await exited
}

try {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--pack-destination', folder, ...asBuilt], root).replace(/^[^[]*/s, '')
  )
  const files = (packed.files as { path: string }[]).map(({ path }) => path)
  const archive = join(folder, packed.filename)
  say(`packed ${files.length} files, ${statSync(archive).size} bytes`)
  assert.ok(statSync(archive).size < MAX_PACKED_BYTES)
  for (const path of [
    'package.json',
    'README.md',
    'LICENSE',
    'dist/package.json',
    'dist/web/index.html',
    'dist/models/README.md'
  ])
    assert.ok(files.includes(path), `${path} is packed`)
  for (const path of files) assert.match(path, /^(package\.json|README\.md|LICENSE|dist\/.+)$/, `${path} is of the package`)
  assert.ok(!files.some(path => /(?<!\.d)\.ts$/.test(path)), 'no TypeScript, which Node does not run under node_modules')

  mkdirSync(user)
  writeFileSync(join(user, 'package.json'), JSON.stringify({ name: 'user', version: '1.0.0', private: true, type: 'module' }))
  run('npm', ['install', archive, '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], user)
  say('installed')
  assert.equal(run('npx', ['--no-install', 'shoal', '--version'], user).trim(), version)
  const imported = "const s = await import('shoal'); console.log(typeof s.openCompletionService); process.exit()"
  assert.equal(run('node', ['--input-type=module', '--eval', imported], user), 'function\n')

  const bootstrap = await start('bootstrap', '--port', '0')
  const page = await (await fetch(String(bootstrap.url))).text()
  const [, script] = /<script[^>]+src="([^"]+)"/.exec(page) ?? []
  assert.equal((await fetch(new URL(script!, String(bootstrap.url)))).status, 200, 'the page and its script are served')
  say('bootstrap serves the page')
  await start('edge', '--join', String(bootstrap.url), '--layers', '0-7', '--kv-tokens', '512')
  say('edge serves')
  const prose = loadGoldens().prompts.find(({ kind, safe }) => kind === 'prose' && safe)!
  const asked = [
    'shoal',
    'run',
    '--join',
    String(bootstrap.url),
    '--raw',
    '--temperature',
    '0',
    '--max-tokens',
    String(ANSWER_TOKENS)
  ]
  const answer = run('npx', ['--no-install', ...asked, prose.rendered], user).trimEnd()
  assert.ok(answer.length > ANSWER_TOKENS && prose.answer.text.startsWith(answer), `the golden answer, not ${answer}`)
  say(`answered ${JSON.stringify(answer)}`)
  for (const code of await Promise.all(services.map(stop))) assert.equal(code, 0)
  say('done')
} finally {
  await Promise.all(services.map(stop))
  rmSync(folder, { recursive: true, force: true })
}

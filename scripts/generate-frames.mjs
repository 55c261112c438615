// Generates the codec of every .proto beside it. protons writes TypeScript namespaces and enums, which Node's type
// stripping refuses (erasableSyntaxOnly), so the output is compiled to .pb.js + .pb.d.ts here; both are committed.
import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

for (const proto of globSync('peer/**/*.proto')) {
  const work = mkdtempSync('.protons-')
  try {
    const stem = basename(proto, '.proto')
    execFileSync('protons', ['--output', work, proto], { stdio: 'inherit' })
    const generated = readdirSync(work).find(name => name.endsWith('.ts'))
    execFileSync(
      'tsc',
      [
        '--ignoreConfig',
        '--declaration',
        '--target',
        'ES2024',
        '--module',
        'nodenext',
        '--skipLibCheck',
        '--outDir',
        join(work, 'out'),
        join(work, generated)
      ],
      { stdio: 'inherit' }
    )
    for (const [from, to] of [
      ['.js', '.pb.js'],
      ['.d.ts', '.pb.d.ts']
    ]) {
      const text = readFileSync(join(work, 'out', generated.replace(/\.ts$/, from)), 'utf8')
      writeFileSync(
        join(dirname(proto), stem + to),
        `// Generated from ${stem}.proto by \`npm run protos\`. Do not edit.\n${text}`
      )
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

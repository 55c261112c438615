// The layering of README's architecture section: dependencies point down only.
const layers = {
  errors: [],
  model: ['errors'],
  weights: ['model', 'errors'],
  engine: ['model', 'errors'],
  wire: ['errors'],
  swarm: ['model', 'errors'],
  host: ['engine', 'wire', 'weights', 'swarm', 'model', 'errors'],
  session: ['swarm', 'wire', 'model', 'errors'],
  select: ['session', 'swarm', 'wire', 'model', 'errors'],
  gateway: ['select', 'session', 'swarm', 'wire', 'model', 'errors', 'process-metrics']
}
const forbidden = Object.entries(layers).map(([name, allowed]) => ({
  name: `${name}-points-down`,
  severity: 'error',
  comment: `peer/${name} may import ${allowed.join(', ') || 'nothing of Shoal'} only`,
  from: { path: `^peer/${name}(/|\\.ts$)` },
  to: { path: '^(peer|web|bootstrap|test)/', pathNot: `^peer/(${[name, ...allowed, 'limit-table'].join('|')})(/|\\.ts$)` }
}))
forbidden.push(
  { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  {
    name: 'bootstrap-on-wire-and-swarm',
    severity: 'error',
    comment: 'the rendezvous process computes nothing',
    from: { path: '^bootstrap/' },
    to: { path: '^(peer|web|test)/', pathNot: '^peer/(wire|swarm|model|errors|limit-table|process-metrics)(/|\\.ts$)' }
  },
  { name: 'product-without-tests', severity: 'error', from: { path: '^(peer|web|bootstrap)/' }, to: { path: '^test/' } },
  { name: 'peer-without-web', severity: 'error', from: { path: '^peer/' }, to: { path: '^web/' } },
  {
    name: 'no-gossip-in-the-tab',
    severity: 'error',
    comment: 'gossipsub is for directory nodes only',
    from: { pathNot: '^(bootstrap|node_modules)/' },
    to: { path: 'gossipsub' }
  },
  { name: 'nothing-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^#' } },
  {
    name: 'no-undeclared-packages',
    severity: 'error',
    from: { path: '^(peer|bootstrap)/' },
    to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], pathNot: '@webgpu/types' }
  }
)
export default {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^dist|test/(oracle|bench)/node_modules)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs']
    }
  }
}

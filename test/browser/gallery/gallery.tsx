/**
 * The page's own components and styles over states that are hard to reach, or slow: `#NAME` of `states.ts`, where the body
 * names the state that is drawn. Nothing is connected and nothing computes.
 */
import { render } from 'preact'
import { Page, type PageActions } from '../../../web/components/page.tsx'
import '../../../web/style/index.css'
import { states } from './states.ts'

const nothing = () => {}
const actions: PageActions = {
  onModel: nothing,
  onSend: nothing,
  onStopAnswer: nothing,
  onRegenerate: nothing,
  onEdit: nothing,
  onNewChat: nothing,
  onSettings: nothing,
  onOpen: nothing,
  onDelete: nothing,
  onExport: nothing,
  onExportAll: nothing,
  onBudget: nothing,
  onDonor: nothing,
  onStart: nothing,
  onTakeOver: nothing,
  onPause: nothing,
  onStop: nothing,
  onStopNow: nothing
}

function show(): void {
  const name = location.hash.slice(1)
  const state = states[name]
  if (state === undefined) throw new Error(`No such state; there are ${Object.keys(states).join(', ')}`)
  render(<Page key={name} state={state} actions={actions} />, document.getElementById('page')!)
  document.body.dataset.state = name
}

show()
addEventListener('hashchange', show)

/**
 * A tab of the page as its user drives it, and what it says of itself through `window.shoal`.
 */
import { expect, type Locator, type Page } from '@playwright/test'
import type { ShoalHandle } from '../../web/handle.ts'
import type { AnswerTrace, Turn } from '../../web/state.ts'
import type { TabConnection } from '../../web/tab-peer.ts'

declare global {
  var shoal: ShoalHandle
}

export type AnswerTurn = Turn & { role: 'assistant' }

export class Tab {
  readonly page: Page
  readonly donation: Locator
  readonly chat: Locator
  readonly swarm: Locator

  constructor(page: Page) {
    this.page = page
    this.donation = page.getByRole('region', { name: 'Donate' })
    this.chat = page.getByRole('region', { name: 'Chat' })
    this.swarm = page.getByRole('region', { name: 'The swarm now' })
  }

  /** Goes to a view, as a click on its name does. */
  async show(view: 'Chat' | 'Donate' | 'Swarm'): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }).click()
  }

  /** Presses the button and waits until the page says that it serves. */
  async donate(): Promise<void> {
    await this.show('Donate')
    await this.donation.getByRole('button', { name: 'Donate this tab' }).click()
    await expect(this.donation.getByText('Tokens served')).toBeVisible({ timeout: 100_000 })
  }

  async peerId(): Promise<string> {
    await this.page.waitForFunction(() => shoal.peerId() !== undefined)
    return (await this.page.evaluate(() => shoal.peerId()))!
  }

  /** Greedy, and at most so many tokens. */
  async configure(maxTokens: number): Promise<void> {
    await this.show('Chat')
    await this.chat.getByRole('button', { name: 'Settings' }).click()
    const settings = this.page.getByRole('dialog', { name: 'Settings' })
    await settings.getByLabel('Temperature').fill('0')
    await settings.getByLabel('Most tokens').fill(String(maxTokens))
    await settings.getByRole('button', { name: 'Close' }).click()
  }

  /** Leaves the conversation that is shown, so that the next question is its own. */
  async newChat(): Promise<void> {
    await this.chat.getByRole('navigation', { name: 'Chats' }).getByRole('button', { name: 'New chat' }).click()
  }

  /** Waits until every layer is held, then sends. */
  async send(text: string): Promise<void> {
    await expect(this.chat.getByText('Every layer is held.')).toBeVisible()
    await this.chat.getByRole('textbox', { name: 'Message' }).fill(text)
    await this.chat.getByRole('button', { name: 'Send' }).click()
  }

  /** Waits until the answer has at least so many tokens. */
  async tokens(count: number): Promise<void> {
    await this.page.waitForFunction(least => {
      const turn = shoal.state().turns.at(-1)
      return turn?.role === 'assistant' && (turn.trace?.tokens.length ?? 0) >= least
    }, count)
  }

  /** The answer once it is over, whichever way. */
  async answer(): Promise<AnswerTurn> {
    await expect(this.chat.locator('.turn.assistant').last()).toHaveAttribute('data-state', /finished|failed|stopped/, {
      timeout: 100_000
    })
    return (await this.page.evaluate(() => shoal.state().turns.at(-1))) as AnswerTurn
  }

  async trace(): Promise<AnswerTrace | undefined> {
    return await this.page.evaluate(() => {
      const turn = shoal.state().turns.at(-1)
      return turn?.role === 'assistant' ? turn.trace : undefined
    })
  }

  /** Those that carry hops of chains now. */
  async chainConnections(): Promise<TabConnection[]> {
    const connections = await this.page.evaluate(() => shoal.connections())
    return connections.filter(({ protocols }) => protocols.some(id => /^\/shoal\/(chain|answer)\//.test(id)))
  }

  async close(): Promise<void> {
    await this.page.close({ runBeforeUnload: false })
  }
}

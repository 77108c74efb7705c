// The mailbox of `dev`, where the letters of the server go.

import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { remember } from './artefacts.mjs'

const code = /\b[A-Z2-7]{5}-[A-Z2-7]{5}\b/
const patienceMs = 10_000
const pollMs = 50
const goodWithinMs = 1_000

/** The code in the letter that comes to an address because of what `act` does. */
export async function mailedCode(entryway, address, act) {
  const before = (await lettersTo(entryway, address)).length
  await act()
  const [letter] = await until(async () => {
    const letters = await lettersTo(entryway, address)
    return letters.length > before && letters
  }, `no letter came to ${address}`)
  const [found] = letter.text.match(code) ?? []
  assert.ok(found, `no code in the letter ${letter.subject}`)
  remember(found)
  return found
}

/** What was written to an address, the newest first. */
export async function lettersTo(entryway, address) {
  const { messages } = await (await fetch(new URL('messages', new URL('/', entryway.mailbox)))).json()
  return messages.filter(({ to }) => to.includes(address))
}

/**
 * What `act` does with a code for which nobody waits while it is sent: the letter is there a moment before its code is
 * good.
 */
export async function onceGood(act) {
  let refused
  const acted = await until(async () => {
    try {
      return { with: await act() }
    } catch (error) {
      if (error.error !== 'InvalidToken') throw error
      refused = error
    }
  }, 'the code never became good', goodWithinMs).catch((error) => { throw refused ?? error })
  return acted.with
}

/** What `look` finds, as soon as it finds something. */
export async function until(look, otherwise, patience = patienceMs) {
  const last = performance.now() + patience
  for (;;) {
    const found = await look()
    if (found) return found
    assert.ok(performance.now() < last, otherwise)
    await setTimeout(pollMs)
  }
}

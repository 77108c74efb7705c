// How a person gets from an app's "log in" to the app's callback, with a FormBrowser.

import assert from 'node:assert/strict'

const stepsMax = 6

/**
 * Goes on from a page of the server until the client is sent its answer: signs in where a password is asked for,
 * picks the account where there is a choice, authorizes where consent is asked for. `decision` is the last button.
 */
export async function walkToAnswer(browser, page, account, decision = 'Authorize') {
  for (let step = 0; step < stepsMax; step++) {
    if (page.sent) return page
    if (page.field('password') !== undefined) page = await signIn(browser, page, account)
    else if (page.buttons.includes(decision)) page = await browser.press(page, decision)
    else page = await browser.press(page, account.handle)
  }
  throw new Error(`no answer after ${stepsMax} steps, but ${page.url}:\n${page.text}`)
}

export function signIn(browser, page, account, password = account.password) {
  return browser.press(page, 'Sign in', { username: account.handle, password })
}

/** Unticks every permission on the consent page, and says yes to the rest. */
export function authorizeUnticked(browser, consent) {
  const boxes = consent.ticked
  assert.notEqual(boxes.length, 0, consent.text)
  return browser.press(consent, 'Authorize', Object.fromEntries(boxes.map((name) => [name, null])))
}

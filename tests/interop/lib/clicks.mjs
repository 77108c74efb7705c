// What a person does on the server's pages and in the ordinary app, with a real browser.

import assert from 'node:assert/strict'

export const button = (page, name) => page.getByRole('button', { name, exact: true })

export async function typeAndSignIn(page, account, password = account.password) {
  const username = page.locator('input[name=username]')
  if (await username.isEditable()) await username.fill(account.handle)
  await page.locator('input[name=password]').fill(password)
  await button(page, 'Sign in').click()
}

/** From the sign-in page to the app: sign in, then authorize. */
export async function signInAndAuthorize(page, account) {
  await typeAndSignIn(page, account)
  await button(page, 'Authorize').click()
}

/** Waits until the app reports this. A failure it reports meanwhile is told at once. */
export async function status(page, wanted) {
  const matches = (text) => (typeof wanted === 'string' ? text === wanted : wanted.test(text))
  const element = page.locator('#status')
  await element.filter({ hasText: /^(?!Loading$|working$)/ }).waitFor()
  const text = await element.textContent()
  assert.ok(matches(text), `the app reports "${text}", not ${wanted}`)
}

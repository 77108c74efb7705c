// What a person does on the server's pages, with a real browser.

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

// The demo app of `entryway dev`, as the newcomer meets it who has just started the command.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { launchChromium, newPerson, skip } from './lib/chromium.mjs'
import { button, signInAndAuthorize, typeAndSignIn } from './lib/clicks.mjs'
import { startEntryway } from './lib/entryway.mjs'

describe('the demo app', { skip }, () => {
  let entryway
  let chromium
  let person
  let page

  before(async () => {
    entryway = await startEntryway()
    chromium = await launchChromium()
  })
  after(async () => {
    await chromium?.close()
    await entryway?.stop()
  })
  beforeEach(async () => {
    person = await newPerson(chromium, { origin: entryway.issuer })
    page = await person.newPage()
  })
  afterEach(async () => {
    await person.close()
    assert.deepEqual(person.faults, [])
  })

  test('a newcomer logs in, sees who they are, writes, refreshes and signs out', async () => {
    await logIn()
    assert.equal(await page.locator('#session-did').textContent(), entryway.alice.did)
    assert.equal(await page.locator('#session-issuer').textContent(), entryway.issuer)
    assert.match(await page.locator('#session-confirmed').textContent(), /alice\.test/)

    await page.getByLabel('A new note').fill('the first note')
    await button(page, 'Save note').click()
    await page.locator('#notes').getByText('the first note', { exact: true }).waitFor()

    const token = await page.locator('#token-fingerprint').textContent()
    await button(page, 'Refresh').click()
    await page.locator('#refreshes', { hasText: '1' }).waitFor()
    assert.notEqual(await page.locator('#token-fingerprint').textContent(), token)
    // and the new token reads the note again
    await page.locator('#notes').getByText('the first note', { exact: true }).waitFor()

    await page.locator('#notes').getByRole('button', { name: 'Delete the note: the first note' }).click()
    await page.locator('#notes-empty').waitFor()

    await button(page, 'Sign out').click()
    await button(page, 'Continue').waitFor()
    await page.reload()
    await button(page, 'Continue').waitFor()
  })

  test('a note is still there after signing out and in again', async () => {
    await logIn()
    await page.getByLabel('A new note').fill('a note to keep')
    await button(page, 'Save note').click()
    await page.getByText('a note to keep', { exact: true }).waitFor()
    await button(page, 'Sign out').click()
    await openSignIn()
    // the server still knows the person: it asks for consent alone
    await button(page, 'Authorize').click()
    await page.getByText('a note to keep', { exact: true }).waitFor()
  })

  test('a newcomer who says no is told so by the app', async () => {
    await openSignIn()
    await typeAndSignIn(page, entryway.alice)
    await button(page, 'Deny access').click()
    assert.equal(await page.locator('#problem-error').textContent(), 'access_denied')
  })

  test('a handle that nobody has is explained by the app', async () => {
    await openHome()
    await page.getByLabel('Your handle').fill('nobody.test')
    await button(page, 'Continue').click()
    await page.getByRole('alert').waitFor()
    assert.ok(page.url().startsWith(entryway.demo_app))
  })

  async function openHome() {
    await page.goto(entryway.demo_app)
  }

  async function openSignIn() {
    await openHome()
    await page.getByLabel('Your handle').fill('alice.test')
    await button(page, 'Continue').click()
    await page.waitForURL(`${entryway.issuer}/**`)
  }

  async function logIn() {
    await openSignIn()
    await signInAndAuthorize(page, entryway.alice)
    await page.locator('#who', { hasText: 'alice.test' }).waitFor()
  }
})

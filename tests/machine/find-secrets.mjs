// Looks for everything secret that a test run issued in what the run left behind.
//
//   node find-secrets.mjs SECRETS [--but NAME]... FOLDER...
//
// SECRETS holds one secret a line. A file of the name NAME is there to hold some, and is not searched. Each is
// searched for as it is, as a query string would spell it, by the part that alone gives it away (the end of a
// request_uri, the signature of a token), and by the bytes which that part stands for, raw and in hexadecimal.
// Thousands of secrets in hundreds of megabytes are too much for `grep -F -f`; this reads each byte once.

import { closeSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const shortest = 8
const chunkBytes = 1 << 24
const reportedMax = 40

const { values: { but }, positionals: [secretsFile, ...folders] } = parseArgs({
  options: { but: { type: 'string', multiple: true, default: [] } },
  allowPositionals: true,
})
const secrets = [...new Set(readFileSync(secretsFile, 'utf8').split('\n'))].filter((line) => line !== '')
const problems = []
if (secrets.length === 0) problems.push(`${secretsFile} names no secret: nothing can be looked for`)
const short = secrets.filter((secret) => secret.length < shortest)
if (short.length > 0) problems.push(`${short.length} secrets are shorter than ${shortest} bytes and cannot be looked for: ${short.join(' ')}`)

// first eight bytes -> the needles that begin so
const needles = new Map()
const maybe = new Uint8Array(1 << 22)
let longest = 0
for (const text of new Set(secrets.flatMap(spellings))) {
  const needle = Buffer.from(text, 'latin1')
  const beginning = needle.latin1Slice(0, shortest)
  needles.set(beginning, [...(needles.get(beginning) ?? []), needle])
  maybe[slot(needle.readUInt32LE(0), needle.readUInt32LE(4))] = 1
  longest = Math.max(longest, needle.length)
}

let bytesRead = 0
const found = new Map()
for (const folder of folders) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && !but.includes(entry.name)) search(join(entry.parentPath, entry.name))
  }
}
console.log(`    ${secrets.length} secrets looked for in ${bytesRead} bytes`)
if (bytesRead === 0) problems.push(`no bytes in ${folders.join(', ')}: nothing was looked at`)
for (const [where, count] of [...found].slice(0, reportedMax)) problems.push(`${count} times in ${where}`)
if (found.size > reportedMax) problems.push(`and ${found.size - reportedMax} more`)
for (const problem of problems) console.log(`    ${problem}`)
process.exitCode = problems.length === 0 ? 0 : 1

/** As strings of bytes. */
function spellings(secret) {
  const text = Buffer.from(secret).toString('latin1')
  const tail = text.match(/^eyJ[^.]*\.[^.]+\.([^.]+)$/)?.[1] ?? text.replace(/^urn:[a-z:_]*:/, '')
  const random = tail.replace(/^[a-z]{3,8}-/, '')
  const bytes = Buffer.from(random, /^([0-9a-f]{2})+$/.test(random) ? 'hex' : 'base64url')
  // forged signatures of zeros stand in every database page: bytes that are no secret are not searched for
  const decodable = /^[\w-]+$/.test(random) && bytes.length >= 16 && new Set(bytes).size > 4
  return [
    text,
    encodeURIComponent(secret),
    tail,
    ...(decodable ? [bytes.toString('latin1'), bytes.toString('hex')] : []),
  ].filter((spelling) => spelling.length >= shortest)
}

function slot(low, high) {
  return ((Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)) >>> 10) & (maybe.length - 1)
}

function search(file) {
  const descriptor = openSync(file)
  const buffer = Buffer.allocUnsafe(chunkBytes + longest)
  let kept = 0
  for (;;) {
    const read = readSync(descriptor, buffer, kept, chunkBytes, null)
    if (read === 0) break
    bytesRead += read
    const end = kept + read
    searchChunk(file, buffer, end)
    // what may be the beginning of a secret is looked at again with what follows it
    kept = Math.min(end, longest - 1)
    buffer.copyWithin(0, end - kept, end)
  }
  closeSync(descriptor)
}

function searchChunk(file, buffer, end) {
  let low = 0
  let high = 0
  for (let last = 0; last < end; last++) {
    low = (low >>> 8) | ((high & 0xff) << 24)
    high = (high >>> 8) | (buffer[last] << 24)
    if (last < shortest - 1 || maybe[slot(low, high)] === 0) continue
    const start = last - shortest + 1
    for (const needle of needles.get(buffer.latin1Slice(start, last + 1)) ?? []) {
      if (start + needle.length <= end && needle.compare(buffer, start, start + needle.length) === 0) {
        note(file, buffer, start, needle, end)
      }
    }
  }
}

/** The place, told by the text before the secret and by the secret's first bytes, without giving it away. */
function note(file, buffer, start, needle, end) {
  const printable = (from, to) => buffer.latin1Slice(from, to).replace(/[^ -~]+/g, ' ')
  const before = printable(Math.max(0, start - 60), start)
  const where = `${file}: …${before}${printable(start, start + 6)}… (${needle.length} bytes)`
  found.set(where, (found.get(where) ?? 0) + 1)
}

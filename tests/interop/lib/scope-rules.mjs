// Where we answer otherwise than the reference's package does, and the rule that has us do so.
// Each rule takes away from a question what it is about; where both then agree, the rule explains the difference.

import { meaning, normalForm, read, throwsOn } from './scope-reference.mjs'

/** Why a value that the reference takes is none. */
const refusals = {
  'R-375: bad percent-encoding is refused, not taken as it stands': (value) => !isDecodable(value),
  'R-367, RFC 9110 section 5.6.2: a media range is two tokens, or a wildcard for one or both': (value) =>
    read(value)?.accept?.some((range) => !mediaRange.test(range)),
  'PERM syntax: parameters start after one question mark': (value) => /^[^?]*\?\?/.test(value),
  'R-365, R-372, R-441: a did:web is a host name, not an address, and has a port on localhost only': (value) =>
    read(value)?.aud?.startsWith('did:web:') && !webService.test(read(value).aud),
}

/** Why the normal form of a value is another. */
const forms = {
  'R-388: a normal form is its own normal form': (ours, theirs) => normalForm(theirs) === ours,
  'R-388: a normal form is read back as it was meant': (_, theirs, value) =>
    !isDecodable(theirs) || !sameMeaning(theirs, value),
  'R-386, R-388: managing includes reading, which then is not said': (ours, theirs) =>
    read(theirs)?.action?.length === 2 && ours.startsWith('account:') && ours.endsWith('?action=manage'),
}

/** Why a grant allows something else. Each gives the grant, and what is asked, as the reference would answer it alike. */
const cures = {
  'R-375: bad percent-encoding spoils its own value, not the whole grant': ({ grant, act }) => ({
    grant: keep(grant, (value) => !throwsOn(value)),
    act,
  }),
  'R-361 to R-376: a value that is none grants nothing (the rules of refused values)': ({ grant, act }) => ({
    grant: keep(grant, (value) => !refusalRule(value)),
    act,
  }),
  'RFC 9110 section 8.3.1: media types have no case': ({ grant, act }) => ({
    grant: grant.map((value) => (read(value)?.resource === 'blob' ? inLowerCase(value) : value)),
    act,
  }),
  'R-379: transition:chat.bsky grants nothing without transition:generic': ({ grant, act }) => ({
    grant: grant.includes('transition:generic') ? grant : keep(grant, (value) => value !== 'transition:chat.bsky'),
    act,
  }),
  'R-380: transition:generic leaves out chat.bsky in any case, for it is a domain': ({ grant, act }) => ({
    grant:
      /^chat\.bsky\./i.test(act.lxm) && !grant.includes('transition:chat.bsky')
        ? keep(grant, (value) => value !== 'transition:generic')
        : grant,
    act,
  }),
  'RFC 9110 section 8.3.1: a media type is two tokens': ({ grant, act }) => ({
    grant,
    act: act.mime && !mediaRange.test(act.mime) ? { ...act, mime: '' } : act,
  }),
}

/** Why another value is named as missing. */
const names = {
  'R-365, R-367: what is named is a value that exists': (ours, theirs) => !read(theirs) && normalForm(ours) === ours,
  'R-388: what is named is read back as it was meant': (_, theirs, act) => act.aud && read(theirs)?.aud !== act.aud,
  'what is named would have been enough, as media types are compared in lower case': (ours, theirs, act) =>
    act.mime && act.mime !== read(theirs).accept[0] && ours === 'blob:*/*',
  'RFC 9110 section 8.3.1: what is named is a media range': (ours, theirs, act) =>
    act.mime && !mediaType.test(act.mime) && ours === 'blob:*/*',
}

/** Why a permission set holds something else. */
const setCures = {
  'R-391: a permission is of the type permission (the reference checks the document before)': (permissions) =>
    permissions.filter((permission) => permission.type === 'permission'),
  'R-396: inheritAud may also be false, which is as if it were not there': (permissions) =>
    permissions.map(({ inheritAud, ...others }) => (inheritAud === false ? others : { inheritAud, ...others })),
}

export const rules = [refusals, forms, cures, names, setCures].flatMap(Object.keys)

export const refusalRule = (value) => named(refusals, value)
export const formRule = (ours, theirs, value) => named(forms, ours, theirs, value)
export const nameRule = (ours, theirs, act) => named(names, ours, theirs, act)

/** The rule, applied after all before it, that has the reference answer as we do. */
export function cureRule(grant, act, isAsOurs) {
  let question = { grant: grant.split(' '), act }
  return Object.keys(cures).find((rule) => {
    question = cures[rule](question)
    return isAsOurs(question.grant.join(' '), question.act)
  })
}

/** Likewise of a permission set. */
export function setCureRule(permissions, isAsOurs) {
  let cured = permissions
  return Object.keys(setCures).find((rule) => {
    cured = setCures[rule](cured)
    return isAsOurs(cured)
  })
}

export function sameMeaning(one, other) {
  return JSON.stringify(meaning(one)) === JSON.stringify(meaning(other))
}

function named(rules, ...question) {
  return Object.keys(rules).find((rule) => rules[rule](...question))
}

function inLowerCase(blob) {
  return 'blob?' + meaning(blob).accept.map((range) => `accept=${encodeURIComponent(range)}`).join('&')
}

function keep(values, wanted) {
  const kept = values.filter(wanted)
  return kept.length > 0 ? kept : ['nothing']
}

function isDecodable(value) {
  try {
    decodeURIComponent(value)
    return true
  } catch {
    return false
  }
}

const token = "[a-zA-Z0-9!#$%&'+.^_`|~-]+"
const mediaType = new RegExp(`^${token}/${token}$`)
const mediaRange = new RegExp(`^(\\*/\\*|${token}/(\\*|${token}))$`)
const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?'
const top = '[a-zA-Z](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?'
const webService = new RegExp(`^did:web:(localhost%3A[1-9][0-9]{0,4}|(${label}\\.)*${top})#`)

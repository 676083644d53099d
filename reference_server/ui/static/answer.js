/** What an answer of the server means, in the words of the contract. */

/**
 * `rows` are those of the error-rate table, ascending: `threshold`, and `oneIn` in words.
 * Of what comes back, `kind` is same, different, refused or failed; `row` is where a score falls,
 * `photo` the parameter that a refusal names, `otherKey` whether the server has probably another key.
 */
export function meaning(answer, facts, rows) {
  if (answer.status === 200 && answer.json.code === facts.successCode) {
    return scored(answer.json.verification_score, facts.recommendedAbove, rows);
  }
  const message = answer.json.message ?? "";
  const entry = facts.codes[answer.json.code];
  if (entry === undefined && answer.retryAfter > 0) return busy(answer.retryAfter, message);
  if (entry === undefined) {
    const headline = facts.statuses[answer.status] ?? `The server answered HTTP ${answer.status}.`;
    return { kind: "failed", headline, detail: message };
  }
  // This page writes well-formed requests: what does not decrypt is no photo's fault.
  const otherKey = answer.json.code === facts.otherKey;
  const photo = otherKey ? undefined : facts.photos.find((name) => message.includes(name));
  const which = photo === undefined ? "" : `${["First", "Second"][facts.photos.indexOf(photo)]} photo: `;
  return { kind: "refused", headline: which + entry.description, detail: message, photo, otherKey, hint: entry.hint };
}

function busy(seconds, detail) {
  return {
    kind: "failed",
    headline: "The server is busy.",
    detail,
    hint: `Ask again in ${seconds === 1 ? "a second" : `${seconds} seconds`}.`,
  };
}

function scored(score, recommended, rows) {
  const same = score >= recommended;
  const row = rows.findLast(({ threshold }) => score >= threshold);
  const share = row
    ? `the chance that different people score ${row.threshold} or more is ${row.oneIn}.`
    : `the chance that different people score this high is more than ${rows[0].oneIn}.`;
  return {
    kind: same ? "same" : "different",
    headline: same ? "Same person" : "Not the same person",
    detail: `The score is ${same ? "at or above" : "below"} ${recommended}, the recommended threshold. `
      + `By the contract, ${share}`,
    score,
    row,
  };
}

/** Three decimals, never rounded up over a threshold. */
export function decimals(score) {
  return (Math.floor(score * 1000) / 1000).toFixed(3);
}

export function milliseconds(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

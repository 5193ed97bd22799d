/** The grammar of `--when`, as the help of `explain` prints it. */
export const scriptHelp = `What --when says:
  SUBJECT: OUTCOME, OUTCOME…; SUBJECT: …
  A subject is a provider (openai), one of its keys (openai#2), a target (openai/gpt-5.4), a target of one key
  (openai#2/gpt-5.4), or * for all; the most specific one counts. Its outcomes are for its first, second… attempt, and
  the last one repeats. A provider that is not named answers.

Outcomes:
  429, 503 …         an error response, with code=… type=… message="…"; retry-after=30 (seconds), or 30s alone;
                     classified by the file's errorRules and the shipped ones
  ok                 an answer
  silent             an answer that ends with stop and says nothing
  timeout            no answer in time: no first token of a stream, no whole answer otherwise
  connect-timeout    no connection
  refused reset dns  network errors
  cut stall          an answer that breaks off, or falls silent, after tokens=3
  error-event        an answer that ends in an error, with code=… type=… message="…"
  RATE_LIMIT …       any category, perhaps with a reason: BAD_REQUEST.context_length; tokens=3 for the middle of an answer
  Each may say after=2s: how long until it happens, or until the first token; and takes=10s: how long the answer goes on.

The state of a provider before the request, with or without outcomes after it:
  open 40s           because of failures; or: open auth, open hint 40s, open operator 40s
  failures 2         closed, after so many failures in a row; open if that is failureThreshold or more
  quota-cooldown 2h, half-open, half-open busy (its probes are out), closed
  limited 30s        no room left in its limits; a minute, if nothing is said
  unavailable 5m     its models, or the one of a target

The client:
  client leaves after=3s`;

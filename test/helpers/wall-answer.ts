const text = 'The harbour wall was built in 1862, and it has kept the storms out of the town ever since.';

/** An answer: the whole, where an attempt breaks off, and what the next one writes. */
export const wallAnswer = { text, half: text.slice(0, 46), rest: text.slice(text.indexOf('1862')) };
